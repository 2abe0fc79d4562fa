"""Which page a request comes from, by what only a browser can say, and by what only our own page knows."""

import hmac
from typing import Final

from aiohttp import web

from hub_config.gateway.endpoint import Kind
from hub_config.gateway.refusal import Refusal
from hub_config.gateway.sessions import Session

OLD_BROWSER: Final = "Open the workspace in a current browser, from the portal."
FRAMED: Final = "A workspace opens inside the portal's page only: open it from there."
FOREIGN: Final = "This was not asked for by the workspace's own page; reload it in the portal."

ASSET_DESTINATIONS: Final = frozenset({"script", "style", "font", "image", "worker", "empty"})


def is_read_by_a_person(request: web.BaseRequest) -> bool:
    """Whether the answer is shown as a page."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def check_shape(request: web.BaseRequest) -> None:
    """Refuse requests that two programs could read in two ways, or that no browser sends.

    Raises:
        Refusal: it is one.
    """
    headers = request.headers
    single = (
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Origin",
        "Content-Type",
        "Upgrade",
        "Sec-Fetch-Site",
    )
    framed_twice = "Content-Length" in headers and "Transfer-Encoding" in headers
    odd_coding = headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked"
    packed = headers.get("Content-Encoding", "identity").strip().lower() != "identity"
    if any(len(headers.getall(name, [])) > 1 for name in single) or framed_twice or odd_coding or packed:
        raise Refusal(400, "hostile_request", OLD_BROWSER)
    if request.version < (1, 1) or "Expect" in headers or "Service-Worker" in headers:
        raise Refusal(400, "hostile_request", OLD_BROWSER)


def check_origin(request: web.BaseRequest, kind: Kind, hub_origin: str) -> None:
    """Refuse what another site, or the bare address bar, asks for.

    Raises:
        Refusal: the browser does not say that the hub's own origin, or the portal's frame, asks.
    """
    site = request.headers.get("Sec-Fetch-Site")
    destination = request.headers.get("Sec-Fetch-Dest", "")
    origin = request.headers.get("Origin")
    if kind is Kind.PAGE:
        if site is None:
            raise Refusal(403, "old_browser", OLD_BROWSER)
        if destination != "iframe" or site not in {"same-site", "same-origin"}:
            raise Refusal(403, "not_framed", FRAMED, enter=True)
        return
    if (
        kind is Kind.SOCKET
    ):  # over plain http Chromium sends no Sec-Fetch headers with it, but always an origin
        if origin != hub_origin or site not in {None, "same-origin"}:
            raise Refusal(403, "foreign_page", FOREIGN)
        return
    if site != "same-origin" or origin not in {None, hub_origin}:
        raise Refusal(403, "foreign_page", FOREIGN)
    if kind is Kind.DATA and destination != "empty":
        raise Refusal(403, "foreign_page", FOREIGN)
    if kind is Kind.ASSET and destination not in ASSET_DESTINATIONS:
        raise Refusal(403, "foreign_page", FOREIGN)


def check_stamp(request: web.BaseRequest, session: Session) -> None:
    """Refuse a fetch by another workspace's page: it is of one origin with ours, but cannot know the stamp.

    Raises:
        Refusal: the stamp is missing or another.
    """
    given = request.headers.get("X-XSRFToken", "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), session.stamp.encode()):
        raise Refusal(403, "foreign_page", FOREIGN)

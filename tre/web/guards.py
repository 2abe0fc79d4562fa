"""What stands before every page: the host name, the size, where a form comes from, and headers on every answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tre.domain.errors import Refused
from tre.domain.people import Actor
from tre.services.people import MAY_SEE_REQUESTS
from tre.settings import Mode, Settings

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing. Source: RFC 9110, section 9.2.1."""

LARGEST_FORM: Final = 64 * 1024
"""Most bytes of a form. Source: ours; the longest reason of a vote has 4,000 characters."""

LARGEST_BODY: Final = 16 * 1024 * 1024
"""Most bytes of a request to the API. Source: ours; some statistics with long lists of levels."""

API: Final = "/api/"


def policy(*, frames: str = "", forms_to: str = "") -> str:
    """The content security policy of a page, which may frame one address and lead forms to one more origin.

    Nothing else is allowed but our own style and our own forms: no script at all, inline or not, so no nonce is needed.
    """
    framing = f"frame-src {frames}; " if frames else ""
    forms = f"'self' {forms_to}" if forms_to else "'self'"
    return (
        f"default-src 'none'; style-src 'self'; img-src 'self'; {framing}"
        f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )


HEADERS: Final = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}
"""On every answer. Source: OWASP ASVS 5.0, 3.4.1 to 3.4.8 and 14.3.2."""

HSTS: Final = "max-age=31536000; includeSubDomains"
"""Only over https, where browsers heed it. Source: OWASP ASVS 5.0, 3.4.1: a year."""


class Who(StrEnum):
    """Who may use a route. The service behind it decides what exactly they may see and do there."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed_in"
    REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where browsers find the portal.

    Attributes:
        scheme: `http` or `https`.
        host: name, and port where it is not the scheme's own.
    """

    scheme: str
    host: str

    @property
    def text(self) -> str:
        """The origin as browsers write it."""
        return f"{self.scheme}://{self.host}"

    @property
    def is_secure(self) -> bool:
        """Does a browser reach it over TLS?"""
        return self.scheme == "https"


def origin_of(settings: Settings) -> Origin:
    """With real data a proxy ends TLS on the usual port in front of us; a demonstration is plain http on loopback."""
    if settings.mode is Mode.PRODUCTION:
        return Origin("https", settings.portal_name)
    return Origin("http", f"{settings.portal_name}:{settings.portal_port}")


def hub_origin_of(settings: Settings) -> Origin:
    """Where browsers find the workspaces: on the portal's site, so that cookies work in its frame; another origin."""
    if settings.mode is Mode.PRODUCTION:
        return Origin("https", settings.hub_name)
    return Origin("http", f"{settings.hub_name}:{settings.hub_port}")


def must_be(who: Who, actor: Actor | None) -> None:
    """Let those through for whom a route is declared.

    Raises:
        Refused: `actor` is not one of them.
    """
    if who is Who.ANYBODY:
        return
    if actor is None:
        raise Refused("signed_out", "You are not signed in, or no longer. Sign in again.")
    if who is Who.REVIEWER and not actor.capabilities & MAY_SEE_REQUESTS:
        raise Refused("not_a_checker", "Only output checkers and auditors may see this page.")


def must_come_from_here(method: str, headers: Mapping[str, str], origin: Origin) -> None:
    """Let an unsafe request through only from a page of ours.

    `same-site` is refused like `cross-site`: the hub's pages are on the same site, and researchers write them.

    Raises:
        Refused: it comes from elsewhere, or does not say where from.
    """
    if method in SAFE:
        return
    site = headers.get("sec-fetch-site")
    is_ours = headers.get("origin") == origin.text if site is None else site == "same-origin"
    if not is_ours:
        raise Refused(
            "cross_origin",
            "This form was not sent from this site. Open the page again and send it from there.",
        )


class Gate:
    """Refuses foreign host names and large bodies, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, *, origin: Origin) -> None:
        self._app, self._origin = app, origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message), self._origin)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self._origin.host]:
            return PlainTextResponse("There is no such site here.\n", 421)
        if scope["method"] in SAFE:
            return None
        length = headers.get("content-length", "")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdigit() and len(length) < 16):
            return PlainTextResponse("Say how long the body is.\n", 411)
        most = LARGEST_BODY if scope["path"].startswith(API) else LARGEST_FORM
        return PlainTextResponse("The body is too long.\n", 413) if int(length) > most else None


def add_headers(headers: MutableHeaders, origin: Origin) -> None:
    """Put on an answer what it does not have; never weaken what it has."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if origin.is_secure:
        headers.setdefault("Strict-Transport-Security", HSTS)
    if "server" in headers:
        del headers["server"]


def local_path(text: str) -> str:
    """Return a path on this site, or the home page for anything that would lead elsewhere or break a header."""
    is_local = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_local and text.isascii() and text.isprintable() else "/"

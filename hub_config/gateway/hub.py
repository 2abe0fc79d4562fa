"""What the gateway asks JupyterHub: for a token in exchange for a code, who that token is, and to note activity."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote, urlencode, urlsplit

import aiohttp

from hub_config.gateway.refusal import Refusal
from hub_config.gateway.registration import Registration

PATIENCE: Final = aiohttp.ClientTimeout(
    total=20
)  # in seconds: a hub that starts thirty servers answers slowly
LONGEST_ANSWER: Final = 1 << 20  # bytes
DOWN: Final = "The hub cannot be asked who you are, so nobody is let in: wait a minute, then try again."
REFUSED: Final = "The hub did not sign you in: enter the workspace again from the portal."


@dataclass(frozen=True, slots=True)
class Proof:
    """What ties an answer of the hub to the browser that asked (RFC 7636).

    Attributes:
        verifier: the secret, sent with the code.
    """

    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """The verifier's digest, which the hub sees first."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_proof() -> Proof:
    """Draw a verifier of 256 bits."""
    return Proof(secrets.token_urlsafe(32))


def redirect_path(workspace: Registration) -> str:
    """Return where the hub sends the browser back to."""
    return f"{workspace.base_url}oauth_callback"


def authorize_url(workspace: Registration, state: str, proof: Proof) -> str:
    """Return where a browser goes to be signed in for this workspace."""
    query = {
        "client_id": workspace.oauth_client_id,
        "redirect_uri": redirect_path(workspace),
        "response_type": "code",
        "state": state,
        "code_challenge": proof.challenge,
        "code_challenge_method": "S256",
    }
    return f"{workspace.hub_origin}{workspace.hub_base_url}api/oauth2/authorize?{urlencode(query)}"


def access_scopes(workspace: Registration) -> frozenset[str]:
    """Return the scopes of the hub of which one lets its holder into this workspace."""
    person, project = workspace.key.person, workspace.key.project
    return frozenset(
        {"access:servers", f"access:servers!user={person}", f"access:servers!server={person}/{project}"}
    )


class Hub:
    """A client of one hub's API."""

    def __init__(self, api_url: str) -> None:
        parts = urlsplit(api_url)
        connector: aiohttp.BaseConnector
        if parts.scheme == "http+unix":
            connector = aiohttp.UnixConnector(path=unquote(parts.netloc), limit=32)
            self._api = f"http://hub{parts.path}"
        else:
            connector = aiohttp.TCPConnector(limit=32)
            self._api = api_url
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=PATIENCE, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self) -> None:
        """Let go of the hub."""
        await self._session.close()

    async def token_for_code(self, workspace: Registration, code: str, proof: Proof) -> str:
        """Exchange a code for the person's token.

        Raises:
            Refusal: the hub does not take the code, or is down.
        """
        form = {
            "client_id": workspace.oauth_client_id,
            "client_secret": workspace.api_token,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_path(workspace),
            "code_verifier": proof.verifier,
        }
        status, said = await self._ask("POST", "oauth2/token", workspace.api_token, data=form)
        token = said.get("access_token")
        if status != 200 or not isinstance(token, str) or not token:
            raise Refusal(403, "sign_in_refused", REFUSED, enter=True)
        return token

    async def check_person(self, workspace: Registration, token: str) -> None:
        """Return if this token is the workspace's own person's, and lets them into it.

        Raises:
            Refusal: it is somebody else's, has ended, does not reach so far, or the hub is down.
        """
        status, said = await self._ask("GET", "user", token)
        if status != 200:
            raise Refusal(401, "signed_out", REFUSED, enter=True)
        if said.get("kind", "user") != "user" or said.get("name") != workspace.key.person:
            raise Refusal(
                403, "not_yours", "A workspace opens for its own researcher only: open yours from the portal."
            )
        scopes = said.get("scopes")
        if not isinstance(scopes, list) or not access_scopes(workspace) & {str(scope) for scope in scopes}:
            raise Refusal(
                403, "not_yours", "The hub no longer lets you into this workspace: ask your project's lead."
            )

    async def note_activity(self, workspace: Registration, last_activity: datetime) -> bool:
        """Tell the hub when this workspace was last used; False when it did not take it."""
        at = last_activity.isoformat()
        body: dict[str, object] = {
            "servers": {workspace.key.project: {"last_activity": at}},
            "last_activity": at,
        }
        path = f"users/{quote(workspace.key.person, safe='@~')}/activity"
        try:
            status, _ = await self._ask("POST", path, workspace.api_token, json=body)
        except Refusal:
            return False
        return 200 <= status < 300

    async def _ask(
        self, method: str, path: str, token: str, **body: dict[str, str] | dict[str, object]
    ) -> tuple[int, dict[str, object]]:
        headers = {"Authorization": f"token {token}"}
        try:
            async with self._session.request(
                method,
                f"{self._api}/{path}",
                headers=headers,
                allow_redirects=False,
                **body,  # type: ignore[arg-type]  # json or data
            ) as answer:
                if answer.status >= 500:
                    raise Refusal(503, "hub_down", DOWN)
                said = await answer.json(content_type=None) if answer.status == 200 else {}
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise Refusal(503, "hub_down", DOWN) from None
        return answer.status, said if isinstance(said, dict) else {}

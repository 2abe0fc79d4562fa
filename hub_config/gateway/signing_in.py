"""The way in and out: the hub's sign-in, in the whole window, since the hub's pages refuse to be framed."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hub_config.gateway.headers import Origins
from hub_config.gateway.hub import REFUSED, authorize_url
from hub_config.gateway.pages import page, redirect
from hub_config.gateway.refusal import Refusal
from hub_config.gateway.registration import Registration
from hub_config.gateway.sessions import (
    CHECKED_SECONDS,
    SESSION_SECONDS,
    STATE_SECONDS,
    Session,
    Sessions,
    cookie_name,
    cookies_named,
    set_cookie,
)
from hub_config.gateway.workspaces import Workspace

LEFT: Final = "You have left this workspace. What runs in it goes on until it is stopped at the portal."
STAMP: Final = "_xsrf"  # the cookie that JupyterLab's script copies into the header X-XSRFToken


@dataclass(frozen=True, slots=True)
class Door:
    """Signs people in and out.

    Attributes:
        sessions: who is signed in.
        portal_page: the portal's page that frames a workspace, with `{project}` in it.
        origins: the hub's and the portal's.
    """

    sessions: Sessions
    portal_page: str
    origins: Origins

    def session_of(self, request: web.BaseRequest, workspace: Registration) -> Session | None:
        """Return the session that the request's cookies name."""
        cookies = cookies_named(request.headers.getall("Cookie", []), cookie_name("session", workspace))
        return self.sessions.find(workspace.key, cookies)

    async def checked_session(self, request: web.BaseRequest, workspace: Workspace) -> Session:
        """Return the session, after asking the hub if its word is older than ten seconds.

        Raises:
            Refusal: nobody is signed in, the hub has ended the sign-in, or it is down.
        """
        session = self.session_of(request, workspace.registration)
        if session is None:
            raise Refusal(401, "signed_out", "You are not signed in to this workspace.", enter=True)
        await self.check_session(session, workspace)
        return session

    async def check_session(self, session: Session, workspace: Workspace) -> None:
        """Return if the hub has said within ten seconds that this session's sign-in holds.

        Raises:
            Refusal: it does not, or the hub is down.
        """
        async with session.checking:
            now = self.sessions.clock()
            if now - session.checked_at < CHECKED_SECONDS:
                return
            try:
                await workspace.hub.check_person(workspace.registration, session.token)
            except Refusal as refusal:
                if refusal.status < 500:
                    self.sessions.end(session)
                raise
            session.checked_at = now

    def enter(self, request: web.BaseRequest, workspace: Registration) -> web.Response:
        """Send the browser to the portal's page, or to the hub first where it is not signed in."""
        if self.session_of(request, workspace):
            return redirect(self.origins, self._page_of(workspace))
        state, proof = self.sessions.begin_sign_in(workspace.key)
        cookie = set_cookie(cookie_name("state", workspace), state, workspace, seconds=STATE_SECONDS)
        return redirect(self.origins, authorize_url(workspace, state, proof), cookie)

    async def come_back(
        self, request: web.BaseRequest, workspace: Workspace, query: dict[str, str]
    ) -> web.Response:
        """Finish a sign-in that this browser began.

        Raises:
            Refusal: it did not, or the hub says no.
        """
        registration = workspace.registration
        name = cookie_name("state", registration)
        cookies = cookies_named(request.headers.getall("Cookie", []), name)
        proof = self.sessions.finish_sign_in(registration.key, query.get("state", ""), cookies)
        if proof is None or "code" not in query:
            raise Refusal(403, "sign_in_refused", REFUSED, enter=True)
        token = await workspace.hub.token_for_code(registration, query["code"], proof)
        await workspace.hub.check_person(registration, token)
        secret, _ = self.sessions.begin(registration.key, token)
        return redirect(
            self.origins,
            self._page_of(registration),
            set_cookie(name, "", registration, seconds=0),
            set_cookie(cookie_name("session", registration), secret, registration, seconds=SESSION_SECONDS),
        )

    def leave(self, request: web.BaseRequest, workspace: Registration) -> web.Response:
        """End the session and say so."""
        if session := self.session_of(request, workspace):
            self.sessions.end(session)
        answer = page(self.origins, "Left", LEFT, enter=f"{workspace.base_url}enter")
        for name in (cookie_name("session", workspace), STAMP):
            answer.headers.add("Set-Cookie", set_cookie(name, "", workspace, seconds=0))
        return answer

    def _page_of(self, workspace: Registration) -> str:
        return self.origins.portal + self.portal_page.format(project=workspace.key.project)


def stamp_cookie(workspace: Registration, session: Session) -> str:
    """Return the cookie that lets the workspace's own page, and no page of another path, prove what it is."""
    return set_cookie(STAMP, session.stamp, workspace, seconds=SESSION_SECONDS, readable=True)

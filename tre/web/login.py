"""Signing in to the portal, as a client of its identity provider; and signing out."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, unquote, urlencode

from tre.db.engine import Transaction
from tre.directory import pkce
from tre.directory.id_token import Occasion, subject_of
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused, Unavailable
from tre.domain.people import Actor, PersonId
from tre.services import audit, people, sessions
from tre.services.sessions import Purpose
from tre.web.answers import Answer, Cookie, Page, Redirect
from tre.web.endpoint import Call
from tre.web.guards import local_path
from tre.web.identity import CLIENT, RETURN_PATH, Provider

FLOW_SECONDS: Final = 600
"""How long a sign-in may take, in seconds. Source: ours; time to find a password."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in under way, kept by the browser that began it.

    Attributes:
        state: binds the provider's answer to this browser.
        nonce: binds the ID token to this sign-in.
        verifier: proves that whoever hands over the code is who asked for it.
        then: the page to go to afterwards.
    """

    state: str
    nonce: str
    verifier: str
    then: str

    @classmethod
    def begin(cls, then: str) -> Self:
        """Make a new one."""
        return cls(
            secrets.token_urlsafe(32), secrets.token_urlsafe(32), pkce.new_verifier(), local_path(then)
        )

    @classmethod
    def read(cls, cookie: str, state: str) -> Self:
        """Read the one that this answer belongs to.

        Raises:
            Refused: this browser has begun no such sign-in.
        """
        parts = cookie.split(".")
        if len(parts) != 4 or not all(parts) or not hmac.compare_digest(parts[0].encode(), state.encode()):
            raise Refused(
                "no_such_flow", "This sign-in was not begun here, or took too long. Begin it again."
            )
        return cls(parts[0], parts[1], parts[2], local_path(unquote(parts[3])))

    def write(self) -> str:
        """Write it for a cookie."""
        then = quote(self.then, safe="").replace(".", "%2E")
        return f"{self.state}.{self.nonce}.{self.verifier}.{then}"


def begin(_tx: Transaction, call: Call) -> Answer:
    """Send the browser to the identity provider. Nothing is kept but a cookie."""
    provider, flow = _provider(call), Flow.begin(call.query.get("next", "/"))
    asked = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": _return_address(call),
        "scope": "openid",
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": pkce.challenge_of(flow.verifier),
        "code_challenge_method": pkce.METHOD,
    }
    kept = Cookie(call.portal.flow_cookie, flow.write(), seconds=FLOW_SECONDS)
    return Redirect(f"{provider.authorize}?{urlencode(asked)}", (kept,))


def finish(tx: Transaction, call: Call) -> Answer:
    """Take the provider's answer; open a new session, and end the one that this browser had.

    Raises:
        Refused: this browser has begun no such sign-in.
    """
    flow = Flow.read(call.cookies.get(call.portal.flow_cookie, ""), call.query.get("state", ""))
    over = Cookie(call.portal.flow_cookie, None)
    person = _signed_in(tx, call, flow)
    if person is None:
        # Not raised: the code that was handed over stays used up.
        audit.record(tx, Actor(PersonId("sign-in")), Event.LOGIN_FAILED, "sign-in")
        sentence = "The identity provider's answer cannot be trusted or came too late. Sign in again."
        return Page("fault.html", "Sign in", {"sentence": sentence}, 403, (over,))
    if call.actor is not None:
        sessions.end(tx, call.cookies[call.portal.session_cookie])
    secret = sessions.issue(tx, person, Purpose.SESSION)
    return Redirect(flow.then, (Cookie(call.portal.session_cookie, secret), over))


def leave(tx: Transaction, call: Call) -> Answer:
    """End the session."""
    sessions.end(tx, call.cookies[call.portal.session_cookie])
    audit.record(tx, call.person, Event.LOGGED_OUT, f"person:{call.person.id}")
    return Redirect("/", (Cookie(call.portal.session_cookie, None),))


def _signed_in(tx: Transaction, call: Call, flow: Flow) -> PersonId | None:
    """Who the provider says signed in, if that can be believed and we know them."""
    provider = _provider(call)
    token = provider.exchange(
        tx,
        {
            "code": call.query.get("code", ""),
            "client_id": CLIENT,
            "redirect_uri": _return_address(call),
            "code_verifier": flow.verifier,
        },
    )
    if token is None:
        return None
    occasion = Occasion(provider.issuer, CLIENT, flow.nonce, audit.clock(tx))
    try:
        subject = PersonId(subject_of(token, provider.keys(), occasion))
        people.must_exist(tx, subject)
    except (Refused, NotFound):
        return None
    return subject


def _provider(call: Call) -> Provider:
    if call.portal.provider is None:
        raise Unavailable(
            "no_provider",
            "No identity provider is set up: the embedded one serves demonstrations only. Ask your administrator.",
        )
    return call.portal.provider


def _return_address(call: Call) -> str:
    return f"{call.portal.origin.text}{RETURN_PATH}"

"""Who is signed in: in this process's memory only, named by cookies that reach one workspace's path."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hub_config.gateway.hub import Proof, new_proof
from hub_config.gateway.registration import Key, Registration

SESSION_SECONDS: Final = (
    12 * 3600
)  # source: ours, one working day; the hub's own session ends earlier or later
STATE_SECONDS: Final = 600  # as long as JupyterHub itself waits for a sign-in
CHECKED_SECONDS: Final = (
    10.0  # how long the hub's word on a token counts; the platform is asked each second besides
)
MOST_STATES: Final = 1000  # sign-ins on their way, in all


@dataclass(slots=True)
class Session:
    """One browser in one workspace.

    Attributes:
        key: whose workspace.
        token: the person's token at the hub.
        stamp: what the workspace's own page sends along with each fetch; other pages cannot know it.
        began_at: when it began, in seconds of the store's clock.
        checked_at: when the hub last said that the token holds.
        checking: held while the hub is asked, so that a page's many requests ask once.
    """

    key: Key
    token: str = field(repr=False)
    stamp: str = field(repr=False)
    began_at: float
    checked_at: float
    checking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in on its way to the hub and back."""

    key: Key
    proof: Proof
    began_at: float


class Sessions:
    """All sessions and sign-ins. Names are 256 random bits; the store keeps their digests."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock: Final = clock
        self._sessions: dict[str, Session] = {}
        self._sign_ins: dict[str, SignIn] = {}

    def begin_sign_in(self, key: Key) -> tuple[str, Proof]:
        """Return a new state and its proof."""
        now = self.clock()
        self._sign_ins = {
            name: found for name, found in self._sign_ins.items() if now - found.began_at < STATE_SECONDS
        }
        while len(self._sign_ins) >= MOST_STATES:
            del self._sign_ins[next(iter(self._sign_ins))]
        state, proof = secrets.token_urlsafe(32), new_proof()
        self._sign_ins[_digest(state)] = SignIn(key, proof, now)
        return state, proof

    def finish_sign_in(self, key: Key, state: str, cookies: list[str]) -> Proof | None:
        """Return the proof of a sign-in that this browser began for this workspace; only once."""
        if not any(hmac.compare_digest(state.encode(), cookie.encode()) for cookie in cookies):
            return None
        found = self._sign_ins.pop(_digest(state), None)
        if found is None or found.key != key or self.clock() - found.began_at >= STATE_SECONDS:
            return None
        return found.proof

    def begin(self, key: Key, token: str) -> tuple[str, Session]:
        """Return a new session and its name."""
        now = self.clock()
        self._sessions = {
            name: old for name, old in self._sessions.items() if now - old.began_at < SESSION_SECONDS
        }
        name = secrets.token_urlsafe(32)
        session = Session(key, token, secrets.token_urlsafe(32), now, now)
        self._sessions[_digest(name)] = session
        return name, session

    def find(self, key: Key, cookies: list[str]) -> Session | None:
        """Return this workspace's session that one of these cookies names."""
        for cookie in cookies:
            session = self._sessions.get(_digest(cookie))
            if session and session.key == key and self.clock() - session.began_at < SESSION_SECONDS:
                return session
        return None

    def end(self, session: Session) -> None:
        """Forget one session."""
        self._sessions = {name: other for name, other in self._sessions.items() if other is not session}

    def end_all(self, key: Key) -> None:
        """Forget all sessions and sign-ins of one workspace."""
        self._sessions = {name: other for name, other in self._sessions.items() if other.key != key}
        self._sign_ins = {name: other for name, other in self._sign_ins.items() if other.key != key}


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def cookie_name(purpose: str, workspace: Registration) -> str:
    """Return the name of a cookie: two workspaces share an origin, so each has names of its own."""
    mark = hashlib.sha256(workspace.base_url.encode()).hexdigest()[:12]
    prefix = "__Secure-" if workspace.hub_origin.startswith("https:") else ""
    return f"{prefix}tre-{purpose}-{mark}"


def set_cookie(
    name: str, value: str, workspace: Registration, *, seconds: int, readable: bool = False
) -> str:
    """Return a Set-Cookie header; `readable` lets the page's own script read it."""
    parts = [f"{name}={value}", f"Path={workspace.base_url}", f"Max-Age={seconds}", "SameSite=Lax"]
    parts += [] if readable else ["HttpOnly"]
    parts += ["Secure"] if workspace.hub_origin.startswith("https:") else []
    return "; ".join(parts)


def cookies_named(header: list[str], name: str) -> list[str]:
    """Return every value of one cookie: a page may have tossed in others of the same name."""
    found = []
    for part in "; ".join(header).split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            found.append(value)
    return found

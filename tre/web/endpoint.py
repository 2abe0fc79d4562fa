"""The one adapter between HTTP and handlers: a form is awaited, then everything else runs in a thread.

A handler is a plain function in one transaction, committed before its answer is built. What a rule refuses is shown
as a page with its sentence and recorded in a second transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from disclosure.errors import DisclosureError
from tre.db.engine import Transaction, transaction
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused, TreError, Unavailable
from tre.domain.people import Actor
from tre.services import audit, sessions
from tre.services.platform import Platform
from tre.services.sessions import Purpose
from tre.web.answers import Answer
from tre.web.guards import Origin, Who, must_be, must_come_from_here
from tre.web.identity import Provider
from tre.web.rendering import Renderer

Fault: TypeAlias = TreError | DisclosureError

STATUS: Final[tuple[tuple[type[Fault], int], ...]] = (
    (Refused, 403),
    (NotFound, 404),
    (BadInput, 422),
    (Unavailable, 503),
    (DisclosureError, 422),
)
"""HTTP status by the kind of error; what is not here is a fault of ours, 500."""

MOST_FIELDS: Final = 40
"""Most fields of a form. Source: ours; our longest has eight."""

EVENTS: Final = {"over_budget": Event.BUDGET_REFUSED, "over_exact_account": Event.BUDGET_REFUSED}
"""Refusals that have an event of their own."""


@dataclass(frozen=True, slots=True)
class Portal:
    """What every handler needs.

    Attributes:
        platform: the platform.
        origin: where browsers find us.
        renderer: draws pages.
        provider: who signs people in, or None where nobody does.
    """

    platform: Platform
    origin: Origin
    renderer: Renderer
    provider: Provider | None

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie.

        Over https it carries `__Host-`: Secure, for this very host, for all paths. Browsers refuse that prefix without
        Secure, and not all of them let plain http on loopback set Secure cookies, so a demonstration goes without.
        """
        return "__Host-tre-session" if self.origin.is_secure else "tre-session"

    @property
    def flow_cookie(self) -> str:
        """Name of the cookie that binds a sign-in to the browser that began it."""
        return "__Host-tre-sign-in" if self.origin.is_secure else "tre-sign-in"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a handler sees it.

    Attributes:
        portal: what every handler needs.
        actor: who asks, with their rights as they are now, or None.
        path: parameters of the path.
        query: of the address; the first of each name.
        form: its fields; the first of each name.
        cookies: what the browser sent.
        authorization: the header of that name, of a program that is no browser.
    """

    portal: Portal
    actor: Actor | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    cookies: Mapping[str, str]
    authorization: str = ""

    @property
    def platform(self) -> Platform:
        """The platform."""
        return self.portal.platform

    @property
    def person(self) -> Actor:
        """Who asks, on a route that is not for anybody.

        Raises:
            Refused: nobody is signed in.
        """
        if self.actor is None:
            raise Refused("signed_out", "You are not signed in, or no longer. Sign in again.")
        return self.actor


Handler: TypeAlias = Callable[[Transaction, Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the route table.

    Attributes:
        method: GET or POST.
        path: with its parameters.
        handler: what answers.
        who: who may use it.
        refused: the event under which a refusal is recorded.
        from_here: whether an unsafe request must come from a page of ours; not so where no cookie gives it power.
    """

    method: str
    path: str
    handler: Handler
    who: Who
    refused: Event = Event.ACCESS_REFUSED
    from_here: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route at work, as an ASGI application."""

    portal: Portal
    route: Route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        form = await form_of(request) if request.method == "POST" else {}
        response = await run_in_threadpool(self.respond, request, form)
        await response(scope, receive, send)

    def respond(self, request: Request, form: Mapping[str, str]) -> Response:
        """Run the handler in one transaction; show and record what is refused."""
        portal, renderer = self.portal, self.portal.renderer
        try:
            if self.route.from_here:
                must_come_from_here(request.method, request.headers, portal.origin)
            with transaction(portal.platform.application) as tx:
                actor = actor_of(tx, request.cookies.get(portal.session_cookie))
                must_be(self.route.who, actor)
                path = {name: str(value) for name, value in request.path_params.items()}
                must_be_text([*path.values(), *form.values(), *request.query_params.values()])
                answer = self.route.handler(tx, self._call(request, actor, path=path, form=form))
            return renderer.response(answer, actor)
        except (TreError, DisclosureError) as error:
            actor = self._known(request)
            if actor is not None and isinstance(error, Refused | NotFound):
                record_refusal(portal.platform, actor, error, self.route.refused)
            then = request.url.path if request.method == "GET" else "/"
            return renderer.fault(status_of(error), error.sentence, actor, then=then)

    def _call(
        self, request: Request, actor: Actor | None, *, path: Mapping[str, str], form: Mapping[str, str]
    ) -> Call:
        return Call(
            self.portal,
            actor,
            path,
            request.query_params,
            form=form,
            cookies=request.cookies,
            authorization=request.headers.get("authorization", ""),
        )

    def _known(self, request: Request) -> Actor | None:
        with transaction(self.portal.platform.application) as tx:
            return actor_of(tx, request.cookies.get(self.portal.session_cookie))


async def form_of(request: Request) -> dict[str, str]:
    """Read the fields of a form; files are left out, since no page of ours sends any."""
    kind = Headers(scope=request.scope).get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as fields:
        pairs = [(name, value) for name, value in fields.multi_items() if not isinstance(value, UploadFile)]
    return dict(reversed(pairs))


def must_be_text(values: Iterable[str]) -> None:
    """Let through what the database can hold as text.

    Raises:
        BadInput: a NUL byte is in it; no keyboard makes one.
    """
    if any("\0" in value for value in values):
        raise BadInput("not_text", "What was sent holds a NUL byte, which is no text. Take it out.")


def actor_of(tx: Transaction, secret: str | None) -> Actor | None:
    """Who holds a session cookie, or None for no live session."""
    if not secret:
        return None
    try:
        return sessions.actor_for(tx, secret, Purpose.SESSION)
    except Refused:
        return None


def status_of(error: Fault) -> int:
    """The HTTP status of an error."""
    if error.code == "signed_out":
        return 401
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def record_refusal(platform: Platform, actor: Actor, error: Fault, event: Event) -> None:
    """Record that somebody was refused something, in a transaction of its own."""
    with transaction(platform.application) as tx:
        audit.record(tx, actor, EVENTS.get(error.code, event), f"person:{actor.id}", code=error.code)

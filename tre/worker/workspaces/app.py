"""What hub and gateway may ask of the platform, over a socket in a private folder: who may come in, and a server to go to."""

import asyncio
import re
from dataclasses import dataclass
from typing import Final, TypeGuard

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tre.db.engine import read_only, transaction
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused, TreError
from tre.domain.people import PersonId
from tre.domain.workspaces import person_of
from tre.services import workspaces
from tre.worker.workspaces.running import Server, Servers

READY_SECONDS: Final = 170.0
"""Time until a server must answer, in seconds; thirty at once on two cores took 54. Source: research, section 3.4."""

POLL_SECONDS: Final = 0.2
WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
STATUS: Final = ((Refused, 403), (NotFound, 404), (BadInput, 422))
MOST_DETAILS: Final = 12


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers hub and gateway for one platform's workspaces."""

    servers: Servers

    def app(self) -> Starlette:
        """The routes, all of them."""
        place = "/servers/{person}/{project}"
        return Starlette(
            routes=[
                Route("/healthz", self.health, methods=["GET"]),
                Route("/members/{person}", self.projects, methods=["GET"]),
                Route("/members/{person}/{project}", self.member, methods=["GET"]),
                Route("/alarms", self.alarm, methods=["POST"]),
                Route(place, self.start, methods=["PUT"]),
                Route(place, self.show, methods=["GET"]),
                Route(place, self.stop, methods=["DELETE"]),
            ],
            exception_handlers={TreError: _refused},
        )

    def health(self, _: Request) -> JSONResponse:
        """Say that we are here and how many workspaces run."""
        return JSONResponse({"status": "ok", "running": len(self.servers.running())})

    def projects(self, request: Request) -> JSONResponse:
        """The projects whose workspaces a person may open now."""
        person = person_of(request.path_params["person"])
        with read_only(self.servers.platform.application) as tx:
            return JSONResponse({"projects": workspaces.open_to(tx, person)})

    def member(self, request: Request) -> JSONResponse:
        """May this person be in this project's workspace now?"""
        try:
            person = person_of(request.path_params["person"])
            with read_only(self.servers.platform.application) as tx:
                said = workspaces.refusal(tx, person, request.path_params["project"])
        except BadInput as error:
            said = NotFound(error.code, error.sentence)
        return JSONResponse({"allowed": said is None, "reason": "" if said is None else said.sentence})

    async def alarm(self, request: Request) -> JSONResponse:
        """Put what the gateway noticed in the audit log: names and counts, never content."""
        return await run_in_threadpool(self._alarm, await _object(request))

    def _alarm(self, said: dict[str, object]) -> JSONResponse:
        words = {name: said.pop(name, None) for name in ("kind", "person", "project")}
        person = person_of(_word(words["person"], re.compile(r"[a-z0-9_.-]{1,400}")))
        project = _word(words["project"], re.compile(r"[a-z][a-z0-9-]{0,29}"))
        details = {name: value for name, value in said.items() if WORD.fullmatch(name) and _is_plain(value)}
        if len(details) > MOST_DETAILS:
            raise BadInput("alarm", f"An alarm has at most {MOST_DETAILS} counts; send fewer.")
        with transaction(self.servers.platform.application) as tx:
            kind = _word(words["kind"], WORD)
            workspaces.record(tx, Event.WORKSPACE_ALARM, person, project, **(details | {"kind": kind}))
        return JSONResponse({"recorded": True}, 201)

    async def start(self, request: Request) -> JSONResponse:
        """Start a workspace, and answer when it does."""
        person, project = _named(request)
        base_url = f"/user/{request.path_params['person']}/{project}/"
        try:
            server = await run_in_threadpool(self.servers.start, person, project, base_url)
        except (Refused, NotFound) as error:
            await run_in_threadpool(self._note_refusal, person, project, error.code)
            raise
        await _until_ready(server, base_url)
        return JSONResponse({"target": str(server.target)})

    def _note_refusal(self, person: PersonId, project: str, code: str) -> None:
        with transaction(self.servers.platform.application) as tx:
            workspaces.record(tx, Event.WORKSPACE_REFUSED, person, project, code=code)

    def show(self, request: Request) -> JSONResponse:
        """Is a workspace running, and if not, why is it over?"""
        server = self.servers.find(*_named(request))
        if server is None:
            return JSONResponse({"running": False, "sentence": "It has not been started."})
        return JSONResponse({"running": not server.over.is_set(), "sentence": server.sentence})

    def stop(self, request: Request) -> JSONResponse:
        """Stop a workspace; nothing of it is left when this answers."""
        server = self.servers.find(*_named(request))
        if server is not None:
            self.servers.stop(server)
        return JSONResponse({"running": server is not None and not server.over.is_set()})


async def _until_ready(server: Server, base_url: str) -> None:
    """Wait until a server answers.

    Raises:
        Refused: it ended before it did, with the reason; or it took too long and was stopped.
    """
    transport = httpx.AsyncHTTPTransport(uds=str(server.target))
    async with httpx.AsyncClient(transport=transport, timeout=POLL_SECONDS * 25) as client:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not server.over.is_set():
                    if await _answers(client, f"http://workspace{base_url}api"):
                        return
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            server.stopping.set()
            raise Refused("workspace_slow", "The workspace did not start in time; try again later.") from None
    raise Refused("workspace_ended", server.sentence)


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    """Does a server answer? What it says may be the researcher's, of any length, and is not read."""
    try:
        async with client.stream("GET", address) as answer:
            return answer.status_code == 200
    except httpx.HTTPError:
        return False


def _named(request: Request) -> tuple[PersonId, str]:
    return person_of(request.path_params["person"]), request.path_params["project"]


async def _object(request: Request) -> dict[str, object]:
    try:
        found = await request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadInput("not_json", "Send one JSON object.")
    return found


def _is_plain(value: object) -> TypeGuard[int | str]:
    """A count or a word; anything else could be content."""
    return isinstance(value, int) or (isinstance(value, str) and WORD.fullmatch(value) is not None)


def _word(value: object, shape: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise BadInput("alarm", "An alarm names its kind, person and project in plain words.")
    return value


async def _refused(_: Request, error: Exception) -> JSONResponse:
    said = workspaces.reason_of(error) if isinstance(error, TreError) else {}
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 503)
    return JSONResponse(dict(said), status)

"""The portal as an ASGI application. The table below is its contents."""

from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.routing import Route as Served
from starlette.staticfiles import StaticFiles

from tre.domain.audit import Event
from tre.services.platform import Platform
from tre.settings import Mode
from tre.web import budget, login, pages, provider, review, workspace
from tre.web.api.app import create_api
from tre.web.endpoint import Endpoint, Portal, Route
from tre.web.guards import Gate, Who, add_headers, hub_origin_of, origin_of
from tre.web.identity import RETURN_PATH
from tre.web.rendering import renderer_for

ROUTES: Final = (
    Route("GET", "/", pages.home, Who.ANYBODY),
    Route("GET", "/sign-in", login.begin, Who.ANYBODY),
    Route("GET", RETURN_PATH, login.finish, Who.ANYBODY),
    Route("POST", "/sign-out", login.leave, Who.SIGNED_IN),
    Route("GET", "/queue", pages.queue, Who.REVIEWER),
    Route("GET", "/requests/{request}", review.request, Who.SIGNED_IN),
    Route("POST", "/requests/{request}/vote", review.vote, Who.SIGNED_IN, refused=Event.VOTE_REFUSED),
    Route("POST", "/requests/{request}/withdraw", review.withdraw, Who.SIGNED_IN),
    Route("GET", "/requests/{request}/items/{item}/chart.svg", review.chart, Who.SIGNED_IN),
    Route("GET", "/requests/{request}/bundle", review.bundle, Who.SIGNED_IN),
    Route("GET", "/requests/{request}/bundle/{file}", review.bundle_file, Who.SIGNED_IN),
    Route("GET", "/projects/{project}", pages.project, Who.SIGNED_IN),
    Route("GET", "/projects/{project}/workspace", workspace.show, Who.SIGNED_IN),
    Route("GET", "/projects/{project}/price", budget.price, Who.SIGNED_IN),
    Route("GET", "/statements/{subject}/{name}", budget.statement, Who.SIGNED_IN),
    Route("GET", "/statements/{subject}/{name}/{form}", budget.statement_file, Who.SIGNED_IN),
    Route("GET", "/caps", budget.cap_changes, Who.SIGNED_IN),
    Route("POST", "/caps", budget.propose_cap, Who.SIGNED_IN),
    Route("POST", "/caps/{proposal}", budget.decide_cap, Who.SIGNED_IN),
    Route("GET", "/register", pages.register, Who.ANYBODY),
    Route("GET", "/register.json", pages.register_json, Who.ANYBODY),
    Route("GET", "/healthz", pages.health, Who.ANYBODY),
)
"""Every page: method, path, what answers, and who may use it."""

STATIC: Final = Path(__file__).parent / "static"


def create_app(platform: Platform) -> Starlette:
    """Make the portal of one platform. With real data there is no embedded identity provider in it."""
    origin = origin_of(platform.settings)
    embedded = None
    if platform.settings.mode is Mode.DEMO:
        embedded = provider.embedded_provider(origin, hub_origin_of(platform.settings), platform)
    known = None if embedded is None else provider.as_seen_by_portal(embedded)
    portal = Portal(platform, origin, renderer_for(origin), known)
    mounts: list[BaseRoute] = [
        Mount("/static", StaticFiles(directory=STATIC)),
        Mount("/api/v1", create_api(portal)),
    ]
    if embedded is not None:
        mounts.append(Mount(provider.PATH, routes=served(portal, provider.routes(embedded))))
    return Starlette(
        routes=[*served(portal, ROUTES), *mounts],
        middleware=[Middleware(Gate, origin=origin)],
        exception_handlers={HTTPException: partial(_missing, portal), Exception: partial(_broken, portal)},
    )


def served(portal: Portal, table: tuple[Route, ...]) -> list[BaseRoute]:
    """Put a route table to work."""
    return [Served(each.path, Endpoint(portal, each), methods=[each.method]) for each in table]


async def _missing(portal: Portal, _request: Request, error: Exception) -> Response:
    """Answer for a path or method that is not in the table."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentence = (
        "There is no such page. Check its address, or go to the home page."
        if status == 404
        else "This cannot be done here in that way. Go back and use the page's own buttons."
    )
    answer = portal.renderer.fault(status, sentence, None)
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


async def _broken(portal: Portal, _request: Request, _error: Exception) -> Response:
    """Answer for a fault of ours: nothing of it is shown, nothing was done, the server's log has the rest."""
    sentence = "The portal met a fault. Nothing was changed and nothing was lost; try again, or tell an administrator."
    answer = portal.renderer.fault(500, sentence, None)
    add_headers(answer.headers, portal.origin)
    return answer

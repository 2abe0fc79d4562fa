"""The JSON API as an application of its own. The table below is its contents."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from disclosure.errors import DisclosureError
from tre.db.engine import transaction
from tre.domain.errors import Refused, TreError
from tre.services import signin
from tre.web.api import projects, requests
from tre.web.api.calling import must_not_be_from_elsewhere
from tre.web.api.shapes import SignIn
from tre.web.endpoint import Portal, must_be_text, status_of
from tre.web.guards import Who

PROBLEM: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Verb:
    """One line of the table: method, path, what answers, and who may use it."""

    method: str
    path: str
    answer: Callable[..., object]
    who: Who = Who.SIGNED_IN
    status: int = 200


def login(
    request: Request, asked: SignIn, _here: Annotated[None, Depends(must_not_be_from_elsewhere)]
) -> dict[str, str]:
    """Give a personal token, valid for twelve hours, for name and password."""
    must_be_text([asked.person, asked.password])
    with transaction(request.app.state.portal.platform.application) as tx:
        token = signin.token_for(tx, asked.person, asked.password)
    if token is None:
        raise Refused(
            "sign_in_failed", "Name and password do not go together, or the account waits. Try again later."
        )
    return {"token": token}


VERBS: Final = (
    Verb("POST", "/login", login, Who.ANYBODY),
    Verb("GET", "/requests", requests.listing),
    Verb("POST", "/requests", requests.submit, status=201),
    Verb("GET", "/requests/{request}", requests.one),
    Verb("POST", "/requests/{request}/votes", requests.vote),
    Verb("POST", "/requests/{request}/withdraw", requests.withdraw),
    Verb("GET", "/requests/{request}/bundle", requests.files),
    Verb("GET", "/requests/{request}/bundle/{file}", requests.file),
    Verb("GET", "/projects", projects.listing),
    Verb("GET", "/projects/{project}/budget", projects.budget),
    Verb("POST", "/projects/{project}/check", projects.check),
    Verb("POST", "/projects/{project}/price", projects.price),
    Verb("GET", "/statements/{subject}/{name}", projects.statement),
)
"""Every verb. All but the first take a personal token."""


def create_api(portal: Portal) -> FastAPI:
    """Make the API. Its description lies at `openapi.json`; pages that load scripts from elsewhere are left out."""
    api = FastAPI(title="Trusted research environment", version="1", docs_url=None, redoc_url=None)
    api.state.portal = portal
    for verb in VERBS:
        api.add_api_route(
            verb.path, verb.answer, methods=[verb.method], status_code=verb.status, response_model=None
        )
    api.add_exception_handler(TreError, _refused)
    api.add_exception_handler(DisclosureError, _refused)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _missing)
    api.add_exception_handler(Exception, _broken)
    return api


def problem(status: int, code: str, sentence: str) -> JSONResponse:
    """Say what went wrong as RFC 9457 has it, with our code and sentence."""
    record = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "code": code,
        "sentence": sentence,
    }
    answer = JSONResponse(record, status, media_type=PROBLEM)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, TreError | DisclosureError):
        raise error
    return problem(status_of(error), error.code, error.sentence)


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    """Name the field that does not fit, never its value."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    place = ".".join(str(part) for part in faults[0]["loc"] if isinstance(part, str)) if faults else "body"
    return problem(
        422, "malformed", f"{place:.200} does not fit; see openapi.json, correct it and ask again."
    )


async def _missing(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problem(
        status, "no_such_verb", "There is no such verb. See openapi.json for those that there are."
    )


async def _broken(_request: Request, _error: Exception) -> JSONResponse:
    return problem(
        500, "fault", "The platform met a fault. Nothing was changed; try again, or tell an administrator."
    )

"""Drawing answers: templates of the design system, with every text escaped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, assert_never

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape
from starlette.responses import Response

from tre.domain.people import Actor
from tre.services.people import MAY_SEE_REQUESTS
from tre.web.answers import Answer, Cookie, Download, Image, Page, Record, Redirect
from tre.web.forms import FieldError
from tre.web.guards import Origin, policy

HTML: Final = "text/html; charset=utf-8"

ALONE: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""The policy of what is no page of ours: opened by itself it loads, runs and asks for nothing, and has no origin."""

HEADINGS: Final = {
    401: "Sign in",
    403: "You may not do this",
    404: "Not found",
    405: "Not possible here",
    422: "This cannot be used as it is",
    500: "Something went wrong",
    503: "Not available now",
}
"""What the page of a fault is called, for people."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Makes HTTP answers of what handlers return."""

    environment: Environment
    origin: Origin

    def response(self, answer: Answer, actor: Actor | None) -> Response:
        """Make the HTTP answer."""
        match answer:
            case Page():
                made = self._page(answer, actor)
                set_cookies(made, answer.cookies, self.origin)
                return made
            case Redirect():
                made = Response(status_code=303, headers={"Location": answer.to})
                set_cookies(made, answer.cookies, self.origin)
                return made
            case Record():
                content = json.dumps(answer.value, indent=2, ensure_ascii=False)
                return Response(content, answer.status, media_type="application/json; charset=utf-8")
            case Download():
                return _download(answer)
            case Image():
                headers = {"Content-Security-Policy": ALONE}
                return Response(answer.content, media_type=answer.media_type, headers=headers)
            case _:
                assert_never(answer)

    def fault(self, status: int, sentence: str, actor: Actor | None, *, then: str = "/") -> Response:
        """Make the page that says what went wrong and what to do next: for somebody unknown, to sign in for `then`."""
        heading = HEADINGS.get(status, HTTPStatus(status).phrase)
        return self._page(Page("fault.html", heading, {"sentence": sentence, "next": then}, status), actor)

    def _page(self, page: Page, actor: Actor | None) -> Response:
        shown: Mapping[str, object] = {
            "title": page.title,
            "actor": None if actor is None else actor.id,
            "reviews": actor is not None and bool(actor.capabilities & MAY_SEE_REQUESTS),
            "status": page.status,
            **page.shows,
        }
        text = self.environment.get_template(page.template).render(shown)
        made = Response(text, page.status, media_type=HTML)
        if page.frames or page.forms_to:
            made.headers["Content-Security-Policy"] = policy(frames=page.frames, forms_to=page.forms_to)
        return made


def renderer_for(origin: Origin) -> Renderer:
    """Make the renderer: our templates, and the design system's under its own name."""
    design = PackageLoader("govuk_frontend_jinja", "templates")
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("tre.web", "templates"), PrefixLoader({"govuk_frontend_jinja": design})]
        ),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": moment,
        "number": number,
        "linked": linked,
        "for_field": for_field,
    }
    return Renderer(environment, origin)


def moment(text: str) -> str:
    """Write an ISO 8601 time for people: `25 November 2026, 12:05 UTC`."""
    when = datetime.fromisoformat(text).astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def number(value: float) -> str:
    """Write a number for people: thousands apart, six digits at most after the first for what is not whole."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def linked(errors: Sequence[FieldError]) -> list[dict[str, str]]:
    """Faults of a form as the error summary takes them, each linked to its field."""
    return [{"text": each.sentence, "href": f"#{each.field}"} for each in errors]


def for_field(errors: Sequence[FieldError], field: str) -> dict[str, str] | None:
    """The fault of one field as its component takes it, or None."""
    return next(({"text": each.sentence} for each in errors if each.field == field), None)


def set_cookies(response: Response, cookies: tuple[Cookie, ...], origin: Origin) -> None:
    """Set cookies that no script can read and that other sites' forms do not carry."""
    for cookie in cookies:
        response.set_cookie(
            cookie.name,
            cookie.value or "",
            path=cookie.path,
            max_age=0 if cookie.value is None else cookie.seconds,
            secure=origin.is_secure,
            httponly=True,
            samesite="lax",
        )


def _download(answer: Download) -> Response:
    # The name comes from a receipt, which allows ASCII letters, digits, dots and dashes: no quote, no line end.
    headers = {
        "Content-Disposition": f'attachment; filename="{answer.name}"',
        "Content-Security-Policy": ALONE,
    }
    return Response(answer.content, media_type=answer.media_type, headers=headers)

"""What stands before every page: who may use it, from where, under which name, and with which headers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tests.builders import AUTHOR, CHECKERS, House
from tests.tre.web.visiting import FROM_HERE, Visitor
from tests.tre.web.visiting import served as serving
from tre.db.address import Database, Role
from tre.db.engine import engine_for
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.settings import Settings
from tre.web.api.app import VERBS, create_api
from tre.web.api.calling import caller
from tre.web.app import ROUTES, create_app
from tre.web.endpoint import Endpoint, Portal
from tre.web.guards import Origin, Who, local_path, must_come_from_here, origin_of
from tre.web.rendering import renderer_for

NOBODY = {"/", "/sign-in", "/sign-in/return", "/register", "/register.json", "/healthz"}
PROVIDER = {"/authorize", "/token", "/userinfo", "/jwks", "/.well-known/openid-configuration"}


def walk(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        if isinstance(route, Mount) and not isinstance(route.app, StaticFiles):
            yield from walk(list(route.routes), prefix + route.path)
        else:
            yield prefix + getattr(route, "path", ""), route


def undeclared(routes: list[BaseRoute]) -> list[str]:
    """Paths of which nothing says who may use them, or which more than is listed here are open to anybody."""
    found = []
    open_api = {verb.path for verb in VERBS if verb.who is Who.ANYBODY} | {"/openapi.json"}
    for path, route in walk(routes):
        if isinstance(route, Mount):
            declared = path == "/static"
        elif isinstance(route, APIRoute):
            asked = {one.call for one in route.dependant.dependencies}
            declared = caller in asked or route.path in open_api
        elif isinstance(route, Route) and isinstance(route.endpoint, Endpoint):
            who = route.endpoint.route.who
            declared = who is not Who.ANYBODY or path in NOBODY | {f"/idp{each}" for each in PROVIDER}
        else:
            declared = path == "/api/v1/openapi.json"
        if not declared:
            found.append(path)
    return found


def test_every_route_declares_who_may_use_it(house: House) -> None:
    app = create_app(house.platform)
    assert undeclared(app.routes) == []
    assert len(list(walk(app.routes))) >= len(ROUTES) + len(VERBS) + len(PROVIDER)


def test_the_walk_finds_an_undeclared_route(house: House) -> None:
    portal = _portal(house)
    api = create_api(portal)
    api.add_api_route("/open", lambda: "anybody may", methods=["GET"])
    bad: list[BaseRoute] = [
        Route("/bare", lambda _: None),
        Mount("/api/v1", api),
        Mount("/files", StaticFiles()),
    ]
    assert {"/bare", "/api/v1/open"} <= set(undeclared(bad))
    assert "/files" in undeclared(bad)


def _portal(house: House) -> Portal:
    origin = origin_of(house.platform.settings)
    return Portal(house.platform, origin, renderer_for(origin), None)


def test_nobody_who_is_not_signed_in_reaches_a_page_that_is_not_for_anybody(visitor: Visitor) -> None:
    for route in ROUTES:
        path = route.path.replace("{request}", "x").replace("{file}", "x").replace("{project}", "x")
        answer = visitor.raw(
            route.method, path, headers=FROM_HERE, content=b"" if route.method == "POST" else None
        )
        assert (answer.status_code == 401) is (route.who is not Who.ANYBODY), path


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://hub.tre.localhost:8600"},
        {"Origin": "https://ORIGIN"},
        {"Referer": "ORIGIN/queue"},
        {"Sec-Fetch-Site": "same-site", "Origin": "ORIGIN"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "ORIGIN"},
        {"Sec-Fetch-Site": "none", "Origin": "ORIGIN"},
        {"Sec-Fetch-Site": "", "Origin": "ORIGIN"},
    ],
)
def test_a_form_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    origin = Origin("http", "portal.tre.localhost:8600")
    sent = {name.lower(): value.replace("ORIGIN", origin.text) for name, value in headers.items()}
    for method in ("POST", "PUT", "PATCH", "DELETE", "post", "TRACE"):
        with pytest.raises(Refused) as caught:
            must_come_from_here(method, sent, origin)
        assert caught.value.code == "cross_origin"
    must_come_from_here("GET", sent, origin)
    must_come_from_here("POST", {"origin": origin.text}, origin)
    must_come_from_here("POST", {"sec-fetch-site": "same-origin"}, origin)


def test_a_page_of_the_hub_cannot_press_approve(house: House) -> None:
    """With the checker's cookie and the right digest, from another origin on the same site; and it is recorded."""
    request = house.reviewed(house.exact())
    visitor = Visitor(house)
    visitor.sign_in(CHECKERS[0])
    form = {"decision": "approve", "reason": "fine", "seen": house.request(request).manifest_digest}
    for headers in (
        {"Sec-Fetch-Site": "same-site", "Origin": "http://hub.tre.localhost:8600"},
        {"Origin": "http://hub.tre.localhost:8600"},
        {},
    ):
        assert visitor.raw("POST", f"/requests/{request}/vote", data=form, headers=headers).status_code == 403
    assert house.events(Event.VOTE_CAST) == []
    assert {event.detail["code"] for event in house.events(Event.VOTE_REFUSED)} == {"cross_origin"}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "localhost", "portal.tre.localhost", "portal.tre.localhost:1", "", "x y"],
)
def test_another_host_name_finds_nothing_here(visitor: Visitor, host: str) -> None:
    for path in ("/", "/healthz", "/static/portal.css", "/api/v1/openapi.json", "/idp/jwks"):
        answer = visitor.raw("GET", path, headers={"Host": host})
        assert answer.status_code in {400, 421}
        assert "Trusted research environment" not in answer.text


def test_every_answer_has_the_headers(visitor: Visitor) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/queue"),
        ("GET", "/nothing"),
        ("PUT", "/queue"),
        ("GET", "/static/portal.css"),
        ("GET", "/static/nothing"),
        ("GET", "/register.json"),
        ("GET", "/api/v1/requests"),
        ("GET", "/idp/jwks"),
        ("POST", "/sign-out"),
    ):
        headers = visitor.raw(method, path, content=b"" if method in {"PUT", "POST"} else None).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers
        assert "server" not in headers


def test_a_fault_of_ours_shows_nothing_of_itself_and_keeps_the_headers(
    house: House, database: Database
) -> None:
    """The database is gone: a page, an API verb and the health check say so, without a word of its innards."""
    gone = engine_for(database.named("no_such_database"), Role.APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = Settings(home=house.platform.home, portal_port=listening.getsockname()[1])
        broken = replace(house.platform, application=gone, settings=settings)
        with serving(create_app(broken), listening):
            visitor = Visitor(House(broken))
            # the server drops a connection after a fault; using it again is a race
            closing = {"Connection": "close"}
            pages = [visitor.raw("GET", path, headers=closing) for path in ("/healthz", "/register")]
            api = visitor.raw("GET", "/api/v1/requests", headers=closing | {"Authorization": "Bearer x"})
    gone.dispose()
    for answer in (*pages, api):
        assert answer.status_code == 500
        assert "no_such_database" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert api.json()["code"] == "fault"


def test_paths_methods_and_bodies_that_are_not_offered_are_refused(visitor: Visitor) -> None:
    assert visitor.raw("GET", "/nothing").status_code == 404
    assert visitor.raw("DELETE", "/queue").status_code in {405, 411}
    assert visitor.raw("POST", "/queue", data={"a": "b"}, headers=FROM_HERE).status_code == 405
    assert visitor.raw("POST", "/sign-out", content=iter([b"x"]), headers=FROM_HERE).status_code == 411
    assert visitor.raw("POST", "/sign-out", content=b"x" * 65_537, headers=FROM_HERE).status_code == 413
    assert visitor.raw("GET", "/docs").status_code == 404
    assert visitor.raw("GET", "/api/v1/docs").status_code == 404
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert visitor.raw("GET", path).status_code in {404, 405}


def test_a_nul_byte_is_a_clear_sentence(house: House) -> None:
    visitor = Visitor(house)
    visitor.sign_in(AUTHOR)
    for path in ("/requests/%00", "/projects/a%00b", "/requests/x/bundle/%00"):
        assert "NUL" in visitor.raw("GET", path).text


def test_line_ends_never_reach_a_header(visitor: Visitor) -> None:
    for path in ("/requests/a%0d%0aX-Evil:%201", "/sign-in?next=/a%0d%0aX-Evil:%201"):
        answer = visitor.raw("GET", path)
        assert "x-evil" not in answer.headers
        assert "%0d" not in answer.headers.get("location", "").lower()


def test_only_paths_of_this_site_are_local() -> None:
    for local in ("/", "/queue?page=2", "/requests/a-b", "/a//b"):
        assert local_path(local) == local
    for other in ("", "queue", "//evil", "/\\evil", "http://evil", "/a\nb", "/a\x00", "/ä", "\\evil", " /"):
        assert local_path(other) == "/"


def test_with_real_data_there_is_no_embedded_provider_and_cookies_are_bound_to_https(house: House) -> None:
    """Only the shape is looked at: a production platform needs a database of its own."""
    production = Settings(
        home=house.platform.home,
        mode="production",
        database_url="postgresql://h/d",
        portal_name="tre.example",
    )
    origin = origin_of(production)
    assert origin.text == "https://tre.example"
    platform = replace(house.platform, settings=production)
    app = create_app(platform)
    assert not [path for path, _ in walk(app.routes) if path.startswith("/idp")]
    portal = Portal(platform, origin, renderer_for(origin), None)
    assert portal.session_cookie.startswith("__Host-")
    assert portal.flow_cookie.startswith("__Host-")

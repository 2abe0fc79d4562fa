"""A workspace's server belongs to its researcher: whatever it answers, only what the table allows comes out."""

import http.client

import pytest
from aiohttp import web

from hub_config.gateway.headers import ALWAYS
from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.standing import BASE, HUB, PORTAL, Say, Standing

HOSTILE = {
    "Set-Cookie": "tre=1; Path=/",
    "Content-Disposition": "attachment; filename=a.csv",
    "Content-Security-Policy": "default-src *",
    "Content-Security-Policy-Report-Only": "default-src *; report-uri https://outside.example",
    "Link": "<https://outside.example>; rel=preconnect",
    "Refresh": "0; url=https://outside.example",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Service-Worker-Allowed": "/",
    "SourceMap": "https://outside.example/map",
    "Report-To": "{}",
    "NEL": "{}",
    "Clear-Site-Data": '"*"',
    "Alt-Svc": 'h3="outside.example:443"',
    "Speculation-Rules": '"/rules.json"',
    "Strict-Transport-Security": "max-age=1",
    "X-JupyterHub-Version": "9",
    "Referrer-Policy": "unsafe-url",
    "Cross-Origin-Opener-Policy": "unsafe-none",
    "Permissions-Policy": "camera=*",
    "Cache-Control": "public, max-age=99999",
    "Age": "3",
    "ETag": '"data"',
    "Via": "data",
    "X-Data": "rows",
    "Location": "https://outside.example",
    "Connection": "close, X-Data",
    "Keep-Alive": "timeout=99",
    "Trailer": "X-Data",
    "Upgrade": "h2c",
}


def saying(status: int = 200, body: bytes = b"{}", **headers: str) -> Say:
    async def say(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers={"Content-Type": "application/json"} | named)

    return say


def test_no_header_of_the_workspaces_own_comes_out(standing: Standing, browser: Browser) -> None:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"{}", headers=HOSTILE | {"Content-Type": "application/json"})

    standing.workspace.say = say
    answer = browser.fetch("api/status")
    assert answer.status == 200
    assert {
        name.lower(): value for name, value in answer.headers if name.lower() in map(str.lower, ALWAYS)
    } == {name.lower(): value for name, value in ALWAYS.items()}
    names = {name.lower() for name, _ in answer.headers} - {name.lower() for name in ALWAYS}
    assert names <= {
        "content-security-policy",
        "content-type",
        "content-length",
        "date",
        "server",
        "last-modified",
    }
    assert "outside.example" not in str(answer.headers)


def test_every_answer_confines_its_page_to_the_workspaces_own_path(
    standing: Standing, browser: Browser
) -> None:
    policy = browser.frame().header("Content-Security-Policy") or ""
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split("; ")}
    assert rules["default-src"] == ["'none'"]
    assert rules["frame-ancestors"] == [PORTAL]
    assert rules["sandbox"] == ["allow-scripts", "allow-same-origin", "allow-forms", "allow-modals"]
    allowed = {
        source
        for name, sources in rules.items()
        if name not in {"sandbox", "frame-ancestors"}
        for source in sources
    }
    places = {source for source in allowed if "//" in source}
    assert places
    assert all(place.startswith((f"{HUB}{BASE}", f"{HUB.replace('http', 'ws')}{BASE}")) for place in places)
    assert allowed - places <= {"'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
    for path in ("api/status", "static/a.js", "files/a"):
        assert browser.fetch(path).header("Content-Security-Policy")


@pytest.mark.parametrize("status", [100 + 1, 206, 300, 301, 302, 303, 304, 307, 308, 226, 600, 999])
def test_redirects_and_partial_contents_do_not_pass(
    standing: Standing, browser: Browser, status: int
) -> None:
    standing.workspace.say = saying(
        status, Location=f"{HUB}/user/ada/other/api/contents", Content_Range="bytes 0-1/9"
    )
    answer = browser.fetch("api/status")
    assert answer.status == 502
    assert answer.header("Location") is None


@pytest.mark.parametrize(
    "media_type",
    [
        "text/csv",
        "application/octet-stream",
        "text/html",
        "application/vnd.apache.parquet",
        "text/plain",
        "json",
        "image/png",
        "multipart/x-mixed-replace",
        "application/pdf",
        "text/javascript",
        "APPLICATION/XML",
    ],
)
def test_a_media_type_that_the_row_does_not_name_does_not_pass(
    standing: Standing, browser: Browser, media_type: str
) -> None:
    standing.workspace.say = saying(Content_Type=media_type, body=b"secret")
    answer = browser.fetch("api/status")
    assert answer.status == 502
    assert b"secret" not in answer.body
    standing.workspace.say = saying(500, Content_Type=media_type, body=b"secret")
    assert b"secret" not in browser.fetch("api/status").body


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-7; a=b", "Application/JSON"])
def test_a_media_type_is_written_anew(standing: Standing, browser: Browser, media_type: str) -> None:
    standing.workspace.say = saying(Content_Type=media_type)
    assert browser.fetch("api/status").header("Content-Type") == "application/json"


def test_packed_answers_do_not_pass(standing: Standing, browser: Browser) -> None:
    standing.workspace.say = saying(Content_Encoding="gzip")
    assert browser.fetch("api/status").status == 502


def test_html_passes_only_as_the_frames_page(standing: Standing, browser: Browser) -> None:
    standing.workspace.say = saying(Content_Type="text/html", body=b"<!doctype html>")
    assert browser.frame().status == 200
    assert browser.frame().header("Content-Type") == "text/html; charset=utf-8"
    assert browser.asset("static/a.js").status == 502
    assert browser.fetch("api/contents?content=1").status == 502


def test_a_body_longer_than_the_row_allows_does_not_pass(standing: Standing, browser: Browser) -> None:
    standing.workspace.say = saying(body=b'"' + b"x" * (1 << 18) + b'"')
    answer = browser.fetch("api/status")
    assert (answer.status, answer.reason) == (502, "too_long")


def test_a_body_that_grows_longer_than_the_row_allows_is_cut(standing: Standing, browser: Browser) -> None:
    sent = 0

    async def say(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for _ in range(1 << 10):
            await answer.write(b"x" * (1 << 16))
            sent += 1 << 16
        return answer

    standing.workspace.say = say
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        browser.fetch("api/status")
    assert sent < 16 << 20


def test_an_error_of_the_workspace_keeps_its_status_and_its_message_only_as_json(
    standing: Standing, browser: Browser
) -> None:
    standing.workspace.say = saying(404, body=b'{"message": "No such file"}')
    answer = browser.fetch("api/contents/a?content=0")
    assert (answer.status, answer.json) == (404, {"message": "No such file"})
    standing.workspace.say = saying(500, Content_Type="text/html", body=b"<b>secret</b>")
    answer = browser.fetch("api/contents/a?content=0")
    assert (answer.status, answer.reason) == (500, "workspace_error")


def test_a_workspace_that_does_not_answer_is_said_so(standing: Standing, browser: Browser) -> None:
    async def say(request: web.Request) -> web.StreamResponse:
        request.transport.abort()
        return web.Response()

    standing.workspace.say = say
    answer = browser.fetch("api/status")
    assert (answer.status, answer.reason) == (502, "workspace_silent")


def test_the_workspace_hears_nothing_that_names_the_person_or_the_browser(
    standing: Standing, browser: Browser
) -> None:
    hostile = {"Authorization": "token x", "Referer": HUB, "X-Forwarded-For": "1.2.3.4", "Range": "bytes=0-1"}
    hostile |= {
        "If-None-Match": '"x"',
        "X-HTTP-Method-Override": "DELETE",
        "Accept-Encoding": "gzip",
        "Origin": HUB,
    }
    assert browser.fetch("api/contents?content=1", **hostile).status == 200
    (asked,) = standing.workspace.asked
    assert {name.lower() for name in asked.headers} <= {"host", "accept", "accept-language", "connection"}
    assert asked.headers["Host"] == "localhost"
    assert asked.path_qs == f"{BASE}api/contents?type=directory&content=1"

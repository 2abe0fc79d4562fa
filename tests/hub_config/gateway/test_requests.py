"""What a browser may send: one plain reading of each address, from the workspace's own page, text and no files."""

import json
import re

import pytest

from hub_config.gateway.path import encoded, split_target
from hub_config.gateway.refusal import Refusal
from tests.hub_config.gateway.browser import ASSET, DATA, FRAME, Browser, raw
from tests.hub_config.gateway.standing import BASE, HUB, PORTAL, Standing

HOSTILE_PATHS = [
    "/user/ada/bills/../other/api/kernels",
    "/user/ada/bills/./api/kernels",
    "/user/ada/bills//api/kernels",
    "//user/ada/bills/api/kernels",
    "/user/ada/bills/%2e%2e/other/api/kernels",
    "/user/ada/bills/%2E./api/kernels",
    "/user/ada/bills/api%2fkernels",
    "/user/ada/bills/api%2Fkernels",
    "/user/ada/bills/api%5ckernels",
    "/user/ada/bills/api\\kernels",
    "/user/ada/bills/api/contents/%252e%252e/x",
    "/user/ada/bills/api/contents/%2525",
    "/user/ada/bills/api/contents/a%00.ipynb",
    "/user/ada/bills/api/contents/a%0d%0aX: y",
    "/user/ada/bills/api/contents/%ff",
    "/user/ada/bills/api/contents/%c0%ae%c0%ae/x",
    "/user/ada/bills/api/contents/%ef%bc%8e%ef%bc%8e/x",  # fullwidth full stops
    "/user/ada/bills/api/contents/a%ef%bc%8fb",  # a fullwidth slash
    "/user/ada/bills/api/contents/a%e2%80%aegpj.ipynb",  # a bidirectional override
    "/user/ada/bills/api/contents/a%e2%80%8bb",  # a space of no width
    "/user/ada/bills/api/contents/%20",
    "/user/ada/bills/api/contents/..%20/x",
    "/user/ada/bills/api/contents/a%",
    "/user/ada/bills/api/contents/a%zz",
    "/user/ada/bills/api/contents/a;b|c",
    "/user/ada/bills/api/contents?content=1&content=0",
    "/user/ada/bills/api/contents?content=%00",
    "/user/ada/bills/api/contents?content=1#x y",
    "http://hub.tre.localhost:8610/user/ada/bills/api/kernels",
    "http:/user/ada/bills/api/kernels",
    "user/ada/bills/api/kernels",
    "*",
    "hub.tre.localhost:443",
    "",
    "/user/ada/bills/api/contents/" + "a" * 5000,
]


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_an_address_of_two_readings_is_refused(path: str) -> None:
    with pytest.raises(Refusal) as caught:
        split_target(path)
    assert caught.value.code == "hostile_path"


@pytest.mark.parametrize(
    ("target", "segments"),
    [
        ("/user/ada/bills/", ("user", "ada", "bills", "")),
        ("/user/ada/bills/lab", ("user", "ada", "bills", "lab")),
        ("/api/contents/M%C3%BCller%20%26%20S%C3%B6hne.ipynb", ("api", "contents", "Müller & Söhne.ipynb")),
        ("/api/contents/100%25.ipynb", ("api", "contents", "100%.ipynb")),
        ("/api/contents/.hidden", ("api", "contents", ".hidden")),
        ("/api/contents/a...b", ("api", "contents", "a...b")),
        ("/%61pi", ("api",)),
    ],
)
def test_a_plain_address_has_one_reading_and_one_spelling(target: str, segments: tuple[str, ...]) -> None:
    assert split_target(target) == (segments, ())
    assert split_target(f"/{encoded(segments)}") == (segments, ())


@pytest.mark.parametrize("path", [path for path in HOSTILE_PATHS if path.startswith("/") and " " not in path])
def test_a_hostile_address_never_reaches_the_workspace(
    standing: Standing, browser: Browser, path: str
) -> None:
    assert browser.fetch(path).status in {400, 403, 404}
    assert standing.workspace.asked == []


def test_what_is_matched_is_what_is_asked(standing: Standing, browser: Browser) -> None:
    assert browser.fetch("%61pi/contents/M%C3%BCller%7E%2Bx.ipynb?%63ontent=0&123456789012").status == 200
    (asked,) = standing.workspace.asked
    assert asked.raw_path == f"{BASE}api/contents/M%C3%BCller~%2Bx.ipynb?content=0"


@pytest.mark.parametrize(
    "path", ["files/a.csv", "view/a.html", "nbconvert/html/a.ipynb", "lab/api/extensions", "metrics"]
)
def test_a_refused_page_says_why(standing: Standing, browser: Browser, path: str) -> None:
    answer = browser.fetch(path)
    assert (answer.status, answer.reason) == (403, "endpoint_refused")
    assert standing.workspace.asked == []


HOST = b"Host: hub.tre.localhost\r\n"
LINE = b"/user/ada/bills/api/kernels HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"POST " + LINE + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET ",
        b"POST " + LINE + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST " + LINE + HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST " + LINE + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST " + LINE + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST " + LINE + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST " + LINE + HOST + b"Content-Length: 2, 2\r\n\r\n{}",
        b"POST " + LINE + HOST + b"Content-Length: +2\r\n\r\n{}",
        b"POST " + LINE + HOST + b"Content-Length: -1\r\n\r\n{}",
        b"POST " + LINE + HOST + b"Content-Length: 0x2\r\n\r\n{}",
        b"GET " + LINE + HOST + b"Host: other\r\n\r\n",
        b"GET " + LINE + HOST + b"X: a\r\n b\r\n\r\n",
        b"GET " + LINE + HOST + b"X: a\x00b\r\n\r\n",
        b"GET " + LINE + HOST + b"X\x20: a\r\n\r\n",
        b"GET " + LINE.replace(b"1.1", b"1.0") + HOST + b"\r\n",
        b"GET " + LINE.replace(b"1.1", b"0.9") + b"\r\n",
        b"GET\t" + LINE + HOST + b"\r\n",
        b"GET " + LINE + HOST + b"Expect: 100-continue\r\n\r\n",
        b"GET " + LINE + HOST + b"Service-Worker: script\r\n\r\n",
        b"POST " + LINE + HOST + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"CONNECT hub.tre.localhost:443 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"G" * 20_000,
        b"GET " + LINE + HOST + b"".join(b"X-%d: y\r\n" % number for number in range(1000)) + b"\r\n",
    ],
)
def test_a_request_of_two_readings_is_refused(standing: Standing, browser: Browser, sent: bytes) -> None:
    cookies = "; ".join(f"{name}={value}" for (name, _), value in browser.cookies.items())
    marks = "".join(
        f"{name}: {value}\r\n"
        for name, value in (DATA | {"X-XSRFToken": browser.cookies["_xsrf", BASE]}).items()
    )
    signed = sent.replace(HOST, HOST + f"Connection: close\r\nCookie: {cookies}\r\n{marks}".encode(), 1)
    answer = raw(browser.port, signed)
    assert answer.split(b"\r\n", 1)[0].split()[1:2] in ([b"400"], [b"404"], [b"501"], [b"505"], []), answer[
        :80
    ]
    assert len(re.findall(rb"^HTTP/1", answer, re.MULTILINE)) <= 1
    assert standing.workspace.asked == []


def test_the_same_request_plainly_written_passes(standing: Standing, browser: Browser) -> None:
    cookies = "; ".join(f"{name}={value}" for (name, _), value in browser.cookies.items())
    marks = "".join(
        f"{name}: {value}\r\n"
        for name, value in (DATA | {"X-XSRFToken": browser.cookies["_xsrf", BASE]}).items()
    )
    head = b"POST " + LINE + HOST + f"Cookie: {cookies}\r\n{marks}Connection: close\r\n".encode()
    assert raw(browser.port, head + b"Content-Length: 2\r\n\r\n{}").startswith(b"HTTP/1.1 200")
    assert raw(browser.port, head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n").startswith(
        b"HTTP/1.1 200"
    )
    assert standing.workspace.bodies == [b"{}", b"{}"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        DATA | {"Sec-Fetch-Site": "same-site"},
        DATA | {"Sec-Fetch-Site": "cross-site"},
        DATA | {"Sec-Fetch-Site": "none"},
        DATA | {"Origin": PORTAL},
        DATA | {"Origin": "null"},
        DATA | {"Origin": "https://outside.example"},
        DATA | {"Sec-Fetch-Dest": "image"},
        DATA | {"X-XSRFToken": ""},
        DATA | {"X-XSRFToken": "guess"},
        FRAME,
    ],
)
def test_data_is_fetched_by_the_workspaces_own_page_only(
    standing: Standing, browser: Browser, headers: dict[str, str]
) -> None:
    assert browser.ask("GET", "api/kernels", headers).status == 403
    assert browser.ask("POST", "api/kernels", headers, body=b"{}").status == 403
    assert standing.workspace.asked == []
    assert browser.ask("GET", "api/kernels", DATA | {"Origin": HUB}).status == 200


def test_the_page_of_another_workspace_cannot_know_the_stamp(standing: Standing, browser: Browser) -> None:
    """It may even set the cookie that JupyterLab reads: the gateway compares with its own memory."""
    other = standing.signed_in().cookies["_xsrf", BASE]
    browser.cookies["_xsrf", BASE] = other
    assert browser.fetch("api/kernels").status == 403


@pytest.mark.parametrize(
    "headers",
    [
        FRAME | {"Sec-Fetch-Dest": "frame"},
        FRAME | {"Sec-Fetch-Dest": "embed"},
        FRAME | {"Sec-Fetch-Dest": "object"},
        FRAME | {"Sec-Fetch-Dest": "empty"},
        FRAME | {"Sec-Fetch-Dest": ""},
        FRAME | {"Sec-Fetch-Site": "cross-site"},
        FRAME | {"Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_the_page_comes_in_a_frame_of_this_site_only(
    standing: Standing, browser: Browser, headers: dict[str, str]
) -> None:
    assert browser.ask("GET", "lab", headers).status == 403
    assert standing.workspace.asked == []


@pytest.mark.parametrize(
    "destination", ["document", "iframe", "serviceworker", "sharedworker", "object", "audio", ""]
)
def test_assets_are_parts_of_a_page_and_no_page(
    standing: Standing, browser: Browser, destination: str
) -> None:
    assert browser.ask("GET", "static/a.js", ASSET | {"Sec-Fetch-Dest": destination}).status == 403
    assert standing.workspace.asked == []


NOTEBOOK = {"type": "notebook", "format": "json", "content": {"cells": []}}


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PUT", "api/contents/a.csv", {"type": "file", "format": "base64", "content": "YQ=="}),
        ("PUT", "api/contents/a.csv", {"type": "file", "format": "text", "content": "a", "chunk": 1}),
        ("PUT", "api/contents/a.csv", {"type": "file", "content": "YQ=="}),
        ("PUT", "api/contents/a.csv", {"content": "YQ=="}),
        ("PUT", "api/contents/a", NOTEBOOK | {"copy_from": "/etc/passwd"}),
        ("PUT", "api/contents/a", ["a"]),
        ("PUT", "api/contents/a", "a"),
        ("POST", "api/contents", {"type": "file", "content": "a"}),
        ("POST", "api/contents", {"copy_from": ["a"]}),
        ("PATCH", "api/contents/a", {"path": "b", "content": "a"}),
        ("PATCH", "api/contents/a", {"path": 1}),
        ("POST", "api/kernels", ["a"]),
    ],
)
def test_files_are_not_uploaded(
    standing: Standing, browser: Browser, method: str, path: str, content: object
) -> None:
    answer = browser.fetch(path, method, content)
    assert (answer.status, answer.reason) == (403, "refused_body")
    assert standing.workspace.asked == []


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PUT", "api/contents/a.ipynb", NOTEBOOK),
        ("PUT", "api/contents/a.py", {"type": "file", "format": "text", "content": "print(1)"}),
        ("POST", "api/contents/folder", {"type": "notebook", "ext": ".ipynb"}),
        ("POST", "api/contents", {"copy_from": "/a.ipynb"}),
        ("PATCH", "api/contents/a.ipynb", {"path": "b.ipynb"}),
        ("DELETE", "api/contents/a.ipynb", None),
        ("POST", "api/contents/a.ipynb/checkpoints", None),
        ("PUT", "lab/api/settings/@jupyterlab/apputils-extension:themes", {"raw": "{}"}),
        ("POST", "api/kernels", {"name": "python3"}),
    ],
)
def test_what_is_typed_passes(
    standing: Standing, browser: Browser, method: str, path: str, content: object
) -> None:
    assert browser.fetch(path, method, content).status == 200
    assert standing.workspace.bodies == [b"" if content is None else json.dumps(content).encode()]


@pytest.mark.parametrize(
    "body", [b"{", b'{"path": "a", "path": "b"}', b"\xff", b"[" * 100_000, b'{"path": "\xff"}']
)
def test_a_body_of_two_readings_is_refused(standing: Standing, browser: Browser, body: bytes) -> None:
    assert browser.ask("PATCH", "api/contents/a", DATA, body=body).status == 400
    assert standing.workspace.asked == []


def test_a_body_longer_than_the_row_allows_is_refused(standing: Standing, browser: Browser) -> None:
    content = {"type": "directory", "ext": "x" * (1 << 18)}
    assert browser.fetch("api/contents", "POST", content).status == 413
    assert browser.ask("GET", "api/kernels", DATA, body=b"{}").status == 413
    assert standing.workspace.asked == []

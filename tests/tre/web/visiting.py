"""Visitors of a portal that is really served: every page they read is strict HTML5 with one heading."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from xml.etree import ElementTree as ET

import html5lib
import httpx
import uvicorn
from starlette.applications import Starlette

from tests.builders import House
from tre.web.guards import origin_of

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = secrets.token_urlsafe(12)


def read(text: str) -> ET.Element:
    """Parse a page strictly; it has one h1, a title and a language."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert tree.get("lang") == "en"
    assert len(tree.findall(".//h1")) == 1, text
    assert tree.findtext(".//title")
    for control in [
        *tree.iter("textarea"),
        *(one for one in tree.iter("input") if one.get("type") != "hidden"),
    ]:
        assert tree.findall(f".//label[@for='{control.get('id')}']"), ET.tostring(control)
    for table in tree.iter("table"):
        assert table.find("caption") is not None
        assert all(head.get("scope") for head in table.iter("th"))
    assert not list(tree.iter("script"))
    assert not [
        one for one in tree.iter() if one.get("style") or any(key.startswith("on") for key in one.attrib)
    ]
    return tree


def words(tree: ET.Element) -> str:
    return " ".join(" ".join(tree.itertext()).split())


class Loopback(httpx.HTTPTransport):
    """Connects to this machine whatever the host is called, as browsers do for names under `localhost`."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(
            httpx.Request(
                request.method,
                url,
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )


class Visitor:
    """A browser without scripts: it keeps cookies, follows redirects, and says where its forms come from."""

    opened: ClassVar[list[Visitor]] = []

    def __init__(self, house: House) -> None:
        self.opened.append(self)
        self.origin = origin_of(house.platform.settings)
        self.client = httpx.Client(base_url=self.origin.text, transport=Loopback(), timeout=60)

    def get(self, path: str, status: int = 200) -> ET.Element:
        return self._read(self.client.get(path, follow_redirects=True), status)

    def post(self, path: str, status: int = 200, **fields: str) -> ET.Element:
        answer = self.client.post(path, data=fields, headers=FROM_HERE, follow_redirects=True)
        return self._read(answer, status)

    def raw(self, method: str, path: str, **words) -> httpx.Response:
        return self.client.request(method, path, **words)

    def sign_in(self, person: str, password: str = PASSWORD, status: int = 200) -> ET.Element:
        form = fields(self.get("/sign-in"))
        return self.post("/idp/authorize", status, **(form | {"person": person, "password": password}))

    @staticmethod
    def _read(answer: httpx.Response, status: int) -> ET.Element:
        assert answer.status_code == status, answer.text
        return read(answer.text)


def fields(page: ET.Element) -> dict[str, str]:
    """The hidden fields of a page's form."""
    hidden = [one for one in page.iter("input") if one.get("type") == "hidden"]
    return {one.get("name", ""): one.get("value", "") for one in hidden}


@contextmanager
def served(app: Starlette, listening: socket.socket) -> Iterator[None]:
    """Serve an application in a thread, as `python -m tre.web` does in a process."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", server_header=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=30)

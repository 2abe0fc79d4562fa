"""A portal that frames a workspace, a hostile page in it, and the same page elsewhere without a gateway: the control."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiohttp import web
from playwright.sync_api import BrowserContext, Frame, Page

from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.standing import BASE, Standing


@dataclass
class Pages:
    """A server whose answer depends on the name it is called by.

    Attributes:
        port: where it listens.
        framed: the address that the portal's page frames, and that a foreign page frames.
        hostile: the page that tries to reach the outside.
    """

    port: int = 0
    framed: str = ""
    hostile: bytes = b""

    @property
    def portal(self) -> str:
        return f"http://portal.tre.localhost:{self.port}"

    @property
    def control(self) -> str:
        return f"http://control.localhost:{self.port}"

    @property
    def foreign(self) -> str:
        return f"http://foreign.localhost:{self.port}"

    def answer(self, host: str) -> tuple[bytes, str]:
        """Return body and policy."""
        frame = f'<!doctype html><title>x</title><iframe src="{self.framed}" width=1200 height=700></iframe>'.encode()
        if host.startswith("portal."):
            origin = "/".join(self.framed.split("/")[:3])
            return frame, f"default-src 'none'; frame-src {origin}/user/"
        return (self.hostile if host.startswith("control.") else frame), ""


@contextmanager
def serving_pages() -> Iterator[Pages]:
    """Serve until the block is left."""
    pages = Pages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, policy = pages.answer(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pages.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hand_over(browser: Browser, context: BrowserContext) -> None:
    """Give Chromium the cookies of a browser that has signed in."""
    context.add_cookies(
        [
            {"name": name, "value": value, "domain": browser.host, "path": path, "httpOnly": name != "_xsrf", "sameSite": "Lax"}
            for (name, path), value in browser.cookies.items()
        ]
    )  # fmt: skip


def let_it_say(standing: Standing, pages: Pages) -> None:
    """Make the workspace's server answer with the hostile page where JupyterLab's is asked for."""

    async def say(request: web.Request) -> web.StreamResponse:
        if request.path == f"{BASE}lab":
            return web.Response(body=pages.hostile, content_type="text/html")
        return web.json_response({"own": True})

    standing.workspace.say = say


def framed(page: Page, pages: Pages) -> Frame:
    """Open the portal's page and return the workspace's frame in it."""
    page.goto(pages.portal)
    page.wait_for_function("document.querySelector('iframe')")
    (frame,) = page.main_frame.child_frames
    frame.wait_for_load_state("load")
    return frame

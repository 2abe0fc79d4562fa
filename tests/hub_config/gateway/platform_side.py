"""The platform's socket as the gateway knows it, and a hub that checks what a real one checks of a client."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from aiohttp import web


@dataclass
class Platform:
    """Answers who is a member, and keeps alarms."""

    allowed: bool = True
    reason: str = "You are not a member of this project."
    takes_alarms: bool = True
    asked: int = 0
    alarms: list[dict[str, object]] = field(default_factory=list)
    nonsense: bytes | None = None
    _runner: web.AppRunner | None = None

    async def start(self, path: Path) -> None:
        application = web.Application()
        application.router.add_get("/members/{person}/{project}", self._members)
        application.router.add_post("/alarms", self._alarm)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(path)).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _members(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.nonsense is not None:
            return web.Response(body=self.nonsense, content_type="application/json")
        return web.json_response({"allowed": self.allowed, "reason": "" if self.allowed else self.reason})

    async def _alarm(self, request: web.Request) -> web.Response:
        if not self.takes_alarms:
            return web.Response(status=503)
        self.alarms.append(await request.json())
        return web.Response(status=201)


@dataclass
class HubStandIn:
    """The three questions that a single-user server asks JupyterHub; a real hub answers them in test_real_hub."""

    client: str
    secret: str
    person: str
    scopes: list[str]
    kind: str = "user"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    activity: list[dict[str, object]] = field(default_factory=list)
    broken: bool = False
    asked: int = 0
    port: int = 0

    async def start(self) -> web.AppRunner:
        application = web.Application()
        application.router.add_post("/hub/api/oauth2/token", self._token)
        application.router.add_get("/hub/api/user", self._user)
        application.router.add_post("/hub/api/users/{person}/activity", self._activity)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        return runner

    def authorize(self, url: str) -> str:
        """Play the browser's visit to the hub: return the address that the hub sends it back to."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        assert query["client_id"] == self.client
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?code={code}&state={query['state']}"

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self.codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["client_id"] != self.client
            or form["client_secret"] != self.secret
            or form["redirect_uri"] != asked["redirect_uri"]
            or form["grant_type"] != "authorization_code"
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return web.json_response({"access_token": token, "token_type": "Bearer"})

    async def _user(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.broken:
            return web.Response(status=500)
        if request.headers.get("Authorization", "").removeprefix("token ") not in self.tokens:
            return web.json_response({"message": "Missing or invalid credentials."}, status=403)
        return web.json_response({"kind": self.kind, "name": self.person, "scopes": self.scopes})

    async def _activity(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"token {self.secret}":
            return web.Response(status=403)
        self.activity.append({"person": request.match_info["person"], **await request.json()})
        return web.Response(status=200)

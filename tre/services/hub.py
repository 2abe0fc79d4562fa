"""Writing down for the hub, at each start, all that it is to know of the platform; and whether its parts are at work."""

import json
import os
from pathlib import Path
from typing import Final

import httpx

from tre.db.folders import private_folder
from tre.domain.errors import Unavailable
from tre.services import workspaces
from tre.services.platform import Platform
from tre.settings import Mode, Settings

FILE: Final = "hub.json"
CLIENT: Final = "hub"
LOOPBACK: Final = "127.0.0.1"


def portal_origin(settings: Settings) -> str:
    """Where browsers find the portal of a demonstration."""
    return f"http://{settings.portal_name}:{settings.portal_port}"


def hub_origin(settings: Settings) -> str:
    """Where browsers find the workspaces of a demonstration."""
    return f"http://{settings.hub_name}:{settings.hub_port}"


def folder_of(platform: Platform) -> Path:
    """The hub's own private folder."""
    return private_folder(platform.home / "hub")


def write_plan(platform: Platform) -> Path:
    """Write the plan for a hub that is started now; return its folder.

    Raises:
        Unavailable: with real data there is no identity provider that the hub could use yet.
    """
    settings = platform.settings
    if settings.mode is not Mode.DEMO:
        raise Unavailable(
            "no_provider",
            "No identity provider is set up for the hub: the embedded one serves demonstrations only. Ask your administrator.",
        )
    provider = f"http://{LOOPBACK}:{settings.portal_port}/idp"
    plan = {
        "origin": hub_origin(settings),
        "port": settings.hub_port,
        "portal": portal_origin(settings),
        "runtime": str(workspaces.runtime(platform)),
        "authorize_url": f"{portal_origin(settings)}/idp/authorize",
        "token_url": f"{provider}/token",
        "userinfo_url": f"{provider}/userinfo",
        "provider_host": f"{settings.portal_name}:{settings.portal_port}",
        "client_id": CLIENT,
        "client_secret": workspaces.secret_of(platform, "client"),
        "platform_token": workspaces.secret_of(platform, "platform"),
        "proxy_token": workspaces.secret_of(platform, "proxy"),
        "crypt_key": workspaces.secret_of(platform, "crypt"),
    }
    folder = folder_of(platform)
    fresh = folder / f".{FILE}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(plan, file)
    fresh.replace(folder / FILE)
    return folder


def answers_at(socket: Path, path: str) -> bool:
    """Does whoever listens at a socket answer there with success?"""
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), timeout=2) as client:
            return client.get(f"http://localhost{path}").status_code == 200
    except httpx.HTTPError:
        return False


def sockets_of(home: Path) -> Path:
    """The folder of the sockets, whether or not it is there."""
    return workspaces.sockets_under(home / "hub")

"""What the spawner tells about a workspace: read strictly, kept for a gateway that starts again."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from hub_config.gateway.refusal import Misconfigured

PERSON: Final = re.compile(r"[a-z0-9][a-z0-9._@+\-]{0,127}")  # as strict as JupyterHub's own user names
PROJECT: Final = re.compile(
    r"[a-z](?:-?[a-z0-9]){0,29}"
)  # JupyterHub's rule for names of servers, 30 characters
ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-]+(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Key:
    """Whose workspace, and in which project."""

    person: str
    project: str


@dataclass(frozen=True, slots=True)
class Registration:
    """One workspace, as its spawner describes it.

    Attributes:
        key: person and project.
        api_token: the server's own token at the hub; it never goes anywhere else.
        oauth_client_id: the name under which the hub knows this workspace as a client.
        hub_api_url: where this process reaches the hub's API: `http://` or `http+unix://`.
        hub_base_url: the hub's path as browsers see it, with slashes at both ends.
        hub_origin: scheme, host and port under which browsers reach the hub.
        base_url: the workspace's path as browsers see it, with slashes at both ends.
        target: the socket of the workspace's server.
    """

    key: Key
    api_token: str = field(repr=False)
    oauth_client_id: str
    hub_api_url: str
    hub_base_url: str
    hub_origin: str
    base_url: str
    target: Path

    @property
    def segments(self) -> tuple[str, ...]:
        """The decoded segments of the workspace's path."""
        return tuple(unquote(part) for part in self.base_url.strip("/").split("/"))

    def to_json(self) -> dict[str, str]:
        """Return the registration as the spawner sends it."""
        fields = {
            name: str(value) for name, value in asdict(self).items() if name not in {"key", "hub_origin"}
        }
        return fields | {"hub_host": self.hub_origin}


TEXTS: Final = ("api_token", "oauth_client_id", "hub_api_url", "base_url", "target")


def read_registration(key: Key, body: object, default_origin: str) -> Registration:
    """Read what the spawner sent; an empty `hub_host` means the origin that the gateway was started with.

    Raises:
        Misconfigured: a field is missing, unknown or of another shape.
    """
    if not isinstance(body, Mapping) or not all(isinstance(value, str) for value in body.values()):
        raise Misconfigured("The registration must be an object of strings.")
    if faults := {*TEXTS} - {name for name, value in body.items() if value}:
        raise Misconfigured(f"The registration lacks {', '.join(sorted(faults))}.")
    if faults := set(body) - {*TEXTS, "hub_base_url", "hub_host"}:
        raise Misconfigured(f"The registration has unknown fields: {', '.join(sorted(faults))}.")
    found = Registration(
        key=key,
        api_token=body["api_token"],
        oauth_client_id=body["oauth_client_id"],
        hub_api_url=body["hub_api_url"].rstrip("/"),
        hub_base_url=body.get("hub_base_url") or "/hub/",
        hub_origin=body.get("hub_host") or default_origin,
        base_url=body["base_url"],
        target=Path(body["target"]),
    )
    _check(found)
    return found


def _check(found: Registration) -> None:
    person, project = found.key.person, found.key.project
    if not PERSON.fullmatch(person) or not PROJECT.fullmatch(project):
        raise Misconfigured("The names of person and project are not ones that the hub would give.")
    if found.segments[-2:] != (person, project) or not re.fullmatch(r"(?:/[\w.@~%+\-]+)+/", found.base_url):
        raise Misconfigured("The workspace's path does not end with its person and project.")
    if not ORIGIN.fullmatch(found.hub_origin):
        raise Misconfigured("The hub's origin must be scheme, host and port.")
    if urlsplit(found.hub_api_url).scheme not in {"http", "https", "http+unix"}:
        raise Misconfigured("The hub's API must be an http or http+unix address.")
    if any(ord(character) < 33 for character in found.api_token + found.oauth_client_id):
        raise Misconfigured("Token and client name must be printable.")

"""What the platform wrote down for the hub at this start: one JSON file in the hub's own private folder."""

import json
import os
import stat
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

FILE: Final = "hub.json"


class Misplanned(Exception):
    """The hub cannot be started from what is written; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the hub knows of the platform.

    Attributes:
        origin: where browsers find the hub: scheme, host and port.
        port: where the proxy listens, on this machine's own address.
        portal: the portal's origin.
        runtime: the private folder of the sockets.
        authorize_url: where people are sent to sign in.
        token_url: where a code is turned into an access token.
        userinfo_url: where the hub asks who somebody is now.
        provider_host: the host name that the two are called by; empty where their addresses say it.
        client_id: the hub's identifier at the provider.
        client_secret: what it shows there.
        platform_token: what the platform shows to the hub.
        proxy_token: what the hub shows to its proxy.
        crypt_key: what access tokens are encrypted with in the hub's database.
    """

    origin: str
    port: int
    portal: str
    runtime: str
    authorize_url: str
    token_url: str
    userinfo_url: str
    provider_host: str
    client_id: str
    client_secret: str = field(repr=False)
    platform_token: str = field(repr=False)
    proxy_token: str = field(repr=False)
    crypt_key: str = field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the plan in `folder`.

        Raises:
            Misplanned: it is missing, open to others, or not of this shape.
        """
        file = folder / FILE
        try:
            with file.open("rb") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                found = json.load(opened)
        except (OSError, ValueError) as error:
            raise Misplanned(f"{file} cannot be read: start the hub by `tre up`.") from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Misplanned(f"{file} is open to other accounts: close it with `chmod 600`.")
        wanted = {each.name: each.type for each in fields(cls)}
        if not isinstance(found, dict) or set(found) != set(wanted):
            raise Misplanned(f"{file} is of another version: start the hub by `tre up`.")
        return cls(**found)

    def socket(self, name: str) -> Path:
        """A socket of the runtime folder."""
        return Path(self.runtime) / name

    def url_of(self, name: str) -> str:
        """The address of a socket, as JupyterHub writes it."""
        return f"http+unix://{quote(str(self.socket(name)), safe='')}"

"""What the portal knows of its identity provider, whoever that is: where to send people, and how to believe the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tre.db.engine import Transaction
from tre.directory.id_token import Keys

CLIENT: Final = "portal"
"""The portal's identifier at its provider."""

RETURN_PATH: Final = "/sign-in/return"
"""Where the provider sends people back to."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenID Connect provider.

    Attributes:
        issuer: its identifier, as its tokens name it.
        authorize: address of its page for signing in.
        exchange: gives the ID token for a code and its verifier, or None; the code is used up in both cases.
        keys: its present public keys.
    """

    issuer: str
    authorize: str
    exchange: Callable[[Transaction, Mapping[str, str]], str | None]
    keys: Callable[[], Keys]

"""What a workspace is called: its project's id, under a name for its person that is safe in addresses and in the hub."""

import re
from typing import Final

from tre.domain.errors import BadInput
from tre.domain.people import PersonId

PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")
"""What stands for itself. JupyterHub folds capitals, and its addresses and scopes give other signs a meaning."""

BEFORE: Final = "0_"
"""Put before a name that would not begin with a letter or digit. No other name begins so: after `_` come two digits."""

WRITTEN: Final = re.compile(r"(?:0_(?=_))?(?:[a-z0-9.-]|_[0-9a-f]{2})+")


def hub_name(person: PersonId) -> str:
    """Return the name under which a person stands in the hub; no two people have the same."""
    written = "".join(sign if sign in PLAIN else f"_{ord(sign):02x}" for sign in person)
    return BEFORE + written if written.startswith("_") else written


def person_of(name: str) -> PersonId:
    """Return whose name in the hub this is.

    Raises:
        BadInput: nobody can have this name there.
    """
    written = name.removeprefix(BEFORE) if name.startswith(BEFORE + "_") else name
    person = PersonId(re.sub(r"_([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), written))
    if not WRITTEN.fullmatch(name) or hub_name(person) != name:
        raise BadInput(
            "bad_workspace_name", "No person has a workspace under this name; open it in the portal."
        )
    return person

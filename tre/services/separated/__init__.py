"""The work of the three roles that never meet. Each function runs as its role, in a confined process of its own.

linkage: identifiers and spine. pseudonyms: spine and keys. extract: payload and, for a moment, row keys with study ids.
"""

from collections.abc import Mapping
from typing import Final

from tre.db.address import Role

STAGES: Final[Mapping[str, tuple[Role, str]]] = {
    "examine_identifiers": (Role.LINKAGE, "tre.services.separated.linkage"),
    "receive_identifiers": (Role.LINKAGE, "tre.services.separated.linkage"),
    "link_records": (Role.LINKAGE, "tre.services.separated.linkage"),
    "make_pseudonyms": (Role.PSEUDONYMS, "tre.services.separated.pseudonyms"),
    "forget_pseudonyms": (Role.PSEUDONYMS, "tre.services.separated.pseudonyms"),
    "examine_payload": (Role.EXTRACT, "tre.services.separated.extract"),
    "receive_payload": (Role.EXTRACT, "tre.services.separated.extract"),
    "build_extract": (Role.EXTRACT, "tre.services.separated.extract"),
}
"""Every stage: the function's name, as whom it runs, and the one module that its process loads."""

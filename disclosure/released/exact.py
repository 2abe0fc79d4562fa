"""A released exact table: its cells and who is behind each."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd

from disclosure.cells import cells_from_record, cells_record
from disclosure.evidence import Contributors
from disclosure.released.packing import damaged, packed, unpacked
from disclosure.statistic import Statistic

_FIRST: Final = b"disclosure released 1\n"
"""The mark of the form in which each cell had a list of its keys; still read."""
_MARK: Final = b"disclosure released 2\n"


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """A released exact table.

    Attributes:
        id: the release's name in the platform.
        statistic: what was asked.
        cells: the table as released.
        key: the column whose values were keyed, or None.
        contributors: who is behind each cell, per column that must be present (None for all rows); None where that
            could not be found out: then no later request can be cleared against it.
    """

    id: str
    statistic: Statistic
    cells: pd.DataFrame
    key: str | None
    contributors: Mapping[str | None, Contributors] | None

    @property
    def digest(self) -> str:
        """SHA-256 of the statistic and its cells, in hexadecimal."""
        return hashlib.sha256(json.dumps(self._record(), sort_keys=True).encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return a stored form for the trusted side: it holds keyed contributors, so it is as secret as the data.

        Equal releases have equal bytes: a mark, SHA-256 of the rest, the length of a JSON header, the header, and
        each column's contributors, packed.
        """
        contributors = self.contributors or {}
        header = self._record() | {"id": self.id, "key": self.key, "complete": self.contributors is not None}
        parts = {name: packed(found) for name, found in contributors.items()}
        header["sizes"] = [[name, sizes] for name, (sizes, _) in parts.items()]
        return framed(_MARK, header, b"".join(stored for _, stored in parts.values()))

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what `to_bytes` wrote, today or in its first form.

        Raises:
            DisclosureError: "json": it is not such a form, or one byte of it is another.
        """
        is_first = stored[: len(_FIRST)] == _FIRST
        header, rest = unframed(_FIRST if is_first else _MARK, stored)
        statistic = Statistic.from_json(header["statistic"])  # type: ignore[arg-type]  # the digest vouches for it
        cells = cells_from_record(header["cells"], statistic)
        contributors = (_listed if is_first else _packed)(rest, header["sizes"])
        if any(len(found.keys) != len(cells) for found in contributors.values()):
            raise damaged()
        found = contributors if header["complete"] else None
        return cls(str(header["id"]), statistic, cells, header["key"], found)  # type: ignore[arg-type]  # likewise

    def _record(self) -> dict[str, object]:
        return {"statistic": json.loads(self.statistic.to_json()), "cells": cells_record(self.cells)}


def framed(mark: bytes, header: Mapping[str, object], rest: bytes) -> bytes:
    """Return a mark, SHA-256 of all after it, the length of a JSON header in 64 bits, the header, and the rest."""
    text = json.dumps(header, sort_keys=True).encode()
    body = b"".join([len(text).to_bytes(8, "little"), text, rest])
    return mark + hashlib.sha256(body).digest() + body


def unframed(mark: bytes, stored: bytes) -> tuple[dict[str, object], bytes]:
    """Return the header and the rest of what `framed` wrote.

    Raises:
        DisclosureError: "json": another mark, or one byte is another.
    """
    start = len(mark) + 32
    if stored[:start] != mark + hashlib.sha256(memoryview(stored)[start:]).digest():
        raise damaged()
    after = start + 8 + int.from_bytes(stored[start : start + 8], "little")
    header: dict[str, object] = json.loads(stored[start + 8 : after])
    return header, stored[after:]


def _packed(stored: bytes, sizes: object) -> dict[str | None, Contributors]:
    """Read the contributors of each column."""
    found: dict[str | None, Contributors] = {}
    for name, lengths in sizes:  # type: ignore[attr-defined]  # the digest vouches for the header
        found[name], taken = unpacked(stored, lengths)
        stored = stored[taken:]
    return found


def _listed(stored: bytes, sizes: object) -> dict[str | None, Contributors]:
    """Read each column's keys and row counts of the first form: one list of 64-bit numbers each."""
    found: dict[str | None, Contributors] = {}
    for name, lengths in sizes:  # type: ignore[attr-defined]  # the digest vouches for the header
        ends, bytes_each = np.cumsum([0, *lengths]), 8 * sum(lengths)
        keys = np.frombuffer(stored[:bytes_each], dtype="<u8").astype(np.uint64)
        rows = np.frombuffer(stored[bytes_each : 2 * bytes_each], dtype="<i8").astype(np.int64)
        pairs = list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
        found[name] = Contributors(
            tuple(keys[first:last] for first, last in pairs), tuple(rows[first:last] for first, last in pairs)
        )
        stored = stored[2 * bytes_each :]
    return found

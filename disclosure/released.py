"""What a later check must remember of a released table: its cells and who is behind each."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd

from disclosure.cells import cells_from_record, cells_record
from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors
from disclosure.statistic import Statistic

_MARK: Final = b"disclosure released 1\n"


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
    contributors: dict[str | None, Contributors] | None

    @property
    def digest(self) -> str:
        """SHA-256 of the statistic and its cells, in hexadecimal."""
        return hashlib.sha256(json.dumps(self._record(), sort_keys=True).encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return a stored form for the trusted side: it holds keyed contributors, so it is as secret as the data.

        Equal releases have equal bytes: a mark, SHA-256 of the rest, the length of a JSON header, the header, and
        per column the keys and the row counts of all cells, as 64-bit little-endian numbers.
        """
        contributors = self.contributors or {}
        header = self._record() | {"id": self.id, "key": self.key, "complete": self.contributors is not None}
        header["sizes"] = [[name, [len(keys) for keys in found.keys]] for name, found in contributors.items()]
        text = json.dumps(header, sort_keys=True).encode()
        parts = [len(text).to_bytes(8, "little"), text]
        for found in contributors.values():
            parts += [keys.astype("<u8").tobytes() for keys in found.keys]
            parts += [rows.astype("<i8").tobytes() for rows in found.rows]
        body = b"".join(parts)
        return _MARK + hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            DisclosureError: "json": it is not such a form, or one byte of it is another.
        """
        start = len(_MARK) + 32
        body = stored[start:]
        if stored[:start] != _MARK + hashlib.sha256(body).digest():
            raise _damaged()
        length = int.from_bytes(body[:8], "little")
        header = json.loads(body[8 : 8 + length])
        statistic = Statistic.from_json(header["statistic"])
        cells = cells_from_record(header["cells"], statistic)
        contributors = _contributors(body[8 + length :], header["sizes"], len(cells))
        found = contributors if header["complete"] else None
        return cls(header["id"], statistic, cells, header["key"], found)

    def _record(self) -> dict[str, object]:
        return {"statistic": json.loads(self.statistic.to_json()), "cells": cells_record(self.cells)}


def _contributors(
    stored: bytes, sizes: list[tuple[str | None, list[int]]], cells: int
) -> dict[str | None, Contributors]:
    """Read each column's keys and row counts back into one array per cell."""
    found = {}
    for name, lengths in sizes:
        if len(lengths) != cells:
            raise _damaged()
        ends, bytes_each = np.cumsum([0, *lengths]), 8 * sum(lengths)
        keys = np.frombuffer(stored[:bytes_each], dtype="<u8").astype(np.uint64)
        rows = np.frombuffer(stored[bytes_each : 2 * bytes_each], dtype="<i8").astype(np.int64)
        pairs = list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
        found[name] = Contributors(
            tuple(keys[first:last] for first, last in pairs), tuple(rows[first:last] for first, last in pairs)
        )
        stored = stored[2 * bytes_each :]
    return found


def _damaged() -> DisclosureError:
    return DisclosureError(
        "json", "The stored release is damaged or of another form; restore it and try again."
    )

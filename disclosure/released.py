"""What a later check must remember of a released table: its cells and who is behind each."""

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from disclosure.cells import cells_from_record, cells_record
from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors
from disclosure.statistic import Statistic

MAX_BYTES: Final = 4_000_000_000
"""Largest stored form that is read, in bytes. Source: DESIGN section 9, memory of differencing."""


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
        """Return a stored form for the trusted side: it holds keyed contributors, so it is as secret as the data."""
        contributors = self.contributors or {}
        names = list(contributors)
        header = self._record() | {"id": self.id, "key": self.key, "names": names}
        header["complete"] = self.contributors is not None
        arrays: dict[str, Any] = {
            "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        }  # Any: arrays
        for index, name in enumerate(names):
            found = contributors[name]
            arrays[f"keys{index}"] = _joined(found.keys, np.uint64)
            arrays[f"rows{index}"] = _joined(found.rows, np.int64)
            arrays[f"ends{index}"] = np.cumsum([len(keys) for keys in found.keys], dtype=np.int64)
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, **arrays)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            DisclosureError: "json": it is not such a form, or it is damaged.
        """
        if len(stored) > MAX_BYTES:
            raise _damaged()
        try:
            with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
                return cls._from_arrays(arrays)
        except (ValueError, KeyError, TypeError, OSError, EOFError, IndexError):
            raise _damaged() from None

    @classmethod
    def _from_arrays(cls, arrays: Any) -> Self:  # Any: numpy's archive has no type
        header = json.loads(arrays["header"].tobytes())
        statistic = Statistic.from_json(header["statistic"])
        cells = cells_from_record(header["cells"], statistic)
        contributors = {}
        for index, name in enumerate(header["names"]):
            ends = arrays[f"ends{index}"][:-1] if len(cells) else []
            keys = np.split(arrays[f"keys{index}"], ends)[: len(cells)]
            rows = np.split(arrays[f"rows{index}"], ends)[: len(cells)]
            if len(keys) != len(cells) or len(rows) != len(cells):
                raise _damaged()
            contributors[name] = Contributors(tuple(keys), tuple(rows))
        found = contributors if header["complete"] else None
        return cls(header["id"], statistic, cells, header["key"], found)

    def _record(self) -> dict[str, object]:
        return {"statistic": json.loads(self.statistic.to_json()), "cells": cells_record(self.cells)}


def _joined(arrays: tuple[NDArray[Any], ...], kind: type[np.generic]) -> NDArray[Any]:  # Any: kind says it
    return np.concatenate([*arrays, np.zeros(0, dtype=kind)])


def _damaged() -> DisclosureError:
    return DisclosureError(
        "json", "The stored release is damaged or of another form; restore it and try again."
    )

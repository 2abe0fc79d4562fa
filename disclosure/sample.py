"""The rows of which an estimate is computed, and who stands behind each row of its table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlglot import exp

from disclosure.deriving import problems_of, with_derived
from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors, Evidence
from disclosure.expression.sql import Kind, column_node
from disclosure.grid import Grid, Key, Level, grid_of, key_of
from disclosure.query import question_of
from disclosure.query.nodes import text_node
from disclosure.query.rows import key_node, rows_tree
from disclosure.result import Finding
from disclosure.source import Data, Source, evidence_failed, open_source
from disclosure.statistic import Statistic

Positions: TypeAlias = NDArray[np.intp]
"""Positions of rows in a sample."""
WHOLE: Final = 2.0**53
"""Largest whole number up to which doubles tell neighbours apart (IEEE 754)."""
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN})


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The filtered rows of a statistic, sorted by all that is read, so that no answer depends on the data's order.

    Attributes:
        groups: per group of the dimensions its key and its rows, in order of level; without dimensions one group.
        empty: groups of the cross product of levels in which no row is.
        values: per column asked: numbers and truth values as doubles, not a number where missing (or infinite);
            texts and dates as texts, None where missing.
        kinds: what each column asked holds.
        weight: the weight of each row, or None.
        units: per level of unit, a whole number that stands for each row's unit, nought where it names none; no
            level where rows are the units.
        keys: per row 64 bits that tell contributors apart across tables; None where some row has none.
        size: the number of rows.
        problems: sentences on what the data did not let us check.
        single: per level of unit whether each unit has one row, so that rows may be counted.
    """

    groups: tuple[tuple[Key, Positions], ...]
    empty: int
    values: Mapping[str, NDArray[Any]]  # Any: doubles or texts by column
    kinds: Mapping[str, Kind]
    weight: NDArray[np.float64] | None
    units: tuple[NDArray[np.uint64], ...]
    keys: NDArray[np.uint64] | None
    size: int
    problems: tuple[str, ...]
    single: tuple[bool, ...]

    def is_numeric(self, column: str) -> bool:
        """Whether a column holds numbers or truth values."""
        return self.kinds[column] in _NUMBERS

    def is_present(self, column: str) -> NDArray[np.bool_]:
        """Return per row whether a column is not missing."""
        return np.asarray(~pd.isna(self.values[column]), dtype=np.bool_)

    def units_in(self, rows: Positions) -> int:
        """Return the distinct units in some rows; of several levels of unit the fewest, for rules hold at each."""
        several = [
            int(np.count_nonzero(np.unique(found[rows])))
            for found, is_single in zip(self.units, self.single, strict=True)
            if not is_single
        ]
        return min(several, default=len(rows))

    def is_repeated(self, rows: Positions) -> bool:
        """Whether some unit of the finest level has several of some rows."""
        if not self.units or self.single[0]:
            return False
        known = self.units[0][rows]
        known = known[known != 0]
        return len(np.unique(known)) < len(known)

    def labels(self, column: str) -> NDArray[np.object_]:
        """Return a column as categories: whole numbers, truth values and texts as they are; None where missing."""
        kind, values = self.kinds[column], self.values[column]
        if kind not in _NUMBERS:
            return values
        types: dict[Kind, Callable[[float], Level]] = {Kind.BOOLEAN: bool, Kind.INTEGER: int}
        read = types.get(kind, float)
        levels, codes = np.unique(values, return_inverse=True)
        found = np.empty(len(levels), dtype=np.object_)
        found[:] = [None if np.isnan(value) else read(value) for value in levels.tolist()]
        return np.asarray(found[codes])


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """Who stands behind the rows of an answer's table.

    Attributes:
        sample: the rows of which it was computed.
        rows: per row of the table, the sample's rows behind it. The first row of a group must have all of its group;
            a later one may have fewer, or none where it says nothing of other people.
        more: further sets per row of the table, compared only with those of the same name, such as who had an event.
    """

    sample: Sample
    rows: tuple[Positions, ...]
    more: Mapping[str, tuple[Positions, ...]] = field(default_factory=dict)

    def contributors(self) -> dict[str | None, Contributors] | None:
        """Return the keyed contributors of each row of the table; None where some row of the sample has no key."""
        keys = self.sample.keys
        if keys is None:
            return None
        named: dict[str | None, tuple[Positions, ...]] = {None: self.rows}
        named.update(self.more.items())
        return {name: _contributors(keys, rows) for name, rows in named.items()}


Answer: TypeAlias = tuple[pd.DataFrame, tuple[Finding, ...], Behind]
"""What a kind's `answer` returns: its table up to `units`, what its rules found, and who stands behind each row."""


def sample_of(stat: Statistic, data: Data, *, key: str | None) -> Sample:
    """Fetch the rows that a statistic asks of.

    Args:
        stat: what is asked, of a kind that carries it in `asks`.
        data: the data.
        key: the column whose values tell contributors apart across tables, or None.

    Raises:
        DisclosureError: as `open_source` and filters do; "not_numeric" for a weight; "evidence_failed".
    """
    asked = () if stat.asks is None else tuple(dict.fromkeys(stat.asks.columns()))
    units = units_of(stat)
    wanted = {*stat.columns(), *([] if key is None else [key])}
    source = with_derived(stat, open_source(data, sorted(wanted)))
    _check_weight(stat, source)
    named = [*units, *([] if key is None or key in units else [key])]
    table = _fetch(stat, source, asked, named)
    size, width = table.num_rows, len(stat.by)
    groups, empty = _groups(table, width)
    values = {name: _values(table.column(f"v{index}"), name, source) for index, name in enumerate(asked)}
    hashed = [_hashes(table.column(f"h{index}")) for index in range(len(named))]
    weight = None if stat.weight is None else _doubles(table.column("weight"))
    problems = [
        *problems_of(stat, source),
        *_unit_problems(hashed[: len(units)]),
        *_number_problems(values, source),
        *_weight_problems(weight),
    ]
    cleaned = {name: _finite(found) for name, found in values.items()}
    units_found = tuple(codes for codes, _ in hashed[: len(units)])
    keys = None if key is None else hashed[named.index(key)]
    known = None if keys is None or not keys[1].all() else keys[0]
    kinds = {name: source.kinds[name] for name in asked}
    single = tuple(bool(is_known.all()) and _are_distinct(codes) for codes, is_known in hashed[: len(units)])
    return Sample(groups, empty, cleaned, kinds, weight, units_found, known, size, tuple(problems), single)


def evidence_behind(stat: Statistic, cells: pd.DataFrame, behind: Behind) -> Evidence:
    """Return the evidence behind an answer in the form of a table's: a cell for each of its rows."""
    if len(behind.rows) != len(cells):
        raise evidence_failed()
    keys = tuple(zip(*(cells[name].tolist() for name in stat.by), strict=True)) or ((),) * len(cells)
    grid = Grid(keys, {key: position for position, key in reversed(list(enumerate(keys)))})
    rows, units = (cells[name].to_numpy(dtype=np.int64) for name in ("n", "units"))
    return Evidence(grid, rows, units, {}, behind.sample.problems, behind.contributors)


def units_of(stat: Statistic) -> tuple[str, ...]:
    """Return the columns of the levels of unit, the finest first; none where each row is a unit of its own."""
    return stat.levels


def _fetch(stat: Statistic, source: Source, asked: Sequence[str], hashed: Sequence[str]) -> Any:  # Any: Arrow
    """Select levels d0…, asked columns v0…, the weight, and hashes h0… of units and key, sorted by all."""
    tree = rows_tree(question_of(stat, source))
    more = [_value_node(name, source).as_(f"v{index}") for index, name in enumerate(asked)]
    if stat.weight is not None:
        more.append(exp.cast(column_node(stat.weight), "DOUBLE").as_("weight"))
    more += [key_node(name, source).as_(f"h{index}") for index, name in enumerate(hashed)]
    names = [f"d{index}" for index in range(len(stat.by))] + [node.alias for node in more]
    tree = tree.select(*more)
    outer = exp.select(*map(column_node, names)) if names else exp.select(exp.Literal.number(1).as_("one"))
    outer = outer.from_(tree.subquery("disclosure_sample"))
    return source.run(outer.order_by(*map(column_node, names)) if names else outer).to_arrow_table()


def _value_node(name: str, source: Source) -> exp.Expr:
    """Return a number or truth value as a double, all else as text."""
    node = column_node(name)
    if source.kinds[name] is Kind.BOOLEAN:
        node_whole: exp.Expr = exp.cast(node, "INT")
        return exp.cast(node_whole, "DOUBLE")
    return exp.cast(node, "DOUBLE") if source.kinds[name] in _NUMBERS else text_node(node)


def _groups(table: Any, width: int) -> tuple[tuple[tuple[Key, Positions], ...], int]:  # Any: Arrow
    """Return the groups that have rows, in order of level, and how many of the cross product have none."""
    if not width or not table.num_rows:
        return ((((), np.arange(table.num_rows)),), 0) if not width else ((), 0)
    encoded = [
        table.column(f"d{index}").combine_chunks().dictionary_encode(null_encoding="encode")
        for index in range(width)
    ]
    codes = np.stack([found.indices.to_numpy(zero_copy_only=False) for found in encoded])
    levels = [found.dictionary.to_pylist() for found in encoded]
    combined, inverse = np.unique(codes, axis=1, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    rows: dict[Key, list[Positions]] = {}
    for part, combination in zip(parts, combined.T.tolist(), strict=True):
        key = key_of([False] * width, [found[code] for found, code in zip(levels, combination, strict=True)])
        rows.setdefault(key, []).append(part)
    grid = grid_of(rows, width, margins=False)
    found = tuple((key, np.sort(np.concatenate(rows[key]))) for key in grid.keys if key in rows)
    return found, len(grid.keys) - len(found)


def _values(column: Any, name: str, source: Source) -> NDArray[Any]:  # Any: Arrow; doubles or texts
    if source.kinds[name] in _NUMBERS:
        return _doubles(column)
    found = np.empty(len(column), dtype=np.object_)
    found[:] = column.to_pylist()
    return found


def _doubles(column: Any) -> NDArray[np.float64]:  # Any: Arrow
    """Return doubles, one nought for both, not a number where missing."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64) + 0.0


def _hashes(column: Any) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:  # Any: Arrow
    """Return hashes, nought where missing, and where they are not missing."""
    known = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    return np.asarray(column.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.uint64), known


def _are_distinct(codes: NDArray[np.uint64]) -> bool:
    return len(np.unique(codes)) == len(codes)


def _finite(values: NDArray[Any]) -> NDArray[Any]:  # Any: doubles or texts
    return values if values.dtype == np.object_ else np.where(np.isfinite(values), values, np.nan)


def _contributors(keys: NDArray[np.uint64], rows: Sequence[Positions]) -> Contributors:
    found = [np.unique(keys[positions], return_counts=True) for positions in rows]
    return Contributors(
        tuple(unique for unique, _ in found), tuple(counts.astype(np.int64) for _, counts in found)
    )


def _check_weight(stat: Statistic, source: Source) -> None:
    if stat.weight is not None and source.kinds[stat.weight] not in _NUMBERS:
        raise DisclosureError(
            "not_numeric", f"The weight {stat.weight[:60]!r} holds no numbers; name a column of numbers."
        )


def _unit_problems(hashed: Iterable[tuple[NDArray[np.uint64], NDArray[np.bool_]]]) -> list[str]:
    if all(known.all() for _, known in hashed):
        return []
    return [
        "Some rows name no unit, so units cannot be counted surely; give each row a unit or filter these out."
    ]


def _number_problems(
    values: Mapping[str, NDArray[Any]], source: Source
) -> list[str]:  # Any: doubles or texts
    found = []
    for name, numbers in sorted(values.items()):
        if numbers.dtype == np.object_:
            continue
        if np.isinf(numbers).any():
            found.append(f"The column {name[:60]!r} holds infinity, which was left out; correct the data.")
        if source.kinds[name] is Kind.INTEGER and (np.abs(numbers[np.isfinite(numbers)]) > WHOLE).any():
            found.append(
                f"The column {name[:60]!r} holds whole numbers too large to be told apart; recode it."
            )
    return found


def _weight_problems(weight: NDArray[np.float64] | None) -> list[str]:
    if weight is None or bool((np.isfinite(weight) & (weight >= 0)).all()):
        return []
    return ["Some weights are missing, infinite or negative; filter these rows out or correct the weights."]

"""Tables over the same people: the cells that they share, and the relations within and between them.

A cell is known by its levels alone, so that the total over one dimension of a table is a cell of a smaller table. Levels
of one dimension may belong to levels of another one, as districts do to regions; then their cells add up to theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from disclosure.audit.system import Equations, Mask, Places, Reals, margins_of
from disclosure.errors import DisclosureError
from disclosure.evidence import Evidence
from disclosure.grid import Level
from disclosure.measure import Measure
from disclosure.query import MISSING
from disclosure.result import Report

Parents: TypeAlias = Mapping[str, tuple[str, Mapping[Level, Level]]]
"""Per dimension the coarser dimension that its levels belong to, and which level each belongs to."""
Place: TypeAlias = frozenset[tuple[str, Level]]
"""A cell: the dimensions that are not totalled, with their levels."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Tables on their common cells.

    Attributes:
        reports: the tables.
        places: per table, where each of its cells stands among the common ones.
        size: how many common cells there are.
        equations: the relations between common cells.
        cells: the levels of each common cell.
    """

    reports: tuple[Report, ...]
    places: tuple[Places, ...]
    size: int
    equations: Equations
    cells: tuple[Place, ...]

    def overlapping(self, cell: int) -> Places:
        """Return the common cells in which someone of a cell may be: none of their levels differ."""
        asked = dict(self.cells[cell])
        return np.array(
            [
                other
                for other, place in enumerate(self.cells)
                if all(asked.get(name, level) == level for name, level in place)
            ],
            dtype=np.int64,
        )

    def any_of(self, masks: Sequence[Mask]) -> Mask:
        """Return the common cells that are marked in some table."""
        found = np.zeros(self.size, dtype=np.bool_)
        for place, mask in zip(self.places, masks, strict=True):
            found[place[mask]] = True
        return found

    def values_of(self, values: Sequence[Reals]) -> Reals:
        """Return what the tables say of each common cell; tables that differ say so by an error before."""
        found = np.zeros(self.size)
        for place, one in zip(self.places, values, strict=True):
            found[place] = one
        return found


def evidence_of(report: Report) -> Evidence:
    """Return the evidence behind a report.

    Raises:
        DisclosureError: "no_evidence": the report was loaded.
    """
    if report.evidence is None:
        raise DisclosureError(
            "no_evidence", "A loaded report cannot be protected; assess the statistic again."
        )
    return report.evidence


def alone(report: Report) -> Tables:
    """Return one table by itself."""
    size = len(report.cells)
    return Tables(
        (report,), (np.arange(size),), size, margins_of(evidence_of(report).grid), _places_of(report)
    )


def _places_of(report: Report) -> tuple[Place, ...]:
    """Return the levels of each cell of a table."""
    names = report.statistic.by
    return tuple(
        frozenset((name, level) for name, level in zip(names, key, strict=True) if level is not None)
        for key in evidence_of(report).grid.keys
    )


def together(reports: Sequence[Report], parents: Parents) -> Tables:
    """Join tables over the same people.

    Args:
        reports: the tables, of one source, filter, unit, weight, policy and the same measures.
        parents: which levels belong to which.

    Raises:
        DisclosureError: "linked": they are not over the same people, a level has no parent, or parts do not add up.
    """
    _check_alike(reports)
    cells: dict[Place, int] = {}
    places = []
    for report in reports:
        found = _places_of(report)
        places.append(np.array([cells.setdefault(one, len(cells)) for one in found], dtype=np.int64))
    relations = [
        _moved(margins_of(evidence_of(report).grid), place)
        for report, place in zip(reports, places, strict=True)
    ]
    relations.append(_hierarchy(cells, parents))
    tables = Tables(tuple(reports), tuple(places), len(cells), _once(relations), tuple(cells))
    _check_sums(tables)
    return tables


def _check_alike(reports: Sequence[Report]) -> None:
    if not reports:
        raise DisclosureError("linked", "Name at least one table to protect.")
    asked = {_population(report) for report in reports}
    if len(asked) > 1 or len({report.policy.digest for report in reports}) > 1:
        raise DisclosureError(
            "linked",
            "Tables are protected together when source, filter, unit, weight, measures and policy are the same; "
            "protect the others by themselves.",
        )


def _population(report: Report) -> tuple[str, tuple[Measure, ...]]:
    """Return what is asked but for the dimensions."""
    stat = report.statistic
    plain = stat if stat.bins is not None else replace(stat, by=(), margins=True)
    return plain.fingerprint, stat.measures


def _moved(equations: Equations, place: Places) -> Equations:
    return replace(equations, cells=place[equations.cells])


def _hierarchy(cells: Mapping[Place, int], parents: Parents) -> Equations:
    """Return the relations between cells and those of the level above."""
    parts: dict[tuple[int, str], list[int]] = {}
    for place, cell in cells.items():
        for name, level in place:
            if name not in parents:
                continue
            above, levels = parents[name]
            parent = levels.get(level, MISSING if level == MISSING else None)
            if parent is None:
                raise DisclosureError(
                    "linked",
                    f"A level of {name[:60]!r} belongs to no level of {above[:60]!r}; name its parent.",
                )
            total = cells.get(place - {(name, level)} | {(above, parent)})
            if total is not None:
                parts.setdefault((total, name), []).append(cell)
    rows = [row for row, found in enumerate(parts.values()) for _ in range(len(found) + 1)]
    members = [cell for (total, _), found in parts.items() for cell in (total, *found)]
    signs = [sign for found in parts.values() for sign in (-1.0, *[1.0] * len(found))]
    return Equations(
        np.array(rows, dtype=np.int64), np.array(members, dtype=np.int64), np.array(signs), len(parts)
    )


def _once(relations: Sequence[Equations]) -> Equations:
    """Stack relations, each once."""
    found: dict[tuple[tuple[int, float], ...], None] = {}
    for equations in relations:
        lines: list[list[tuple[int, float]]] = [[] for _ in range(equations.count)]
        entries = (equations.rows.tolist(), equations.cells.tolist(), equations.signs.tolist())
        for row, cell, sign in zip(*entries, strict=True):
            lines[row].append((cell, sign))
        found.update(dict.fromkeys(tuple(sorted(line)) for line in lines))
    rows = [row for row, line in enumerate(found) for _ in line]
    cells = [cell for line in found for cell, _ in line]
    signs = [sign for line in found for _, sign in line]
    return Equations(
        np.array(rows, dtype=np.int64), np.array(cells, dtype=np.int64), np.array(signs), len(found)
    )


def _check_sums(tables: Tables) -> None:
    """Refuse tables that say different things of one cell, or whose parts do not add up: a link is wrong then."""
    counts = [report.cells["n"].to_numpy(dtype=np.float64) for report in tables.reports]
    values = tables.values_of(counts)
    agree = all(
        np.array_equal(values[place], count) for place, count in zip(tables.places, counts, strict=True)
    )
    equations = tables.equations
    rest = np.bincount(
        equations.rows, weights=equations.signs * values[equations.cells], minlength=equations.count
    )
    if not agree or rest.any():
        raise DisclosureError(
            "linked",
            "The tables do not add up to each other, so a link between their levels is wrong or the data changed; "
            "correct the parents and assess them again.",
        )

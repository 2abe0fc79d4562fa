"""What an attacker may imagine of the numbers of a report, and how uncertain each unsafe one must stay."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from disclosure.audit.insiders import People, counted_people, groups_of
from disclosure.audit.system import Equations, Layer, Mask, Reals, System, margins_of, stack
from disclosure.audit.tables import Tables, evidence_of
from disclosure.errors import DisclosureError
from disclosure.evidence import Evidence, Sums
from disclosure.quantity import Quantity, Role
from disclosure.released import Earlier
from disclosure.released.intervals import intervals
from disclosure.result import Report

ADDITIVE: Final = frozenset({"count", "sum", "mean"})
"""Measures from which totals follow, so that they can be audited."""


def check_additive(report: Report) -> None:
    """Refuse measures that the audit does not understand.

    Raises:
        DisclosureError: "unsuitable".
    """
    if report.statistic.asks is not None:
        raise DisclosureError(
            "unsuitable",
            f"Nothing of this {report.statistic.kind.value} can be withheld or changed piece by piece; ask a coarser "
            "question, with fewer groups, broader steps or more people.",
        )
    for measure in report.statistic.measures:
        if measure.function not in ADDITIVE:
            raise DisclosureError(
                "unsuitable",
                f"The measure {measure.name[:60]!r} cannot be audited, so it cannot be protected; "
                "ask for counts, sums and means, or for coarser dimensions.",
            )


def counts_of(report: Report) -> dict[str, Reals]:
    """Return each printed count that differs from the others, rows first."""
    return {name: report.cells[name].to_numpy(dtype=np.float64) for name in _counted([report])}


def _counted(reports: Sequence[Report]) -> list[str]:
    """Return the names of the printed counts that differ in some of the tables, rows first."""
    names = ["n", *(f"{measure.name}_n" for measure in reports[0].statistic.measures)]
    kept: list[str] = []
    for name in names:
        if not any(
            all(report.cells[name].equals(report.cells[other]) for report in reports) for other in kept
        ):
            kept.append(name)
    return kept


def equations_of(report: Report) -> Equations:
    """Return the relations between the cells of a report."""
    return margins_of(evidence_of(report).grid)


def hidden_system(tables: Tables, unsafe: Mask, released: Sequence[Earlier] = ()) -> System:
    """Return the system of tables whose unsafe cells are to be withheld.

    Args:
        tables: one table, or several over the same people.
        unsafe: the common cells that need protection.
        released: what was released before; noisy releases bound the rows in a cell.
    """
    names, quantities = _counted(tables.reports), _summed(tables.reports[0])
    here = [unsafe[place] for place in tables.places]
    pairs = [*zip(tables.reports, here, strict=True)]
    layers = [_merged(tables, [_count_layer(report, name, mask) for report, mask in pairs]) for name in names]
    layers[0] = _bounded(tables, layers[0], released)
    layers += [
        _merged(tables, [_sum_layer(report, one, mask) for report, mask in pairs]) for one in quantities
    ]
    couples = _couples(
        [tables.values_of([_column(report, name) for report in tables.reports]) for name in names]
    )
    system = stack(tables.equations, layers, couples)
    if not quantities:
        return system  # who is alone in a count does not know it
    columns = [_present(tables.reports[0], name) for name in names] + [one.column for one in quantities]
    coalition = tables.reports[0].policy.coalition_units
    people, cells_with = _people(tables, columns, coalition)
    linked = [(low, high) for low, high, _ in couples]
    groups = groups_of(tables.equations, people, coalition, couples=linked, cells_with=cells_with)
    return replace(system, groups=groups)


def _column(report: Report, name: str) -> Reals:
    return report.cells[name].to_numpy(dtype=np.float64)


def _merged(tables: Tables, layers: Sequence[Layer]) -> Layer:
    """Lay one printed number of several tables out on their common cells, as tight as any table says."""
    infinite = np.full(tables.size, np.inf)
    down, up, need_down, need_up = infinite, infinite.copy(), np.zeros(tables.size), np.zeros(tables.size)
    for place, layer in zip(tables.places, layers, strict=True):
        down[place] = np.minimum(down[place], layer.down)
        up[place] = np.minimum(up[place], layer.up)
        need_down[place] = np.maximum(need_down[place], layer.need_down)
        need_up[place] = np.maximum(need_up[place], layer.need_up)
    least = min(layer.least for layer in layers)
    need_down, need_up = np.minimum(need_down, down), np.minimum(need_up, up)
    return Layer(layers[0].name, layers[0].whole, down, up, need_down, need_up, least)


def _bounded(tables: Tables, layer: Layer, released: Sequence[Earlier]) -> Layer:
    """Narrow what can be imagined of the rows in each cell by what was said of it with noise; what it needs stays."""
    down, up = layer.down.copy(), layer.up.copy()
    for report, place in zip(tables.reports, tables.places, strict=True):
        values, keys = _column(report, "n"), evidence_of(report).grid.keys
        for cell, known in intervals(report.statistic, keys, released).items():
            down[place[cell]] = min(down[place[cell]], max(values[cell] - known.low, 0.0))
            up[place[cell]] = min(up[place[cell]], max(known.high - values[cell], 0.0))
    return replace(layer, down=down, up=up)


def _present(report: Report, count: str) -> str | None:
    """Return the column that is present in the rows of a count."""
    return next((m.column for m in report.statistic.measures if f"{m.name}_n" == count), None)


def _people(
    tables: Tables, columns: Sequence[str | None], coalition: int
) -> tuple[list[Sequence[People]], dict[int, set[int]]]:
    """Return per layer the contributors of each common cell that has few, and in which cells each of these is.

    Contributors are told by their keys where these are known.
    """
    behind = [evidence_of(report).contributors() for report in tables.reports]
    if tables.reports[0].statistic.unit is None or any(found is None for found in behind):
        return _counted_people(tables, columns, coalition)
    people: dict[str | None, list[People]] = {one: [frozenset()] * tables.size for one in columns}
    for column, cells in people.items():
        for place, found in zip(tables.places, behind, strict=True):
            for cell, keys in zip(place.tolist(), (found or {})[column].keys, strict=True):
                if len(keys) <= coalition:
                    cells[cell] = frozenset(keys.tolist())
    everyone = set().union(*(one for cells in people.values() for one in cells))
    wanted, cells_with = np.array(sorted(everyone), dtype=np.uint64), {one: set[int]() for one in everyone}
    for place, found in zip(tables.places, behind, strict=True):
        for cell, keys in zip(place.tolist(), (found or {})[None].keys, strict=True):
            nearest = np.searchsorted(keys, wanted)
            inside = nearest < len(keys)
            inside[inside] = keys[nearest[inside]] == wanted[inside]
            for one in wanted[inside].tolist():
                cells_with[one].add(cell)
    return [people[column] for column in columns], cells_with


def _counted_people(
    tables: Tables, columns: Sequence[str | None], coalition: int
) -> tuple[list[Sequence[People]], dict[int, set[int]]]:
    """Return contributors by their number alone; those of two columns are told apart, and may be wherever they can."""
    people: dict[str | None, Sequence[People]] = {}
    cells_with: dict[int, set[int]] = {}
    for index, column in enumerate(dict.fromkeys(columns)):
        units = tables.values_of([_units(evidence_of(report), column) for report in tables.reports])
        first = index * (coalition + 1) * 2 * tables.size
        people[column] = counted_people(tables.equations, units.astype(np.int64), coalition, first=first)
        for cell, behind in enumerate(people[column]):
            overlapping = tables.overlapping(cell).tolist() if behind else []
            for one in behind:
                cells_with.setdefault(one, set()).update(overlapping)
    return [people[column] for column in columns], cells_with


def _units(evidence: Evidence, column: str | None) -> Reals:
    """Return how many units have a value in a column, per cell."""
    counted = (sums.units for quantity, sums in evidence.sums.items() if quantity.column == column)
    return next(counted, evidence.units).astype(np.float64) if column else evidence.units.astype(np.float64)


def changed_system(report: Report, unsafe: Mask, ranges: dict[str, tuple[Reals, Reals]]) -> System:
    """Return the system of a table of changed counts.

    Args:
        report: the table.
        unsafe: cells that need protection.
        ranges: per printed count the least and greatest true value that its changed values allow.
    """
    counts = counts_of(report)
    layers = []
    for name, values in counts.items():
        low, high = ranges[name]
        zeros = np.zeros(len(values))
        width = float(report.policy.count_protection)
        layers.append(Layer(name, True, values - low, high - values, zeros, zeros, width))  # noqa: FBT003
    system = stack(equations_of(report), layers, _couples([*counts.values()]))
    system.least[~unsafe[system.cell]] = 0.0
    return system


def _couples(counts: Sequence[Reals]) -> list[tuple[int, int, Reals]]:
    """No count of values present exceeds the count of rows."""
    rows, *others = counts
    return [(index + 1, 0, rows - values) for index, values in enumerate(others)]


def _count_layer(report: Report, name: str, unsafe: Mask) -> Layer:
    values = _column(report, name)
    down, up = values.copy(), np.full(len(values), np.inf)
    policy, rules = report.policy, report.cells["rules"]
    if not report.statistic.measures and np.array_equal(values, report.cells["units"].to_numpy()):
        small = np.array(["threshold" in names for names in rules], dtype=np.bool_)
        if policy.min_units > 2 * policy.count_protection:  # else the rule itself would tell the count
            up = np.where(small, policy.min_units - 1 - values, up)
        if not policy.zeros_unsafe:
            down = np.where(small, values - 1, down)
    need = np.where(unsafe, float(policy.count_protection), 0.0)
    return Layer(name, True, down, up, np.minimum(need, down), np.minimum(need, up), 1.0)  # noqa: FBT003


def _summed(report: Report) -> list[Quantity]:
    """Return what follows from the printed sums and means, and from weighted counts."""
    weighted = report.statistic.weight is not None
    found: dict[Quantity, None] = {}
    for measure in report.statistic.measures:
        if measure.function != "count":
            found[Quantity(measure.column, Role.WEIGHTED if weighted else Role.VALUE)] = None
        elif weighted:
            found[Quantity(measure.column, Role.WEIGHT)] = None
    return list(found)


def _sum_layer(report: Report, quantity: Quantity, unsafe: Mask) -> Layer:
    """A sum must stay uncertain by what its rules protect, where it can be as low at all."""
    sums = evidence_of(report).sums[quantity]
    values = _real(sums, sums.total)
    no_negative = bool(np.all(sums.total == sums.absolute))
    everywhere = np.full(len(values), np.inf)
    levels = [sums, *(counted.sums[quantity] for _, counted in evidence_of(report).coarser)]
    asked = np.max([_sum_protection(report, level) for level in levels], axis=0)
    need = np.where(unsafe, asked, 0.0)
    smallest = float(need.max(initial=0.0)) * _SMALLEST
    need = np.where(unsafe, np.maximum(need, smallest), 0.0)
    return Layer(
        name=f"{quantity.column} {quantity.role.value}",
        whole=False,
        down=values if no_negative else everywhere,
        up=everywhere,
        need_down=np.minimum(need, values) if no_negative else need,
        need_up=need,
        least=max(float(asked.min(initial=np.inf)), smallest),
    )


def _sum_protection(report: Report, sums: Sums) -> Reals:
    """Return per cell how far its sum must stay uncertain on either side.

    That is a share of the largest contribution (the p% rule's whole margin, so that the second largest contributor,
    who knows their own, learns no more), or what the dominance rule lacks (SDC Handbook, protection levels).
    """
    policy = report.policy
    largest = _real(sums, sums.largest)
    pair = largest + _real(sums, sums.second)
    lacking = pair / policy.dominance_share - _real(sums, sums.absolute)
    least = float(largest[largest > 0].min(initial=np.inf))
    largest = np.where(largest > 0, largest, least if np.isfinite(least) else 1.0)
    return np.asarray(np.maximum(policy.p_percent * largest, lacking))


_SMALLEST: Final = 1e-4
"""Smallest protection as a share of the largest, so that the solver's tolerance is far below it. Source: ours."""


def _real(sums: Sums, values: object) -> Reals:
    """Return exact whole numbers as doubles."""
    whole = np.asarray(values, dtype=object)
    return np.array([sums.scale.value(int(value)) for value in whole], dtype=np.float64)

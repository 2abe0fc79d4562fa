"""What an attacker may imagine of the numbers of a report, and how uncertain each unsafe one must stay."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disclosure.audit.insiders import People, counted_people, groups_of
from disclosure.audit.system import Equations, Layer, Mask, Reals, System, margins_of, stack
from disclosure.errors import DisclosureError
from disclosure.evidence import Evidence, Sums
from disclosure.quantity import Quantity, Role
from disclosure.result import Report

ADDITIVE: Final = frozenset({"count", "sum", "mean"})
"""Measures from which totals follow, so that they can be audited."""


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


def check_additive(report: Report) -> None:
    """Refuse measures that the audit does not understand.

    Raises:
        DisclosureError: "unsuitable".
    """
    if report.statistic.asks is not None:
        raise DisclosureError(
            "unsuitable",
            f"Nothing of a {report.statistic.kind.value} can be withheld or changed piece by piece; ask a coarser "
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
    columns = ["n", *(f"{measure.name}_n" for measure in report.statistic.measures)]
    found: dict[str, Reals] = {}
    for name in columns:
        values = report.cells[name].to_numpy(dtype=np.float64)
        if not any(np.array_equal(values, other) for other in found.values()):
            found[name] = values
    return found


def equations_of(report: Report) -> Equations:
    """Return the relations between the cells of a report."""
    return margins_of(evidence_of(report).grid)


def hidden_system(report: Report, unsafe: Mask) -> System:
    """Return the system of a table whose unsafe cells are to be withheld."""
    counts = counts_of(report)
    layers = [_count_layer(report, name, values, unsafe) for name, values in counts.items()]
    layers += [_sum_layer(report, quantity, unsafe) for quantity in _summed(report)]
    equations = equations_of(report)
    system = stack(equations, layers, _couples(counts))
    if not _summed(report):
        return system  # who is alone in a count does not know it
    pairs = [(low, high) for low, high, _ in _couples(counts)]
    people = _people(report, equations, [_column_of(report, name) for name in counts])
    coalition = report.policy.coalition_units
    return replace(system, groups=groups_of(equations, people, coalition, pairs))


def _column_of(report: Report, count: str) -> str | None:
    """Return the column that is present in the rows of a count."""
    return next((m.column for m in report.statistic.measures if f"{m.name}_n" == count), None)


def _people(report: Report, equations: Equations, columns: Sequence[str | None]) -> list[tuple[People, ...]]:
    """Return per layer the contributors of each cell that has few, by their keys where these are known."""
    evidence, coalition = evidence_of(report), report.policy.coalition_units
    units = dict.fromkeys(columns, evidence.units)
    for quantity, sums in evidence.sums.items():
        if quantity.column is not None:
            units[quantity.column] = sums.units
    layers = [*columns, *(quantity.column for quantity in _summed(report))]
    found = None if report.statistic.unit is None else evidence.contributors()
    if found is None:
        counted = {column: counted_people(equations, counts, coalition) for column, counts in units.items()}
        return [counted[column] for column in layers]
    few = {column: _few(found[column].keys, coalition) for column in set(layers)}
    return [few[column] for column in layers]


def _few(keys: Sequence[NDArray[np.uint64]], coalition: int) -> tuple[People, ...]:
    return tuple(frozenset(one.tolist()) if len(one) <= coalition else frozenset() for one in keys)


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
    system = stack(equations_of(report), layers, _couples(counts))
    system.least[~unsafe[system.cell]] = 0.0
    return system


def _couples(counts: dict[str, Reals]) -> list[tuple[int, int, Reals]]:
    """No count of values present exceeds the count of rows."""
    rows, *others = counts.values()
    return [(index + 1, 0, rows - values) for index, values in enumerate(others)]


def _count_layer(report: Report, name: str, values: Reals, unsafe: Mask) -> Layer:
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
    asked = _sum_protection(report, sums)
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

"""Tables in the JJ format of tau-Argus: cells with their bounds and protection levels, and the relations between them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from disclosure.audit.insiders import counted_people, groups_of
from disclosure.audit.knowledge import check_additive, equations_of, hidden_system
from disclosure.audit.system import Equations, Layer, Mask, Places, Reals, System, stack
from disclosure.audit.tables import alone
from disclosure.errors import DisclosureError
from disclosure.quantity import Role
from disclosure.result import Report


@dataclass(frozen=True, slots=True, eq=False)
class JJ:
    """A table as a JJ file holds it.

    Attributes:
        values: per cell its value.
        costs: per cell what withholding it costs.
        unsafe: cells marked "u".
        frozen: cells marked "z", which must be published.
        lower: the least that an attacker imagines of each cell.
        upper: the greatest.
        need_down: lower protection level.
        need_up: upper protection level.
        equations: the relations.
    """

    values: Reals
    costs: Reals
    unsafe: Mask
    frozen: Mask
    lower: Reals
    upper: Reals
    need_down: Reals
    need_up: Reals
    equations: Equations

    def lone(self, p_percent: float) -> Mask:
        """Return the unsafe cells that have one contributor, told by their protection levels: all of p% of the value.

        The format does not say how many contribute. By the p% rule a cell's protection is p% of its largest
        contribution less what remains beside the two largest; only with one contributor is it p% of the cell.

        Args:
            p_percent: the share by which the levels were computed, from 0 to 1.
        """
        whole = np.abs(np.maximum(self.need_down, self.need_up) - p_percent * np.abs(self.values)) <= CENT
        return np.asarray(self.unsafe & whole & (self.values != 0))

    def system(self, units: Places | None = None, coalition: int = 0) -> System:
        """Return the table as the audit reads it; a withheld safe cell must not be known exactly.

        Args:
            units: per cell its contributors, where that is known.
            coalition: most contributors that put together what they know; 0 for attackers from outside only.
        """
        down, up = np.maximum(self.values - self.lower, 0.0), np.maximum(self.upper - self.values, 0.0)
        needs = np.where(self.unsafe, [self.need_down, self.need_up], 0.0)
        least = float(needs.max(initial=0.0)) * SMALLEST
        needs = np.where(self.unsafe, np.minimum(np.maximum(needs, least), [down, up]), 0.0)
        layer = Layer("value", False, down, up, needs[0], needs[1], least)  # noqa: FBT003
        system = stack(self.equations, [layer])
        if units is None or not coalition:
            return system
        people = counted_people(self.equations, units, coalition)
        return replace(system, groups=groups_of(self.equations, [people], coalition))


SMALLEST: Final = 1e-5
"""Smallest protection as a share of the table's largest, ten times the solver's slack; smaller ones are raised to it.
Source: ours."""
MAX_JJ: Final = 200_000_000
"""Largest file, in bytes. Source: ours; a million cells with their relations."""
MARKS: Final = frozenset("suzm")
"""What stands of a cell: safe, unsafe, never to be withheld, withheld for others. Source: tau-Argus, JJ format."""
FIELDS: Final = 9
"""What a line of a cell holds. Source: tau-Argus, JJ format; the last, sliding protection, is not used here."""
CENT: Final = 0.011
"""How far a protection level may be from a share of the value, in the table's unit. Source: the format's two decimal
places, rounded up by tau-Argus."""


def read_jj(path: Path) -> JJ:
    """Read a JJ file, whoever wrote it.

    Raises:
        DisclosureError: "jj": it is not such a file: too large, a number that is none or not finite, a mark or cell that
            does not exist, bounds on the wrong side of a value, a protection below nought.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_JJ + 1)
        table = _table(content.decode().split("\n")) if len(content) <= MAX_JJ else None
    except (OSError, ValueError, IndexError, OverflowError):
        table = None
    if table is None or not _is_sound(table):
        raise DisclosureError("jj", f"The file {path.name!r} is no table in JJ format; give another.")
    return table


def write_jj(table: JJ, path: Path) -> None:
    """Write a JJ file; reading it again gives the same table.

    Raises:
        DisclosureError: "jj": it is no table that could be read again.
    """
    if not _is_sound(table):
        raise DisclosureError(
            "jj", "The table has cells or bounds that the JJ format cannot hold; nothing was written."
        )
    marks = np.select([table.unsafe, table.frozen], ["u", "z"], "s").tolist()
    numbers = [
        each.tolist()
        for each in (table.values, table.costs, table.lower, table.upper, table.need_down, table.need_up)
    ]
    lines = ["0", str(len(marks))]
    for place, (mark, value, cost, *bounds) in enumerate(zip(marks, *numbers, strict=True)):
        written = " ".join(f"{bound!r}" for bound in (*bounds, 0.0))
        lines.append(f"{place} {value!r} {cost!r} {mark} {written}")
    lines += [str(table.equations.count), *_relations(table.equations)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def jj_of(report: Report, measure: str | None = None) -> JJ:
    """Return a checked table as tau-Argus takes it: each number with its bounds and protection levels, and the relations.

    Args:
        report: the check of a table of counts or unweighted sums.
        measure: the sum that is meant; None for the counts of rows.

    Raises:
        DisclosureError: "unsuitable": another statistic; "no_evidence": the report was loaded.
    """
    check_additive(report)
    unsafe = report.cells["unsafe"].to_numpy(dtype=np.bool_)
    system = hidden_system(alone(report), unsafe)
    name, layer = _layer(report, measure, system.names)
    place, unit = slice(layer * system.cells, (layer + 1) * system.cells), system.units[layer]
    values = np.nan_to_num(report.cells[name].to_numpy(dtype=np.float64))  # nobody adds up to nought
    return JJ(
        values,
        np.maximum(np.abs(values), 1.0),
        unsafe,
        np.zeros(len(values), dtype=np.bool_),
        values - system.down[place] * unit,
        values + system.up[place] * unit,
        system.need_down[place] * unit,
        system.need_up[place] * unit,
        equations_of(report),
    )


def _layer(report: Report, measure: str | None, names: tuple[str, ...]) -> tuple[str, int]:
    """Return the column of the report that is meant, and where it stands among the numbers of the system."""
    if measure is None:
        return "n", 0
    found = {each.name: each for each in report.statistic.measures}
    asked = found.get(measure)
    said = "" if asked is None else f"{asked.column} {Role.VALUE.value}"
    if asked is None or asked.function != "sum" or said not in names:
        raise DisclosureError("unsuitable", "Name an unweighted sum of the table; others add up to nothing.")
    return measure, names.index(said)


def _table(lines: list[str]) -> JJ:
    count = _whole(lines[1])
    cells = [line.split() for line in lines[2 : 2 + count]]
    columns = np.array([[float(field) for field in (*cell[1:3], *cell[4:9])] for cell in cells])
    if [int(cell[0]) for cell in cells] != [*range(count)] or any(len(cell) != FIELDS for cell in cells):
        raise ValueError
    size = _whole(lines[2 + count], least=0)
    relations = lines[3 + count : 3 + count + size]
    marks = [cell[3] for cell in cells]
    if (
        len(relations) != size
        or any(line.strip() for line in lines[3 + count + size :])
        or not set(marks) <= MARKS
    ):
        raise ValueError
    values, costs, lower, upper, need_down, need_up, _ = columns.T
    unsafe, frozen = (np.array([mark == letter for mark in marks], dtype=np.bool_) for letter in "uz")
    return JJ(values, costs, unsafe, frozen, lower, upper, need_down, need_up, _equations(relations))


def _whole(text: str, *, least: int = 1) -> int:
    """Read a number of lines; no more than a file can hold."""
    number = int(text)
    if not least <= number <= MAX_JJ:
        raise ValueError
    return number


def _is_sound(table: JJ) -> bool:
    """Whether every number is finite and on its side, and every relation is about cells of the table."""
    bounds = (table.lower, table.upper, table.need_down, table.need_up)
    numbers = np.concatenate([table.values, table.costs, *bounds])
    cells, size = table.equations.cells, len(table.values)
    return bool(
        np.isfinite(numbers).all()
        and np.isfinite(table.equations.signs).all()
        and (table.lower <= table.values).all()
        and (table.values <= table.upper).all()
        and min(
            table.need_down.min(initial=0.0), table.need_up.min(initial=0.0), table.costs.min(initial=0.0)
        )
        >= 0
        and cells.min(initial=0) >= 0
        and cells.max(initial=0) < size
        and not (table.unsafe & table.frozen).any()
    )


def _equations(relations: list[str]) -> Equations:
    """Read relations such as "0 2 : 0 (-1) 1 (1)"; each is about nought."""
    rows, cells, signs = [], [], []
    for row, text in enumerate(relations):
        head, body = text.split(":")
        words = body.replace("(", " ").replace(")", " ").split()
        if float(head.split()[0]) != 0 or len(words) != 2 * int(head.split()[1]):
            raise ValueError
        rows += [row] * (len(words) // 2)
        cells += [int(word) for word in words[::2]]
        signs += [float(word) for word in words[1::2]]
    return Equations(
        np.array(rows, dtype=np.int64), np.array(cells, dtype=np.int64), np.array(signs), len(relations)
    )


def _relations(equations: Equations) -> list[str]:
    parts: list[list[str]] = [[] for _ in range(equations.count)]
    entries = (equations.rows.tolist(), equations.cells.tolist(), equations.signs.tolist())
    for row, cell, sign in zip(*entries, strict=True):
        parts[row].append(f"{cell} ({int(sign) if sign.is_integer() else repr(sign)})")
    return [f"0 {len(line)} : {' '.join(line)}" for line in parts]

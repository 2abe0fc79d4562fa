"""Tables in the JJ format of tau-Argus: cells with their bounds and protection levels, and the relations between them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from disclosure.audit.insiders import counted_people, groups_of
from disclosure.audit.system import Equations, Layer, Mask, Places, Reals, System, stack
from disclosure.errors import DisclosureError


@dataclass(frozen=True, slots=True, eq=False)
class JJ:
    """A table read from a JJ file.

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
CENT: Final = 0.011
"""How far a protection level may be from a share of the value, in the table's unit. Source: the format's two decimal
places, rounded up by tau-Argus."""


def read_jj(path: Path) -> JJ:
    """Read a JJ file.

    Raises:
        DisclosureError: "jj": it is not such a file.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        count = int(lines[1])
        cells = [line.split() for line in lines[2 : 2 + count]]
        columns = np.array([[float(field) for field in (*cell[1:3], *cell[4:9])] for cell in cells])
        relations = lines[3 + count : 3 + count + int(lines[2 + count])]
        marks = [cell[3] for cell in cells]
        values, costs, lower, upper, need_down, need_up, _ = columns.T
        equations = _equations(relations)
    except (OSError, ValueError, IndexError):
        raise DisclosureError(
            "jj", f"The file {path.name!r} is no table in JJ format; give another."
        ) from None
    unsafe, frozen = (np.array([mark == letter for mark in marks], dtype=np.bool_) for letter in "uz")
    return JJ(values, costs, unsafe, frozen, lower, upper, need_down, need_up, equations)


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

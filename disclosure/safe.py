"""A protected table: what leaves, what was found of it, and what later checks must remember."""

import csv
import io
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from disclosure.audit.system import Mask
from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors
from disclosure.released import Released
from disclosure.result import Report

WITHHELD: Final = "[c]"
"""What stands for a withheld number. Source: UK Government Analysis Function, guidance on symbols in tables: [c] is
confidential; it is neither a number nor missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Safe:
    """The answer of `protect`.

    Attributes:
        table: what may leave: the dimensions, n, and each measure with its rows; `WITHHELD` where a number is withheld.
        report: the judgement on exactly this table. Its cells hold the true numbers, for those who check.
        method: how the table was protected.
        optimal: whether no cheaper protection by this method exists.
        published: per cell whether it is published.
        cells: the table in the form of a report, as released but for the withheld cells.
        contributors: who is behind each published cell; None where that is not known.
    """

    table: pd.DataFrame
    report: Report
    method: str
    optimal: bool
    published: Mask
    cells: pd.DataFrame
    contributors: dict[str | None, Contributors] | None

    def released(self, identifier: str) -> Released:
        """Return what later checks must remember once this table is released: its published cells and who is behind."""
        cells = self.cells[self.published].reset_index(drop=True)
        return Released(identifier, self.report.statistic, cells, self.report.key, self.contributors)

    def to_csv(self) -> str:
        """Return the table as it is written to a file."""
        return written(self.table)


def printed(report: Report) -> list[str]:
    """Return the columns of numbers that a protected table prints; units are not printed, for they do not add up."""
    names = ["n"]
    for measure in report.statistic.measures:
        names += [measure.name, f"{measure.name}_n"]
    return names


def table_of(report: Report, numbers: dict[str, list[object]], withheld: Mask) -> pd.DataFrame:
    """Return the table that leaves, in which a withheld cell has no number at all."""
    columns = {name: report.cells[name] for name in report.statistic.by}
    for name in printed(report):
        shown = [WITHHELD if hidden else value for value, hidden in zip(numbers[name], withheld, strict=True)]
        columns[name] = pd.Series(shown, dtype="object")
    return pd.DataFrame(columns)


def written(table: pd.DataFrame) -> str:
    """Return a table as it is written to a file."""
    return str(table.to_csv(index=False, lineterminator="\n"))


def withheld_in(text: str, report: Report, numbers: dict[str, list[object]]) -> Mask:
    """Read a written table back and return which cells are withheld in it.

    Raises:
        DisclosureError: "written": the text is not this table, cell by cell.
    """
    rows = list(csv.reader(io.StringIO(text)))[1:]
    names = printed(report)
    if len(rows) != len(report.cells) or any(
        len(row) != len(report.statistic.by) + len(names) for row in rows
    ):
        raise _not_as_meant()
    withheld = np.zeros(len(rows), dtype=np.bool_)
    for position, row in enumerate(rows):
        shown = row[len(report.statistic.by) :]
        withheld[position] = shown[0] == WITHHELD
        for name, field in zip(names, shown, strict=True):
            if (field == WITHHELD) != withheld[position]:
                raise _not_as_meant()
            if not withheld[position] and not _is_same(field, numbers[name][position]):
                raise _not_as_meant()
    return withheld


def kept(contributors: Contributors, cells: Mask) -> Contributors:
    """Return the contributors of some of the cells."""
    places = np.flatnonzero(cells).tolist()
    return Contributors(
        tuple(contributors.keys[place] for place in places),
        tuple(contributors.rows[place] for place in places),
    )


def _is_same(field: str, value: object) -> bool:
    """Whether a field is a number, or a word such as a commonest category."""
    if isinstance(value, str):
        return field == value
    if value is None:
        return field == ""
    number = float(str(value))
    return field == "" if math.isnan(number) else float(field or "nan") == number


def _not_as_meant() -> DisclosureError:
    return DisclosureError(
        "written",
        "The protected table does not read back as it was meant, so nothing was released; report this.",
    )

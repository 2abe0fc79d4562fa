"""What a method makes of the counts of a table."""

from dataclasses import dataclass

import numpy as np

from disclosure.audit.knowledge import counts_of
from disclosure.audit.system import Reals
from disclosure.result import Report
from disclosure.safe import printed


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """Changed counts.

    Attributes:
        columns: per printed column its new values, whole numbers.
        ranges: per distinct count the least and greatest true value that its new values allow.
        said: what was done, for a person.
        optimal: whether no smaller change does the same.
    """

    columns: dict[str, Reals]
    ranges: dict[str, tuple[Reals, Reals]]
    said: str
    optimal: bool = True


def changed_counts(
    report: Report, new: dict[str, Reals], ranges: dict[str, tuple[Reals, Reals]], *, said: str
) -> Changed:
    """Give every printed column the new values of the count that it shows.

    Args:
        report: the table.
        new: per distinct count its new values.
        ranges: per distinct count the true values that they allow.
        said: what was done.
    """
    counts = counts_of(report)
    columns = {}
    for name in printed(report):
        values = report.cells[name].to_numpy(dtype=np.float64)
        columns[name] = next(new[count] for count, truth in counts.items() if np.array_equal(values, truth))
    return Changed(columns, ranges, said)

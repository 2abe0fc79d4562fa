"""A histogram and a survival curve of a column, checked."""

from collections.abc import Sequence
from typing import Unpack

from disclosure.frame.asking import JudgedCurve, checked, source_of
from disclosure.frame.checked import Checked
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.source import Data
from disclosure.statistic import Statistic
from disclosure.wording import Asked, OfCurve, names_of


def histogram(  # noqa: PLR0913  all but three by keyword
    data: Data,
    value: str,
    bins: Sequence[float],
    *,
    by: str | Sequence[str] | None = None,
    margins: bool = True,
    policy: Policy | str = "standard",
    released: Sequence[Earlier] = (),
    key: str | None = None,
    source: str | None = None,
    **words: Unpack[Asked],
) -> Checked:
    """Count the rows in each bin of a column, and check them: bins head the rows, groups the columns.

    Args:
        data: a path, a pandas or Arrow table, or a DuckDB relation.
        value: the column of numbers.
        bins: the edges, in the column's unit, from a classification and never from the data.
        by: one or several columns whose groups are counted apart.
        margins: whether totals are asked too.
        policy: the thresholds, or the name of a preset.
        released: everything released before on the same people.
        key: the column whose values tell contributors apart; by default the unit.
        source: the name of the data.
        words: unit, where, title.

    Raises:
        DisclosureError: as `Statistic.histogram` and `assess`.
    """
    groups = names_of(by)
    named = source_of(data, source)
    stat = Statistic.histogram(named, value, bins=bins, by=groups, margins=margins, **words)
    return checked(stat, data, across=groups, policy=policy, released=released, key=key)


def kaplan_meier(data: Data, time: str, event: str, **words: Unpack[JudgedCurve]) -> Checked:
    """Estimate a survival curve per group, and check each of its steps.

    Args:
        data: a path, a pandas or Arrow table, or a DuckDB relation.
        time: the column of times, in the author's unit.
        event: the column that is 1 where the time ended with the event, 0 where it was censored.
        words: by, at, coarsen, test, level, weight, unit, where, title of `Statistic.survival`; policy, released, key,
            source of the check.

    Raises:
        DisclosureError: as `Statistic.survival` and `assess`.
    """
    return _curve(data, time, event, **words)


def _curve(  # noqa: PLR0913  by keyword
    data: Data,
    time: str,
    event: str,
    *,
    by: str | Sequence[str] | None = None,
    policy: Policy | str = "standard",
    released: Sequence[Earlier] = (),
    key: str | None = None,
    source: str | None = None,
    **words: Unpack[OfCurve],
) -> Checked:
    """Ask for a survival curve and check it."""
    stat = Statistic.survival(source_of(data, source), time, event, by=names_of(by), **words)
    return checked(stat, data, policy=policy, released=released, key=key)

"""A survival curve computed from the filtered rows, its rules, and who stands behind each step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from disclosure.errors import DisclosureError
from disclosure.grid import Key
from disclosure.judgement import judged
from disclosure.policy import Policy
from disclosure.sample import Answer, Behind, Positions, Sample, sample_of
from disclosure.source import Data
from disclosure.statistic import Statistic
from disclosure.survival.asked import Survival
from disclosure.survival.curve import (
    Estimate,
    Held,
    Lives,
    Step,
    coarse_steps,
    estimate_at,
    first_below,
    lives_of,
    steps_of,
)
from disclosure.survival.logrank import logrank
from disclosure.survival.rules import RULES, Facts, Row

EVENTS: Final = "(events)"
"""The name under which the people with an event in a step are compared with those of other curves."""
_NOBODY: Final = np.zeros(0, dtype=np.intp)
_NAN: Final = float("nan")
_NONE: Final = (_NAN, _NAN, _NAN, _NAN)
Values: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """One row of the table: its values in the order of its columns, what the rules see, and who stands behind it."""

    key: Key
    values: Values
    size: int
    row: Row
    behind: Positions
    events: Positions = field(default_factory=lambda: _NOBODY)


def answer(stat: Statistic, data: Data, policy: Policy, *, key: str | None) -> Answer:
    """Compute a Kaplan-Meier curve per group and judge every printed step.

    Each group has a row "start" with everyone at risk, a row per "step", and a row "median": the first printed time at
    which the curve is below one half. `n` are the rows at risk when the step begins.

    Raises:
        DisclosureError: as `sample_of`; "survival": the event is neither 0 nor 1, or the time no number;
            "too_many_cells".
    """
    asked = _asked(stat)
    sample = sample_of(stat, data, key=key)
    _check_columns(asked, sample)
    sample, rows = _usable(asked, sample)
    groups = [
        (group, lives_of(sample, found[rows[found]], asked.time, asked.event))
        for group, found in sample.groups
    ]
    groups = [(group, lives) for group, lives in groups if len(lives.time) or not stat.by]
    everyone = [lives for _, lives in groups]
    _check_size(asked, everyone, policy)
    lines = [line for number, group in enumerate(groups) for line in _lines(asked, group, number, policy)]
    tested = ""
    if asked.test is not None:
        test, tested = _test_line(asked, len(stat.by), everyone)
        lines.append(test)
    events = {EVENTS: tuple(line.events for line in lines)}
    behind = Behind(sample, tuple(line.behind for line in lines), events)
    facts = replace(_facts(stat, sample, everyone), rows=[line.row for line in lines], tested=tested)
    return judged(stat, policy, (_table(stat, lines), behind), facts=facts, rules=RULES)


def _facts(stat: Statistic, sample: Sample, groups: Sequence[Lives]) -> Facts:
    """Return what the rules look at, but for the rows of the table."""
    return Facts(
        rows=(),
        noun="rows" if stat.unit is None else "units",
        empty=sample.empty + len(sample.groups) - len(groups),
        repeats=any(sample.is_repeated(lives.order) for lives in groups),
        is_joined=isinstance(stat.asks, Survival) and stat.asks.at is None and stat.asks.coarsen,
        events=sum(lives.units(0, len(lives.time), event=True) for lives in groups),
        tested="",
    )


def _asked(stat: Statistic) -> Survival:
    if not isinstance(stat.asks, Survival):
        raise DisclosureError("kind", "This statistic asks for no survival curve; use Statistic.survival().")
    return stat.asks


def _check_columns(asked: Survival, sample: Sample) -> None:
    """Refuse a time that is no number, and an event that is neither 0 nor 1."""
    if not sample.is_numeric(asked.time) or not sample.is_numeric(asked.event):
        raise DisclosureError(
            "survival",
            "Time and event must be numbers or truth values; compute the time in days, and the event as 0 or 1.",
        )
    event = sample.values[asked.event]
    if not np.isin(event[~np.isnan(event)], (0.0, 1.0)).all():
        raise DisclosureError(
            "survival", f"The event {asked.event[:60]!r} must be 1 or 0, true or false; recode it."
        )


def _usable(asked: Survival, sample: Sample) -> tuple[Sample, "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    """Return which rows are used, and say in the sample what was left out."""
    rows = sample.is_present(asked.time) & sample.is_present(asked.event)
    if sample.weight is not None:
        rows &= np.isfinite(sample.weight) & (sample.weight >= 0)
    negative = rows & (sample.values[asked.time] < 0)
    if negative.any():
        said = (
            f"The time {asked.time[:60]!r} is negative in some rows, which were left out; correct the data."
        )
        sample = replace(sample, problems=(*sample.problems, said))
    return sample, rows & ~negative


def _check_size(asked: Survival, groups: Sequence[Lives], policy: Policy) -> None:
    """Refuse more rows than the policy allows before they are laid out."""
    if asked.coarsen:
        return
    rows = sum(2 + len(lives.event_times if asked.at is None else asked.at) for lives in groups)
    if rows > policy.max_cells:
        raise DisclosureError(
            "too_many_cells",
            f"The table would have more than {policy.max_cells} rows; name the times in `at`, or use fewer groups.",
        )


def _lines(asked: Survival, group: tuple[Key, Lives], number: int, policy: Policy) -> list[_Line]:
    """Return the rows of one group.

    Behind a step stand those who are still at risk at its end: with the group and the events they tell every count.
    """
    key, lives = group
    times = lives.event_times.tolist() if asked.at is None else asked.at
    steps = coarse_steps(lives, times, policy.min_step_units) if asked.coarsen else steps_of(lives, times)
    estimate = estimate_at(lives, [step.time for step in steps], asked.level)
    size, units = len(lives.time), lives.units_from(0)
    start = Row("start", units, None, number)
    lines = [_Line(key, ("start", 0.0, 0.0, 0.0, 1.0, *_NONE[1:]), size, start, lives.order)]
    for place, step in enumerate(steps):
        numbers = tuple(
            float(column[place])
            for column in (estimate.survival, estimate.std_error, estimate.low, estimate.high)
        )
        held = _held(lives, step) if step.event_units >= policy.min_step_units else ()
        row = Row("step", lives.units_from(step.first), step, number, held)
        values = ("step", step.time, float(step.events), float(step.censored), *numbers)
        happened = lives.order[step.first : step.last][lives.event[step.first : step.last]]
        lines.append(_Line(key, values, size - step.first, row, lives.order[step.last :], happened))
    return [*lines, _median(key, lives, steps, (estimate, number))]


def _held(lives: Lives, step: Step) -> tuple[Held, ...]:
    """Return how weights lie among those at risk, and among those with the event; a small step is unsafe anyway."""
    at_risk = lives.held(step.first, len(lives.time), event=False)
    return at_risk + lives.held(step.first, step.last, event=True)


def _median(key: Key, lives: Lives, steps: Sequence[Step], rest: tuple[Estimate, int]) -> _Line:
    """Return the median with its limits, all read off the printed curve."""
    estimate, number = rest
    times = [step.time for step in steps]
    middle, low, high = (
        first_below(times, curve, 0.5) for curve in (estimate.survival, estimate.low, estimate.high)
    )
    reached = None if math.isnan(middle) else steps[times.index(middle)]
    row = Row("median", lives.units_from(0), reached, number)
    return _Line(key, ("median", middle, *_NONE, low, high), len(lives.time), row, _NOBODY)


def _test_line(asked: Survival, width: int, groups: Sequence[Lives]) -> tuple[_Line, str]:
    """Return the row of the test, on the whole sample, and why it has no answer where it has none."""
    statistic, degrees, p_value = logrank(groups)
    sizes = [len(lives.time) for lives in groups]
    rows = np.concatenate([_NOBODY, *(lives.order for lives in groups)])
    units = groups[0].sample.units_in(rows) if groups else 0
    values = (str(asked.test), *_NONE, *_NONE[1:], statistic, degrees, p_value)
    line = _Line((None,) * width, values, sum(sizes), Row("logrank", units, None, -1), rows)
    tested = "The log-rank test has no answer, for its groups are never at risk together; use others."
    return line, tested if math.isnan(statistic) else ""


def _table(stat: Statistic, lines: Sequence[_Line]) -> pd.DataFrame:
    """Lay the rows out as a table up to `units`."""
    names = [*stat.by, *(() if stat.asks is None else stat.asks.contents())]
    filled = [
        (*line.key, *line.values, *(_NAN,) * (len(names) - len(line.key) - len(line.values)))
        for line in lines
    ]
    columns = {
        name: pd.Series([row[index] for row in filled], dtype="object") for index, name in enumerate(names)
    }
    columns["n"] = pd.Series([line.size for line in lines], dtype="int64")
    columns["units"] = pd.Series([line.row.units for line in lines], dtype="int64")
    return pd.DataFrame(columns)

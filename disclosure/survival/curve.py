"""The Kaplan-Meier estimate of one group, and the steps in which it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from disclosure.sample import Positions, Sample

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """How the weights of units lie.

    Attributes:
        total: their sum.
        largest: the largest.
        second: the second largest.
    """

    total: float
    largest: float
    second: float


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """The rows of one group in order of time.

    Attributes:
        sample: the rows of the whole statistic.
        order: positions in the sample, by time.
        time: their times.
        event: whether each ended with the event.
        weight: their weights; ones where there are none.
        is_weighted: whether the author named a weight.
        ends: per level of unit at which some unit has several rows, the place of each unit's last row, sorted.
    """

    sample: Sample
    order: Positions
    time: Reals
    event: NDArray[np.bool_]
    weight: Reals
    is_weighted: bool
    ends: tuple[Positions, ...]

    def after(self, time: float) -> int:
        """Return how many rows end at or before a time: the place of the first that is still at risk."""
        return int(np.searchsorted(self.time, time, side="right"))

    def units(self, first: int, last: int, *, event: bool | None = None) -> int:
        """Return the distinct units among the rows from one place to another, with or without the event."""
        rows = self.order[first:last]
        return self.sample.units_in(rows if event is None else rows[self.event[first:last] == event])

    def units_from(self, place: int) -> int:
        """Return the distinct units still at risk at a place; of several levels of unit the fewest."""
        if not self.ends:
            return len(self.time) - place
        return min(len(ends) - int(np.searchsorted(ends, place)) for ends in self.ends)

    def held(self, first: int, last: int, *, event: bool) -> tuple[Held, ...]:
        """Return how weights lie at each level of unit; none where each row weighs one and is one unit's.

        Args:
            first: place of the first row.
            last: place after the last row.
            event: of rows with the event only.
        """
        if not self.is_weighted and not self.ends:
            return ()
        rows, weight = self.order[first:last], self.weight[first:last]
        if event:
            rows, weight = rows[self.event[first:last]], weight[self.event[first:last]]
        several = zip(self.sample.units, self.sample.single, strict=True)
        codes = [found[rows] for found, is_single in several if not is_single]
        return tuple(_held(weight, found) for found in codes) or (_held(weight, np.arange(len(rows))),)

    @property
    def event_times(self) -> Reals:
        """The distinct times at which somebody had the event."""
        return np.asarray(np.unique(self.time[self.event]))


@dataclass(frozen=True, slots=True)
class Step:
    """One printed step: what happened after the time before, up to and including its own.

    Attributes:
        time: its end.
        first: place of the first row that is at risk when it begins.
        last: place of the first row that is still at risk when it ends.
        events: rows with the event.
        event_units: distinct units with the event.
        censored_units: distinct units that are censored.
        remaining_units: distinct units still at risk at its end.
        owners: distinct units whose time is exactly its end.
    """

    time: float
    first: int
    last: int
    events: int
    event_units: int
    censored_units: int
    remaining_units: int
    owners: int

    @property
    def censored(self) -> int:
        """Rows that are censored."""
        return self.last - self.first - self.events


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The curve at some times: probabilities, standard errors and limits, not a number where there is none."""

    survival: Reals
    std_error: Reals
    low: Reals
    high: Reals


def lives_of(sample: Sample, rows: Positions, time: str, event: str) -> Lives:
    """Return rows of a sample, in which time and event are present, in order of time."""
    order = rows[np.argsort(sample.values[time][rows], kind="stable")]
    weight = np.ones(len(order)) if sample.weight is None else sample.weight[order]
    return Lives(
        sample=sample,
        order=order,
        time=sample.values[time][order],
        event=sample.values[event][order] == 1,
        weight=weight,
        is_weighted=sample.weight is not None,
        ends=tuple(
            _ends(codes[order])
            for codes, is_single in zip(sample.units, sample.single, strict=True)
            if not is_single
        ),
    )


def steps_of(lives: Lives, times: Sequence[float]) -> list[Step]:
    """Return the steps that end at given times, in rising order."""
    found, first = [], 0
    for time in times:
        last = lives.after(time)
        found.append(_step(lives, time, first, last))
        first = last
    return found


def coarse_steps(lives: Lives, times: Sequence[float], least: int) -> list[Step]:
    """Return as few of the times as make every step safe: each ends at the first time at which it may.

    A step may end where at least `least` units had the event, as many or none were censored, and as many are still at
    risk. What comes after the last step is not printed.
    """
    found, first = [], 0
    events = np.concatenate([[0], np.cumsum(lives.event)])
    for time in times:
        last = lives.after(time)
        happened = int(events[last] - events[first])
        if happened < least or 0 < last - first - happened < least or lives.units_from(last) < least:
            continue
        step = _step(lives, time, first, last)
        if step.event_units >= least and not 0 < step.censored_units < least:
            found.append(step)
            first = last
    return found


def estimate_at(lives: Lives, times: Sequence[float], level: float) -> Estimate:
    """Return the product-limit estimate at given times, with limits by the log(-log) transformation.

    Standard errors are Greenwood's; with weights Tsiatis'. Source: Kalbfleisch and Prentice, The statistical analysis
    of failure time data, 2nd ed., section 1.4.
    """
    own = lives.event_times
    if not len(own):
        return _placed(np.ones(len(times)), np.zeros(len(times)), level)
    events = np.bincount(
        np.searchsorted(own, lives.time[lives.event]), lives.weight[lives.event], minlength=len(own)
    )
    weights = np.concatenate([np.cumsum(lives.weight[::-1])[::-1], [0.0]])
    risk = weights[np.searchsorted(lives.time, own, side="left")]
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - np.minimum(events / risk, 1))
        variance = events / (risk * risk if lives.is_weighted else risk * (risk - events))
        error = np.sqrt(np.cumsum(variance)) * (1.0 if lives.is_weighted else survival)
    error = np.where(np.isfinite(error), error, np.nan)
    place = np.searchsorted(own, np.asarray(times, dtype=np.float64), side="right")
    survival, error = np.concatenate([[1.0], survival])[place], np.concatenate([[0.0], error])[place]
    return _placed(survival, error, level)


def _placed(survival: Reals, error: Reals, level: float) -> Estimate:
    """Add the limits."""
    normal = NormalDist().inv_cdf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log = np.log(survival)
        width = normal * error / (survival * np.abs(log))
        limits = [np.exp(log * np.exp(sign * width)) for sign in (1, -1)]
    inside = (survival > 0) & (survival < 1)
    low, high = (np.where(inside & np.isfinite(limit), limit, np.nan) for limit in limits)
    return Estimate(survival, error, low, high)


def first_below(times: Sequence[float], curve: Reals, level: float) -> float:
    """Return the first printed time at which a curve is below a level; not a number where it never is."""
    places = np.flatnonzero(curve < level)
    return float(times[int(places[0])]) if len(places) else float("nan")


def _step(lives: Lives, time: float, first: int, last: int) -> Step:
    begin = int(np.searchsorted(lives.time, time, side="left"))
    return Step(
        time=float(time),
        first=first,
        last=last,
        events=int(lives.event[first:last].sum()),
        event_units=lives.units(first, last, event=True),
        censored_units=lives.units(first, last, event=False),
        remaining_units=lives.units_from(last),
        owners=lives.units(max(begin, first), last),
    )


def _ends(codes: NDArray[np.uint64]) -> Positions:
    """Return the place of the last row of each unit, sorted; a row without unit has none."""
    found, first = np.unique(codes[::-1], return_index=True)
    return np.asarray(np.sort(len(codes) - 1 - first[found != 0]), dtype=np.intp)


def _held(weight: Reals, codes: NDArray[np.uint64] | Positions) -> Held:
    """Add up the weights of each unit, and find the two largest."""
    totals = np.bincount(np.unique(codes, return_inverse=True)[1], weights=weight)
    second, largest = np.partition(np.concatenate([totals, [0.0, 0.0]]), -2)[-2:].tolist()
    return Held(float(weight.sum()), largest, second)

"""How a total is shared out: indices that give away the largest share, and curves with few units in a step."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from disclosure.evidence import Evidence
from disclosure.holdings import is_shared
from disclosure.measure import SHARED
from disclosure.policy import Policy
from disclosure.result import Finding, count_of
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

Held = NDArray[np.float64]


def concentration(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find Herfindahl indices that one unit makes up, for the largest share lies between the index and its root."""
    for measure in stat.measures:
        if measure.function == "hhi":
            cells = tuple(
                cell
                for cell, held in enumerate(evidence.holdings[str(measure.column)])
                if is_shared(held) and held[-1] >= policy.concentration_share * held.sum()
            )
            if cells:
                sentence = (
                    f"The largest contributor to {measure.name[:60]!r} holds {policy.concentration_share:.0%} or more "
                    f"in {count_of(cells)}."
                )
                yield Finding("dominance", cells, sentence, Verdict.FAIL)


def curve(stat: Statistic, evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Find Lorenz curves of which a step holds too few units, or is nearly one unit's own.

    A step lies between two points that are asked for the same column, or between one and an end.
    """
    for column in dict.fromkeys(m.column for m in stat.measures if m.function == "lorenz"):
        points = {m.step for m in stat.measures if m.function == "lorenz" and m.column == column}
        ends = [Fraction(0), *sorted(point for point in points if point is not None), Fraction(1)]
        holdings = evidence.holdings[str(column)]
        few = [
            cell
            for cell, held in enumerate(holdings)
            if len(held) and _fewest(held, ends) < policy.min_lorenz_units
        ]
        close = [
            cell
            for cell, held in enumerate(holdings)
            if any(_is_close(part, policy) for part in _parts(held, ends))
        ]
        for rule, cells, said in (
            (
                "threshold",
                tuple(few),
                f"Fewer than {policy.min_lorenz_units} units stand in a step of the curve",
            ),
            ("p_percent", tuple(close), "One unit makes up nearly a whole step of the curve"),
        ):
            if cells:
                yield Finding(
                    rule, cells, f"{said} of {str(column)[:60]!r} in {count_of(cells)}.", Verdict.FAIL
                )


def unshared(stat: Statistic, evidence: Evidence, _policy: Policy) -> Iterator[Finding]:
    """Ask a person where a total cannot be shared out, because a unit holds less than nought or nobody holds anything."""
    for measure in stat.measures:
        if measure.function in SHARED:
            holdings = evidence.holdings[str(measure.column)]
            cells = tuple(cell for cell, held in enumerate(holdings) if len(held) and not is_shared(held))
            if cells:
                sentence = f"{measure.name[:60]!r} has no meaning where values are below nought or all nought, in {count_of(cells)}."
                yield Finding("check_failed", cells, sentence, Verdict.REVIEW)


def _fewest(held: Held, ends: list[Fraction]) -> int:
    """Return the fewest whole units in a step."""
    return min(len(part) for part in _parts(held, ends))


def _parts(held: Held, ends: list[Fraction]) -> list[Held]:
    """Cut what units hold into the steps between ends; a unit that is cut belongs to neither."""
    size = len(held)
    return [held[-int(-size * low // 1) : int(size * high)] for low, high in pairwise(ends)]


def _is_close(part: Held, policy: Policy) -> bool:
    """Whether the second largest of a step could estimate the largest too closely."""
    return len(part) > 1 and bool(part[:-2].sum() < policy.p_percent * part[-1])

"""Cell keys: a small change of each count that depends on who is behind it, so that it is the same whenever asked.

The method of the Australian Bureau of Statistics (Fraser and Wooton 2005), with the change drawn from the distribution
of greatest entropy (Giessing 2016). It does not stop an attacker who may ask many questions: it is no budget.
"""

import hashlib
import hmac
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disclosure.audit.knowledge import counts_of
from disclosure.audit.system import Reals
from disclosure.audit.tables import evidence_of
from disclosure.errors import DisclosureError
from disclosure.evidence import Contributors
from disclosure.perturb.changed import Changed, changed_counts
from disclosure.result import Report

STEPS: Final = 40
"""Steps of Newton's method for one distribution. Source: ours; under 20 are needed."""
SHORTEST: Final = 1e-12
"""Shortest part of a step that is tried. Source: ours."""

SOLVED: Final = 1e-6
"""How far mean and variance may be from what was asked, in multiples of the largest change. Source: ours."""


def cell_key(report: Report, largest: int, key: str | bytes | None) -> Changed:
    """Change every count by at most `largest`, by its cell key; nobody stays nobody.

    Raises:
        DisclosureError: "key": no secret was given, or rows do not name who is behind them.
    """
    shares = _distributions(largest, report.policy.cell_key_variance)
    new, ranges = {}, {}
    for name, (values, drawn) in draws(report, key).items():
        rows = np.minimum(values, largest).astype(np.int64)
        change = np.array(
            [np.searchsorted(shares[row], draw, side="right") for row, draw in zip(rows, drawn, strict=True)]
        )
        found = np.where(values > 0, values + np.minimum(change, 2 * largest) - largest, 0.0)
        new[name] = found
        ranges[name] = (np.maximum(found - largest, np.where(found > 0, 1.0, 0.0)), found + largest)
    said = (
        f"every count is changed by at most {largest}, the same whenever it is asked; parts need not add up."
    )
    return changed_counts(report, new, ranges, said=said)


def draws(report: Report, key: str | bytes | None, *, purpose: bytes = b"") -> dict[str, tuple[Reals, Reals]]:
    """Return each printed count that differs from the others with its cells' keys, from 0 to 1.

    Args:
        report: the table.
        key: the secret.
        purpose: so that one secret gives two methods draws that say nothing of each other.

    Raises:
        DisclosureError: "key": no secret was given, or rows do not name who is behind them.
    """
    if not isinstance(key, str | bytes) or not key:
        raise DisclosureError(
            "key", "This method needs a secret; give key=, the same for every table on these data."
        )
    secret = key.encode() if isinstance(key, str) else key
    if purpose:
        secret = hmac.digest(secret, purpose, hashlib.sha256)
    contributors = evidence_of(report).contributors()
    if contributors is None:
        raise DisclosureError("key", "This method needs a unit in every row; name the statistic's unit.")
    named: dict[str, str | None] = {f"{m.name}_n": m.column for m in report.statistic.measures}
    named["n"] = None
    return {
        name: (values, _draws(contributors[named[name]], secret))
        for name, values in counts_of(report).items()
    }


def _draws(contributors: Contributors, secret: bytes) -> Reals:
    """Return per cell its key, from 0 to 1: the sum of its contributors' keyed numbers, once per row, modulo 1."""
    everyone = np.unique(np.concatenate([*contributors.keys, np.zeros(0, dtype=np.uint64)]))
    numbers = np.array([_number(secret, int(one)) for one in everyone.tolist()], dtype=np.uint64)
    sums = [
        int((numbers[np.searchsorted(everyone, keys)] * rows.astype(np.uint64)).sum(dtype=np.uint64))
        for keys, rows in zip(contributors.keys, contributors.rows, strict=True)
    ]
    return np.array([(total >> 11) / 2**53 for total in sums], dtype=np.float64)


def _number(secret: bytes, key: int) -> int:
    return int.from_bytes(hmac.digest(secret, key.to_bytes(8, "little"), hashlib.sha256)[:8], "little")


def _distributions(largest: int, variance: float) -> list[NDArray[np.float64]]:
    """Return, per count from 0 to `largest`, the cumulated chances of each change from -largest to largest."""
    changes = np.arange(-largest, largest + 1, dtype=np.float64)
    found = []
    for count in range(largest + 1):
        possible = changes >= -count if count else changes == 0
        chances = np.zeros(len(changes))
        chances[possible] = _entropic(changes[possible], variance * largest) if count else 1.0
        found.append(np.cumsum(chances))
    return found


def _entropic(changes: Reals, variance: float) -> Reals:
    """Return the distribution of greatest entropy on some changes with mean nought and a variance: Newton, damped."""
    moments = np.stack([changes, changes**2 - variance])
    scale = np.array([1.0, 1.0 / max(float(np.abs(changes).max()), 1.0)])
    moments *= scale[:, None]
    tilt = np.zeros(2)
    chances = _tilted(moments, tilt)
    for _ in range(STEPS):
        slope = moments @ chances
        curve = (moments * chances) @ moments.T - np.outer(slope, slope)
        try:
            step = np.linalg.solve(curve, slope)
        except np.linalg.LinAlgError:
            break
        size = 1.0
        while _height(moments, tilt - size * step) > _height(moments, tilt) and size > SHORTEST:
            size /= 2
        tilt = tilt - size * step
        chances = _tilted(moments, tilt)
    if float(np.abs(moments @ chances).max()) > SOLVED:
        raise DisclosureError(
            "policy",
            "No change of cell keys has the policy's cell_key_variance; ask for a smaller one, such as 0.6.",
        )
    return chances


def _tilted(moments: Reals, tilt: Reals) -> Reals:
    powers = tilt @ moments
    chances = np.exp(powers - powers.max())
    return np.asarray(chances / chances.sum())


def _height(moments: Reals, tilt: Reals) -> float:
    powers = tilt @ moments
    return float(powers.max() + np.log(np.exp(powers - powers.max()).sum()))

"""With noise or exact: what each dataset allows. The strictest of linked datasets decides."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tre.domain.errors import Refused


class Regime(StrEnum):
    """How numbers on a dataset may leave, from the strictest to the mildest."""

    NOISY_ONLY = "noisy-only"
    EITHER = "either"
    EXACT = "exact"


_STRICTEST_FIRST: Final = tuple(Regime)


def strictest(regimes: Mapping[str, Regime]) -> Regime:
    """The regime of what is linked of these datasets; of nothing it is noisy-only, since nothing is known."""
    return min(regimes.values(), key=_STRICTEST_FIRST.index, default=Regime.NOISY_ONLY)


def is_stricter(one: Regime, other: Regime) -> bool:
    """Does `one` allow less than `other`?"""
    return _STRICTEST_FIRST.index(one) < _STRICTEST_FIRST.index(other)


def admit_exact_mode(regimes: Mapping[str, Regime]) -> None:
    """Let an exact release through if every dataset behind it allows one.

    Raises:
        Refused: a dataset lets nothing leave but with noise; the sentence names it.
    """
    barred = _barred(regimes)
    if barred:
        raise Refused(
            "noisy_only",
            f"What is computed from {barred} leaves with noise only, by its owner's contract. Ask for a noisy release; "
            "models, tests and derived tables cannot leave.",
        )


def admit_exact_verdict(regimes: Mapping[str, Regime]) -> None:
    """Let a verdict be computed from the rows if every dataset behind it allows an exact release.

    Where nothing leaves exact, a verdict on exact numbers serves no release: it would only tell something about the rows.

    Raises:
        Refused: a dataset lets nothing leave but with noise; the sentence names it and says what to ask instead.
    """
    barred = _barred(regimes)
    if barred:
        raise Refused(
            "noisy_only",
            f"What is computed from {barred} leaves with noise only, so that no verdict is computed from its rows. Ask for "
            "the price instead: what a noisy table costs and how near it is follows from published facts alone.",
        )


def _barred(regimes: Mapping[str, Regime]) -> str:
    """The datasets that let nothing leave exact, in words; nothing where there are none."""
    barred = sorted(name for name, regime in regimes.items() if regime is Regime.NOISY_ONLY)
    return ", ".join(barred) or ("" if regimes else "this project's data")

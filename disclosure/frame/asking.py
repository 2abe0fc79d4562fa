"""What every question in pandas' words takes besides, and how it becomes an answer."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from disclosure.assessment import assess
from disclosure.frame.checked import Checked
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.source import Data
from disclosure.statistic import Statistic
from disclosure.unit import Unit


class Asked(TypedDict, total=False):
    """Of whom a statistic is asked.

    Attributes:
        unit: the column of the privacy unit, or those of its levels; left out, each row is a unit of its own.
        where: a filter such as "age >= 18", or None.
        derive: derived columns, each a name and an expression.
        title: the author's title.
    """

    unit: Unit
    where: str | None
    derive: Mapping[str, str] | None
    title: str


class Judging(TypedDict, total=False):
    """By what an answer is judged.

    Attributes:
        policy: the thresholds, or the name of a preset; left out, "standard".
        released: everything released before on the same people.
        key: the column whose values tell contributors apart; left out, the unit.
        source: the name of the data; left out, the file's, or "data".
    """

    policy: Policy | str
    released: Sequence[Earlier]
    key: str | None
    source: str | None


class OfTable(Asked, total=False):
    """The same of a table.

    Attributes:
        weight: the column of weights.
    """

    weight: str | None


class OfModel(Asked, total=False):
    """The same of a model, in the words that `Statistic.model` explains."""

    by: Iterable[str] | None
    weights: str | None
    errors: str | None
    cluster: str | None
    absorb: Sequence[str] | None
    strata: Sequence[str] | None
    event: str | None
    ties: str | None
    exposure: str | None
    level: float


class OfCurve(Asked, total=False):
    """The same of a survival curve, in the words that `Statistic.survival` explains."""

    at: Sequence[float] | None
    coarsen: bool
    test: str | None
    level: float
    weight: str | None


class JudgedTable(OfTable, Judging, total=False):
    """All of these words, for a table."""


class JudgedCurve(OfCurve, Judging, total=False):
    """All of these words, for a survival curve, and its groups."""

    by: str | Sequence[str] | None


class JudgedModel(OfModel, Judging, total=False):
    """All of these words, for a model."""


def checked(  # noqa: PLR0913  by keyword
    stat: Statistic,
    data: Data,
    *,
    across: Sequence[str] = (),
    policy: Policy | str = "standard",
    released: Sequence[Earlier] = (),
    key: str | None = None,
) -> Checked:
    """Check a statistic; some of its dimensions are laid out as columns.

    Raises:
        DisclosureError: as `assess`; "policy": there is no such preset.
    """
    thresholds = Policy.preset(policy) if isinstance(policy, str) else policy
    earlier = tuple(released)
    return Checked(assess(stat, data, thresholds, released=earlier, key=key), tuple(across), earlier)


def source_of(data: Data, source: str | None) -> str:
    """Return the name of the data: as it was given, or the file's, or "data"."""
    if source is not None:
        return source
    return Path(data).stem if isinstance(data, str | Path) else "data"


def names_of(columns: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return one name, several or none as a tuple."""
    return (columns,) if isinstance(columns, str) else tuple(columns or ())

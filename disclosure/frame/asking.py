"""What every question in pandas' words takes besides, and how it becomes an answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from disclosure.assessment import assess
from disclosure.frame.checked import Checked
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.source import Data
from disclosure.statistic import Statistic
from disclosure.wording import OfCurve, OfModel, OfTable


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

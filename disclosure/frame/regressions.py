"""Models in the words of statsmodels' formulas: ols("y ~ x", data)."""

from collections.abc import Sequence
from typing import Unpack

from disclosure.frame.asking import JudgedModel, checked, source_of
from disclosure.frame.checked import Checked
from disclosure.policy import Policy
from disclosure.released import Earlier
from disclosure.source import Data
from disclosure.statistic import Statistic
from disclosure.wording import OfModel


def ols(formula: object, data: Data, **words: Unpack[JudgedModel]) -> Checked:
    """Fit least squares and check the model; several formulas in a list are models side by side.

    Args:
        formula: such as "y ~ x1 + C(x2)".
        data: a path, a pandas or Arrow table, or a DuckDB relation.
        words: of `Statistic.model`, and policy, released, key, source.

    Raises:
        DisclosureError: as `Statistic.model` and `assess`.
    """
    return _fitted("ols", formula, data, **words)


def logit(formula: object, data: Data, **words: Unpack[JudgedModel]) -> Checked:
    """Fit a logistic regression of an outcome that is 0 or 1, and check it; else as `ols`."""
    return _fitted("logit", formula, data, **words)


def probit(formula: object, data: Data, **words: Unpack[JudgedModel]) -> Checked:
    """Fit a probit regression of an outcome that is 0 or 1, and check it; else as `ols`."""
    return _fitted("probit", formula, data, **words)


def poisson(formula: object, data: Data, **words: Unpack[JudgedModel]) -> Checked:
    """Fit a Poisson regression of counts, and check it; `exposure` names a column; else as `ols`."""
    return _fitted("poisson", formula, data, **words)


def cox(formula: object, data: Data, **words: Unpack[JudgedModel]) -> Checked:
    """Fit proportional hazards of a time, such as "time ~ x", and check them; `event` names a column; else as `ols`."""
    return _fitted("cox", formula, data, **words)


def _fitted(  # noqa: PLR0913  by keyword
    kind: str,
    formula: object,
    data: Data,
    *,
    policy: Policy | str = "standard",
    released: Sequence[Earlier] = (),
    key: str | None = None,
    source: str | None = None,
    **words: Unpack[OfModel],
) -> Checked:
    """Ask for a model of a kind and check it."""
    stat = Statistic.model(source_of(data, source), kind=kind, formula=formula, **words)
    return checked(stat, data, policy=policy, released=released, key=key)

"""Coefficients of any estimator, read from what it returned, with the design that the platform judges them by."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from tre.client.errors import ClientError

if TYPE_CHECKING:
    import pandas as pd

_BESIDE: Final = {"std_error": "bse", "statistic": "tvalues", "p_value": "pvalues"}
"""What stands beside the estimates, and what statsmodels and its like call it."""


def estimates_of(result: Any) -> list[dict[str, object]]:  # Any: whatever an estimator returns
    """Read estimates: of a fitted result with `params`, a table with term and estimate, or terms with their estimates.

    Raises:
        ClientError: it is nothing of these.
    """
    import pandas as pd  # noqa: PLC0415  slow; only when wanted

    if isinstance(result, pd.DataFrame):
        return [
            {str(name): _plain(value) for name, value in row.items()} for row in result.to_dict("records")
        ]
    if isinstance(result, Mapping):
        return [{"term": str(term), "estimate": _plain(value)} for term, value in result.items()]
    params = getattr(result, "params", None)
    if not isinstance(params, pd.Series):
        raise ClientError(
            "no_estimates",
            "Give a fitted result with params, a table with the columns term and estimate, or a dict of terms.",
        )
    found: dict[str, Any] = {"estimate": params}  # Any: pandas' series
    found |= {name: getattr(result, theirs) for name, theirs in _BESIDE.items() if hasattr(result, theirs)}
    if hasattr(result, "conf_int"):
        limits = result.conf_int()
        found |= {"low": limits.iloc[:, 0], "high": limits.iloc[:, 1]}
    return [
        {"term": str(term)} | {name: _plain(values[term]) for name, values in found.items()}
        for term in params.index
    ]


def design_with(
    design: "pd.DataFrame", terms: list[str], *, unit: str, response: str | None
) -> "pd.DataFrame":
    """Return the unit and the columns of a design that the platform needs, and nothing else.

    Raises:
        ClientError: a term, the response or the unit has no column.
    """
    wanted = [unit, *terms, *([] if response is None else [response])]
    missing = [name for name in wanted if name not in design.columns]
    if missing:
        raise ClientError(
            "design",
            f"The design has no column {missing[0]!r:.60}: give one per term, called as the term is, and {unit}.",
        )
    return design[wanted]


def _plain(value: Any) -> object:  # Any: numpy's numbers among them
    return value.item() if hasattr(value, "item") else value

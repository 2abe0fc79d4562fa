"""Statistical disclosure control: what may leave, and why; values in, findings out.

Importing this package loads nothing heavy; each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from disclosure import chart, dp, sacro
    from disclosure.assessment import assess
    from disclosure.errors import DisclosureError
    from disclosure.frame import (
        Checked,
        cox,
        crosstab,
        histogram,
        kaplan_meier,
        logit,
        ols,
        pivot_table,
        poisson,
        probit,
    )
    from disclosure.policy import Policy, strictest_of
    from disclosure.protection import Wishes, protect, protect_together
    from disclosure.released import NoisyReleased, Released
    from disclosure.result import Finding, Report
    from disclosure.safe import Safe
    from disclosure.statistic import Statistic
    from disclosure.verdict import Verdict

__all__ = [
    "Checked",
    "DisclosureError",
    "Finding",
    "NoisyReleased",
    "Policy",
    "Released",
    "Report",
    "Safe",
    "Statistic",
    "Verdict",
    "Wishes",
    "assess",
    "chart",
    "cox",
    "crosstab",
    "dp",
    "histogram",
    "kaplan_meier",
    "logit",
    "ols",
    "pivot_table",
    "poisson",
    "probit",
    "protect",
    "protect_together",
    "sacro",
    "strictest_of",
]

_HOMES: Final = {
    "Checked": "frame",
    "DisclosureError": "errors",
    "Finding": "result",
    "NoisyReleased": "released",
    "Policy": "policy",
    "Released": "released",
    "Report": "result",
    "Safe": "safe",
    "Statistic": "statistic",
    "Verdict": "verdict",
    "Wishes": "protection",
    "assess": "assessment",
    "cox": "frame",
    "crosstab": "frame",
    "histogram": "frame",
    "kaplan_meier": "frame",
    "logit": "frame",
    "ols": "frame",
    "pivot_table": "frame",
    "poisson": "frame",
    "probit": "frame",
    "protect": "protection",
    "protect_together": "protection",
    "strictest_of": "policy",
}


def __getattr__(name: str) -> object:
    """Load a public name from the module that holds it."""
    if name in {"chart", "dp", "sacro"}:
        return import_module(f"disclosure.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'disclosure' has no attribute {name!r}")
    found: object = getattr(import_module(f"disclosure.{_HOMES[name]}"), name)
    globals()[name] = found
    return found

"""Pandas' words for asking: each makes a statistic, checks it, and answers with a wide table and its judgement."""

from disclosure.frame.checked import Checked
from disclosure.frame.curves import histogram, kaplan_meier
from disclosure.frame.regressions import cox, logit, ols, poisson, probit
from disclosure.frame.tables import crosstab, pivot_table

__all__ = [
    "Checked",
    "cox",
    "crosstab",
    "histogram",
    "kaplan_meier",
    "logit",
    "ols",
    "pivot_table",
    "poisson",
    "probit",
]

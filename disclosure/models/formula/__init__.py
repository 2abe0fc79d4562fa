"""Model formulas: read by a grammar of their own, never run."""

from disclosure.models.formula.parse import parse_formula
from disclosure.models.formula.tree import (
    Call,
    Categories,
    Factor,
    Formula,
    Name,
    Number,
    Operation,
    Term,
    Value,
    factor_text,
    name_text,
    names_in,
    term_text,
    value_text,
)

__all__ = [
    "Call",
    "Categories",
    "Factor",
    "Formula",
    "Name",
    "Number",
    "Operation",
    "Term",
    "Value",
    "factor_text",
    "name_text",
    "names_in",
    "parse_formula",
    "term_text",
    "value_text",
]

"""Data contracts: for each column of one source, where it may go and what happens to it on the way."""

from tre.domain.contracts.model import (
    ROW_KEY,
    ColumnClass,
    ColumnType,
    Contract,
    Derived,
    Field,
    Identifier,
    Kind,
    Payload,
    Rule,
    Treatment,
)
from tre.domain.contracts.parse import parse_contract

__all__ = [
    "ROW_KEY",
    "ColumnClass",
    "ColumnType",
    "Contract",
    "Derived",
    "Field",
    "Identifier",
    "Kind",
    "Payload",
    "Rule",
    "Treatment",
    "parse_contract",
]

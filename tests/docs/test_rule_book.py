"""The rule book has every rule of the contract, and cannot leave a threshold or a check out."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from disclosure import Policy
from disclosure.rules import RULES
from docs.generate import rules

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"
CONTRACT = [
    "threshold",
    "zero",
    "p_percent",
    "dominance",
    "all_equal",
    "group",
    "endpoint",
    "quantile",
    "dof",
    "design",
    "survival_step",
    "differencing",
    "recoverable",
    "identifier",
    "check_failed",
]


@pytest.mark.parametrize("rule", CONTRACT)
def test_each_rule_name_stands_in_the_book_with_its_reason_and_an_example(rule):
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    found = [section for section in sections if section.startswith(f"{rule}\n")]
    assert len(found) == 1
    assert "**Why**: " in found[0]
    assert "**Example**: " in found[0]


def test_the_book_has_no_rule_that_the_contract_does_not_name():
    assert [entry.rule for entry in rules.BOOK] == CONTRACT


def test_each_threshold_and_each_check_of_tables_stands_in_the_book():
    text = PAGE.read_text()
    names = [field.name for field in fields(Policy) if field.name not in rules.BESIDE]
    assert [name for name in names if f"| `{name}` |" not in text] == []
    assert [rule.__name__ for rule in RULES if f".{rule.__name__}`: " not in text] == []


@pytest.mark.parametrize("without", ["threshold", "design", "recoverable"])
def test_a_book_that_leaves_something_out_is_refused(monkeypatch, without):
    shorter = tuple(entry for entry in rules.BOOK if entry.rule != without)
    monkeypatch.setattr(rules, "BOOK", shorter)
    with pytest.raises(LookupError, match="leaves out"):
        rules.rules()

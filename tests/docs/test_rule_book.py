"""The rule book has every rule of the contract, and cannot leave a threshold or a check out."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from disclosure import Policy
from disclosure.association import rules as associated
from disclosure.models.columns import COLUMN_RULES
from disclosure.models.means import MEAN_RULES
from disclosure.rules import RULES
from disclosure.survival import rules as survival
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


def test_each_threshold_and_each_check_stands_in_the_book():
    text = PAGE.read_text()
    names = [field.name for field in fields(Policy) if field.name not in rules.BESIDE]
    assert [name for name in names if f"| `{name}` |" not in text] == []
    every = (*RULES, *survival.RULES, *associated.RULES, *MEAN_RULES, *COLUMN_RULES)
    places = [f"`{rule.__module__}.{rule.__qualname__}`: " for rule in every]
    assert [place for place in places if place not in text] == []


def test_each_kind_of_statistic_leads_to_its_rules():
    text = PAGE.read_text()
    rows = dict(re.findall(r"^\| ([A-Z][^|]+) \| (\[[^|]+) \|$", text, flags=re.MULTILINE))
    assert set(rows) == {
        "Tables, quantiles and histograms",
        "Survival curves",
        "Associations and tests",
        "Models",
    }
    assert "(#survival_step)" in rows["Survival curves"]
    assert "(#design)" in rows["Models"]
    for target in re.findall(r"\(#(\w+)\)", text):
        assert f"\n## {target}\n" in text


@pytest.mark.parametrize("without", ["threshold", "design", "survival_step", "recoverable"])
def test_a_book_that_leaves_something_out_is_refused(monkeypatch, without):
    shorter = tuple(entry for entry in rules.BOOK if entry.rule != without)
    monkeypatch.setattr(rules, "BOOK", shorter)
    with pytest.raises(LookupError, match="leaves out"):
        rules.rules()

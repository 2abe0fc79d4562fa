"""What a notebook can ask besides tables, and the practice answers that it may draw."""

from __future__ import annotations

import pytest

from disclosure import DisclosureError, Statistic
from tests.tre.client.answering import Platform
from tre.client import ClientError, Project


def test_every_kind_is_asked_with_the_tables_unit(project: Project) -> None:
    asked = {
        project.quantiles("bill", q=(0.5,)): Statistic.quantiles("linked", "bill", q=(0.5,), unit="study_id"),
        project.histogram("bill", [0, 10, 20]): Statistic.histogram(
            "linked", "bill", bins=[0, 10, 20], unit="study_id"
        ),
        project.survival("time", "died", by=["region"]): Statistic.survival(
            "linked", "time", "died", by=["region"], unit="study_id"
        ),
        project.association("pearson", ["bill", "age"]): Statistic.association(
            "linked", "pearson", ["bill", "age"], unit="study_id"
        ),
        project.cox("time ~ age", event="died"): Statistic.model(
            "linked", kind="cox", formula="time ~ age", event="died", unit="study_id"
        ),
    }
    for kind in ("ols", "logit", "probit", "poisson"):
        formula = "y ~ x + C(region)"
        asked[getattr(project, kind)(formula)] = Statistic.model(
            "linked", kind=kind, formula=formula, unit="study_id"
        )
    for table, statistic in asked.items():
        assert table.to_statistic() == statistic
        assert statistic.source in repr(table)


def test_a_formula_with_something_to_run_is_refused_in_the_notebook_already(project: Project) -> None:
    with pytest.raises(DisclosureError):
        project.ols("y ~ __import__('os').getcwd()")


def test_practice_answers_come_from_the_rows_here_and_ask_the_platform_for_nothing_but_public_facts(
    project: Project, platform: Platform
) -> None:
    table = project.crosstab("region")
    practice = table.simulate(2)
    assert len(practice.tables) == 2
    assert list(practice.tables[0]["region"].dropna()) == ["London", "Wales"]
    assert {verb for verb, _ in platform.asked} == {"tables", "dictionary"}
    with pytest.raises(ClientError) as caught:
        project.submit([practice], title="T", context="C")  # type: ignore[list-item]  # practice is no table
    assert caught.value.code == "not_a_table"


def test_practice_at_a_finer_precision_has_less_noise(project: Project) -> None:
    spread = {}
    for precision in ("coarse", "fine"):
        found = project.simulate(
            Statistic.table("linked", by=["region"], unit="study_id"), 20, precision=precision
        )
        spread[precision] = sum(float(abs(table["n"].iloc[0] - 1)) for table in found.tables)
    assert spread["coarse"] > spread["fine"]


def test_practice_has_the_precisions_of_the_menu(project: Project) -> None:
    with pytest.raises(ClientError) as caught:
        project.crosstab("region").protect("suppress").simulate(precision="perfect")
    assert caught.value.code == "unknown_precision"

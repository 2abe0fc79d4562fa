"""What a notebook can ask besides tables, and the practice answers that it may draw."""

from __future__ import annotations

import inspect

import pytest

import disclosure
from disclosure import DisclosureError, Statistic
from tests.tre.client.answering import DRAWN, Platform
from tre import wire
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


def test_a_project_takes_the_words_of_the_librarys_own_functions(project: Project) -> None:
    """Whoever knows one knows the other: the words differ by the data, the unit and what a check needs besides."""
    beside = {"self", "data", "policy", "released", "key", "source", "words"}
    names = (
        "crosstab",
        "pivot_table",
        "histogram",
        "kaplan_meier",
        "ols",
        "logit",
        "probit",
        "poisson",
        "cox",
    )
    for name in names:
        ours, theirs = (inspect.signature(getattr(owner, name)).parameters for owner in (Project, disclosure))
        known = {word: one.default for word, one in theirs.items() if word not in beside}
        assert {word: ours[word].default for word in known} == known, name


def test_pandas_words_make_the_same_statistic_here_and_there(project: Project) -> None:
    import pandas as pd

    data = pd.DataFrame(
        {
            "study_id": range(40),
            "region": ["a", "b"] * 20,
            "tenure": ["x", "x", "y", "y"] * 10,
            "bill": [float(number) for number in range(40)],
        }
    )
    asked: list[tuple[str, tuple[object, ...], dict[str, object]]] = [
        ("crosstab", ("region", "tenure"), {"title": "T"}),
        ("crosstab", (["region", "tenure"],), {"normalize": "index", "title": "T"}),
        (
            "crosstab",
            ("region",),
            {"values": "bill", "aggfunc": ["mean", "sum"], "title": "T", "margins": False},
        ),
        ("pivot_table", (), {"values": ["bill"], "index": "region", "columns": "tenure", "title": "T"}),
        ("crosstab", ("region",), {"where": "bill > 3", "derive": {"big": "bill > 9"}, "title": "T"}),
        ("histogram", ("bill", [0, 20, 40]), {"by": "region"}),
    ]
    for name, values, words in asked:
        here = getattr(project, name)(*values, **words).to_statistic()
        there = getattr(disclosure, name)(data, *values, **words, unit="study_id", source="linked")
        assert here == there.statistic, name


def test_a_ratio_and_shares_get_a_plain_title(project: Project) -> None:
    ratio = project.ratio("claims", "policies", by="region").to_statistic()
    assert ratio == Statistic.table(
        "linked",
        by=["region"],
        measures={"ratio": ("ratio", "claims", "policies")},
        unit="study_id",
        title="Ratio of claims to policies by region",
    )
    shares = project.crosstab("region", "tenure", normalize="index").to_statistic()
    assert shares.title == "Proportion of index by region and tenure"
    assert project.crosstab().to_statistic().title == "Numbers"


def test_a_chart_is_drawn_by_the_platform_and_goes_with_its_table(
    project: Project, platform: Platform
) -> None:
    table = project.crosstab("region")
    charted = table.protect("suppress").chart("bar")
    assert table.picture is None
    assert charted.protection == wire.ProtectionShape(method="suppress")
    assert charted.chart("line").protect("round").picture == wire.ChartShape(kind="line")
    shown = charted._repr_html_()
    assert DRAWN["svg"] in shown
    asked = platform.asked[-1][1]
    assert isinstance(asked, wire.CheckRequest)
    assert asked.chart == wire.ChartShape(kind="bar")
    check = charted.check()
    assert (check.svg, check.alt) == (DRAWN["svg"], DRAWN["alternative"])
    plain = table.check()
    assert (plain.svg, plain.alt) == (None, "")
    project.submit([table, charted], title="T", context="C", mode="exact", reason="legal_duty")
    sent = platform.asked[-1][1]
    assert isinstance(sent, wire.SubmitRequest)
    assert sent.charts == (None, wire.ChartShape(kind="bar"))
    project.submit([table], title="T", context="C")
    sent = platform.asked[-1][1]
    assert isinstance(sent, wire.SubmitRequest)
    assert sent.charts == ()


def test_a_chart_that_does_not_suit_is_refused_in_the_notebook_already(
    project: Project, platform: Platform
) -> None:
    assert project.histogram("bill", [0, 10]).chart().picture == wire.ChartShape(kind="histogram")
    assert project.ols("y ~ x").chart().picture == wire.ChartShape(kind="forest")
    for kind, measure in (("pie", None), ("forest", None), ("heatmap", None), ("bar", "nothing")):
        with pytest.raises(DisclosureError) as caught:
            project.crosstab("region").chart(kind, measure=measure)
        assert caught.value.code == "chart"
    assert {verb for verb, _ in platform.asked} == {"tables"}


def test_a_checked_table_is_laid_out_as_pandas_does(project: Project) -> None:
    wide = project.crosstab("region").check().table
    assert wide.loc["Wales", "n"] == 30
    assert wide.loc["All", "n"] == 33
    assert wide.index.name == "region"

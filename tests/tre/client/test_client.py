"""The researcher's side, against a platform that is a plain function behind the real channel."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import html5lib
import pandas as pd
import pytest

import tre
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic
from tests.tre.client.answering import DICTIONARY, HOSTILE, TABLES, Platform
from tre import wire
from tre.client import ClientError, Project
from tre.client.channel import Channel
from tre.sandbox.channel import serving


def parsed(html: str) -> object:
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)


def test_without_a_workspace_one_sentence_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "x", "987654"):
        monkeypatch.setenv("TRE_CHANNEL_FD", value)
        with pytest.raises(tre.ClientError, match="open the project's workspace") as refused:
            tre.project()
        assert refused.value.code == "no_workspace"


def test_importing_the_client_loads_no_server_code() -> None:
    text = (
        "import sys, tre, disclosure; tre.project; print(sorted({'sqlalchemy', 'opendp', 'starlette', 'typer',"
        " 'pandas', 'duckdb', 'splink', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"


def test_importing_the_package_alone_loads_nothing() -> None:
    text = (
        "import sys, typing; before = set(sys.modules); import tre; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True, text=True)
    assert done.stdout == "['tre']\n"
    assert "project" in dir(tre)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tre.nothing  # noqa: B018 - the access is the test


def test_tables_are_read_from_the_extract(project: Project) -> None:
    assert project.tables() == ("linked",)
    assert repr(project) == "Project(fuel: linked)"
    table = project.table("linked")
    assert (table.name, table.unit, table.columns) == ("linked", "study_id", ("region",))
    assert list(table.to_pandas()["region"]) == ["Wales", "London"]
    assert table.duckdb().aggregate("count(*)").fetchall() == [(2,)]
    assert HOSTILE not in table._repr_html_()
    parsed(table._repr_html_())
    with pytest.raises(ClientError, match="choose of linked"):
        project.table("absent")


def test_budget_and_dictionary_come_from_the_platform(project: Project) -> None:
    assert project.budget().accounts[0].remaining == 85
    assert project.dictionary("linked") == DICTIONARY


def test_a_crosstab_is_a_statistic_with_the_tables_unit(project: Project, platform: Platform) -> None:
    table = project.crosstab("region", values="bill", aggfunc="mean", where="age >= 18")
    assert table.to_statistic() == Statistic.table(
        "linked",
        by=["region"],
        measures={"bill_mean": ("mean", "bill")},
        unit="study_id",
        where="age >= 18",
        title="Mean of bill by region",
    )
    assert project.crosstab("region", title="People").to_statistic().title == "People"
    assert repr(table) == "Table(mean of bill by region from linked where age >= 18)"
    assert project.crosstab("region").to_statistic().measures == ()
    pivot = project.pivot_table(index="region", columns=["tenure"], values="bill")
    assert pivot.to_statistic().by == ("region", "tenure")
    assert pivot.to_statistic().title == "Mean of bill by region and tenure"
    assert [verb for verb, _ in platform.asked] == ["tables"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"aggfunc": "mean"}, "measure"),
        ({"source": "absent"}, "unknown_table"),
        ({"values": "bill", "aggfunc": "evil"}, "unknown_measure"),
        ({"where": "__import__('os')"}, "expression"),
    ],
)
def test_what_cannot_be_asked_is_refused_here(project: Project, given: dict[str, str], code: str) -> None:
    with pytest.raises(DisclosureError) as refused:
        project.crosstab("region", **given)
    assert refused.value.code == code


def test_unsafe_cells_are_shaded_and_named_in_words_and_nothing_hostile_runs(project: Project) -> None:
    table = project.crosstab("region")
    html = table._repr_html_()
    parsed(html)
    assert HOSTILE not in html
    assert html.count("background:") == 1
    assert html.count("UNSAFE") == 1
    assert "Verdict of the platform: FAIL" in html
    assert '<th scope="row">all</th>' in html
    check = table.check()
    assert (check.verdict, check.findings[0].rule) == ("FAIL", "threshold")
    assert list(check.to_pandas()["unsafe"]) == [True, False, False]
    assert "Verdict: FAIL" in repr(check)


def test_a_price_is_in_integer_nano_rho(project: Project, platform: Platform) -> None:
    price = project.crosstab("region").price(precision="standard")
    assert (price.rho, price.half_widths) == (5_000_000, {"n": 19.6})


def test_a_request_is_submitted_followed_and_withdrawn(project: Project, platform: Platform) -> None:
    tables = [project.crosstab("region"), Statistic.table("linked", by=["tenure"], unit="study_id")]
    request = project.submit(tables, title="T", context="C")
    assert repr(request) == "Request(7: T, SUBMITTED)"
    sent = platform.asked[-1][1]
    assert isinstance(sent, wire.SubmitRequest)
    assert (sent.mode, sent.precision, sent.reason) == ("noisy", "standard", None)
    assert [Statistic.from_json(item).by for item in sent.items] == [("region",), ("tenure",)]
    assert request.status().state == "SUBMITTED"
    assert request.withdraw().state == "WITHDRAWN"


def test_a_refusal_of_the_platform_reaches_the_notebook_with_its_code(project: Project) -> None:
    with pytest.raises(ClientError, match="needs a reason") as refused:
        project.submit([project.crosstab("region")], title="T", context="C", mode="exact")
    assert refused.value.code == "reason_missing"
    for title, context, tables in (("", "C", [project.crosstab("region")]), ("T", "", []), ("T", "C", [])):
        with pytest.raises(ClientError, match="at least one table"):
            project.submit(tables, title=title, context=context)


def test_a_derived_table_keeps_its_unit(project: Project, platform: Platform, tmp_path: Path) -> None:
    frame = pd.DataFrame({"study_id": ["a", "a", "b"], "adult": [True, True, False]})
    name = project.register("adults", frame)
    sent = platform.asked[-1][1]
    assert isinstance(sent, wire.RegisterRequest)
    assert (sent.rows, sent.rows_per_unit, sent.columns) == (3, 2, ("study_id", "adult"))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / sent.file), frame)
    assert project.crosstab("adult", source=name).to_statistic().unit == "study_id"


@pytest.mark.parametrize(
    ("name", "frame", "code"),
    [
        ("../x", {"study_id": ["a"]}, "derived_name"),
        ("Adults", {"study_id": ["a"]}, "derived_name"),
        ("adults", {"age": [1]}, "derived_unit"),
        ("adults", {"study_id": ["a", None]}, "derived_unit"),
    ],
)
def test_a_derived_table_without_its_unit_is_refused(
    project: Project, name: str, frame: dict[str, list[object]], code: str, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ClientError) as refused:
        project.register(name, pd.DataFrame(frame))
    assert refused.value.code == code
    assert sorted(tmp_path.iterdir()) == before


def test_a_platform_that_is_gone_is_named(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(platform) as service:
        monkeypatch.setenv("TRE_CHANNEL_FD", str(service.inside))
        channel = Channel.inherited()
    with contextlib.closing(channel), pytest.raises(ClientError, match="closed the channel"):
        Project(channel).tables()


@pytest.mark.parametrize("answer", [{}, {"project": 1, "tables": []}, TABLES | {"extra": 1}])
def test_an_answer_of_another_shape_is_not_believed(
    answer: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda _verb, _payload: answer) as service:
        monkeypatch.setenv("TRE_CHANNEL_FD", str(service.inside))
        with contextlib.closing(Channel.inherited()) as channel, pytest.raises(ClientError) as refused:
            Project(channel).tables()
    assert refused.value.code == "strange_answer"
    assert json.dumps(answer) not in refused.value.sentence

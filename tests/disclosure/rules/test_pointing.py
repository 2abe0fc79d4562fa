"""Labels that are the units themselves never pass, whatever stands behind them and however they are called."""

import pandas as pd
import pytest

from disclosure import Policy, Statistic, Verdict, assess, protect

DATA = pd.DataFrame(
    {
        "id": [f"p{row // 20}" for row in range(400)],
        "home": [f"h{row // 200}" for row in range(400)],
        "area": "x",
    }
)


@pytest.mark.parametrize(
    ("by", "derive"),
    [
        (["home"], None),
        (["area", "home"], None),
        (["where"], {"where": "home"}),
        (["where"], {"where": "first(home, order=area)"}),
        (["two"], {"one": "home", "two": "one"}),
    ],
)
def test_a_table_by_a_level_of_unit_fails_though_many_stand_behind_each_cell(
    by: list[str], derive: dict[str, str] | None
) -> None:
    lenient = Policy(min_units=1, zeros_unsafe=False)
    asked = Statistic.table("d", by=by, derive=derive, unit=["id", "home"])
    report = assess(asked, DATA, lenient)
    found = [finding for finding in report.findings if finding.rule == "identifier"]
    assert len(found) == 1
    assert found[0].verdict is Verdict.FAIL
    inner = report.cells[by[-1]].notna().tolist()
    assert [cell in found[0].cells for cell in range(len(inner))] == inner


def test_a_derived_column_that_is_no_bare_unit_and_another_column_are_labels_like_any_other() -> None:
    asked = Statistic.table("d", by=["first"], derive={"first": "home == 'h0'"}, unit=["id", "home"])
    other = Statistic.table("d", by=["home"], unit="id")
    for stat in (asked, other):
        assert "identifier" not in {finding.rule for finding in assess(stat, DATA, Policy()).findings}


@pytest.mark.parametrize(
    "method", ["suppress", "round", "random_round", "midpoint_round", "controlled_round", "cell_key"]
)
def test_no_protection_of_numbers_makes_labels_fit_to_leave(method: str) -> None:
    standard = Policy.preset("standard")
    found = assess(Statistic.table("d", by=["home"], unit=["id", "home"]), DATA, standard)
    secret = {"key": b"k" * 32} if method in {"random_round", "cell_key"} else {}
    safe = protect(found, method, **secret)
    assert safe.report.verdict is Verdict.FAIL
    assert "identifier" in {one.rule for one in safe.report.findings}

"""An association of levels is judged by the people behind each cell that it compares."""

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Verdict
from tests.disclosure.compared import FOUR, STANDARD, crossed, judged, numbers, rules, square


@pytest.mark.parametrize("test", FOUR)
def test_four_cells_of_ten_pass_and_one_of_nine_fails(test):
    assert judged(square(10, 20, 30, 40), test, ("ill", "exposed")).verdict is Verdict.PASS
    for small in ((9, 20, 30, 40), (40, 30, 20, 9)):
        report = judged(square(*small), test, ("ill", "exposed"))
        assert rules(report) == {"threshold"}
        assert report.cells["unsafe"].tolist() == [True]


@pytest.mark.parametrize("test", FOUR)
def test_an_empty_cell_fails_and_gives_no_infinite_ratio(test):
    report = judged(square(0, 20, 30, 40), test, ("ill", "exposed"))
    assert "zero" in rules(report)
    assert not np.isinf(report.cells.select_dtypes("float").to_numpy()).any()


@pytest.mark.parametrize("test", FOUR)
def test_one_column_that_tells_the_other_fails(test):
    assert "group" in rules(judged(square(30, 0, 0, 40), test, ("ill", "exposed")))


def test_a_group_in_which_one_level_is_missing_fails():
    data = pd.concat([square(20, 20, 20, 20).assign(k="a"), square(20, 20, 0, 0).assign(k="b")])
    data["u"] = range(len(data))
    for test in FOUR:
        report = judged(data, test, ("ill", "exposed"), by=["k"])
        assert report.cells["unsafe"].tolist() == [False, True]
        assert "check_failed" in rules(report, Verdict.REVIEW)


def test_in_a_large_table_levels_must_be_large_and_a_person_looks_at_small_cells():
    data = crossed()
    assert judged(data, "chi2", ("p", "q")).verdict is Verdict.PASS
    thin = data[~data["corner"] | (data["u"] < 90)]
    report = judged(thin, "chi2", ("p", "q"))
    assert (report.verdict, rules(report, Verdict.REVIEW)) == (Verdict.REVIEW, {"threshold"})
    assert rules(judged(data[~data["corner"]], "chi2", ("p", "q")), Verdict.REVIEW) == {"zero"}
    rare = pd.concat([data, pd.DataFrame({"p": "e", "q": list("wxyz") * 2, "u": range(900, 908)})])
    assert rules(judged(rare, "chi2", ("p", "q"))) == {"design"}


def test_a_small_table_is_found_from_its_margins_and_statistic_so_its_small_cells_fail():
    """The attack: every table with these margins is tried; one alone has the printed statistic."""
    data = crossed("ab", "xyz", 90)
    data = data[~data["corner"] | (data["u"] < 20)]
    report = judged(data, "chi2", ("p", "q"))
    table = pd.crosstab(data["p"], data["q"]).to_numpy()
    down, across = table.sum(axis=1), table.sum(axis=0)
    found = []
    for one in range(across[0] + 1):
        for two in range(across[1] + 1):
            first = np.array([one, two, down[0] - one - two])
            if (first >= 0).all() and (first <= across).all():
                tried = np.stack([first, across - first])
                expected = np.outer(down, across) / table.sum()
                statistic = ((tried - expected) ** 2 / expected).sum()
                if np.isclose(statistic, report.cells["statistic"].iloc[0], rtol=1e-9):
                    found.append(tried)
    assert len(found) == 1
    assert np.array_equal(found[0], table)
    assert rules(report) == {"threshold"}


@pytest.mark.parametrize(
    ("test", "pair"), [("odds_ratio", ("ill", "exposed")), ("pearson", ("ill", "exposed"))]
)
def test_an_empty_answer_never_passes(test, pair):
    for by in ([], ["u"]):
        report = judged(square(20, 20, 20, 20), test, pair, where="ill > 5", by=by, unit=None)
        assert report.verdict is Verdict.FAIL
    data = pd.concat([square(20, 20, 20, 20).assign(k="a"), square(1, 0, 0, 0).assign(k="b")])
    data = data.assign(exposed=data["exposed"].where(data["k"] == "a"), h=data["k"])
    data["u"] = range(len(data))
    report = judged(data, test, pair, by=["k", "h"])
    assert any(finding.rule == "zero" and not finding.cells for finding in report.findings)


def test_lenient_policies_are_kept_to():
    lenient = Policy(zeros_unsafe=False, equal_values_unsafe=False)
    data = pd.concat(
        [square(20, 20, 20, 20).assign(k="a", h="x"), square(20, 20, 20, 20).assign(k="b", h="y")]
    )
    data["u"] = range(len(data))
    assert judged(data, "odds_ratio", ("ill", "exposed"), lenient, by=["k", "h"]).verdict is Verdict.PASS
    strict = judged(data, "odds_ratio", ("ill", "exposed"), by=["k", "h"])
    assert [(found.rule, found.cells, found.verdict) for found in strict.findings] == [
        ("zero", (), Verdict.FAIL)
    ]
    none = judged(square(0, 20, 30, 40), "odds_ratio", ("ill", "exposed"), lenient)
    assert (rules(none), rules(none, Verdict.REVIEW)) == (set(), {"zero", "check_failed"})
    same = numbers().assign(v=3.0)
    assert judged(same, "anova", ("v", "g"), lenient).verdict is Verdict.REVIEW


class TestLevels:
    @pytest.mark.parametrize("test", ["odds_ratio", "t_test"])
    def test_two_levels_are_compared_and_no_other_number(self, test):
        data = numbers().assign(ill=[0, 1] * 40, three=["x", "y", "z", "z"] * 20)
        pair = ("ill", "three") if test == "odds_ratio" else ("v", "three")
        with pytest.raises(DisclosureError) as caught:
            judged(data, test, pair)
        assert caught.value.code == "association"
        assert judged(data, test, pair, where="three != 'z'").cells["n"].tolist() == [40]

    def test_a_reference_that_is_no_level_is_refused_without_naming_the_levels(self):
        with pytest.raises(DisclosureError) as caught:
            judged(square(20, 20, 20, 20), "odds_ratio", ("ill", "exposed"), reference=(5, None))
        assert caught.value.code == "association"

    def test_a_test_of_numbers_needs_numbers(self):
        for test, pair in (("t_test", ("g", "u")), ("pearson", ("v", "g"))):
            with pytest.raises(DisclosureError) as caught:
                judged(numbers(), test, pair)
            assert caught.value.code == "not_numeric"

    def test_a_table_of_too_many_cells_is_refused(self):
        with pytest.raises(DisclosureError) as caught:
            judged(numbers(), "chi2", ("u", "g"), STANDARD.tightened(max_cells=100), unit=None)
        assert caught.value.code == "too_many_cells"

    def test_a_test_of_very_many_groups_remembers_them_together_only(self):
        random = np.random.default_rng(4)
        data = pd.DataFrame({"v": random.normal(0, 1, 2400), "k": list(range(120)) * 20, "u": range(2400)})
        report = judged(data, "anova", ("v", "k"))
        assert report.verdict is Verdict.PASS
        assert set(report.evidence.contributors()) == {None}


@pytest.mark.parametrize(("columns", "found"), [("xyz", {"threshold"}), ("wxyz", set())])
def test_a_table_of_four_degrees_of_freedom_is_the_largest_small_one(columns, found):
    data = crossed("abc", columns, 600)
    thin = data[~data["corner"] | (data["u"] < 60)]
    assert rules(judged(thin, "chi2", ("p", "q"))) == found

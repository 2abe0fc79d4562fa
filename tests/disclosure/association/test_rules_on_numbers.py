"""An association of numbers is judged by the people behind each group or pair that it compares."""

import numpy as np
import pandas as pd
import pytest

from disclosure import Policy, Verdict
from tests.disclosure.compared import ONE, PAIRS, crossed, judged, numbers, rules


@pytest.mark.parametrize("test", ONE)
def test_a_small_group_fails(test):
    assert judged(numbers(), test, ("v", "g")).verdict is Verdict.PASS
    assert rules(judged(numbers(40, 9), test, ("v", "g"))) == {"threshold"}


@pytest.mark.parametrize("test", ONE)
def test_a_group_that_is_not_there_fails(test):
    data = pd.concat([numbers().assign(k="a"), numbers(40, 0).assign(k="b"), numbers(0, 1).assign(k="c")])
    data["u"] = range(len(data))
    report = judged(data, test, ("v", "g"), by=["k"])
    assert report.cells["unsafe"].tolist() == [False, True, True]
    assert {"zero", "threshold"} <= rules(report)
    assert "check_failed" in rules(report, Verdict.REVIEW)


@pytest.mark.parametrize("test", PAIRS)
def test_one_person_has_no_association(test):
    report = judged(numbers(1, 0), test, ("v", "w"))
    assert {"threshold", "dof"} <= rules(report)
    if test != "wilcoxon":
        assert report.cells["p_value"].isna().all()


@pytest.mark.parametrize("test", ONE)
def test_a_group_of_one_value_fails(test):
    data = numbers()
    data.loc[data["g"] == "a", "v"] = 50.0
    assert "all_equal" in rules(judged(data, test, ("v", "g")))
    everyone = judged(data.assign(v=50.0), test, ("v", "g"))
    assert "all_equal" in rules(everyone)
    assert "check_failed" in rules(everyone, Verdict.REVIEW)


@pytest.mark.parametrize("test", ONE)
def test_groups_whose_values_nowhere_overlap_fail(test):
    data = numbers()
    data.loc[data["g"] == "a", "v"] += 1000
    assert "group" in rules(judged(data, test, ("v", "g")))


@pytest.mark.parametrize("test", ["t_test", "t_test_pooled"])
def test_a_mean_that_one_person_dominates_fails(test):
    data = numbers().assign(v=lambda frame: frame["v"] - 49)
    data.loc[0, "v"] = 1e6
    assert rules(judged(data, test, ("v", "g"))) == {"p_percent", "dominance"}
    data.loc[0, "v"] = -1e6
    assert rules(judged(data, test, ("v", "g"))) == {"p_percent", "dominance"}
    data.loc[1, "v"] = 4e5
    data.loc[2:20, "v"] = 3e4
    report = judged(data, test, ("v", "g"))
    assert rules(report, Verdict.REVIEW) == {"dominance"}
    assert judged(data, "anova", ("v", "g")).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("two", "found", "looked"),
    [
        ([100.0, 2.0], {"dominance"}, {"dominance"}),
        ([101.0, 2.0], {"p_percent", "dominance"}, {"dominance"}),
        ([80.0, 10.0], {"dominance"}, {"dominance"}),
        ([79.0, 10.0], set(), {"dominance"}),
        ([15.0, 5.0], set(), {"dominance"}),
        ([14.0, 5.0], set(), set()),
    ],
)
def test_the_shares_are_those_of_the_policy(two, found, looked):
    data = numbers(12, 40)
    data.loc[data["g"] == "a", "v"] = two + [1.0] * 10
    report = judged(data, "t_test", ("v", "g"))
    assert (rules(report) - {"group"}, rules(report, Verdict.REVIEW)) == (found, looked)


def test_a_mean_of_noughts_tells_each_one():
    data = numbers().assign(v=lambda frame: frame["v"].where(frame["g"] == "b", 0.0))
    assert "p_percent" in rules(judged(data, "t_test", ("v", "g")))
    assert "dominance" not in rules(judged(data, "t_test", ("v", "g")))


def test_the_bounds_of_people_and_degrees_are_those_of_the_policy():
    for sizes, found in (((5, 5), {"dof"}), ((6, 5), {"dof"}), ((6, 6), set())):
        assert rules(judged(numbers(*sizes), "pearson", ("v", "w"))) == found
    data = crossed()
    for size, found in ((10, set()), (9, {"design"})):
        rare = pd.DataFrame({"p": "e", "q": list("wxyz" * 3)[:size], "u": range(900, 900 + size)})
        assert rules(judged(pd.concat([data, rare]), "chi2", ("p", "q"))) == found


def test_contributions_are_those_of_units():
    data = numbers().assign(v=lambda frame: abs(frame["v"] - 49))
    data.loc[:9, "v"] = 200.0
    assert judged(data, "t_test", ("v", "g")).verdict is Verdict.PASS
    data.loc[:9, "u"] = 0
    report = judged(data, "t_test", ("v", "g"))
    assert "p_percent" in rules(report)
    assert "design" in rules(report, Verdict.REVIEW)
    assert report.cells["units"].tolist() == [71]
    assert "rows" in judged(numbers(40, 9), "t_test", ("v", "g"), unit=None).findings[0].sentence


@pytest.mark.parametrize("test", PAIRS)
def test_pairs_of_enough_people_pass_and_few_fail(test):
    assert judged(numbers(), test, ("v", "w")).verdict is Verdict.PASS
    assert "threshold" in rules(judged(numbers(5, 4), test, ("v", "w")))
    assert "dof" in rules(judged(numbers(5, 5), test, ("v", "w")))


@pytest.mark.parametrize("test", PAIRS)
def test_perfect_pairs_fail(test):
    data = numbers().assign(w=lambda frame: frame["v"] + 1)
    assert rules(judged(data, test, ("v", "w"))) & {"group", "all_equal"}
    data["w"] = -2 * data["v"] - 200
    if test != "paired_t":
        assert "group" in rules(judged(data, test, ("v", "w")))


@pytest.mark.parametrize("test", PAIRS)
def test_a_column_of_one_value_fails(test):
    data = numbers().assign(v=3.0, w=3.0)
    report = judged(data, test, ("v", "w"))
    assert "all_equal" in rules(report)
    assert "check_failed" in rules(report, Verdict.REVIEW)


def test_a_person_looks_at_a_correlation_that_one_unit_makes():
    data = numbers()
    data.loc[0, ["v", "w"]] = 1e5
    assert rules(judged(data, "pearson", ("v", "w")), Verdict.REVIEW) == {"design"}
    assert judged(data, "spearman", ("v", "w")).verdict is Verdict.PASS


def test_numbers_too_large_for_a_test_are_looked_at():
    data = numbers()
    data["v"] = data["v"] * 1e300
    for test, pair in (
        ("t_test", ("v", "g")),
        ("pearson", ("v", "w")),
        ("anova", ("v", "g")),
        ("paired_t", ("v", "w")),
    ):
        assert "check_failed" in rules(judged(data, test, pair), Verdict.REVIEW), test
    data.loc[0, "w"] = np.inf
    report = judged(data.assign(v=data["w"] * 2), "pearson", ("v", "w"))
    assert any("infinity" in finding.sentence for finding in report.findings)


def test_too_few_degrees_of_freedom_are_found():
    policy = Policy(min_units=2, min_design_units=2)
    assert rules(judged(numbers(5, 6), "t_test", ("v", "g"), policy)) == {"dof"}

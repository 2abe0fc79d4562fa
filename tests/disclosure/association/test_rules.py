"""An association is judged by the people behind each group or cell that it compares."""

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")
FOUR = ("odds_ratio", "risk_ratio", "risk_difference", "fisher", "chi2")
ONE = ("t_test", "t_test_pooled", "mann_whitney", "anova", "kruskal")
PAIRS = ("pearson", "spearman", "kendall", "paired_t", "wilcoxon")


def square(a, b, c, d):
    """Return people by outcome and exposure: a, b with the event, c, d without; a, c exposed."""
    rows = [(1, 1)] * a + [(1, 0)] * b + [(0, 1)] * c + [(0, 0)] * d
    return pd.DataFrame(rows, columns=["ill", "exposed"]).assign(u=range(a + b + c + d))


def numbers(one=40, other=40, seed=1):
    random = np.random.default_rng(seed)
    n = one + other
    return pd.DataFrame(
        {
            "v": random.normal(50, 5, n),
            "w": random.normal(50, 5, n),
            "g": ["a"] * one + ["b"] * other,
            "u": range(n),
        }
    )


def judged(data, test, pair, policy=STANDARD, **words):
    return assess(Statistic.association("d", test, pair, **{"unit": "u"} | words), data, policy)


def rules(report, verdict=Verdict.FAIL):
    return {finding.rule for finding in report.findings if finding.verdict is verdict}


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


def crossed(rows="abcd", columns="wxyz", n=600):
    random = np.random.default_rng(2)
    data = pd.DataFrame({"p": random.choice(list(rows), n), "q": random.choice(list(columns), n)})
    return data.assign(u=range(n), corner=(data["p"] == "a") & (data["q"] == "x"))


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

"""Every printed step of a curve is judged as the counts of people that it gives away."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import Policy, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")


def cohort(*steps, left=40, **columns):
    """Return lives: per step how many have the event and how many are censored at its time; the rest stay longer."""
    times, events = [], []
    for number, (happened, censored) in enumerate(steps, start=1):
        times += [10.0 * number] * (happened + censored)
        events += [1] * happened + [0] * censored
    times += [1000.0] * left
    events += [0] * left
    data = pd.DataFrame({"t": times, "e": events})
    return data.assign(u=range(len(data)), **columns)


def judged(data, policy=STANDARD, **words):
    asked = {"at": [10, 20], "unit": "u"} | words
    return assess(Statistic.survival("d", "t", "e", **asked), data, policy)


def hits(report, rule):
    return [finding.cells for finding in report.findings if finding.rule == rule]


def test_a_curve_of_large_steps_passes():
    report = judged(cohort((20, 15), (12, 11)))
    assert (report.verdict, report.findings) == (Verdict.PASS, ())
    assert report.cells["part"].tolist() == ["start", "step", "step", "median"]


@pytest.mark.parametrize(
    ("steps", "left", "cells"),
    [
        (((9, 15), (12, 11)), 40, (1,)),
        (((20, 15), (12, 9)), 40, (2,)),
        (((20, 15), (12, 1)), 40, (2,)),
        (((20, 15), (12, 11)), 9, (2,)),
        (((20, 15), (12, 11)), 0, (2,)),
    ],
)
def test_a_step_with_few_events_few_censored_or_few_left_is_unsafe(steps, left, cells):
    report = judged(cohort(*steps, left=left))
    assert (report.verdict, hits(report, "survival_step")) == (Verdict.FAIL, [cells])
    assert tuple(np.flatnonzero(report.cells["unsafe"])) == cells


def test_one_more_declared_time_that_singles_out_one_event_is_found():
    """Two curves, one with a step more, would differ by one person's event: the finer one fails by itself."""
    data = cohort((20, 15), (12, 11))
    data.loc[data.index[0], "t"] = 9.0
    assert judged(data).verdict is Verdict.PASS
    finer = judged(data, at=[9, 10, 20])
    assert finer.verdict is Verdict.FAIL
    assert hits(finer, "survival_step") == [(1,)]


def test_a_step_without_events_says_so_of_everyone():
    report = judged(cohort((20, 15), (0, 12)))
    assert hits(report, "zero") == [(2,)]
    lenient = Policy(zeros_unsafe=False)
    assert judged(cohort((20, 15), (0, 12)), lenient).verdict is Verdict.PASS


def test_a_person_looks_where_everyone_who_left_had_the_event():
    report = judged(cohort((20, 0), (12, 11)))
    assert (report.verdict, hits(report, "group")) == (Verdict.REVIEW, [(1,)])


def test_units_are_counted_not_rows():
    data = cohort((20, 15), (12, 11))
    data["u"] = data["u"] // 2
    report = judged(data)
    assert report.verdict is Verdict.FAIL
    assert report.cells["units"].iloc[0] == 49
    several = [finding for finding in report.findings if "several times" in finding.sentence]
    assert [finding.verdict for finding in several] == [Verdict.REVIEW]
    assert "rows stand" not in " ".join(finding.sentence for finding in report.findings)
    alone = judged(cohort((9, 15), (12, 11)), unit=None)
    assert "10 rows have the event" in alone.findings[0].sentence


def test_the_fewest_of_several_levels_of_unit_count():
    data = cohort((20, 15), (12, 11))
    data["household"] = data["u"] // 3
    report = judged(data, unit=["u", "household"])
    assert report.cells["units"].iloc[0] == data["household"].nunique()
    assert report.verdict is Verdict.FAIL
    assert not any("several times" in finding.sentence for finding in report.findings)


def test_a_group_of_few_people_is_unsafe_and_one_that_is_not_there_too():
    data = cohort((20, 15), (12, 11), g="a", h="x")
    few = cohort((2, 2), left=4, g="b", h="y").assign(u=lambda frame: frame["u"] + 1000)
    report = judged(pd.concat([data, few]), by=["g", "h"])
    assert hits(report, "threshold")[0][0] == 4
    assert not hits(judged(cohort((5, 0), left=5), at=[10]), "threshold")
    assert hits(judged(cohort((5, 0), left=4), at=[10]), "threshold") == [(0, 1, 2)]
    assert [finding.cells for finding in report.findings if finding.rule == "zero"][-1] == ()


def test_groups_that_are_not_there_fail_by_themselves():
    one = cohort((20, 15), (12, 11), g="a", h="x")
    both = pd.concat([one, one.assign(g="b", h="y", u=one["u"] + 500)])
    report = judged(both, by=["g", "h"])
    assert [(found.rule, found.cells, found.verdict) for found in report.findings] == [
        ("zero", (), Verdict.FAIL)
    ]
    assert judged(both, by=["g"]).verdict is Verdict.PASS
    assert judged(both, Policy(zeros_unsafe=False), by=["g", "h"]).verdict is Verdict.PASS


def test_an_empty_curve_never_passes():
    for by in ([], ["g"]):
        report = judged(cohort((20, 15), g="a"), where="g == 'b'", by=by)
        assert report.verdict is Verdict.FAIL
        assert any(finding.rule == "zero" and not finding.cells for finding in report.findings)
    missing = cohort((20, 15), g="a").assign(t=np.nan)
    assert judged(missing, by=["g"]).verdict is Verdict.FAIL


def test_a_person_with_no_unit_is_said():
    data = cohort((20, 15), (12, 11)).astype({"u": float})
    data.loc[0, "u"] = np.nan
    report = judged(data)
    assert report.verdict is Verdict.REVIEW
    assert report.cells["units"].iloc[0] == len(data) - 1


@given(
    st.lists(st.tuples(st.sampled_from([9, 10, 25]), st.sampled_from([0, 9, 30])), min_size=1, max_size=3),
    st.sampled_from([9, 10, 40]),
    st.lists(st.sampled_from([10, 15, 20, 30]), min_size=1, max_size=2, unique=True),
    st.integers(1, 2),
)
@settings(max_examples=60, deadline=None)
def test_whatever_does_not_fail_tells_of_no_few_people(steps, left, at, lives_each):
    """The attacker reads the printed table only, and knows who is who: each count that follows is of many units."""
    data = cohort(*steps, left=left)
    data["u"] = data["u"] // lives_each
    report = judged(data, at=sorted(at))
    if report.verdict is Verdict.FAIL:
        return
    first = 0.0
    for time in sorted(at):
        ended = data[(data["t"] > first) & (data["t"] <= time)]
        happened, censored = (ended[ended["e"] == event]["u"].nunique() for event in (1, 0))
        assert happened >= 10
        assert censored == 0 or censored >= 10
        assert data[data["t"] > time]["u"].nunique() >= 10
        first = time


class TestWeights:
    def test_even_weights_pass(self):
        assert judged(cohort((20, 15), (12, 11), w=2.5), weight="w").verdict is Verdict.PASS

    @pytest.mark.parametrize(("place", "cells"), [(0, (1,)), (40, (1, 2)), (80, (1, 2))])
    def test_one_weight_that_makes_the_curve_is_found(self, place, cells):
        """The attack: the step of somebody of a huge weight would show whether and when they had the event."""
        data = cohort((20, 15), (12, 11), w=1.0)
        data.loc[place, "w"] = 1e9
        report = judged(data, weight="w")
        assert report.verdict is Verdict.FAIL
        assert hits(report, "p_percent") == [cells]
        assert hits(report, "dominance") == [cells, cells]

    def test_the_weights_of_those_with_the_event_are_judged_too(self):
        data = cohort((20, 15), (12, 11), left=4000, w=1.0)
        data.loc[0, "w"] = 500.0
        assert hits(judged(data, weight="w"), "p_percent") == [(1,)]
        data.loc[0, "w"] = 30.0
        report = judged(data, weight="w")
        assert (report.verdict, hits(report, "dominance")) == (Verdict.REVIEW, [(1,)])

    @pytest.mark.parametrize(
        ("weights", "close", "two", "one"),
        [
            ([100.0, 2.0], [], [(1,)], [(1,)]),
            ([101.0, 2.0], [(1,)], [(1,)], [(1,)]),
            ([80.0, 10.0], [], [(1,)], [(1,)]),
            ([79.0, 10.0], [], [], [(1,)]),
            ([15.0, 5.0], [], [], [(1,)]),
            ([14.0, 5.0], [], [], []),
        ],
    )
    def test_the_shares_are_those_of_the_policy(self, weights, close, two, one):
        data = cohort((12, 15), (12, 11), left=4000, w=1.0)
        data.loc[[0, 1], "w"] = weights
        report = judged(data, weight="w")
        assert hits(report, "p_percent") == close
        assert hits(report, "dominance") == two + one

    def test_a_unit_of_very_many_lives_weighs_as_many(self):
        data = cohort((400, 15), (12, 11))
        data.loc[:379, "u"] = 0
        assert hits(judged(data), "p_percent") == [(1,)]
        assert not hits(judged(data.assign(u=range(len(data)))), "p_percent")

    def test_weights_of_nought_weigh_nothing(self):
        report = judged(cohort((20, 15), (12, 11), w=0.0), weight="w")
        assert not hits(report, "p_percent")
        assert not hits(report, "dominance")


class TestCoarsen:
    def test_steps_are_joined_until_each_is_safe(self):
        data = cohort((4, 0), (8, 0), (12, 3), (3, 9), (50, 20), (1, 1))
        report = judged(data, at=[10, 20, 30, 40, 50, 60], coarsen=True)
        steps = report.cells[report.cells["part"] == "step"]
        assert steps["time"].tolist() == [20, 40, 50]
        assert steps["events"].tolist() == [12, 15, 50]
        assert hits(report, "survival_step") == []

    @given(
        st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=1, max_size=8),
        st.integers(0, 60),
    )
    @settings(max_examples=40, deadline=None)
    def test_no_joined_step_is_ever_unsafe(self, steps, left):
        data = cohort(*steps, left=left)
        report = judged(data, coarsen=True, at=[10.0 * number for number in range(1, len(steps) + 2)])
        assert hits(report, "survival_step") in ([], [(0,)])
        cells = report.cells[report.cells["part"] == "step"]
        assert (cells["events"] >= 10).all()
        assert ((cells["censored"] == 0) | (cells["censored"] >= 10)).all()
        assert (cells["n"] - cells["events"] - cells["censored"] >= 10).all()

    def test_joined_steps_of_units_that_repeat_are_safe_too(self):
        data = cohort((40, 40), (40, 40), (40, 40), left=90)
        data["u"] = data["u"] // 5
        report = judged(data, at=[10, 20, 30], coarsen=True)
        steps = report.cells[report.cells["part"] == "step"]
        assert steps["time"].tolist() == [20]
        assert hits(report, "survival_step") == [()]

    def test_a_joined_step_that_ends_at_one_persons_time_is_looked_at(self):
        random = np.random.default_rng(2)
        data = pd.DataFrame({"t": random.exponential(30, 300), "e": 1, "u": range(300)})
        report = judged(data, at=None, coarsen=True)
        assert {found.verdict for found in report.findings if found.rule == "quantile"} == {Verdict.REVIEW}
        assert report.verdict is Verdict.REVIEW
        assert judged(data, Policy(lone_quantile_unsafe=True), at=None, coarsen=True).verdict is Verdict.FAIL
        assert not hits(judged(data, at=[10, 20, 40], coarsen=True), "quantile")

    def test_a_joined_step_that_ends_at_a_shared_time_is_nobodys(self):
        report = judged(cohort((20, 15), (12, 11)), at=None, coarsen=True)
        assert (report.verdict, report.findings) == (Verdict.PASS, ())

    def test_a_group_without_any_step_is_looked_at(self):
        report = judged(cohort((2, 2)), coarsen=True)
        assert report.cells["part"].tolist() == ["start", "median"]
        assert (report.verdict, hits(report, "survival_step")) == (Verdict.REVIEW, [(0,)])
        assert np.isnan(report.cells["time"].iloc[1])


class TestLogRank:
    def test_groups_that_are_never_at_risk_together_have_no_test(self):
        data = cohort((20, 15), (12, 11), g="a")
        report = judged(data, by=["g"], test="logrank")
        assert report.verdict is Verdict.REVIEW
        assert hits(report, "check_failed") == [(4,)]
        none = pd.concat([data.assign(e=0), data.assign(g="b", e=0, u=data["u"] + 500)])
        assert hits(judged(none, by=["g"], test="logrank"), "check_failed")

    def test_a_small_group_or_few_events_are_found(self):
        data = cohort((20, 15), (12, 11), g="a")
        few = cohort((2, 0), left=4, g="b").assign(u=lambda frame: frame["u"] + 1000)
        report = judged(pd.concat([data, few]), by=["g"], test="logrank")
        assert hits(report, "design") == [(8,)]
        ten = cohort((2, 0), left=8, g="b").assign(u=lambda frame: frame["u"] + 1000)
        assert not hits(judged(pd.concat([data, ten]), by=["g"], test="logrank"), "design")
        rare = cohort((2, 15), (2, 11), g="a")
        rare = pd.concat([rare, rare.assign(g="b", u=rare["u"] + 500)])
        assert hits(judged(rare, by=["g"], test="logrank"), "dof") == [(8,)]
        for events, found in ((11, [(8,)]), (12, [])):
            rare["e"] = [1] * events + [0] * (len(rare) - events)
            assert hits(judged(rare, by=["g"], test="logrank"), "dof") == found

    def test_an_empty_test_never_passes(self):
        report = judged(cohort((20, 15), g="a"), where="g == 'b'", by=["g"], test="logrank")
        assert report.verdict is Verdict.FAIL

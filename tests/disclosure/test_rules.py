"""Each rule flags exactly what its threshold says, and one that cannot run never passes."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import Policy, Statistic, Verdict, assess
from disclosure.evidence import gather
from disclosure.rules import RULES, judge

STANDARD = Policy.preset("standard")


def one_cell(values, policy=STANDARD, **rest):
    data = pd.DataFrame({"g": ["a"] * len(values), "v": values} | rest.pop("columns", {}))
    measures = {"t": ("sum", "v")}
    return assess(Statistic.table("d", by=["g"], measures=measures, margins=False, **rest), data, policy)


def rules(report):
    return report.cells["rules"][0]


@pytest.mark.parametrize(("size", "verdict"), [(9, Verdict.FAIL), (10, Verdict.PASS)])
def test_ten_units_are_enough_and_nine_are_not(size, verdict):
    data = pd.DataFrame({"g": ["a"] * size})
    report = assess(Statistic.table("d", by=["g"]), data, STANDARD)
    assert report.verdict is verdict
    assert report.cells["unsafe"].tolist() == [verdict is Verdict.FAIL] * 2


def test_the_sentence_says_one_cell_or_several():
    data = pd.DataFrame({"g": ["a"] * 5})
    stat = Statistic.table("d", by=["g"], margins=False)
    assert assess(stat, data, STANDARD).findings[0].sentence == "Fewer than 10 rows stand behind 1 cell."
    data = pd.DataFrame({"g": ["a"] * 5 + ["b"] * 5, "u": range(10)})
    stat = Statistic.table("d", by=["g"], margins=False, unit="u")
    assert assess(stat, data, STANDARD).findings[0].sentence == "Fewer than 10 units stand behind 2 cells."


def test_where_empty_cells_are_safe_small_ones_are_not():
    policy = Policy(zeros_unsafe=False)
    data = pd.DataFrame({"g": ["a"] * 20 + ["b"] * 20 + ["b"] * 3, "h": [1] * 20 + [2] * 20 + [3] * 3})
    cells = assess(Statistic.table("d", by=["g", "h"], margins=False), data, policy).cells
    assert cells.set_index(["g", "h"])["rules"].to_dict() == {
        ("a", 1): (),
        ("a", 2): (),
        ("a", 3): (),
        ("b", 1): (),
        ("b", 2): (),
        ("b", 3): ("threshold",),
    }


def test_a_count_is_judged_by_units_and_a_value_by_units_that_have_one():
    data = pd.DataFrame({"g": ["a"] * 20, "v": [*range(9), *[None] * 11]})
    stat = Statistic.table("d", by=["g"], measures={"k": ("count", None)}, margins=False)
    assert assess(stat, data, STANDARD).verdict is Verdict.PASS
    for function in ("count", "sum", "mean"):
        stat = Statistic.table("d", by=["g"], measures={"m": (function, "v")}, margins=False)
        assert "threshold" in rules(assess(stat, data, STANDARD))


@pytest.mark.parametrize(
    ("values", "flagged"),
    [
        ([100, 50, *[1] * 10], False),  # the rest is exactly a tenth of the largest
        ([101, 50, *[1] * 10], True),
        ([2**62, 2**61, *[2**62 // 100] * 10], True),  # a tenth of it, rounded down
        ([2**62, 2**61, *[2**62 // 100 + 1] * 10], False),
        ([0.0] * 12, True),  # nothing is certain to be nothing
        ([-101, 50, *[1, -1] * 5], True),
        ([100, -50, *[1, -1] * 5], False),
    ],
)
def test_p_percent_at_its_edge(values, flagged):
    assert ("p_percent" in rules(one_cell(values))) is flagged


@pytest.mark.parametrize(
    ("values", "flagged"),
    [
        ([450, 450, *[10] * 10], True),  # the two hold exactly nine tenths
        ([450, 449, *[10] * 10], False),
        ([-450, 450, *[10] * 10], True),
        ([0] * 12, False),
    ],
)
def test_dominance_at_its_edge(values, flagged):
    assert ("dominance" in rules(one_cell(values))) is flagged


def test_one_that_holds_half_asks_for_a_person_and_no_more():
    report = one_cell([100, *[10] * 10])
    assert report.verdict is Verdict.REVIEW
    assert not report.cells["unsafe"].any()
    assert [(found.rule, found.cells) for found in report.findings] == [("dominance", (0,))]
    assert one_cell([99, *[10] * 10]).verdict is Verdict.PASS


def test_contributions_are_those_of_units_not_of_rows():
    values = [10.0] * 40 + [1.0] * 20
    units = ["one"] * 40 + [f"u{index}" for index in range(20)]
    assert one_cell(values).verdict is Verdict.PASS
    report = one_cell(values, columns={"u": units}, unit="u")
    assert rules(report) == ("p_percent", "dominance")


def test_equal_values_can_be_left_to_a_person():
    values = [5] * 20
    assert rules(one_cell(values)) == ("all_equal",)
    report = one_cell(values, Policy(equal_values_unsafe=False))
    assert report.verdict is Verdict.REVIEW
    assert rules(report) == ()


def test_equal_values_of_units_that_repeat_are_seen():
    report = one_cell([5] * 40, columns={"u": [index // 2 for index in range(40)]}, unit="u")
    assert rules(report) == ("all_equal",)


def test_a_rule_that_raises_becomes_a_finding_never_a_pass():
    def broken(_stat, _evidence, _policy):
        raise ZeroDivisionError("secret 4711")

    def broken_half_way(_stat, _evidence, _policy):
        yield from ()
        raise KeyError("secret 4711")

    data = pd.DataFrame({"g": ["a"] * 20})
    stat = Statistic.table("d", by=["g"])
    evidence = gather(stat, data, key=None, max_cells=100)
    assert judge(stat, evidence, STANDARD) == ()
    findings = judge(stat, evidence, STANDARD, (*RULES, broken, broken_half_way))
    assert [found.rule for found in findings] == ["check_failed", "check_failed"]
    assert {found.verdict for found in findings} == {Verdict.REVIEW}
    assert "broken" in findings[0].sentence
    assert "4711" not in findings[0].sentence


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=25))
def test_the_rules_agree_with_their_definitions(values):
    found = rules(one_cell(values))
    sizes = [*sorted((abs(value) for value in values), reverse=True), 0]
    total = sum(sizes)
    rest = total - sizes[0] - sizes[1]
    assert ("threshold" in found) == (len(values) < 10)
    assert ("p_percent" in found) == (10 * rest < sizes[0] or sizes[0] == 0)
    assert ("dominance" in found) == (total > 0 and 10 * (sizes[0] + sizes[1]) >= 9 * total)
    assert ("all_equal" in found) == (len(values) > 1 and len(set(values)) == 1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 500)), min_size=1, max_size=60))
def test_a_stricter_policy_never_clears_a_cell(found):
    data = pd.DataFrame(found, columns=["g", "v"])
    stat = Statistic.table("d", by=["g"], measures={"t": ("sum", "v")})
    standard, strict = (
        assess(stat, data, Policy.preset(name)).cells["unsafe"] for name in ("standard", "strict")
    )
    assert (strict >= standard).all()

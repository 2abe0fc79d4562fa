"""A set is priced, shared out and refused by questions and dictionary alone."""

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Statistic, dp
from disclosure.dp.mechanism import cost_of
from disclosure.dp.sets.allocation import (
    MEAN_ERROR,
    Objective,
    Way,
    Workload,
    apart,
    deviations,
    in_one,
    shares,
)
from disclosure.dp.sets.marginals import closure, parts_of

TEN = tuple(itertools.combinations(range(5), 2))


@st.composite
def workloads(draw):
    levels = tuple(draw(st.lists(st.integers(1, 9), min_size=2, max_size=4)))
    possible = closure([tuple(range(len(levels)))])
    tables = tuple(draw(st.lists(st.sampled_from(possible), min_size=1, max_size=5)))
    margins = draw(st.booleans())
    printed = closure(tables) if margins else tuple(sorted(set(tables), key=lambda each: (len(each), each)))
    return Workload(levels, tables, printed)


@settings(deadline=None, max_examples=30)
@given(workloads())
def test_no_other_way_has_less_error_than_together(workload):
    together = workload.mean(deviations(workload, shares(workload, Objective.MEAN)))
    others = [apart(workload, Way.APART_EQUAL), apart(workload, Way.APART_BEST), in_one(workload)]
    assert all(together <= workload.mean(each) * (1 + 1e-6) for each in others)


@settings(deadline=None, max_examples=25)
@given(workloads(), st.randoms(use_true_random=False))
def test_moving_budget_between_residuals_never_helps(workload, random):
    best = shares(workload, Objective.MEAN)
    moved = {each: share * random.uniform(0.8, 1.25) for each, share in best.items()}
    whole = sum(moved.values())
    other = {each: share / whole for each, share in moved.items()}
    assert workload.mean(deviations(workload, best)) <= workload.mean(deviations(workload, other)) * (
        1 + 1e-6
    )


def test_the_worst_table_is_better_where_that_is_the_objective():
    workload = Workload((2, 10, 12, 6, 8), TEN, TEN)
    mean, worst = (deviations(workload, shares(workload, each)) for each in Objective)
    assert max(worst.values()) < max(mean.values())
    assert max(worst.values()) / min(worst.values()) < 1.01


def test_ten_tables_of_five_attributes_have_a_fifth_less_error(describe, table):
    levels = dict(zip("abcde", (2, 10, 12, 6, 8), strict=True))
    dictionary = describe(keys={name: list(range(n)) for name, n in levels.items()}, population=100_000)
    made = dp.plan_set([table(pair) for pair in itertools.combinations("abcde", 2)], dictionary, epsilon=1)
    assert made.gain >= 0.20
    assert list(made.alternatives) == [str(way) for way in Way]
    assert min(made.alternatives.values()) == made.alternatives["together"]


def test_one_table_alone_is_as_sure_as_a_release_of_its_own(dictionary, table):
    made = dp.plan_set([table("bc")], dictionary, rho=0.02)
    alone = dp.plan(table("bc"), dictionary, rho=0.02).sigma["n"]
    assert alone <= made.sigma[0]["n"] <= alone * 1.02  # whole sensitivities and whole cells cost a little


@pytest.mark.parametrize("rows", [1, 3])
def test_the_price_is_the_sum_of_what_opendp_says_of_each_draw(describe, pairs, table, rows):
    dictionary = describe(rows_per_unit=rows)
    asked = [*pairs, table("ab", measures={"rows": ("count", None), "total": ("sum", "bill")})]
    made = dp.plan_set(asked, dictionary, rho=0.005)
    drawn = [contrast for quantity in made.quantities for contrast in quantity.contrasts]
    paid = sum(cost_of(contrast.noise) for contrast in drawn)
    assert Fraction(made.cost) * Fraction(998, 1000) < paid <= made.cost == 5_000_000


def test_epsilon_is_priced_as_for_one_table(dictionary, pairs):
    assert dp.plan_set(pairs, dictionary, epsilon=1).cost == dp.plan(pairs[0], dictionary, epsilon=1).cost


def test_expected_errors_and_half_widths_follow_the_deviations(dictionary, pairs):
    made = dp.plan_set(pairs, dictionary, rho=0.005)
    for sigma, error, half in zip(made.sigma, made.mean_error, made.accuracy, strict=True):
        assert error["n"] == pytest.approx(MEAN_ERROR * sigma["n"])
        assert half["n"] == math.ceil(1.959963984540054 * sigma["n"])
    means = [error["n"] for error in made.mean_error]
    cells = [math.prod(len(dictionary.keys[column]) for column in stat.by) for stat in pairs]
    assert made.alternatives["together"][0] == pytest.approx(np.average(means, weights=cells))


def test_a_stored_plan_is_read_again_to_the_byte(dictionary, pairs):
    made = dp.plan_set(pairs, dictionary, rho=0.005, objective="worst", negatives="move")
    again = dp.SetPlan.from_json(made.to_json())
    assert (again.digest, again.fingerprint) == (made.digest, made.fingerprint)
    assert again.to_json() == made.to_json()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "select 1", '{"statistics": 3, "cost": 1}', "[" * 100_000],
)
def test_what_is_no_stored_plan_is_refused(text):
    with pytest.raises(DisclosureError) as refusal:
        dp.SetPlan.from_json(text)
    assert refusal.value.code == "plan"


@pytest.mark.parametrize(("name", "value"), [("cost", 5_000_001), ("sigma", []), ("objective", "worst")])
def test_a_changed_plan_is_refused(dictionary, pairs, name, value):
    record = json.loads(dp.plan_set(pairs, dictionary, rho=0.005).to_json()) | {name: value}
    with pytest.raises(DisclosureError) as refusal:
        dp.SetPlan.from_json(json.dumps(record, sort_keys=True, separators=(",", ":")))
    assert refusal.value.code == "plan"


def test_a_set_in_other_words_is_the_same_question(dictionary, table):
    one = [table("ab", where="a == 1 and b in (0, 1)")]
    other = [table("ab", where="b in (1, 0) and a == 1")]
    prints = [dp.plan_set(each, dictionary, rho=0.01).fingerprint for each in (one, other)]
    assert prints[0] == prints[1] != dp.plan_set(one, dictionary, rho=0.02).fingerprint


@pytest.mark.parametrize("rho", [0, -1, math.nan, math.inf, 1e-320, 1e9])
def test_a_budget_that_is_none_is_refused(dictionary, pairs, rho):
    with pytest.raises(DisclosureError) as refusal:
        dp.plan_set(pairs, dictionary, rho=rho)
    assert refusal.value.code == "budget"


def refused(code, stats, dictionary, **aims):
    with pytest.raises(DisclosureError) as refusal:
        dp.plan_set(stats, dictionary, rho=0.005, **aims)
    assert refusal.value.code == code


def test_tables_that_do_not_belong_together_are_refused(dictionary, table):
    mean = table("ab", measures={"m": ("mean", "bill")})
    quantiles = Statistic.quantiles("people", "bill", q=(0.5,), by=["a"], unit="person_id")
    refused("set", [], dictionary)
    refused("set", [table("ab")] * 1_001, dictionary)
    refused("set", [table("ab"), table("ac", where="b == 1")], dictionary)
    refused("set", [mean], dictionary)
    refused("set", [quantiles], dictionary)
    refused("unknown_measure", [table("ab", measures={"s": ("std", "bill")})], dictionary)
    refused("no_keys", [table(["a", "bill"])], dictionary)


def test_aims_that_cannot_be_met_are_refused(describe, dictionary, table):
    total = table("ab", measures={"t": ("sum", "bill")})
    zero = describe(structural_zeros=[{"a": 1, "b": 2}])
    refused("objective", [table("ab")], dictionary, objective="least")
    refused("negatives", [table("ab")], dictionary, negatives="clip")
    refused("negatives", [total], dictionary, negatives="move")
    refused("negatives", [table("abc")], dictionary, negatives="move")
    refused("structural_zeros", [table("abc")], zero)
    dp.plan_set([table("ac")], zero, rho=0.005)


def test_tables_of_too_many_cells_are_refused(describe, table):
    wide = describe(keys={"a": list(range(1_001)), "b": list(range(1_000))})
    refused("cells", [table("ab")], wide)
    three = describe(keys={name: list(range(800)) for name in "abc"})
    refused("cells", [table("ab"), table("bc")], three)


def test_contrasts_that_could_leave_62_bits_are_refused(describe, table):
    asked = table("ab", measures={"t": ("sum", "bill")})
    keys = {"a": list(range(300)), "b": list(range(300))}
    large = describe(keys=keys, bounds={"bill": (0, 10**8)}, scale={}, population=10**9)
    refused("overflow", [asked], large)


def test_a_margin_asked_for_is_planned_for(dictionary, table):
    with_margins = dp.plan_set([table("bc", margins=True)], dictionary, rho=0.01)
    (quantity,) = with_margins.quantities
    assert set(quantity.workload.printed) == set(parts_of((0, 1)))
    without = dp.plan_set([table("bc")], dictionary, rho=0.01).quantities[0]
    assert quantity.sigma(()) < without.sigma(())

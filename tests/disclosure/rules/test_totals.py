"""What the rules on totals, shares and equal values say on either side of each threshold, word for word."""

from dataclasses import replace

import numpy as np
import pytest

from disclosure import Policy, Verdict
from disclosure.quantity import Quantity, Role
from disclosure.result import Finding
from disclosure.rules.concentration import dominance, p_percent
from disclosure.rules.sameness import all_equal, commonest, group
from disclosure.rules.sharing import concentration, curve, unshared
from tests.disclosure.rules.made import (
    LONG,
    SHORT,
    STANDARD,
    asked,
    counted,
    evidence,
    numbers,
    order,
    place,
    sums,
)

SUM = {"t": ("sum", LONG)}
FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW


def totals(found, role=Role.VALUE, column=LONG):
    return evidence([20] * len(found.rows), sums={Quantity(column, role): found})


def test_what_is_left_beside_two_must_be_a_share_of_the_largest():
    cells = totals(sums([1000, 1000, 1000, 0, 0], [1] * 5, [99, 100, 101, 0, 0], rows=[9, 9, 9, 1, 0]))
    said = "the rest beside the two largest contributors is below 10% of the largest"
    assert list(p_percent(asked(SUM), cells, STANDARD)) == [
        Finding("p_percent", (0, 3), f"In 2 cells of {SHORT!r}: {said}.", FAIL)
    ]
    (found,) = p_percent(asked(SUM), cells, Policy(p_percent=0.1005))
    assert (found.cells, "below 10%" in found.sentence) == ((0, 1, 3), True)
    assert list(p_percent(asked(SUM), totals(sums([10], [10], [1])), STANDARD)) == []


def test_shares_are_read_as_the_decimals_that_were_written():
    big = 10**30
    cells = totals(sums([10 * big, 10 * big], [1, 1], [big, big - 1]))
    (found,) = p_percent(asked(SUM), cells, STANDARD)
    assert found.cells == (1,)
    cells = totals(sums([9 * big, 9 * big], [0, 0], [big, big + 1]))
    assert [found.cells for found in dominance(asked(SUM), cells, STANDARD)] == [(0,), (0, 1)]


def test_two_that_hold_nearly_all_fail_and_one_that_holds_half_is_looked_at():
    cells = totals(sums([50, 45, 45, 49, 0, 40], [1, 45, 44, 41, 0, 40], [49, 10, 11, 10, 0, 20]))
    two = f"In 2 cells of {SHORT!r}: the two largest contributors hold 90% or more."
    one = f"In 1 cell of {SHORT!r}: the largest contributor holds 50% or more."
    assert list(dominance(asked(SUM), cells, STANDARD)) == [
        Finding("dominance", (1, 3), two, FAIL),
        Finding("dominance", (0,), one, REVIEW),
    ]
    strict = Policy(dominance_share=0.89, single_share=0.45)
    assert [(found.cells, found.verdict) for found in dominance(asked(SUM), cells, strict)] == [
        ((1, 2, 3), FAIL),
        ((0, 1, 2, 3), REVIEW),
    ]
    assert list(dominance(asked(SUM), totals(sums([0, 0])), STANDARD)) == []
    (two, one) = dominance(asked(SUM), totals(sums([1])), STANDARD)
    assert (two.cells, one.cells) == ((0,), (0,))


@pytest.mark.parametrize("function", ["sum", "mean"])
def test_only_totals_that_are_asked_for_are_judged_plain_and_weighted(function):
    one, fine = sums([1000]), sums([10], [10], [1000])
    held = {
        Quantity(LONG, Role.SPREAD): one,
        Quantity(LONG, Role.WEIGHT): one,
        Quantity("other", Role.VALUE): one,
        Quantity("again", Role.VALUE): fine,
        Quantity(LONG, Role.WEIGHTED): one,
        Quantity("last", Role.VALUE): one,
    }
    measures = {
        "t": (function, LONG),
        "m": ("median", "other"),
        "a": ("sum", "again"),
        "l": ("mean", "last"),
    }
    cells = evidence([20], sums=held)
    found = list(p_percent(asked(measures), cells, STANDARD))
    said = "the rest beside the two largest contributors is below 10% of the largest"
    assert [one.sentence for one in found] == [
        f"In 1 cell of {SHORT!r}, weighted: {said}.",
        f"In 1 cell of 'last': {said}.",
    ]
    assert len(list(dominance(asked(measures), cells, STANDARD))) == 4


@pytest.mark.parametrize(("unsafe", "verdict"), [(True, FAIL), (False, REVIEW)])
def test_a_cell_of_equal_values_tells_each_ones_value(unsafe, verdict):
    policy = replace(STANDARD, equal_values_unsafe=unsafe)
    measures = {"a": ("median", LONG), "c": ("count", "other"), "m": ("mean", "fine")}
    same = [True, False, True]
    held = {
        Quantity(LONG, Role.SPREAD): sums([1] * 3, same=[False, True, False]),
        Quantity("other", Role.VALUE): sums([1] * 3, same=same),
        Quantity("fine", Role.VALUE): sums([1] * 3),
        Quantity(LONG, Role.VALUE): sums([1] * 3, same=same),
    }
    assert list(all_equal(asked(measures), evidence([20] * 3, sums=held), policy)) == [
        Finding("all_equal", (0, 2), f"In 2 cells all values of {SHORT!r} are equal.", verdict)
    ]


def crossed(*rows, keys=None):
    keys = keys or [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    return evidence(rows, keys=keys)


BOTH = {"by": ["g", "h"]}


@pytest.mark.parametrize(("unsafe", "verdict"), [(True, FAIL), (False, REVIEW)])
def test_everyone_of_a_row_in_one_level_is_a_group(unsafe, verdict):
    policy = replace(STANDARD, zeros_unsafe=unsafe)
    cells = crossed(12, 0, 11, 13)
    said = "Everyone of a row or column is in one level, in 2 cells."
    assert list(group(asked(**BOTH), cells, policy)) == [Finding("group", (0, 3), said, verdict)]
    assert list(group(asked(**BOTH), crossed(12, 1, 11, 13), policy)) == []
    (found,) = group(asked(**BOTH), crossed(1, 0, 12, 13), policy)
    assert found.cells == (0, 3)


def test_everyone_of_a_column_in_one_level_is_a_group_too():
    (found,) = group(asked(**BOTH), crossed(12, 11, 0, 13), STANDARD)
    assert found.cells == (0, 3)
    assert found.sentence == "Everyone of a row or column is in one level, in 2 cells."
    (found,) = group(asked(**BOTH), crossed(0, 0, 12, 13), STANDARD)
    assert found.cells == (2, 3)


def test_a_level_that_stands_alone_is_no_group_and_margins_are_no_levels():
    alone = crossed(12, 13, keys=[("a", "x"), ("b", "x")])
    assert list(group(asked(**BOTH), alone, STANDARD)) == []
    alone = crossed(1, 13, keys=[("a", "x"), ("b", "x")])
    assert list(group(asked(**BOTH), alone, STANDARD)) == []
    assert list(group(asked(**BOTH), evidence([], keys=[]), STANDARD)) == []
    keys = [("a", "x"), ("b", "x"), ("a", None), ("b", None), (None, "x"), (None, None)]
    margins = crossed(12, 13, 12, 13, 25, 25, keys=keys)
    assert list(group(asked(by=["g", "h"], margins=True), margins, STANDARD)) == []
    (found,) = group(asked(), evidence([5, 0]), STANDARD)
    assert found.cells == (0,)


def modes(held, units):
    measured = Quantity(LONG, Role.VALUE)
    size = len(held)
    return evidence(
        units,
        sums={measured: counted(units)},
        orders={LONG: order(commonest=place([1.0] * size, held))},
    )


def test_a_mode_is_that_of_enough_and_not_of_nearly_everyone():
    measures = {"t": ("mean", "v"), "m": ("mode", LONG)}
    cells = modes([90, 91, 9, 10, 0, 1], [100, 100, 50, 50, 0, 100])
    most = f"More than 90% of the units have the commonest value of {SHORT!r} in 1 cell."
    least = f"Fewer than 10 units have the commonest value of {SHORT!r} in 2 cells."
    assert list(commonest(asked(measures), cells, STANDARD)) == [
        Finding("group", (1,), most, FAIL),
        Finding("threshold", (2, 5), least, FAIL),
    ]
    (few,) = commonest(asked(measures), modes([1], [2]), STANDARD)
    assert (few.rule, few.cells) == ("threshold", (0,))
    (few,) = commonest(asked(measures), modes([0], [1]), STANDARD)
    assert (few.rule, few.cells) == ("threshold", (0,))
    (nearly,) = commonest(asked(measures), modes([51], [100]), Policy(mode_share=0.5))
    assert nearly.sentence.startswith("More than 50% of the units")


def held(*cells, column=LONG):
    return evidence(
        [20] * len(cells), holdings={column: tuple(np.sort(numbers(list(cell))) for cell in cells)}
    )


def test_an_index_that_one_unit_makes_up_fails():
    ones = [1.0] * 9
    cells = held([9.0, *ones], [8.9, *ones], [], [-1.0, 5.0, 5.0], [12.0, *ones], column="v")
    measures = {"index": ("gini", "v"), LONG: ("hhi", "v")}
    said = f"The largest contributor to {SHORT!r} holds 50% or more in 2 cells."
    assert list(concentration(asked(measures), cells, STANDARD)) == [Finding("dominance", (0, 4), said, FAIL)]
    (found,) = concentration(asked(measures), cells, Policy(concentration_share=0.56))
    assert found.cells == (4,)
    assert found.sentence == f"The largest contributor to {SHORT!r} holds 56% or more in 1 cell."


def test_a_step_of_a_curve_holds_whole_units_enough():
    cells = held(np.linspace(1, 2, 100), np.linspace(1, 2, 99), [], np.linspace(1, 2, 101))
    said = f"Fewer than 10 units stand in a step of the curve of {SHORT!r} in 1 cell."
    assert list(curve(asked({"l": ("lorenz", LONG, 0.9)}), cells, STANDARD)) == [
        Finding("threshold", (1,), said, FAIL)
    ]
    (found,) = curve(asked({"l": ("lorenz", LONG, 0.1)}), cells, STANDARD)
    assert found.cells == (1,)
    measures = {"h": ("hhi", "w"), "l": ("lorenz", LONG, 0.5), "m": ("lorenz", LONG, 0.6)}
    (found,) = curve(asked(measures), cells, STANDARD)
    assert found.cells == (1, 3)
    assert list(curve(asked(measures), cells, Policy(min_lorenz_units=9))) == []


def test_curves_of_two_columns_are_two_curves():
    values = {"v": (np.linspace(1, 2, 40),), "w": (np.linspace(1, 2, 20),)}
    measures = {"a": ("lorenz", "v", 0.25), "b": ("lorenz", "w", 0.5), "c": ("gini", "v")}
    assert list(curve(asked(measures), evidence([40], holdings=values), STANDARD)) == []
    (found,) = curve(
        asked(measures | {"d": ("lorenz", "w", 0.25)}), evidence([40], holdings=values), STANDARD
    )
    assert found.sentence == "Fewer than 10 units stand in a step of the curve of 'w' in 1 cell."


def test_a_step_that_one_unit_nearly_makes_up_fails():
    def last(rest, second, largest):
        return [1.0] * 50 + [rest / 8] * 8 + [second, largest]

    cells = held(last(99, 150, 1000.0), last(100, 150, 1000.0), last(2000, 400, 1000.0))
    policy = Policy(min_lorenz_units=2)
    measures = {"l": ("lorenz", LONG, 0.8333)}
    said = f"One unit makes up nearly a whole step of the curve of {SHORT!r} in 1 cell."
    assert list(curve(asked(measures), cells, policy)) == [Finding("p_percent", (0,), said, FAIL)]
    (found,) = curve(asked(measures), cells, replace(policy, p_percent=0.101))
    assert found.cells == (0, 1)


def test_a_step_of_one_unit_is_left_to_the_threshold_and_one_of_two_is_nearly_ones_own():
    policy = Policy(min_lorenz_units=1)
    assert list(curve(asked({"l": ("lorenz", "v", 0.5)}), held([1.0, 1.0], column="v"), policy)) == []
    (found,) = curve(asked({"l": ("lorenz", "v", 0.5)}), held([1.0] * 4, column="v"), policy)
    assert found.rule == "p_percent"


def test_what_cannot_be_shared_out_is_looked_at():
    cells = held([-1.0, 5.0], [0.0, 0.0], [], [1.0, 2.0], [0.0, 1.0], column="v")
    for measure in (("gini", "v"), ("hhi", "v"), ("lorenz", "v", 0.5)):
        said = f"{SHORT!r} has no meaning where values are below nought or all nought, in 2 cells."
        assert list(unshared(asked({"m": ("mean", "w"), LONG: measure}), cells, STANDARD)) == [
            Finding("check_failed", (0, 1), said, REVIEW)
        ]

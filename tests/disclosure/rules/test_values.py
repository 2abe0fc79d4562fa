"""What the rules on somebody's own values say on either side of each threshold, word for word."""

from dataclasses import replace

import numpy as np
import pytest

from disclosure import Policy, Statistic, Verdict
from disclosure.result import Finding
from disclosure.rules.position import edges, endpoint, quantile
from tests.disclosure.rules.made import LONG, SHORT, STANDARD, asked, evidence, order, place, point

FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW
NONE = float("nan")


@pytest.mark.parametrize(
    ("function", "end", "said"), [("min", "least", "least"), ("max", "greatest", "greatest")]
)
def test_an_end_is_shared_by_as_many_units_as_the_policy_asks(function, end, said):
    found = order(**{end: place([1.0, 1.0, NONE, 2.0], [9, 10, 0, 1])})
    cells = evidence([50] * 4, orders={LONG: found})
    sentence = f"The {said} value of {SHORT!r} is that of fewer than 10 units in 2 cells."
    stat = asked({"c": ("count", LONG), "m": (function, LONG)})
    assert list(endpoint(stat, cells, STANDARD)) == [Finding("endpoint", (0, 3), sentence, FAIL)]
    (found,) = endpoint(stat, cells, Policy(min_units=9))
    assert found.cells == (3,)
    assert found.sentence == f"The {said} value of {SHORT!r} is that of fewer than 9 units in 1 cell."


def test_an_end_that_a_rule_sets_is_nobodys_and_only_in_its_own_column():
    cells = evidence([50] * 3, orders={"v": order(least=place([0.0, 1.0, 2.0], [1, 1, 1]))})
    stat = asked({"m": ("min", "v")})
    ends = (("w", 1.0), ("v", 0), ("v", 2.0))
    (found,) = endpoint(stat, cells, replace(STANDARD, structural_ends=ends))
    assert found.cells == (1,)


BINS = [0, 10, 20, 30]
BANDS = ["[0, 10)", "[10, 20)", "[20, 30]"]


def banded(least, greatest, *, keys=None, units=(1, 1)):
    keys = keys or [(band,) for band in BANDS]
    size = len(keys)
    found = order(
        least=place([least] * size, [units[0]] * size), greatest=place([greatest] * size, [units[1]] * size)
    )
    return evidence([50] * size, keys=keys, orders={LONG: found})


HISTOGRAM = Statistic.histogram("d", LONG, bins=BINS, margins=False)


def test_an_outer_edge_must_not_be_somebodys_end():
    said = f"An outer edge is the end of the values of {SHORT!r} in 2 cells; set it further out."
    assert list(edges(HISTOGRAM, banded(0.0, 30.0), STANDARD)) == [Finding("endpoint", (0, 2), said, FAIL)]
    (found,) = edges(HISTOGRAM, banded(0.0, 29.0), STANDARD)
    assert (found.cells, "in 1 cell;" in found.sentence) == ((0,), True)
    (found,) = edges(HISTOGRAM, banded(1.0, 30.0), STANDARD)
    assert found.cells == (2,)
    assert list(edges(HISTOGRAM, banded(10.0, 20.0), STANDARD)) == []
    assert list(edges(HISTOGRAM, banded(0.0, 30.0, units=(10, 10)), STANDARD)) == []
    (found,) = edges(HISTOGRAM, banded(0.0, 30.0, units=(10, 9)), STANDARD)
    assert found.cells == (2,)


def test_edges_are_those_of_the_last_dimension_and_of_histograms_alone():
    stat = Statistic.histogram("d", LONG, bins=BINS, by=["g"], margins=False)
    keys = [("[0, 10)", "[10, 20)"), ("x", "[0, 10)"), ("x", "[20, 30]")]
    (found,) = edges(stat, banded(0.0, 30.0, keys=keys), STANDARD)
    assert found.cells == (1, 2)
    empty = order(least=place([], []), greatest=place([], []))
    assert list(edges(stat, evidence([], keys=[], orders={LONG: empty}), STANDARD)) == []
    policy = replace(STANDARD, structural_ends=((LONG, 0),))
    (found,) = edges(HISTOGRAM, banded(0.0, 30.0), policy)
    assert found.cells == (2,)
    assert list(edges(asked({"m": ("median", LONG)}), evidence([50]), STANDARD)) == []


MEDIAN = {"t": ("sum", "v"), LONG: ("median", "v")}


def placed(**words):
    return evidence([50] * len(words["held"]), orders={"v": order(median=point(**words))})


def test_a_quantile_needs_enough_units_on_each_side():
    cells = placed(
        held=[False, False, False, False, False],
        below=[9, 10, 10, 30, 9],
        above=[30, 10, 9, 10, 30],
        owners=[3, 3, 3, 3, 3],
        value=[5.0, 5.0, 5.0, 5.0, NONE],
    )
    said = f"Fewer than 10 units lie on one side of {SHORT!r} in 2 cells."
    assert list(quantile(asked(MEDIAN), cells, STANDARD)) == [Finding("quantile", (0, 2), said, FAIL)]
    assert [found.cells for found in quantile(asked(MEDIAN), cells, Policy(min_units=11))] == [(0, 1, 2, 3)]


@pytest.mark.parametrize(("unsafe", "verdict"), [(True, FAIL), (False, REVIEW)])
def test_a_unit_whose_own_value_the_quantile_is_stands_on_neither_side(unsafe, verdict):
    cells = placed(
        held=[True, True, True, False, True],
        below=[10, 11, 11, 10, 11],
        above=[30, 11, 11, 10, 11],
        owners=[1, 1, 2, 1, 0],
    )
    few = f"Fewer than 10 units lie on one side of {SHORT!r} in 1 cell."
    lone = f"In 2 cells {SHORT!r} is the value of one unit; round it, or use coarser values."
    policy = replace(STANDARD, lone_quantile_unsafe=unsafe)
    assert list(quantile(asked(MEDIAN), cells, policy)) == [
        Finding("quantile", (0,), few, FAIL),
        Finding("quantile", (1, 4), lone, verdict),
    ]
    assert np.array_equal(
        cells.orders["v"].points[next(iter(cells.orders["v"].points))].owners, [1, 1, 2, 1, 0]
    )

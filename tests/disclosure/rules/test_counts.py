"""What the rules on counts say of cells on either side of each threshold, word for word."""

from dataclasses import replace

import numpy as np
import pytest

from disclosure import Policy, Verdict
from disclosure.flags import Flags
from disclosure.quantity import Quantity, Role
from disclosure.result import Finding
from disclosure.rules.counts import numerator, threshold, zero
from disclosure.rules.shape import dof
from tests.disclosure.rules.made import LONG, SHORT, STANDARD, asked, counted, evidence, whole

SEVEN = Policy(min_units=7, min_degrees=4)


@pytest.mark.parametrize(("unit", "noun"), [(None, "rows"), ("u", "units")])
def test_a_cell_of_fewer_units_than_the_policy_asks_fails(unit, noun):
    cells = evidence([9, 10, 0, 30, 30], [9, 10, 0, 9, 11])
    said = f"Fewer than 10 {noun} stand behind 3 cells."
    assert list(threshold(asked(unit=unit), cells, STANDARD)) == [
        Finding("threshold", (0, 2, 3), said, Verdict.FAIL)
    ]
    said = f"Fewer than 7 {noun} stand behind 1 cell."
    assert list(threshold(asked(unit=unit), cells, SEVEN)) == [Finding("threshold", (2,), said, Verdict.FAIL)]
    assert list(threshold(asked(unit=unit), evidence([10, 11]), STANDARD)) == []


def test_where_empty_cells_are_safe_a_cell_of_one_row_still_fails():
    policy = replace(STANDARD, zeros_unsafe=False)
    found = list(threshold(asked(unit="u"), evidence([0, 1, 1, 10], [0, 1, 0, 10]), policy))
    assert found == [Finding("threshold", (1, 2), "Fewer than 10 units stand behind 2 cells.", Verdict.FAIL)]


def test_each_value_is_judged_by_the_units_that_have_one_and_a_count_by_all():
    measures = {"k": ("count", None), LONG: ("sum", "v"), "c": ("count", "v")}
    cells = evidence(
        [12, 12, 5],
        sums={
            Quantity("v", Role.VALUE): counted([12, 12, 5], [10, 9, 5]),
            Quantity("v", Role.PRESENT): counted([12, 9, 12]),
        },
    )
    assert list(threshold(asked(measures, unit="u"), cells, STANDARD)) == [
        Finding("threshold", (2,), "Fewer than 10 units stand behind 1 cell.", Verdict.FAIL),
        Finding(
            "threshold",
            (1, 2),
            f"Fewer than 10 units stand behind 2 cells in which {SHORT!r} is present.",
            Verdict.FAIL,
        ),
        Finding(
            "threshold",
            (1,),
            "Fewer than 10 units stand behind 1 cell in which 'c' is present.",
            Verdict.FAIL,
        ),
    ]


NOBODY = "Nobody is in 2 cells, which says something of everyone."
EMPTY = "No row passes the filter: the empty table itself says so."


def test_an_empty_cell_says_something_of_everyone_where_the_policy_holds_so():
    assert list(zero(asked(), evidence([0, 1, 0]), STANDARD)) == [
        Finding("zero", (0, 2), NOBODY, Verdict.FAIL)
    ]
    assert list(zero(asked(), evidence([0, 1, 0]), replace(STANDARD, zeros_unsafe=False))) == []
    assert list(zero(asked(), evidence([1, 12]), STANDARD)) == []


def test_an_empty_table_says_so_itself():
    assert list(zero(asked(), evidence([]), STANDARD)) == [Finding("zero", (), EMPTY, Verdict.FAIL)]
    assert list(zero(asked(), evidence([0, 0]), STANDARD)) == [
        Finding("zero", (0, 1), NOBODY, Verdict.FAIL),
        Finding("zero", (), EMPTY, Verdict.FAIL),
    ]


@pytest.mark.parametrize(("unit", "noun"), [(None, "rows"), ("u", "units")])
def test_noughts_and_ones_need_ten_on_each_side_or_nobody(unit, noun):
    flags = {
        LONG: Flags(whole([9, 10, 0, 1, 50]), whole([50, 50, 50, 50, 50])),
        "w": Flags(whole([50, 50, 50, 50, 50]), whole([10, 1, 0, 11, 9])),
    }
    cells = evidence([60] * 5, flags=flags)
    ones = f"Fewer than 10 {noun} have a one in {SHORT!r}, in 2 cells."
    noughts = f"Fewer than 10 {noun} have a nought in 'w', in 2 cells."
    assert list(numerator(asked(unit=unit), cells, STANDARD)) == [
        Finding("threshold", (0, 3), ones, Verdict.FAIL),
        Finding("threshold", (1, 4), noughts, Verdict.FAIL),
    ]
    assert [found.cells for found in numerator(asked(unit=unit), cells, SEVEN)] == [(3,), (1,)]


def test_a_spread_needs_the_degrees_of_freedom_that_the_policy_asks():
    measures = {"t": ("sum", "v"), LONG: ("std", "v"), "w": ("var", "w")}
    cells = evidence(
        [20] * 4,
        sums={
            Quantity("v", Role.VALUE): counted([10, 11, 0, 30], [10, 11, 0, 10]),
            Quantity("w", Role.VALUE): counted([1, 20, 20, 20]),
        },
    )
    said = f"Fewer than 10 degrees of freedom are left for {SHORT!r} in 2 cells."
    other = "Fewer than 10 degrees of freedom are left for 'w' in 1 cell."
    assert list(dof(asked(measures), cells, STANDARD)) == [
        Finding("dof", (0, 3), said, Verdict.FAIL),
        Finding("dof", (0,), other, Verdict.FAIL),
    ]
    assert [found.cells for found in dof(asked(measures), cells, SEVEN)] == [(0,)]


def test_findings_name_cells_by_plain_numbers():
    (found,) = threshold(asked(), evidence([9]), STANDARD)
    assert [type(cell) for cell in found.cells] == [int]
    assert not isinstance(found.cells[0], np.integer)

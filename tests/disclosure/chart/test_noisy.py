"""Noisy answers are drawn with their intervals, and numbers that are not there are named."""

from __future__ import annotations

import pytest

from disclosure import DisclosureError, Statistic, dp
from disclosure.chart import chart
from tests.disclosure.frame.people import people

KEYS = {"region": ["North", "South", "East", "West"]}
FACTS = dp.Dictionary(unit="person", rows_per_unit=1, keys=KEYS, bounds={}, population=20_000)
ASKED = Statistic.table("people", by=["region"], unit="person")


@pytest.fixture(scope="module")
def answer():
    return dp.release(ASKED, people(), FACTS, rho=0.005)


@pytest.mark.parametrize("kind", ["bar", "line"])
def test_a_noisy_answer_is_drawn_with_its_intervals(answer, kind):
    drawn = chart(answer, kind, title="People")
    assert drawn.svg.startswith("<svg")
    assert "95%" in drawn.alt


def test_counts_that_an_answer_does_not_hold_are_named():
    facts = dp.Dictionary(
        unit="person", rows_per_unit=1, keys=KEYS, bounds={"bill": (0, 5000)}, population=20_000
    )
    sums = Statistic.table("people", by=["region"], measures={"total": ("sum", "bill")}, unit="person")
    with pytest.raises(DisclosureError, match="no numbers called 'n'"):
        chart(dp.release(sums, people(), facts, rho=0.005), "bar", title="People", measure="n")

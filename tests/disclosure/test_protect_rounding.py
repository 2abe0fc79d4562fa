"""Rounding keeps its base, hides small counts as far as it says, and does not depend on order, spelling or type."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess, protect
from disclosure.perturb import keys, midpoint, random, rounded
from tests.disclosure.small_tables import SMALL, STANDARD, checked, frame_of

METHODS = ("round", "random_round", "midpoint_round", "controlled_round", "cell_key")
TABLES = st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=3)


def by_person(counts, policy=STANDARD):
    return assess(Statistic.table("d", by=["g", "h"], unit="person"), frame_of(counts), policy)


@settings(max_examples=16, deadline=None)
@given(TABLES, st.integers(2, 12), st.sampled_from(METHODS[:4]))
def test_rounding_keeps_its_base(counts, base, method):
    if not any(map(any, counts)):
        return
    report = by_person(counts)
    safe = protect(report, method, base=base, key="secret")
    printed, truth = safe.table["n"].to_numpy(dtype=int), report.cells["n"].to_numpy()
    offset = base // 2 if method == "midpoint_round" else 0
    assert (((printed + offset) % base == 0) | (printed == 0)).all()
    assert (printed >= 0).all()
    reach = {"round": base // 2, "midpoint_round": base - 1 - base // 2 + (base % 2 == 0)}.get(
        method, base - 1
    )
    assert (np.abs(printed - truth) <= reach).all()
    assert safe.report.verdict in {Verdict.REVIEW, Verdict.FAIL}


@settings(max_examples=12, deadline=None)
@given(TABLES, st.integers(2, 9))
def test_the_ranges_that_rounding_is_audited_by_hold_the_truth_and_are_no_wider(counts, base):
    if not any(map(any, counts)):
        return
    report = by_person(counts)
    truth = report.cells["n"].to_numpy()
    for changed in (rounded(report, base), midpoint(report, base), random(report, base, "secret")):
        low, high = changed.ranges["n"]
        assert ((low <= truth) & (truth <= high)).all()
        assert (high - low <= 2 * base - 2).all()


def test_midpoint_six_is_the_rule_of_the_health_service():
    frame = pd.DataFrame({"g": np.repeat(np.arange(15), np.arange(15))})
    report = assess(Statistic.table("d", by=["g"], margins=False), frame, STANDARD)
    printed = dict(zip(report.cells["n"], protect(report, "midpoint_round", base=6).table["n"], strict=True))
    assert printed == {n: 3 if n <= 6 else 9 if n <= 12 else 15 for n in range(1, 15)}


def test_midpoints_tell_empty_cells_so_they_fail_where_these_are_unsafe():
    safe = protect(by_person([[0, 20, 30], [25, 18, 40]]), "midpoint_round", base=6)
    assert safe.report.verdict is Verdict.FAIL
    relaxed = Policy(zeros_unsafe=False)
    safe = protect(by_person([[0, 20, 30], [25, 3, 40]], relaxed), "midpoint_round", base=6)
    assert safe.report.verdict is Verdict.REVIEW


def test_random_rounding_is_right_on_average_and_the_same_whenever_asked():
    frame = pd.DataFrame({"g": np.repeat(np.arange(1500), 4), "person": np.arange(6000)})
    stat = Statistic.table("d", by=["g"], unit="person", margins=False)
    report = assess(stat, frame, STANDARD)
    printed = protect(report, "random_round", base=3, key="secret").table["n"].astype(int)
    assert set(printed) == {3, 6}
    assert abs((printed == 6).mean() - 1 / 3) < 0.05
    again = assess(stat, frame.sample(frac=1.0, random_state=2), STANDARD)
    assert protect(again, "random_round", base=3, key=b"secret").table["n"].astype(int).equals(printed)
    assert not protect(again, "random_round", base=3, key="other").table["n"].astype(int).equals(printed)


def test_one_secret_gives_two_methods_draws_of_their_own():
    frame = pd.DataFrame({"g": np.repeat(np.arange(1500), 5), "person": np.arange(7500)})
    report = assess(Statistic.table("d", by=["g"], unit="person", margins=False), frame, STANDARD)
    up = protect(report, "random_round", base=2, key="secret").table["n"].astype(int) == 6
    more = protect(report, "cell_key", base=5, key="secret").table["n"].astype(int) > 5
    assert abs((up & more).mean() - up.mean() * more.mean()) < 0.04


@pytest.mark.parametrize("key", [None, "", 7])
def test_random_rounding_needs_a_secret(key):
    with pytest.raises(DisclosureError) as caught:
        protect(by_person(SMALL), "random_round", key=key)
    assert caught.value.code == "key"
    with pytest.raises(DisclosureError) as caught:
        protect(checked(SMALL), "random_round", key="secret")
    assert caught.value.code == "key"


def test_a_change_without_the_variance_asked_for_is_refused(monkeypatch):
    report = by_person(SMALL, Policy(cell_key_variance=0.9))
    assert protect(report, "cell_key", key="secret").report.verdict is Verdict.REVIEW
    monkeypatch.setattr(keys, "STEPS", 1)
    with pytest.raises(DisclosureError) as caught:
        protect(report, "cell_key", key="secret")
    assert caught.value.code == "policy"


def test_as_much_variance_as_there_can_be_is_had():
    report = by_person(SMALL, Policy(cell_key_variance=1.0))
    printed = protect(report, "cell_key", key="secret").table["n"].astype(int)
    assert (np.abs(printed - report.cells["n"]) <= 5).all()


def test_next_to_no_variance_changes_next_to_nothing():
    report = by_person([[14, 20, 30], [25, 18, 40]], Policy(cell_key_variance=1e-300))
    printed = protect(report, "cell_key", key="secret").table["n"].tolist()
    assert printed == report.cells["n"].tolist()


@pytest.mark.parametrize("method", ["suppress", "drop_records", *METHODS])
def test_no_protection_depends_on_order_spelling_or_type(method):
    frame = frame_of([[3, 20, 30], [25, 18, 40], [50, 60, 22]])
    stat = Statistic.table("d", by=["g", "h"], unit="person")
    plain = protect(assess(stat, frame, STANDARD), method, key="secret").table["n"].tolist()
    other = frame.sample(frac=1.0, random_state=3)
    other["g"] = other["g"].map({"g0": "A'; --", "g1": 'b"', "g2": "ç"}).astype("category")
    other["h"] = other["h"].map({"h0": 1.0, "h1": 2.0, "h2": 3.0})
    other["person"] = other["person"].astype("int16")
    assert protect(assess(stat, other, STANDARD), method, key="secret").table["n"].tolist() == plain

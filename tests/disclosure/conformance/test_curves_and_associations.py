"""The conformance suite of the research: survival (E10), and what tests on ACRO's own data give away."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from disclosure import Policy, Statistic, Verdict, assess

ACRO_DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "sdc" / "acro_test_data.dta"
STANDARD = Policy.preset("standard")
EVENTS = 134
"""Individual event times in the experiment."""


def lives():
    """Return lives in which so many people have an event, each at a time of their own."""
    random = np.random.default_rng(10)
    times = np.concatenate(
        [random.permutation(np.arange(1, EVENTS + 1) * 7), random.integers(900, 1000, 300)]
    )
    return pd.DataFrame({"t": times, "e": [1] * EVENTS + [0] * 300, "u": range(EVENTS + 300)})


def test_e10_no_individual_event_time_leaves():
    report = assess(Statistic.survival("d", "t", "e", unit="u"), lives(), STANDARD)
    steps = report.cells[report.cells["part"] == "step"]
    assert len(steps) == EVENTS
    assert report.verdict is Verdict.FAIL
    assert steps["unsafe"].all()
    assert all("survival_step" in rules for rules in steps["rules"])


@pytest.mark.parametrize("at", [None, tuple(range(100, 900, 50))])
def test_e10_a_coarse_curve_shows_no_step_of_fewer_than_ten(at):
    report = assess(Statistic.survival("d", "t", "e", unit="u", at=at, coarsen=True), lives(), STANDARD)
    assert report.verdict is Verdict.REVIEW
    assert not report.cells["unsafe"].any()
    steps = report.cells[report.cells["part"] == "step"]
    assert len(steps) >= 7
    assert (steps["events"] >= 10).all()
    assert (steps["n"] - steps["events"] >= 10).all()


@pytest.fixture(scope="module")
def charities():
    if not ACRO_DATA.exists():
        pytest.skip("shared data absent: the data pack with ACRO's test data is not on this machine")
    return pd.read_stata(ACRO_DATA)


def test_eight_charities_over_six_years_are_eight(charities):
    data = charities[charities["grant_type"].isin(["R/G", "G"])]
    asked = {"where": "inc_grants >= 0", "reference": (None, "G")}
    rows = Statistic.association("d", "t_test", ("inc_grants", "grant_type"), **asked)
    units = Statistic.association("d", "t_test", ("inc_grants", "grant_type"), unit="charity", **asked)
    assert "threshold" not in {finding.rule for finding in assess(rows, data, STANDARD).findings}
    report = assess(units, data, STANDARD)
    assert any(finding.rule == "threshold" for finding in report.findings)


def test_a_correlation_on_charities_is_that_of_scipy(charities):
    asked = Statistic.association("d", "spearman", ("inc_grants", "inc_donations"), unit="charity")
    report = assess(asked, charities, STANDARD)
    both = charities[["inc_grants", "inc_donations"]].dropna()
    peer = stats.spearmanr(both["inc_grants"], both["inc_donations"]).statistic
    assert report.cells["estimate"].iloc[0] == pytest.approx(peer, rel=1e-6)
    assert report.cells["n"].iloc[0] == len(both)
    assert {finding.rule for finding in report.findings} == {"design"}

"""Curves agree with statsmodels' own, on whatever lives there are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from disclosure import DisclosureError, Policy, Statistic, assess

STANDARD = Policy.preset("standard")


def lives(n=400, seed=1, scale=30.0, decimals=1):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "t": random.exponential(scale, n).round(decimals),
            "e": random.integers(0, 2, n),
            "g": random.choice(["a", "b", "c"], n),
            "u": range(n),
            "w": random.uniform(0.5, 2, n),
        }
    )


def table(data, **words):
    return assess(Statistic.survival("d", "t", "e", **words), data, STANDARD).cells


def printed(cells, part="step"):
    return cells[cells["part"] == part]


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60),
    st.lists(st.integers(0, 13), min_size=1, max_size=5, unique=True),
)
@settings(max_examples=60, deadline=None)
def test_the_curve_is_the_product_limit_at_each_declared_time(rows, at):
    data = pd.DataFrame(rows, columns=["t", "e"])
    steps = printed(table(data, at=sorted(at)))
    data = data.astype(float)
    after = [float((data["t"] > time).sum()) for time in sorted(at)]
    assert (steps["n"] - steps["events"] - steps["censored"]).tolist() == after
    if not data["e"].any():
        assert (steps["survival"] == 1).all()
        return
    peer = SurvfuncRight(data["t"], data["e"])
    place = np.searchsorted(peer.surv_times, sorted(at), side="right") - 1
    survival = np.where(place < 0, 1.0, peer.surv_prob[place])
    error = np.where(place < 0, 0.0, peer.surv_prob_se[place])
    np.testing.assert_allclose(steps["survival"], survival, rtol=1e-9, atol=1e-12)
    known = survival > 1e-12
    np.testing.assert_allclose(steps["std_error"][known], error[known], rtol=1e-9, atol=1e-12)
    assert steps["std_error"][~known].isna().all()


def test_without_times_each_time_of_an_event_is_a_step():
    data = lives()
    steps = printed(table(data))
    peer = SurvfuncRight(data["t"], data["e"])
    assert steps["time"].tolist() == peer.surv_times.tolist()
    np.testing.assert_allclose(steps["survival"], peer.surv_prob, atol=1e-12)
    assert steps["events"].tolist() == peer.n_events.tolist()
    middle = printed(table(data), "median").iloc[0]
    assert middle["time"] == peer.quantile(0.5)
    inside = (peer.surv_prob > 0) & (peer.surv_prob < 1)
    with np.errstate(all="ignore"):
        width = 1.959963984540054 * peer.surv_prob_se / (peer.surv_prob * np.abs(np.log(peer.surv_prob)))
        low, high = (peer.surv_prob ** np.exp(sign * width) for sign in (1, -1))
    np.testing.assert_allclose(steps["low"].to_numpy()[inside], low[inside], rtol=1e-9)
    np.testing.assert_allclose(steps["high"].to_numpy()[inside], high[inside], rtol=1e-9)
    assert middle["low"] == peer.surv_times[inside & (low < 0.5)][0]
    assert middle["high"] == peer.surv_times[inside & (high < 0.5)][0]


def test_weights_weigh_the_curve_and_not_the_people():
    data = lives()
    steps = printed(table(data, weight="w", at=[10, 30], unit="u"))
    peer = SurvfuncRight(data["t"], data["e"], freq_weights=data["w"])
    place = np.searchsorted(peer.surv_times, [10, 30], side="right") - 1
    np.testing.assert_allclose(steps["survival"], peer.surv_prob[place], rtol=1e-9)
    np.testing.assert_allclose(steps["std_error"], peer.surv_prob_se[place], rtol=1e-9)
    assert steps["units"].tolist() == [400, int((data["t"] > 10).sum())]


@pytest.mark.parametrize("groups", [["a", "b"], ["a", "b", "c"]])
def test_the_log_rank_test_is_that_of_statsmodels(groups):
    data = lives()
    data = data[data["g"].isin(groups)]
    row = printed(table(data, by=["g"], at=[10], test="logrank"), "logrank").iloc[0]
    statistic, p_value = survdiff(data["t"], data["e"], data["g"])
    assert row["statistic"] == pytest.approx(statistic, rel=1e-9)
    assert row["p_value"] == pytest.approx(p_value, rel=1e-9)
    assert (row["degrees"], row["n"], row["g"]) == (len(groups) - 1, len(data), None)


def test_each_group_has_its_own_curve():
    data = lives()
    cells = table(data, by=["g"], at=[10, 30], unit="u")
    for level in "abc":
        alone = table(data, where=f"g == '{level}'", at=[10, 30], unit="u")
        own = cells[cells["g"] == level].drop(columns="g").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone)


def test_the_answer_does_not_depend_on_the_order_of_rows_or_their_types():
    data = lives()
    asked = {"by": ["g"], "at": [10, 30], "test": "logrank", "unit": "u"}
    wanted = table(data, **asked)
    mixed = data.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(table(mixed, **asked), wanted)
    typed = mixed.astype({"e": bool, "t": "float64", "g": "category", "u": "float64"})
    pd.testing.assert_frame_equal(table(typed, **asked), wanted)


def test_lives_without_time_or_event_are_left_out_and_negative_ones_said():
    data = lives()
    holes = data.astype({"e": float}).assign(t=data["t"].mask(data["u"] < 50))
    holes.loc[50:99, "e"] = np.nan
    report = assess(Statistic.survival("d", "t", "e", at=[10]), holes, STANDARD)
    assert report.cells["n"].iloc[0] == 300
    holes.loc[100, "t"] = -1.0
    report = assess(Statistic.survival("d", "t", "e", at=[10]), holes, STANDARD)
    assert report.cells["n"].iloc[0] == 299
    assert "negative" in report.findings[0].sentence
    assert report.findings[0].rule == "check_failed"


def test_rows_of_a_bad_weight_are_left_out_and_said():
    data = lives()
    data.loc[0, "w"] = -1.0
    report = assess(Statistic.survival("d", "t", "e", at=[10], weight="w"), data, STANDARD)
    assert report.cells["n"].iloc[0] == 399
    assert any("weights" in finding.sentence for finding in report.findings)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"e": "yes"}, "survival"),
        ({"e": 2}, "survival"),
        ({"t": "long"}, "survival"),
        ({"t": pd.Timestamp("2024-01-01")}, "survival"),
    ],
)
def test_an_event_that_is_not_nought_or_one_and_a_time_that_is_no_number_are_refused(changed, code):
    with pytest.raises(DisclosureError) as caught:
        table(lives().assign(**changed), at=[10])
    assert caught.value.code == code
    assert "2024" not in caught.value.sentence


def test_too_many_steps_are_refused_before_they_are_laid_out():
    policy = STANDARD.tightened(max_cells=50)
    with pytest.raises(DisclosureError) as caught:
        assess(Statistic.survival("d", "t", "e"), lives(), policy)
    assert caught.value.code == "too_many_cells"

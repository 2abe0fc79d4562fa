"""What `protect` emits is safe to print: an auditor of the tests, which shares no code with it, says so too."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Released, Report, Statistic, Verdict, Wishes, assess, protect
from disclosure.safe import WITHHELD
from tests.disclosure.independent import possible_ranges
from tests.disclosure.small_tables import SMALL, STANDARD, checked, frame_of, keys_of, values_of


def test_nothing_is_printed_while_a_table_is_protected():
    lines = (
        "from tests.disclosure.small_tables import SMALL, checked\n"
        "from disclosure import protect\n"
        "protect(checked(SMALL)); protect(checked(SMALL), 'controlled_round')"
    )
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, check=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_withheld_cells_cannot_be_recovered_from_the_totals():
    safe = protect(checked(SMALL))
    assert safe.report.verdict is Verdict.REVIEW
    assert safe.optimal
    ranges = possible_ranges(keys_of(safe.table), values_of(safe.table))
    assert len(ranges) == 4
    assert all(high - low >= 2 for low, high in ranges.values())


def test_the_marker_is_neither_a_number_nor_missing():
    table = protect(checked(SMALL)).table
    assert table["n"][0] == WITHHELD
    assert not table.isna()["n"].any()
    with pytest.raises(ValueError, match="could not convert"):
        float(WITHHELD)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), min_size=2, max_size=4), min_size=2, max_size=4))
def test_an_independent_auditor_recovers_no_withheld_count(counts):
    width = min(map(len, counts))
    counts = [line[:width] for line in counts]
    if not any(map(any, counts)):
        return
    safe = protect(checked(counts), time_limit=5)
    assert safe.report.verdict is Verdict.REVIEW
    assert "recoverable" not in [f.rule for f in safe.report.findings if f.verdict is Verdict.FAIL]
    truth, ranges = safe.report.cells["n"], possible_ranges(keys_of(safe.table), values_of(safe.table))
    for place, (low, high) in ranges.items():
        assert low - 1e-6 <= truth[place] <= high + 1e-6
        assert high - low >= 1 - 1e-6


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 25), min_size=3, max_size=3), min_size=2, max_size=3), st.booleans())
def test_suppress_then_assess_never_fails_for_sums(counts, holes):
    frame = frame_of(counts)
    if frame.empty:
        return
    if holes:
        frame.loc[frame["person"] % 7 == 0, "v"] = np.nan
    stat = Statistic.table(
        "d", by=["g", "h"], measures={"t": ("sum", "v"), "m": ("mean", "v")}, unit="person"
    )
    safe = protect(assess(stat, frame, STANDARD), time_limit=5)
    assert safe.report.verdict is Verdict.REVIEW
    ranges = possible_ranges(keys_of(safe.table), values_of(safe.table, "t"))
    unsafe = assess(stat, frame, STANDARD).cells
    for place, (low, high) in ranges.items():
        largest = unsafe["t"][place]
        assert high - low > 1e-7 * max(1.0, 0.0 if np.isnan(largest) else largest)


@pytest.mark.parametrize("method", ["round", "controlled_round"])
@settings(max_examples=15, deadline=None)
@given(
    counts=st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=3),
    base=st.sampled_from([5, 7, 10]),
)
def test_rounding_keeps_its_base(method, counts, base):
    if not any(map(any, counts)):
        return
    report = checked(counts)
    safe = protect(report, method, base=base)
    numbers = np.array(safe.table["n"], dtype=int)
    assert (numbers % base == 0).all()
    assert (np.abs(numbers - report.cells["n"]) < base).all()
    if method == "controlled_round":
        table = safe.table
        inner = table[table["g"].notna() & table["h"].notna()]
        whole = table[table["g"].isna() & table["h"].isna()]
        assert inner["n"].sum() == whole["n"].sum()
        for name in ("g", "h"):
            other = "h" if name == "g" else "g"
            totals = table[table[name].notna() & table[other].isna()].set_index(name)["n"]
            assert inner.groupby(name)["n"].sum().to_dict() == totals.to_dict()


def test_a_base_that_hides_nothing_fails():
    safe = protect(checked([[0, 20], [30, 40]]), "round", base=2)
    assert safe.report.verdict is Verdict.FAIL
    assert "recoverable" in [finding.rule for finding in safe.report.findings]


def test_a_cell_key_gives_the_same_people_the_same_number():
    frame = frame_of(SMALL)
    stat = Statistic.table("d", by=["g", "h"], unit="person")
    report = assess(stat, frame, STANDARD)
    one, two = (protect(report, "cell_key", key=key).table["n"].tolist() for key in ("secret", b"secret"))
    assert one == two
    assert protect(report, "cell_key", key="another").table["n"].tolist() != one
    shuffled = frame.sample(frac=1.0, random_state=1)
    again = protect(assess(stat, shuffled, STANDARD), "cell_key", key="secret")
    assert again.table["n"].tolist() == one
    alone = assess(
        Statistic.table("d", by=["g"], unit="person", where="h == 'h1'", margins=False), frame, STANDARD
    )
    assert protect(alone, "cell_key", key="secret").table["n"].tolist() == [one[1], one[4], one[7]]


def test_a_cell_key_changes_little_and_nobody_stays_nobody():
    frame = frame_of([[0, 1, 2], [3, 40, 50]])
    report = assess(Statistic.table("d", by=["g", "h"], unit="person"), frame, STANDARD)
    for base in (3, 5):
        table = protect(report, "cell_key", key="secret", base=base).table
        assert table["n"][0] == 0
        assert (np.abs(table["n"].astype(int) - report.cells["n"]) <= base).all()


def test_cell_keys_change_counts_by_nought_on_average():
    frame = pd.DataFrame({"g": np.repeat(np.arange(3000), 4), "person": np.arange(12_000)})
    report = assess(Statistic.table("d", by=["g"], unit="person", margins=False), frame, STANDARD)
    changes = protect(report, "cell_key", key="secret").table["n"].astype(int) - 4
    assert abs(changes.mean()) < 0.15
    assert 2.6 < changes.var() < 3.4
    assert changes.min() == -4
    assert changes.max() == 5


@pytest.mark.parametrize("key", [None, "", b"", 5])
def test_cell_keys_without_a_secret_are_refused(key):
    report = assess(Statistic.table("d", by=["g"], unit="person"), frame_of(SMALL), STANDARD)
    with pytest.raises(DisclosureError) as caught:
        protect(report, "cell_key", key=key)
    assert caught.value.code == "key"


def test_cell_keys_without_units_are_refused():
    with pytest.raises(DisclosureError) as caught:
        protect(checked(SMALL), "cell_key", key="secret")
    assert caught.value.code == "key"


def test_a_loaded_report_cannot_be_protected():
    report = Report.from_json(checked(SMALL).to_json())
    with pytest.raises(DisclosureError) as caught:
        protect(report)
    assert caught.value.code == "no_evidence"


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("method", {"method": "hope"}),
        ("base", {"method": "round", "base": 1}),
        ("base", {"method": "round", "base": 5.0}),
        ("base", {"method": "controlled_round", "base": True}),
        ("wishes", {"wishes": Wishes(frozen=[99])}),
        ("wishes", {"wishes": Wishes(forbidden=[-1])}),
        ("wishes", {"wishes": Wishes(cost="beauty")}),
        ("wishes", {"wishes": Wishes(importance={0: float("nan")})}),
        ("cannot_protect", {"wishes": Wishes(frozen=[0])}),
        ("cannot_protect", {"wishes": Wishes(frozen=range(1, 16))}),
    ],
)
def test_wrong_words_are_refused(code, arguments):
    with pytest.raises(DisclosureError) as caught:
        protect(checked(SMALL), **arguments)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "rest", [{"measures": {"t": ("sum", "v")}}, {"measures": {"c": ("count", None)}, "weight": "v"}]
)
def test_values_are_not_rounded(rest):
    with pytest.raises(DisclosureError) as caught:
        protect(checked(SMALL, **rest), "round")
    assert caught.value.code == "unsuitable"


def test_wishes_are_granted():
    report = checked(SMALL)
    plain = set(np.flatnonzero(~protect(report).published).tolist())
    free = sorted(plain - {0})
    frozen = protect(report, wishes=Wishes(frozen=[free[-1]], cost="cells"))
    assert frozen.published[free[-1]]
    assert frozen.report.verdict is Verdict.REVIEW
    hidden = next(cell for cell in range(9) if cell not in plain)
    assert not protect(report, wishes=Wishes(forbidden=[hidden])).published[hidden]
    cheap = protect(report, wishes=Wishes(importance=dict.fromkeys([0, 2, 6, 8], 0.001)))
    assert set(np.flatnonzero(~cheap.published).tolist()) == {0, 2, 6, 8}


def test_out_of_time_the_rule_of_thumb_is_audited_all_the_same():
    safe = protect(checked(SMALL), time_limit=0)
    assert not safe.optimal
    assert safe.report.verdict is Verdict.REVIEW
    ranges = possible_ranges(keys_of(safe.table), values_of(safe.table))
    assert all(high - low >= 2 for low, high in ranges.values())


def test_a_clean_table_is_left_as_it_is_and_looked_at():
    report = checked([[20, 30], [40, 50]])
    assert report.verdict is Verdict.PASS
    safe = protect(report)
    assert safe.published.all()
    assert safe.report.verdict is Verdict.REVIEW
    assert safe.table["n"].tolist() == report.cells["n"].tolist()


def test_what_is_released_is_what_is_printed():
    report = assess(Statistic.table("d", by=["g", "h"], unit="person"), frame_of(SMALL), STANDARD)
    safe = protect(report)
    released = safe.released("one")
    assert len(released.cells) == safe.published.sum() == len(released.contributors[None].keys)
    assert 3 not in released.cells["n"].tolist()
    again = Released.from_bytes(released.to_bytes())
    assert again.digest == released.digest
    with pytest.raises(DisclosureError):
        safe.report.released("two")
    assert Report.from_json(safe.report.to_json()).verdict is Verdict.REVIEW


def test_a_table_of_nobody_still_fails():
    stat = Statistic.table("d", by=["g", "h"], where="g == 'nobody'")
    report = assess(stat, frame_of(SMALL), STANDARD)
    assert protect(report).report.verdict is Verdict.FAIL

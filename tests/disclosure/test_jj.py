"""JJ files are read whole or refused, and the field's test table is protected with few extra cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from disclosure import DisclosureError, Report, crosstab, jj
from disclosure.audit import audit
from disclosure.jj import jj_of, read_jj, write_jj
from disclosure.suppress import suppress
from tests.disclosure.frame.people import with_few

SUMIT = Path(__file__).resolve().parents[3] / "shared" / "data" / "sdc" / "sumit_test.jj"
CELLS = [(100, "s"), (60, "s"), (40, "s"), (50, "s"), (5, "u"), (45, "s"), (50, "z"), (55, "s"), (0, "s")]
RELATIONS = ["0 1 2", "3 4 5", "6 7 8", "0 3 6", "1 4 7", "2 5 8"]


def text_of(cells=CELLS):
    lines = ["0", str(len(cells))]
    for place, (value, mark) in enumerate(cells):
        lines.append(f"{place} {value} {value + 1} {mark} 0 1000 2 3 0")
    lines.append(str(len(RELATIONS)))
    for relation in RELATIONS:
        total, *parts = relation.split()
        lines.append(f"0 3 : {total} (-1) " + " ".join(f"{part} (1)" for part in parts))
    return "\n".join(lines) + "\n"


def test_a_file_is_read_and_its_table_protected(tmp_path):
    path = tmp_path / "small.jj"
    path.write_text(text_of())
    found = read_jj(path)
    assert found.values.tolist() == [value for value, _ in CELLS]
    assert found.unsafe.tolist() == [mark == "u" for _, mark in CELLS]
    assert found.frozen.tolist() == [mark == "z" for _, mark in CELLS]
    assert found.equations.count == 6
    system = found.system()
    assert [leak.cell for leak in audit(system, found.unsafe)] == [4]
    choice = suppress(system, found.unsafe, cost=found.costs, frozen=found.frozen, time_limit=10)
    assert audit(system, choice.withheld) == ()
    assert not choice.withheld[6]


def test_lone_contributors_are_told_by_their_protection_levels(tmp_path):
    path = tmp_path / "small.jj"
    path.write_text(text_of())
    found = read_jj(path)
    assert not found.lone(0.10).any()
    assert np.flatnonzero(found.lone(0.60)).tolist() == [4]
    units = np.where(found.lone(0.60), 1, 5)
    assert found.system(units, 0).groups == found.system(None, 2).groups == ()
    (group,) = found.system(units, 2).groups
    assert group.known == (4,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0\n",
        "0\n2\n0 1 1 s 0 1 0 0 0\n",
        text_of()[:-30],
        text_of().replace("0 3 :", "7 3 :", 1),
        text_of().replace(" 0 1000", " 0", 1),
    ],
)
def test_another_file_is_refused(tmp_path, text):
    path = tmp_path / "other.jj"
    path.write_text(text)
    with pytest.raises(DisclosureError) as caught:
        read_jj(path)
    assert caught.value.code == "jj"


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DisclosureError):
        read_jj(tmp_path / "none.jj")


def test_the_sumit_table_is_protected_with_fewer_than_sixty_extra_cells():
    if not SUMIT.exists():
        pytest.skip("shared data absent: the data pack with SUMiT's test table is not on this machine")
    found = read_jj(SUMIT)
    system = found.system()
    assert found.unsafe.sum() == 71
    assert audit(system, found.unsafe) != ()
    choice = suppress(
        system, found.unsafe, cost=np.ones(len(found.values)), frozen=found.frozen, time_limit=60
    )
    assert choice.optimal
    assert (choice.withheld & ~found.unsafe).sum() < 60
    assert audit(system, choice.withheld) == ()


def test_the_sumit_table_is_protected_against_its_singletons_and_pairs_of_them_at_no_extra_cost():
    """Twenty-two cells have one contributor by their protection levels; 47 extra cells do for them as well."""
    if not SUMIT.exists():
        pytest.skip("shared data absent: the data pack with SUMiT's test table is not on this machine")
    found = read_jj(SUMIT)
    lone = found.lone(0.10)
    assert lone.sum() == 22
    for coalition, groups in ((1, 22), (2, 73)):
        system = found.system(np.where(lone, 1, 5), coalition)
        assert len(system.groups) == groups
        choice = suppress(
            system, found.unsafe, cost=np.ones(len(found.values)), frozen=found.frozen, time_limit=60
        )
        assert choice.optimal
        assert (choice.withheld & ~found.unsafe).sum() == 47
        assert audit(system, choice.withheld) == ()


def test_a_table_that_is_written_reads_back_as_it_was(tmp_path):
    (tmp_path / "one.jj").write_text(text_of())
    found = read_jj(tmp_path / "one.jj")
    write_jj(found, tmp_path / "two.jj")
    again = read_jj(tmp_path / "two.jj")
    for name in ("values", "costs", "unsafe", "frozen", "lower", "upper", "need_down", "need_up"):
        assert np.array_equal(getattr(again, name), getattr(found, name)), name
    for name in ("rows", "cells", "signs"):
        assert np.array_equal(getattr(again.equations, name), getattr(found.equations, name)), name
    assert (tmp_path / "two.jj").read_text().split("\n")[2 + len(CELLS) + 1] == "0 3 : 0 (-1) 1 (1) 2 (1)"


def test_a_checked_table_goes_to_tau_argus_and_back_and_is_protected_alike(tmp_path):
    data = with_few(7)
    report = crosstab(data, "region", "tenure", unit="person").report
    write_jj(jj_of(report), tmp_path / "counts.jj")
    found = read_jj(tmp_path / "counts.jj")
    assert found.values.tolist() == report.cells["n"].tolist()
    assert np.array_equal(found.unsafe, report.cells["unsafe"])
    choice = suppress(found.system(), found.unsafe, cost=found.costs, frozen=found.frozen, time_limit=10)
    assert audit(found.system(), choice.withheld) == ()
    assert (choice.withheld & ~found.unsafe).any()
    bill = crosstab(data, "region", "tenure", values="bill", aggfunc=["sum", "mean"], unit="person").report
    sums = jj_of(bill, "bill_sum")
    assert sums.values.tolist() == pytest.approx(bill.cells["bill_sum"].fillna(0).tolist())
    assert (sums.need_up[sums.unsafe] > 0).any()
    assert not sums.need_up[~sums.unsafe].any()
    write_jj(sums, tmp_path / "sums.jj")
    assert np.array_equal(read_jj(tmp_path / "sums.jj").upper, sums.upper)
    for measure in ("bill_mean", "nothing"):
        with pytest.raises(DisclosureError) as caught:
            jj_of(bill, measure)
        assert caught.value.code == "unsuitable"
    with pytest.raises(DisclosureError) as caught:
        jj_of(Report.from_json(bill.to_json()))
    assert caught.value.code == "no_evidence"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("4 5 6 u", "4 nan 6 u"),
        ("4 5 6 u", "4 inf 6 u"),
        ("4 5 6 u", "4 5 -6 u"),
        ("4 5 6 u", "4 2000 6 u"),
        ("4 5 6 u", "4 -1 6 u"),
        ("4 5 6 u", "5 5 6 u"),
        ("4 5 6 u", "4 5 6 x"),
        ("4 5 6 u", "4 5 6 u 1"),
        ("0 1000 2 3 0", "0 1000 -2 3 0"),
        ("0 3 : 0 (-1)", "0 3 : 9 (-1)"),
        ("0 3 : 0 (-1)", f"0 3 : {10**30} (-1)"),
        ("0 3 : 0 (-1)", "0 3 : -1 (-1)"),
        ("0 3 : 0 (-1)", "0 3 : 0 (nan)"),
        ("0\n9\n", "0\n-9\n"),
        ("0\n9\n", "0\n999999999999\n"),
        ("\n6\n", "\n7\n"),
        ("8 (1)\n", "8 (1)\nmore\n"),
    ],
)
def test_a_hostile_file_is_refused(tmp_path, old, new):
    text = text_of()
    assert old in text
    path = tmp_path / "other.jj"
    path.write_text(text.replace(old, new, 1) if old != "8 (1)\n" else text + "more\n")
    with pytest.raises(DisclosureError) as caught:
        read_jj(path)
    assert caught.value.code == "jj"


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "other.jj"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DisclosureError):
        read_jj(path)
    path.write_text(text_of())
    read_jj(path)
    monkeypatch.setattr(jj, "MAX_JJ", 100)
    with pytest.raises(DisclosureError):
        read_jj(path)


def test_a_table_that_could_not_be_read_again_is_not_written(tmp_path):
    (tmp_path / "one.jj").write_text(text_of())
    found = read_jj(tmp_path / "one.jj")
    for changed in ({"values": found.values * np.nan}, {"frozen": found.unsafe}):
        with pytest.raises(DisclosureError) as caught:
            write_jj(replace(found, **changed), tmp_path / "two.jj")
        assert caught.value.code == "jj"
    assert not (tmp_path / "two.jj").exists()


def test_a_table_without_relations_reads_back(tmp_path):
    text = "0\n2\n0 5 1 s 0 9 1 1 0\n1 4 1 s 0 9 1 1 0\n0\n"
    (tmp_path / "alone.jj").write_text(text)
    table = read_jj(tmp_path / "alone.jj")
    assert table.equations.count == 0
    write_jj(table, tmp_path / "again.jj")
    assert read_jj(tmp_path / "again.jj").values.tolist() == [5.0, 4.0]

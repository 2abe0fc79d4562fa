"""JJ files are read whole or refused, and the field's test table is protected with few extra cells."""

from pathlib import Path

import numpy as np
import pytest

from disclosure import DisclosureError
from disclosure.audit import audit
from disclosure.jj import read_jj
from disclosure.suppress import suppress

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

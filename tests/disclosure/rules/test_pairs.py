"""What one release says of few people when it is taken from another, on either side of each threshold, word for word."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from disclosure import Policy, Released, Verdict
from disclosure.differencing import pairs
from disclosure.differencing.pairs import Side, columns_of, isolated_by, pairwise, people_of
from disclosure.evidence import Contributors
from disclosure.released import imprint_of
from disclosure.result import Finding
from tests.disclosure.rules.made import STANDARD, asked

FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW
STAT = asked(unit="u")
ALIKE = range(20)


def key(person):
    """Return a person's key: spread over all 64 buckets of an imprint, twenty people after each other in one."""
    return (person // 20 % 64) << 58 | person


def member(people):
    """Return people with their rows; each has one where only people are named."""
    rows = people if isinstance(people, dict) else dict.fromkeys(people, 1)
    ordered = sorted((key(person), count) for person, count in rows.items())
    keys = np.array([found for found, _ in ordered], dtype=np.uint64)
    return keys, np.array([count for _, count in ordered], dtype=np.int64)


def behind(*cells):
    members = [member(people) for people in cells]
    return Contributors(tuple(keys for keys, _ in members), tuple(rows for _, rows in members))


def keys_of(size):
    return tuple((f"c{place}",) for place in range(size))


def new(*cells, stat=STAT, **columns):
    found = {None: behind(*cells)} | {name: behind(*people) for name, people in columns.items()}
    return Side(stat, keys_of(len(cells)), found, "u")


def old(*cells, name="R1", stat=STAT, **columns):
    found = {None: behind(*cells)} | {column: behind(*people) for column, people in columns.items()}
    table = pd.DataFrame({"g": [level for (level,) in keys_of(len(cells))]})
    return imprint_of(Released(name, stat, table, "u", found))


def subtracted(cells, count, name="R1"):
    counted = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    sentence = f"Subtracting the release {name!r} isolates {people_of(count)} in {counted}."
    return Finding("differencing", cells, sentence, FAIL)


def found(side, *released, policy=STANDARD):
    return list(pairwise(side, released, policy))


def test_people_are_counted_in_words():
    assert people_of(1) == "a single unit"
    assert people_of(2) == "as few as 2 units"


@pytest.mark.parametrize("start", [0, 15, 75, 100, 1270])
@pytest.mark.parametrize(("apart", "isolated"), [(0, 0), (1, 1), (2, 2), (9, 9), (10, 0)])
def test_cells_that_few_people_tell_apart_isolate_them(apart, isolated, start):
    few = range(start, start + 30)
    many = range(start, start + 30 + apart)
    expected = [subtracted((0,), isolated)] if isolated else []
    assert found(new(few), old(many)) == expected
    assert found(new(many), old(few)) == expected
    policy = Policy(min_units=apart or 1)
    assert found(new(few), old(many), policy=policy) == []
    assert found(new(many), old(few), policy=policy) == []
    policy = Policy(min_units=apart + 1)
    assert len(found(new(many), old(few), policy=policy)) == (apart > 0)


def test_spread_people_are_as_isolated_as_those_of_one_bucket():
    most = range(0, 1280, 20)
    for size, expected in ((63, [1]), (55, [9]), (54, [])):
        fewer = list(most)[:size]
        for pair in ((new(most), old(fewer)), (new(fewer), old(most))):
            assert [finding.sentence for finding in found(*pair)] == [
                f"Subtracting the release 'R1' isolates {people_of(count)} in 1 cell." for count in expected
            ]


def test_small_cells_isolate_too_and_empty_ones_tell_nothing():
    assert found(new(range(5)), old(range(1))) == [subtracted((0,), 4)]
    assert found(new(range(1)), old(range(5))) == [subtracted((0,), 4)]
    assert found(new(range(9)), old([])) == []
    assert found(new([]), old(range(9))) == []
    assert found(new(range(11)), old(range(1))) == []
    assert found(new(range(10)), old(range(1))) == [subtracted((0,), 9)]


def test_cells_that_overlap_isolate_nobody():
    assert found(new(range(30)), old(range(1, 31))) == []
    assert found(new(range(30)), old(range(1, 40))) == []
    assert found(new(range(30)), old([*range(29), 500])) == []
    assert found(new([*range(29), 500]), old(range(35))) == []


def test_the_same_people_with_other_rows_are_told_apart():
    once, more = dict.fromkeys(ALIKE, 1), dict.fromkeys(ALIKE, 1) | {3: 2, 4: 5}
    assert found(new(once), old(more)) == [subtracted((0,), 2)]
    assert found(new(more), old(once)) == [subtracted((0,), 2)]
    other = dict.fromkeys(ALIKE, 1) | {5: 2}
    assert found(new(other), old(more)) == []


def test_members_are_compared_by_people_and_rows():
    one = member({1: 1, 2: 2, 3: 3})
    assert isolated_by(one, one) == 0
    assert isolated_by(member([]), one) == isolated_by(one, member([])) == 0
    assert isolated_by(one, member({1: 1, 2: 2})) == isolated_by(member({1: 1, 2: 2}), one) == 1
    assert isolated_by(one, member({1: 1, 2: 1})) == isolated_by(member({1: 1, 2: 1}), one) == 2
    assert isolated_by(one, member({1: 2, 2: 2})) == isolated_by(member({1: 2, 2: 2}), one) == 0
    assert isolated_by(one, member({1: 1, 2: 1, 3: 1})) == 2
    assert isolated_by(member({1: 1, 2: 1, 3: 1}), one) == 2
    assert isolated_by(one, member({1: 2, 2: 1, 3: 3})) == 0
    assert isolated_by(one, member({1: 1, 4: 1})) == 0
    assert isolated_by(one, member({2: 2, 4: 1})) == 0
    assert isolated_by(member({2: 2}), one) == 2


def test_each_cell_is_named_with_the_fewest_of_all():
    cells = (range(30), range(100, 140), range(200, 260))
    earlier = (range(27), range(100, 139), range(300, 340))
    assert found(new(*cells), old(*earlier)) == [subtracted((0, 1), 1)]
    assert found(new(*cells), old(*earlier[::-1])) == [subtracted((0, 1), 1)]


def test_what_cells_add_up_to_is_published_too():
    cells = (range(30), range(100, 140))
    whole = [*range(30), *range(100, 144)]
    assert found(new(*cells), old(whole)) == [subtracted((0, 1), 4)]
    assert found(new(whole), old(*cells)) == [subtracted((0,), 4)]


def test_a_sum_names_no_cell_beside_the_one_that_isolates_by_itself():
    cells = (range(30), range(100, 140))
    assert found(new(*cells), old(range(28), range(100, 140))) == [subtracted((0,), 2)]
    # the sum isolates fewer than the cell does: then it is about more than that cell
    both = (range(28), [*range(100, 140), 28])
    assert found(new(*cells), old(*both)) == [subtracted((0, 1), 1)]


def test_columns_are_compared_with_their_own_kind():
    side = new(range(60), v=[range(30)], w=[range(200, 240)])
    assert found(side, old(range(60), v=[range(28)])) == [subtracted((0,), 2)]
    assert found(side, old(range(60), x=[range(28)])) == []
    assert found(side, old(range(60), w=[range(30)], v=[range(201, 241)])) == []


def test_each_release_is_named_by_itself_and_the_unknown_tell_nothing():
    unknown = replace(old(range(28)), shapes=None)
    released = [old(range(28), name="R1"), unknown, old(range(50)), old(range(33), name="R'2")]
    assert found(new(range(30)), *released) == [
        subtracted((0,), 2),
        subtracted((0,), 3, name="R'2"),
    ]
    assert found(new(range(30))) == []


def test_more_releases_than_are_opened_in_one_check_are_left_to_a_person(monkeypatch):
    monkeypatch.setattr(pairs, "MOST_OPENED", 2)
    released = [old(range(28), name=f"R{number}") for number in range(5)]
    sentence = (
        "3 more releases have cells of nearly the same people, more than are opened in one check; "
        "ask a question that differs less from theirs, or let a person compare them."
    )
    assert found(new(range(30)), *released) == [
        subtracted((0,), 2, name="R0"),
        subtracted((0,), 2, name="R1"),
        Finding("check_failed", (), sentence, REVIEW),
    ]
    assert len(found(new(range(30)), *released[:3])) == 3
    assert [one.rule for one in found(new(range(30)), *released[:2])] == ["differencing"] * 2


def test_only_suspects_are_opened():
    def never():
        raise AssertionError("opened")

    released = [replace(old(people), open=never) for people in (range(30), range(40), range(500, 530), [])]
    assert found(new(range(30)), *released) == []


def test_the_columns_of_a_table_are_its_cells_and_then_what_they_add_up_to():
    side = new(range(3), range(10, 12))
    assert side.columns[None].parts == ((0,), (1,), (0, 1))
    assert side.columns[None].member(2)[1].tolist() == [1] * 5
    alone = columns_of((("c0", "x"), ("c0", None)), {None: behind(range(3), range(3))})
    assert alone[None].parts == ((0,), (1,))


def test_the_same_question_of_the_same_people_is_the_same_answer():
    side = new(range(30), v=[range(20)])
    assert side.answers_again(old(range(30), v=[range(20)]))
    assert side.answers_again(old(range(30)))
    assert not side.answers_again(old(range(30), v=[range(21)]))
    assert not side.answers_again(old(range(31), v=[range(20)]))
    assert not side.answers_again(old(range(30), v=[range(20)], stat=asked(unit="u", where="age > 1")))
    assert not side.answers_again(replace(old(range(30)), shapes=None))

from uuid import UUID

import pyarrow as pa
import pytest

from tre.domain.errors import BadInput
from tre.linkage.spine import build_spine, extend, random_ids


def clusters(**rows: int) -> pa.Table:
    return pa.table(
        {
            "dataset": ["tax"] * len(rows),
            "row_key": list(rows),
            "cluster": pa.array(list(rows.values()), pa.int64()),
        }
    )


def persons(spine: pa.Table) -> dict[str, str]:
    return {row["row_key"]: row["person_id"] for row in spine.to_pylist()}


def test_rows_of_one_cluster_are_one_person_and_no_other() -> None:
    found = persons(build_spine(clusters(a=1, b=1, c=2)))
    assert found["a"] == found["b"] != found["c"]


def test_person_id_is_random_and_no_cluster_number() -> None:
    first, second = (persons(build_spine(clusters(a=1, b=2))) for _ in range(2))
    assert set(first.values()).isdisjoint(second.values())
    for person_id in first.values():
        assert UUID(person_id).version == 4
        assert UUID(person_id).variant == "specified in RFC 4122"


def test_spine_has_no_column_but_its_three() -> None:
    assert build_spine(clusters(a=1)).column_names == ["dataset", "row_key", "person_id"]


def test_random_ids_do_not_repeat() -> None:
    assert len(set(random_ids(10_000).to_pylist())) == 10_000


def test_persons_keep_their_id_when_rows_join_them() -> None:
    before = build_spine(clusters(a=1, b=2))
    change = extend(clusters(a=7, b=8, c=7, d=9), before)
    known, found = persons(before), persons(change.spine)
    assert (found["a"], found["b"], found["c"]) == (known["a"], known["b"], known["a"])
    assert found["d"] not in known.values()
    assert (change.kept, change.new, change.merged, change.split) == (2, 1, (), ())


def test_merged_persons_take_the_id_with_most_rows_and_the_other_is_retired() -> None:
    before = build_spine(clusters(a=1, b=1, c=2))
    change = extend(clusters(a=5, b=5, c=5), before)
    known = persons(before)
    assert set(persons(change.spine).values()) == {known["a"]}
    assert change.merged == (known["c"],)


def test_split_person_keeps_the_id_where_most_rows_are() -> None:
    before = build_spine(clusters(a=1, b=1, c=1))
    change = extend(clusters(a=5, b=5, c=6), before)
    known, found = persons(before), persons(change.spine)
    assert found["a"] == found["b"] == known["a"]
    assert found["c"] != known["a"]
    assert change.split == (known["a"],)
    assert change.merged == ()


def test_one_id_is_never_given_to_two_persons() -> None:
    before = build_spine(clusters(a=1, b=1, c=2, d=2))
    change = extend(clusters(a=5, b=6, c=5, d=6), before)
    found = persons(change.spine)
    assert found["a"] == found["c"] != found["b"] == found["d"]


def test_rows_that_left_leave_the_spine() -> None:
    change = extend(clusters(b=1), build_spine(clusters(a=1, b=1)))
    assert set(persons(change.spine)) == {"b"}


def test_same_row_key_in_two_datasets_is_two_rows() -> None:
    table = pa.table({"dataset": ["tax", "debts"], "row_key": ["a", "a"], "cluster": [1, 2]})
    assert len(set(build_spine(table).column("person_id").to_pylist())) == 2


def test_empty_or_repeated_rows_are_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        build_spine(clusters())
    assert refusal.value.code == "spine_empty"
    twice = pa.table({"dataset": ["tax", "tax"], "row_key": ["a", "a"], "cluster": [1, 2]})
    with pytest.raises(BadInput) as refusal:
        build_spine(twice)
    assert refusal.value.code == "spine_row_twice"

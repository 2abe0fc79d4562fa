"""Condition 7: no value in the data can change status, shape, charge or words of an answer."""

import duckdb
import pandas as pd
import pytest

from disclosure import dp
from disclosure.errors import DisclosureError

ALL = {
    "people": ("count", None),
    "known": ("count", "bill"),
    "total": ("sum", "bill"),
    "average": ("mean", "bill"),
}


def newcomer():
    row = {"person_id": -1, "region": "North", "tenure": "own", "age": 30, "bill": 5_000.0}
    return pd.DataFrame([row])


POISON = {
    "a bad date": {"bill": "31 February"},
    "a huge whole number": {"bill": 10**30},
    "a huge number": {"bill": 1e300},
    "not a number": {"bill": float("nan")},
    "infinity": {"bill": float("-inf")},
    "a list": {"bill": [1, 2]},
    "bytes": {"bill": b"\xff\xfe"},
    "an unknown level": {"region": "Atlantis"},
    "a quote": {"region": "'; drop table source; --"},
    "a very long level": {"region": "x" * 100_000},
    "a level of another type": {"region": 7},
    "no level": {"region": None},
    "a word for a number": {"age": "eighteen"},
    "a unit of another type": {"person_id": "seven"},
    "a unit that is a list": {"person_id": [7]},
}


@pytest.mark.parametrize("values", POISON.values(), ids=POISON.keys())
def test_condition_7_no_value_can_change_status_shape_or_charge(people, dictionary, ask, values):  # H7
    stat = ask(by=["region", "tenure"], measures=ALL, where="age >= 18 and tenure == 'own'")
    clean = dp.release(stat, people, dictionary, rho=0.005)
    poisoned = pd.concat(
        [
            people.astype(object),
            newcomer().astype(object).assign(**{name: [value] for name, value in values.items()}),
        ]
    )
    answer = dp.release(stat, poisoned, dictionary, rho=0.005)
    assert answer.spend == clean.spend
    assert answer.table.shape == clean.table.shape
    assert list(answer.table.dtypes) == list(clean.table.dtypes)
    assert answer.table[["region", "tenure"]].equals(clean.table[["region", "tenure"]])


def test_condition_7_a_file_of_garbage_answers_like_any_other(tmp_path, dictionary, ask):
    path = tmp_path / "rows.csv"
    path.write_text(
        'person_id,region,bill\n1,North,10\n2,North,ten\n3,"North\n4,South\n5,North,1,2,3\n,North,4\n'
    )
    plan = dp.plan(ask(measures=ALL), dictionary, rho=0.005)
    assert [vector.size for vector in dp.aggregate(plan, path).of(plan)] == [4, 4, 4, 4]


@pytest.mark.parametrize("fault", ["no column", "no file", "no format", "no data"])
def test_condition_7_whatever_fails_is_one_constant_error_without_a_cause(
    tmp_path, people, dictionary, ask, fault
):
    plan = dp.plan(ask(), dictionary, rho=0.005)
    data = {
        "no column": people.drop(columns="region"),
        "no file": tmp_path / "secret name.parquet",
        "no format": 7,
        "no data": duckdb.sql("select error('secret value') as person_id, 'North' as region"),
    }[fault]
    with pytest.raises(DisclosureError) as failure:
        dp.aggregate(plan, data)
    assert failure.value.code == "mechanism_failed"
    assert "secret" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None

"""The same rows in any form, with any names and types, give the same exact vectors."""

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from disclosure import dp
from disclosure.dp.engine import opened
from disclosure.errors import DisclosureError

SUM = {"total": ("sum", "bill")}
MEAN = {"average": ("mean", "bill")}
EXACT = 100  # rho at which a count's standard deviation is 0.07, so that tests can compare with the truth


@pytest.mark.parametrize("form", ["pandas", "arrow", "relation", "parquet", "csv", "text path"])
def test_every_form_of_the_data_gives_the_same_vectors(tmp_path, people, dictionary, ask, form):
    plan = dp.plan(
        ask(by=["region", "tenure"], measures=SUM | MEAN, where="age >= 18"), dictionary, rho=0.005
    )
    people.to_parquet(tmp_path / "people.parquet")
    people.to_csv(tmp_path / "people.csv", index=False)
    with duckdb.connect() as connection:
        data = {
            "pandas": people,
            "arrow": pa.Table.from_pandas(people),
            "relation": connection.from_df(people),
            "parquet": tmp_path / "people.parquet",
            "csv": tmp_path / "people.csv",
            "text path": str(tmp_path / "people.parquet"),
        }[form]
        found, expected = dp.aggregate(plan, data).of(plan), dp.aggregate(plan, people).of(plan)
        assert all((a == b).all() for a, b in zip(found, expected, strict=True))
        assert connection.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)


HOSTILE = [
    "'; DROP TABLE source; --", '"', "''", "\\", "\n", "\t", "😀", "x" * 10_000, "{}", "%s", "?", "$1", "null", "NaN",
    "é", "\u2028", "\x01", "", " ", "<script>alert(1)</script>", "a", "A",
]  # fmt: skip


def test_h17_hostile_names_and_levels_are_data_never_code(describe_people, ask):
    column, unit, measure = 'region"; drop table x; --', "unit ' \" \n", "total' \"\\"
    facts = describe_people(unit=unit, keys={column: HOSTILE}, bounds={"b; --": (0, 10)}, scale={}, bins={})
    data = pd.DataFrame({unit: range(len(HOSTILE) * 2), column: HOSTILE * 2, "b; --": 5})
    stat = ask(
        by=[column],
        unit=unit,
        measures={measure: ("sum", "b; --"), "people": ("count", None)},
        where=f"col({column!r}) != 'a'",
    )
    answer = dp.release(stat, data, facts, rho=EXACT)
    assert answer.table[column].tolist() == HOSTILE
    assert [
        abs(n - 2 * (level != "a")) <= 1 for n, level in zip(answer.table.people, HOSTILE, strict=True)
    ] == [True] * len(HOSTILE)
    assert dp.Answer.from_json(answer.to_json()).to_json() == answer.to_json()


@pytest.mark.parametrize(
    ("levels", "values"),
    [
        ([2011, 2012], pd.Series([2011, 2012, 2012, 2013])),
        ([2011, 2012], pd.Series([2011.0, 2012.0, 2012.0, np.nan])),
        ([2011, 2012], pd.Series(["2011", "2012", "2012", "later"])),
        ([0.5, 1.5], pd.Series([0.5, 1.5, 1.5, 2.5])),
        ([False, True], pd.Series([False, True, True, None], dtype="boolean")),
        ([False, True], pd.Series(["false", "true", "true", "perhaps"])),
        (["a", "b"], pd.Series(pd.Categorical(["a", "b", "b", None]))),
        (
            ["2024-01-31", "2024-02-29"],
            pd.Series(pd.to_datetime(["2024-01-31", "2024-02-29", "2024-02-29", None]).date),
        ),
    ],
)
def test_levels_match_whatever_type_the_column_has(describe_people, ask, levels, values):
    facts = describe_people(keys={"region": levels})
    plan = dp.plan(ask(), facts, rho=0.005)
    assert dp.aggregate(plan, pd.DataFrame({"person_id": range(4), "region": values})).of(plan)[
        0
    ].tolist() == [1, 2]


def test_missing_values_meet_filters_as_in_the_exact_half(people, dictionary, ask):
    data = people.assign(age=people.age.where(people.age > 30))
    for where, expected in (("age >= 18", 0), ("not (age >= 18)", 0), ("is_missing(age)", 1)):
        plan = dp.plan(ask(by=[], where=where), dictionary, rho=0.005)
        (count,) = dp.aggregate(plan, data[data.age.isna()]).of(plan)
        assert count.tolist() == [expected * data.age.isna().sum()]


def test_an_edition_bounded_once_answers_as_if_bounded_each_time(tmp_path, people, describe_people, ask):
    facts = describe_people(rows_per_unit=2)
    many = pd.concat(
        [
            people,
            people.assign(region="East"),
            people.assign(region="West"),
            people.head(9).assign(person_id=None),
        ]
    )
    path = tmp_path / "edition.parquet"
    dp.materialise(many, facts, path, projection_key=b"edition")
    kept = pd.read_parquet(path)
    assert kept.groupby("person_id").size().max() == 2
    assert kept.person_id.notna().all()
    for where in (None, "age >= 18"):
        plan = dp.plan(ask(measures=SUM | MEAN, where=where), facts, rho=0.005)
        pairs = zip(
            dp.aggregate(plan, path, bounded=True).of(plan),
            dp.aggregate(plan, many, projection_key=b"edition").of(plan),
            strict=True,
        )
        assert all((a == b).all() for a, b in pairs)


def test_another_key_keeps_other_rows(people, describe_people, ask):
    many = pd.concat([people, people.assign(region="East"), people.assign(region="West")])
    plan = dp.plan(ask(), describe_people(), rho=0.005)
    first, same, other, fresh = (
        dp.aggregate(plan, many, projection_key=key).of(plan)[0].tolist() for key in (b"a", b"a", b"b", None)
    )
    assert first == same
    assert len({tuple(first), tuple(other), tuple(fresh)}) == 3


def test_an_edition_that_cannot_be_written_is_the_constant_error(tmp_path, people, dictionary):
    with pytest.raises(DisclosureError) as failure:
        dp.materialise(people, dictionary, tmp_path / "no folder" / "edition.parquet", projection_key=b"k")
    assert failure.value.code == "mechanism_failed"


def test_a_pandas_column_of_mixed_objects_becomes_text():
    frame = pd.DataFrame({"a": pd.Series([1, "x", None], dtype=object), "b": [1, 2, 3]})
    with opened(frame) as rows:
        assert rows.fetchall() == [("1", 1), ("x", 2), (None, 3)]

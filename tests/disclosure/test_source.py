"""The same data give the same answer in every form; what cannot be read is refused without quoting it."""

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sqlglot import exp

from disclosure import DisclosureError, Policy, Statistic, assess
from disclosure.query import question_of, scan_tree
from disclosure.source import open_source

STANDARD = Policy.preset("standard")
STAT = Statistic.table(
    "data", by=["region", "year"], measures={"t": ("sum", "v"), "m": ("mean", "v")}, unit="person"
)


def frame(rows=60):
    return pd.DataFrame(
        {
            "person": np.arange(rows) // 2,
            "region": np.where(np.arange(rows) % 3 == 0, "north", "south"),
            "year": 2020 + np.arange(rows) % 2,
            "v": np.arange(rows) * 1.25,
            "unused": [object() for _ in range(rows)],
        }
    )


def answer(data, stat=STAT, policy=STANDARD):
    return assess(stat, data, policy)


def refusal(data, stat=STAT):
    with pytest.raises(DisclosureError) as caught:
        answer(data, stat)
    return caught.value


@pytest.fixture
def plain():
    return frame().drop(columns="unused")


def test_every_form_of_the_same_data_gives_the_same_report(plain, tmp_path):
    plain.to_parquet(tmp_path / "data.parquet")
    plain.to_csv(tmp_path / "data.csv", index=False)
    with duckdb.connect() as connection:
        forms = [
            plain,
            pa.Table.from_pandas(plain),
            tmp_path / "data.parquet",
            str(tmp_path / "data.csv"),
            connection.from_df(plain),
        ]
        reports = [answer(form).to_json() for form in forms]
    assert set(reports) == {answer(frame()).to_json()}


def test_types_of_a_csv_do_not_depend_on_which_row_is_far_down(tmp_path):
    lines = ["region,year,v,person"] + [f"north,2020,{value},{value}" for value in range(30_000)]
    (tmp_path / "data.csv").write_text("\n".join([*lines, "north,2020,1.5,30001"]))
    report = answer(tmp_path / "data.csv")
    assert report.cells["t"].tolist()[0] == sum(range(30_000)) + 1.5


@pytest.mark.parametrize("name", ["data.txt", "data.xlsx", "data*.csv", "dat?.parquet", "[data].csv", "data"])
def test_other_files_and_patterns_are_refused(name, tmp_path):
    assert refusal(tmp_path / name).code == "data_format"


@pytest.mark.parametrize("data", [None, 5, [1, 2], {"a": [1]}])
def test_other_things_are_refused(data):
    assert refusal(data).code == "data_format"


def test_a_missing_empty_or_damaged_file_is_refused(tmp_path):
    (tmp_path / "empty.parquet").write_bytes(b"")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 secret person 4711 PAR1")
    (tmp_path / "empty.csv").write_text("")
    for name in ("none.parquet", "none.csv", "empty.parquet", "bad.parquet"):
        fault = refusal(tmp_path / name)
        assert fault.code == "data_unreadable"
        assert "4711" not in str(fault)
        assert str(tmp_path) not in str(fault)
    assert refusal(tmp_path / "empty.csv").code in {"data_unreadable", "unknown_column"}


def test_an_unknown_column_is_named():
    for data in (frame().drop(columns="v"), pa.table({"region": ["a"], "year": [1], "person": [1]})):
        fault = refusal(data)
        assert fault.code == "unknown_column"
        assert "'v'" in fault.sentence


def test_names_are_matched_exactly_not_by_case(plain):
    with duckdb.connect() as connection:
        relation = connection.from_df(plain.rename(columns={"v": "V"}))
        assert refusal(relation).code == "unknown_column"


def test_two_columns_of_one_name_are_refused(plain):
    twice = pd.concat([plain, plain[["v"]]], axis=1)
    assert refusal(twice).code == "duplicate_column"
    arrays = [pa.array(plain[name]) for name in ["region", "year", "person", "v", "v"]]
    table = pa.Table.from_arrays(arrays, names=["region", "year", "person", "v", "v"])
    assert refusal(table).code == "duplicate_column"


def test_a_column_of_mixed_kinds_is_refused_without_its_values(plain):
    mixed = plain.assign(v=[1.5, "secret 4711"] * 30)
    fault = refusal(mixed)
    assert fault.code == "column_type"
    assert "4711" not in str(fault)
    huge = plain.assign(v=pd.Series([2**200] * 60, dtype="object"))
    assert refusal(huge).code == "column_type"


def test_a_question_that_reads_no_column_counts_rows():
    stat = Statistic.table("data")
    for data in (frame(25), pa.Table.from_pandas(frame(25).drop(columns="unused"))):
        cells = answer(data, stat).cells
        assert cells["n"].tolist() == [25]


def test_a_sum_of_words_is_refused(plain):
    for measures in ({"t": ("sum", "region")}, {"t": ("mean", "region")}):
        fault = refusal(plain, Statistic.table("data", by=["year"], measures=measures))
        assert fault.code == "not_numeric"
        assert "'region'" in fault.sentence
    stat = Statistic.table("data", by=["year"], measures={"k": ("count", None)}, weight="region")
    assert refusal(plain, stat).code == "not_numeric"


def test_what_the_engine_says_of_the_data_is_not_repeated():
    data = pa.table({"g": ["a"] * 3, "v": pa.array([2**63] * 3, pa.uint64())})
    with duckdb.connect() as connection:
        connection.register("data", data)
        failing = connection.sql("SELECT g, CAST(g AS INTEGER) AS v FROM data")
        fault = refusal(failing, Statistic.table("data", by=["g"], measures={"t": ("sum", "v")}))
    assert fault.code == "evidence_failed"
    assert fault.__cause__ is None
    assert "'a'" not in str(fault)


def test_an_engine_that_closes_under_a_question_is_no_answer(plain):
    connection = duckdb.connect()
    source = open_source(connection.from_df(plain), ["v"])
    connection.close()
    with pytest.raises(DisclosureError) as caught:
        source.run(scan_tree(question_of(STAT, source)))
    assert caught.value.code == "evidence_failed"


def test_a_column_that_the_engine_cannot_derive_is_refused_without_its_words(plain):
    source = open_source(plain, ["v"])
    with pytest.raises(DisclosureError) as caught:
        source.with_column("more", exp.column("nowhere"))
    assert caught.value.code == "evidence_failed"
    assert "nowhere" not in caught.value.sentence

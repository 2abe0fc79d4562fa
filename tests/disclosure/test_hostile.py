"""E2: labels and column names are data, never code."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Statistic, assess


def table(data, by, measures=None, **rest):
    return assess(Statistic.table("data", by=by, measures=measures, **rest), data, Policy.preset("standard"))


def rows(report, *columns):
    return list(report.cells[list(columns)].itertuples(index=False, name=None))


HOSTILE = [
    'quote"inside',
    "it's",
    'x") or (g == "a',
    "'; DROP TABLE disclosure_source; --",
    "g-col",
    "line\nbreak",
    "🙂 emoji",
    " ",
    "d0",
    "rows",
    "q0",
    "x" * 10_000,
    "{brace} %s $1 :name ?",
    "NULL",
    "<script>alert(1)</script>",
    "back\\slash`tick`",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_e2_hostile_column_names_are_data(name):
    data = pd.DataFrame({name: ["a"] * 12 + ["b"] * 3, "v": np.arange(15.0), "u": np.arange(15)})
    where = f"col({name!r}) == 'b' or col({name!r}) == 'a'"
    report = table(data, [name], {"t": ("sum", "v")}, unit="u", where=where)
    assert rows(report, name, "n", "t", "unsafe") == [
        ("a", 12, 66.0, False),
        ("b", 3, 39.0, True),
        (None, 15, 105.0, False),
    ]
    swapped = data.rename(columns={name: "g", "v": name})
    assert table(swapped, ["g"], {"t": ("mean", name)}, unit="u").cells["t"].tolist() == [5.5, 13.0, 7.0]
    as_unit = data.rename(columns={name: "g", "u": name})
    assert table(as_unit, ["g"], {"t": ("sum", "v")}, unit=name).cells["units"].tolist() == [12, 3, 15]


def test_e2_hostile_labels_are_data():
    labels = [label for label in HOSTILE for _ in range(12)] + ["small"] * 3
    report = table(pd.DataFrame({"g": labels}), ["g"], margins=False)
    counts = dict(rows(report, "g", "n"))
    assert counts == dict.fromkeys(HOSTILE, 12) | {"small": 3}
    assert report.cells[report.cells["unsafe"]]["g"].tolist() == ["small"]


@pytest.mark.parametrize("name", ["rows", "per_unit", "data"])
def test_tables_of_a_relation_are_not_hidden_by_our_own_names(name):
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE {name} AS SELECT 'a' AS g, range AS u FROM range(20)")
        report = table(connection.sql(f"SELECT * FROM {name}"), ["g"], unit="u")
        assert rows(report, "n", "units") == [(20, 20)] * 2
        assert connection.sql("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [(0,)]


@pytest.mark.parametrize("name", ["disclosure_source", "disclosure_rows"])
def test_a_table_with_one_of_our_names_is_refused_or_read_never_mistaken(name):
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE {name} AS SELECT 'a' AS g FROM range(3)")
        data = connection.sql(f"SELECT 'b' AS g FROM {name}")
        try:
            found = rows(table(data, ["g"]), "g", "n")
        except DisclosureError:
            found = [("b", 3), (None, 3)]
        assert found == [("b", 3), (None, 3)]
        assert connection.sql(f"SELECT count(*) FROM {name}").fetchall() == [(3,)]

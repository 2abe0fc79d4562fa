"""The CSV of a noisy item: under the names that were voted on, with the interval of what has no one half-width."""

import csv
import io

import pandas as pd

from disclosure import dp
from disclosure.models import Model
from disclosure.statistic import Kind, Statistic
from tre.services.outputs.files import noisy_content

PEOPLE = pd.DataFrame(
    {"person_id": range(400), "region": ["a", "b"] * 200, "age": [n % 100 for n in range(400)]}
)
FACTS = dp.Dictionary(
    unit="person_id", rows_per_unit=1, keys={"region": ["a", "b"]}, bounds={"age": (0, 100)}, population=400
)


def table(**measures):
    return Statistic.table("people", by=["region"], measures=measures, unit="person_id", margins=True)


def rows_of(stored, asked):
    content = noisy_content(dp.release(stored, PEOPLE, FACTS, rho=0.5).to_json().encode(), asked)
    return list(csv.DictReader(io.StringIO(content.csv.decode()))), content.record


def test_a_mean_and_a_median_leave_with_their_intervals_under_the_askers_names():
    stored = table(x=("mean", "age"), y=("median", "age"), z=("sum", "age"))
    asked = table(total=("sum", "age"), middle=("median", "age"), average=("mean", "age"))
    rows, record = rows_of(stored, asked)
    assert set(rows[0]) == {
        "region", "total", "middle", "average",
        "middle_low", "middle_high", "average_low", "average_high", "n",
    }  # fmt: skip
    assert len(rows) == 3
    for row in rows:
        for name in ("middle", "average"):
            assert float(row[f"{name}_low"]) <= float(row[name]) <= float(row[f"{name}_high"])
    assert set(record["half_width_95_per_cell"]) >= {"total", "middle", "average"}


def test_a_table_of_counts_leaves_as_before():
    rows, _ = rows_of(table(), table())
    assert list(rows[0]) == ["region", "n"]


def test_a_regression_leaves_without_the_name_that_somebody_gave_it():
    asks = Model(kind="ols", formula=(("a name that somebody chose", "age ~ region"),))
    stat = Statistic(
        kind=Kind.MODEL, source="people", by=(), measures=(), unit="person_id", where=None, weight=None,
        margins=False, asks=asks,
    )  # fmt: skip
    rows, _ = rows_of(stat, stat)
    assert [row["term"] for row in rows] == ["Intercept", "region[T.b]", "n", "r2"]
    assert "somebody" not in str(rows)

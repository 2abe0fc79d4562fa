"""The thirteen conditions under which a bounded aggregate plus noise is private, each tried on exact vectors.

Neighbours are two data sets that differ by all rows of one unit.
"""

import inspect

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import dp
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic

KEY = b"the secret of this edition"
ALL = {
    "people": ("count", None),
    "known": ("count", "bill"),
    "total": ("sum", "bill"),
    "average": ("mean", "bill"),
    "middle": ("median", "bill"),
}


def vectors(plan, data, **how):
    return dp.aggregate(plan, data, **({"projection_key": KEY} | how)).of(plan)


def person(name, rows, **values):
    row = {"person_id": name, "region": "North", "tenure": "own", "age": 30, "bill": 5_000.0}
    return pd.DataFrame([row | values] * rows)


def distances(plan, data, neighbour):
    """L1 and L2 distance per vector, each with what the plan allows."""
    pairs = zip(plan.layout.vectors, vectors(plan, data), vectors(plan, neighbour), strict=True)
    return [(np.abs(a - b).sum(), np.linalg.norm(a - b), vector.sensitivity) for vector, a, b in pairs]


def within(plan, data, neighbour):
    return all(first <= most and second <= most for first, second, most in distances(plan, data, neighbour))


@pytest.mark.parametrize("rows_per_unit", [1, 2, 5])
def test_condition_1_one_person_with_twenty_rows_moves_the_vectors_within_the_bound(
    people, describe_people, ask, rows_per_unit
):
    facts = describe_people(rows_per_unit=rows_per_unit)
    plan = dp.plan(ask(by=["region", "tenure"], measures=ALL), facts, rho=0.005)
    spread = pd.concat(
        [
            person(-1, 1, region=region, tenure=tenure)
            for region in ("North", "South", "East", "West")
            for tenure in ("own", "rent")
        ]
    )
    heavy = pd.concat([spread, person(-1, 12)])
    before = distances(plan, people, pd.concat([people, heavy]))
    assert all(first <= most and second <= most for first, second, most in before)
    together = distances(plan, people, pd.concat([people, person(-1, 20)]))
    assert [first for first, _, most in together] == [
        most for _, _, most in together
    ]  # and the bound is reached


def test_condition_1_the_rows_kept_of_others_do_not_change(people, describe_people, ask):
    many = pd.concat(
        [people, people.assign(region="East"), people.assign(region="West", bill=1.0)], ignore_index=True
    )
    plan = dp.plan(ask(measures=ALL), describe_people(rows_per_unit=1), rho=0.005)
    alone = many[many.person_id != 17]
    assert within(plan, many, alone)
    shuffled = many.sample(frac=1, random_state=3)
    assert all((a == b).all() for a, b in zip(vectors(plan, many), vectors(plan, shuffled), strict=True))


def test_condition_1_a_filter_comes_after_the_bound(describe_people, ask):
    plan = dp.plan(ask(where="age >= 18"), describe_people(), rho=0.005)
    rows = pd.concat([person(1, 1, age=17), person(1, 1, age=19)])
    kept = [vectors(plan, rows, projection_key=bytes([key]))[0].sum() for key in range(24)]
    assert set(kept) == {0, 1}  # were the filter first, the adult row would always be kept


def test_condition_2_the_bound_holds_on_the_final_key_of_every_question(people, describe_people, ask):
    facts = describe_people(rows_per_unit=2)
    heavy = pd.concat([people, *(person(-1, 3, region=region) for region in ("North", "South", "East"))])
    for by in ([], ["region"], ["tenure"], ["tenure", "region"]):
        assert within(dp.plan(ask(by=by, measures=ALL), facts, rho=0.005), people, heavy)


@pytest.mark.parametrize("missing", [None, np.nan, "", "  "])
def test_condition_3_rows_without_a_unit_contribute_nothing(people, dictionary, ask, missing):
    plan = dp.plan(ask(measures=ALL), dictionary, rho=0.005)
    named = people.assign(person_id="p" + people.person_id.astype(str)).astype({"person_id": object})
    with_missing = pd.concat([named, person(missing, 30).astype({"person_id": object})])
    assert all((a == b).all() for a, b in zip(vectors(plan, named), vectors(plan, with_missing), strict=True))


def test_condition_3_a_unit_that_is_not_a_number_is_missing(tmp_path, people, dictionary, ask):
    plan = dp.plan(ask(), dictionary, rho=0.005)
    path = tmp_path / "rows.parquet"
    duckdb.sql("select 'nan'::double as person_id, 'North' as region from range(9)").write_parquet(str(path))
    assert vectors(plan, path)[0].sum() == 0
    assert vectors(plan, path, bounded=True)[0].sum() == 0


@pytest.mark.parametrize("value", [None, np.nan, "unknown", "nan"])
def test_condition_4_a_missing_value_moves_neither_count_nor_sum(people, dictionary, ask, value):
    measures = {name: ALL[name] for name in ("known", "total", "average")}
    plan = dp.plan(ask(measures=measures), dictionary, rho=0.005)
    poisoned = pd.concat(
        [people.astype({"bill": object}), person(-1, 1, bill=value).astype({"bill": object})]
    )
    assert all((a == b).all() for a, b in zip(vectors(plan, people), vectors(plan, poisoned), strict=True))


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        (np.inf, 500_000),
        (-np.inf, 0),
        (1e308, 500_000),
        (-1e308, 0),
        (5_000.001, 500_000),
        (4_999.99, 499_999),
        (0.004, 0),
        (0.006, 1),
        (-0.0, 0),
    ],
)
def test_condition_4_values_outside_are_clamped(dictionary, ask, value, steps):
    plan = dp.plan(
        ask(measures={"known": ("count", "bill"), "total": ("sum", "bill")}), dictionary, rho=0.005
    )
    known, total = vectors(plan, person(1, 1, bill=value))
    assert (known.sum(), total.sum()) == (1, steps)


def test_condition_5_sums_are_integers_and_do_not_depend_on_order_or_threads(people, dictionary, ask):
    plan = dp.plan(ask(measures=ALL), dictionary, rho=0.005)
    first = vectors(plan, people)
    assert all(vector.dtype == np.int64 for vector in first)
    for seed in range(3):
        again = vectors(plan, people.sample(frac=1, random_state=seed))
        assert all((a == b).all() for a, b in zip(first, again, strict=True))
    expected = (people.bill * 100).round().clip(0, 500_000).astype(int).groupby(people.region).sum()
    assert first[2].tolist() == [expected["North"], expected["South"], expected["East"], 0]


def test_condition_6_data_beyond_the_declared_population_saturate_and_do_not_fail(describe_people, ask):
    facts = describe_people(population=1, bounds={"bill": (-(2**49), 2**49)}, scale={})
    plan = dp.plan(ask(measures={"total": ("sum", "bill")}), facts, rho=90)
    for sign in (1, -1):
        rows = duckdb.sql(
            f"select i as person_id, 'North' as region, {sign} * 1e30 as bill from range(20000) t(i)"
        )
        assert vectors(plan, rows)[0].tolist() == [sign * 2**62, 0, 0, 0]


def test_condition_8_every_published_cell_is_answered_and_no_other(people, dictionary, ask):
    plan = dp.plan(ask(), dictionary, rho=0.005)
    strange = pd.concat([people, person(-1, 1, region="Atlantis"), person(-2, 1, region=None)])
    assert all((a == b).all() for a, b in zip(vectors(plan, people), vectors(plan, strange), strict=True))
    drawn = [dp.release(ask(), strange, dictionary, rho=0.005).table for _ in range(20)]
    assert {tuple(table.region) for table in drawn} == {("North", "South", "East", "West")}
    # West has no row, and its zero is noised too; at sigma 10, five numbers cover 20 draws once in 1e10 runs
    assert len({int(table.n.iloc[3]) for table in drawn}) > 5


def test_condition_9_levels_are_never_discovered_in_the_data(people, dictionary, ask):
    with pytest.raises(DisclosureError) as refusal:
        dp.release(ask(by=["age"]), people, dictionary, rho=0.005)
    assert refusal.value.code == "no_keys"


def test_condition_10_cells_stand_in_the_dictionarys_order(people, describe_people, ask):
    for order in (["South", "North", "West", "East"], ["West", "East", "South", "North"]):
        facts = describe_people(keys={"region": order, "tenure": ["rent", "own"]})
        for _ in range(3):
            table = dp.release(ask(by=["tenure", "region"]), people, facts, rho=0.005).table
            assert list(zip(table.tenure, table.region, strict=True)) == [
                (t, r) for t in ("rent", "own") for r in order
            ]


def test_condition_11_a_mean_is_made_of_noisy_sum_and_count_alone(people, dictionary, ask):
    plan = dp.plan(ask(measures={"average": ("mean", "bill")}), dictionary, rho=0.5)
    table = dp.draw(plan, dp.aggregate(plan, people)).table
    assert list(table.columns) == ["region", "n", "average"]
    true = people.groupby("region").bill.mean()
    assert table.average[:3].tolist() == pytest.approx(
        [true["North"], true["South"], true["East"]], abs=30
    )  # nine times its sigma
    assert 0 <= table.average.iloc[3] <= 5_000  # an empty cell still has a mean within bounds


def test_condition_12_all_quantiles_come_from_one_noisy_histogram(people, dictionary, ask):
    measures = {f"q{point}": ("quantile", "bill", point / 10_000) for point in range(1_000, 9_001, 500)}
    plan = dp.plan(ask(measures=measures | {"middle": ("median", "bill")}), dictionary, rho=0.005)
    assert [(vector.role, vector.sensitivity) for vector in plan.layout.vectors] == [("bands", 1)]
    (exact,) = vectors(plan, people)
    assert exact.reshape(4, -1).sum(axis=1).tolist() == [
        *people.region.value_counts()[["North", "South", "East"]],
        0,
    ]
    (noise,) = plan.noises
    assert noise.share == plan.cost  # however many quantiles, the budget is spent once
    assert {"noisy_max", "exponential"}.isdisjoint(dir(dp))


@pytest.mark.parametrize("bins", [[0, 1_000, 5_000], [1_000, 5_000], [0, 1_000]])
def test_condition_1_a_histogram_is_moved_by_one_person_within_the_bound(describe_people, people, bins):
    facts = describe_people(rows_per_unit=2, bins={"bill": [1_000]})
    stat = Statistic.histogram("people", "bill", bins=bins, by=["region"], unit="person_id", margins=False)
    plan = dp.plan(stat, facts, rho=0.005)
    loud = pd.concat([person(-1, 9, bill=bill) for bill in (-np.inf, 0, 999.99, 1_000, 5_000, 1e300)])
    assert within(plan, people, pd.concat([people, loud]))
    assert vectors(plan, people)[0].sum() == len(people)


def test_condition_13_nothing_here_links_records():
    reads = {
        name
        for each in (dp.release, dp.aggregate, dp.draw, dp.plan)
        for name in inspect.signature(each).parameters
    }
    assert reads == {
        "stat",
        "data",
        "dictionary",
        "rho",
        "epsilon",
        "mechanism",
        "bounded",
        "projection_key",
        "plan",
        "vectors",
    }


row = st.fixed_dictionaries(
    {
        "person_id": st.integers(0, 4),
        "region": st.sampled_from(["North", "South", "East", "Atlantis", None]),
        "age": st.sampled_from([3.0, 18.0, 40.0, 65.0, None, float("nan")]),
        "bill": st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(-10, 6_000)),
    }
)


QUESTIONS = st.fixed_dictionaries(
    {
        "by": st.sampled_from([[], ["region"]]),
        "where": st.sampled_from(
            [None, "age >= 18", "region != 'North' or is_missing(age)", "not (18 <= age < 65)"]
        ),
    }
)


@settings(max_examples=10, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=25), rows_per_unit=st.integers(1, 3), asked=QUESTIONS)
def test_removing_a_person_moves_no_vector_beyond_its_sensitivity(
    describe_people, ask, rows, rows_per_unit, asked
):
    data = pd.DataFrame(rows).astype({"bill": "float64", "age": "float64", "region": object})
    plan = dp.plan(ask(measures=ALL, **asked), describe_people(rows_per_unit=rows_per_unit), rho=0.005)
    assert within(plan, data, data[data.person_id != data.person_id.iloc[0]])

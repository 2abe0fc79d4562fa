"""Least squares from noisy sums of products: sound for every person, right without noise, honest about both errors."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import dp
from disclosure.dp.design import STEPS, design_of
from disclosure.dp.regression.moments import moments_of
from disclosure.errors import DisclosureError
from disclosure.models import Model
from disclosure.statistic import Kind, Statistic

EXACT = 100
BOUNDS = {"bill": (0, 5_000), "age": (0, 100)}


def model(formula, **changes):
    options = {"kind": "ols"} | {
        name: changes.pop(name) for name in ("errors", "absorb", "level") if name in changes
    }
    formulas = formula if isinstance(formula, tuple) else (("(1)", formula),)
    asked = {"source": "people", "by": (), "unit": "person_id", "where": None, "weight": None} | changes
    return Statistic(
        kind=Kind.MODEL, measures=(), margins=False, asks=Model(formula=formulas, **options), **asked
    )


@pytest.fixture
def facts(describe_people):
    return describe_people(
        bounds=BOUNDS, keys={"region": ["South", "North", "East"], "tenure": ["own", "rent"]}
    )


@pytest.fixture(scope="module")
def tenants():
    random = np.random.default_rng(5)
    size = 4_000
    rows = pd.DataFrame(
        {
            "person_id": np.arange(size),
            "region": random.choice(["North", "South", "East"], size),
            "tenure": random.choice(["own", "rent"], size),
            "age": random.integers(0, 100, size),
        }
    )
    slope = 12 * rows.age + 700 * (rows.region == "East") - 300 * (rows.tenure == "rent")
    return rows.assign(bill=(1_200 + slope + random.normal(0, 350, size)).clip(0, 5_000).round(2))


@pytest.mark.parametrize(
    "formula",
    [
        "bill ~ age",
        "bill ~ 1",
        "bill ~ age + region + tenure",
        "bill ~ region * tenure + age",
        "bill ~ region:tenure",
        "bill ~ C(region, ref='South') + age",
        "age ~ bill + tenure",
    ],
)
def test_with_hardly_any_noise_it_is_the_exact_fit(tenants, facts, formula):
    answer = dp.release(model(formula), tenants, facts, rho=EXACT)
    fitted = answer.table[answer.table.part == "coefficient"].set_index("term")
    exact = smf.ols(formula.replace("ref='South'", "Treatment('South')"), tenants).fit()
    assert len(fitted) == len(exact.params)
    for name, value in exact.params.items():
        term = fitted.loc[name.replace("Treatment('South')", "ref='South'")]
        assert term.estimate == pytest.approx(value, abs=2 * term.std_error + 0.02 * abs(value))
        assert term.std_error == pytest.approx(exact.bse[name], rel=0.15)
    fit = answer.table[answer.table.part == "fit"].set_index("term").estimate
    assert fit["n"] == pytest.approx(4_000, abs=3)  # ten times its sigma
    assert fit["r2"] == pytest.approx(exact.rsquared, abs=0.02)


def test_its_answer_and_plan_keep_their_bytes(tenants, facts):
    plan = dp.plan(model("bill ~ age + region"), facts, rho=0.02)
    answer = dp.draw(plan, dp.aggregate(plan, tenants))
    assert dp.Plan.from_json(plan.to_json()) == plan
    assert dp.Answer.from_json(answer.to_json()).to_json() == answer.to_json()
    assert dp.Answer.from_json(answer.to_json()).table.equals(answer.table)
    assert answer.spend == 20_000_000
    assert answer.intervals is None
    assert "model" not in answer.table  # its name is free text, and may be another's
    assert plan.accuracy["product"] > plan.sigma["product"] > 0


def test_one_vector_is_paid_for_and_nothing_that_is_nought_by_construction(facts):
    design = design_of(Model(kind="ols", formula=(("m", "bill ~ age + region"),)), facts)
    assert [each.label for each in design.variables] == [
        "Intercept",
        "region[T.North]",
        "region[T.South]",
        "age",
    ]
    kinds = {(frozenset(column for column, _ in picked), numbers) for picked, numbers in design.entries}
    assert len(kinds) == 9  # {none, region} x {1, age, bill}, and three products of numbers
    assert design.sensitivity(1) == 3 * STEPS**2
    assert design.sensitivity(4) == 12 * STEPS**2


def sums(plan, data, **how):
    return dp.aggregate(plan, data, **({"projection_key": b"key"} | how)).of(plan)[0]


@pytest.mark.parametrize("rows_per_unit", [1, 3])
def test_the_loudest_person_moves_the_sums_by_the_whole_sensitivity_and_no_more(
    tenants, describe_people, rows_per_unit
):
    facts = describe_people(bounds=BOUNDS, rows_per_unit=rows_per_unit)
    plan = dp.plan(model("bill ~ age + region * tenure"), facts, rho=0.02)
    most = plan.noises[0].sensitivity
    for age, bill in ((100, 5_000), (0, 0), (1e9, -np.inf), (50, 2_500)):
        person = pd.DataFrame(
            [{"person_id": -1, "region": "South", "tenure": "rent", "age": age, "bill": bill}] * 20
        )
        moved = np.linalg.norm((sums(plan, pd.concat([tenants, person])) - sums(plan, tenants)).astype(float))
        assert moved <= most
        if age == 100:
            assert moved > most - 2


row = st.fixed_dictionaries(
    {
        "person_id": st.integers(0, 3),
        "region": st.sampled_from(["North", "South", "Atlantis", None]),
        "tenure": st.sampled_from(["own", "rent", None]),
        "age": st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(-1, 101)),
        "bill": st.one_of(st.none(), st.floats(-10, 6_000)),
    }
)


@settings(max_examples=8, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=20), rows_per_unit=st.integers(1, 3))
def test_removing_a_person_moves_the_sums_within_their_sensitivity(describe_people, rows, rows_per_unit):
    data = pd.DataFrame(rows).astype(
        {"bill": "float64", "age": "float64", "region": object, "tenure": object}
    )
    facts = describe_people(bounds=BOUNDS, rows_per_unit=rows_per_unit)
    plan = dp.plan(model("bill ~ age + region + tenure", where="age >= 18"), facts, rho=0.02)
    gone = data[data.person_id != data.person_id.iloc[0]]
    moved = np.linalg.norm((sums(plan, data) - sums(plan, gone)).astype(float))
    assert moved <= plan.noises[0].sensitivity


def test_rows_that_lack_anything_do_not_count(tenants, facts):
    plan = dp.plan(model("bill ~ age + region"), facts, rho=0.02)
    lacking = pd.DataFrame(
        [
            {"person_id": -1, "region": "Atlantis", "tenure": "own", "age": 3, "bill": 1.0},
            {"person_id": -2, "region": "North", "tenure": "own", "age": None, "bill": 1.0},
            {"person_id": -3, "region": "North", "tenure": "own", "age": 3, "bill": np.nan},
            {"person_id": None, "region": "North", "tenure": "own", "age": 3, "bill": 1.0},
        ]
    )
    assert (sums(plan, tenants) == sums(plan, pd.concat([tenants, lacking]))).all()


def test_sums_beyond_62_bits_saturate_and_do_not_wrap(facts):
    design = design_of(Model(kind="ols", formula=(("m", "bill ~ age + region"),)), facts)
    names = ("rows", "sum0", "sum1", "product0_0", "product0_1", "product1_1")
    columns = dict.fromkeys(names, np.array([2**61, 2**62, 2**62]))
    for sign in (1, -1):
        held = {name: sign * values for name, values in columns.items()} | {"position0": np.array([0, 1, 2])}
        assert set(moments_of(held, design).tolist()) == {sign * 2**62}


def test_nothing_is_told_where_the_noise_drowns_the_data(tenants, facts):
    for data in (tenants.head(0), tenants.head(20), tenants.assign(age=50)):
        table = dp.release(model("bill ~ age"), data, facts, rho=0.0002).table
        assert table.iloc[:2][["estimate", "std_error", "low", "high", "p_value"]].isna().all(axis=None)
        assert table.shape == (4, 9)
        assert not np.isnan(table[table.term == "n"].low.iloc[0])


def test_the_share_explained_stays_a_share(facts, tenants):
    plan = dp.plan(model("bill ~ age"), facts, rho=0.5)
    exact = dp.aggregate(plan, tenants.assign(bill=2_500))
    for _ in range(30):
        table = dp.draw(plan, exact).table
        share = table[table.term == "r2"].estimate.iloc[0]
        assert np.isnan(share) or 0 <= share <= 1
        assert table.estimate[0] == pytest.approx(2_500, abs=50)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("model", {"formula": "bill ~ age - 1"}),
        ("model", {"formula": "bill ~ I(age**2)"}),
        ("model", {"formula": "log(bill) ~ age"}),
        ("model", {"formula": "bill ~ age:region"}),
        ("model", {"formula": (("a", "bill ~ age"), ("b", "bill ~ region"))}),
        ("model", {"formula": "bill ~ age", "errors": "HC1"}),
        ("model", {"formula": "bill ~ age", "absorb": ("region",)}),
        ("model", {"formula": "bill ~ age", "by": ("region",)}),
        ("model", {"formula": "bill ~ C(age)*C(region)*C(tenure)"}),
        ("no_bounds", {"formula": "income ~ age"}),
        ("no_bounds", {"formula": "bill ~ person_id"}),
        ("no_keys", {"formula": "bill ~ C(planet)"}),
        ("level", {"formula": "bill ~ C(region, ref='Moon')"}),
        ("unit", {"formula": "bill ~ age", "unit": None}),
        ("weights", {"formula": "bill ~ age", "weight": "age"}),
        ("where_unpublished", {"formula": "bill ~ age", "where": "age > 70"}),
    ],
)
def test_any_other_model_is_refused_by_name(describe_people, code, changes):
    facts = describe_people(
        bounds=BOUNDS, keys={"region": ["North", "South"], "tenure": ["own", "rent"], "age": list(range(60))}
    )
    with pytest.raises(DisclosureError) as refusal:
        dp.plan(model(**changes), facts, rho=0.02)
    assert refusal.value.code == code


def test_a_level_may_be_named_by_its_number(describe_people, tenants):
    facts = describe_people(bounds=BOUNDS, keys={"age": list(range(3))})
    design = design_of(Model(kind="ols", formula=(("m", "bill ~ C(age, ref=1)"),)), facts)
    assert [each.label for each in design.variables] == [
        "Intercept",
        "C(age, ref=1)[T.0]",
        "C(age, ref=1)[T.2]",
    ]


@pytest.mark.parametrize("part", [{"derived": ["age"]}, {"shared": ["region"]}])
def test_an_unsound_column_carries_no_noise(describe_people, part):
    with pytest.raises(DisclosureError) as refusal:
        dp.plan(model("bill ~ age + region"), describe_people(bounds=BOUNDS, **part), rho=0.02)
    assert refusal.value.code in part


def test_laplace_noise_is_refused_and_other_estimators_are(facts):
    with pytest.raises(DisclosureError) as refusal:
        dp.plan(model("bill ~ age"), facts, epsilon=1, mechanism="laplace")
    assert refusal.value.code == "mechanism"
    logit = Model(kind="logit", formula=(("(1)", "tenure ~ age"),))
    with pytest.raises(DisclosureError) as refusal:
        design_of(logit, facts)
    assert refusal.value.code == "model"


def test_the_level_of_confidence_is_the_one_asked_for(tenants, facts):
    table = dp.release(model("bill ~ age", level=0.5), tenants, facts, rho=EXACT).table
    assert ((table.high - table.low) / table.std_error)[:2].tolist() == pytest.approx(
        [2 * 0.6745] * 2, rel=1e-3
    )


def test_one_question_in_other_words_has_one_fingerprint(facts):
    prints = {
        dp.plan(model(formula, title=title), facts, rho=0.02).fingerprint
        for formula, title in (("bill ~ age + region", "a"), ("bill~region  +age", "b"))
    }
    assert len(prints) == 1
    assert json.loads(dp.plan(model("bill ~ age"), facts, rho=0.02).to_json())["cells"] == 1

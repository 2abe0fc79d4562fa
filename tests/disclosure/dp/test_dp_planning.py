import math
import subprocess
import sys
from enum import Enum
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import dp
from disclosure.dp.planning import MOST_CELLS
from disclosure.errors import DisclosureError
from disclosure.statistic import Statistic

MEAN = {"average": ("mean", "bill")}
SUM = {"total": ("sum", "bill")}


def refused(code, stat, facts, **price):
    with pytest.raises(DisclosureError) as refusal:
        dp.plan(stat, facts, **(price or {"rho": 0.005}))
    assert refusal.value.code == code
    return refusal.value.sentence


def test_rho_is_charged_to_the_nano(dictionary, ask):
    assert dp.plan(ask(), dictionary, rho=0.005).cost == 5_000_000
    assert dp.plan(ask(measures=MEAN | SUM), dictionary, rho=0.005).cost == 5_000_000


def test_the_standard_count_has_a_standard_deviation_of_ten(dictionary, ask):
    plan = dp.price(ask(), dictionary)
    assert plan.sigma == {"n": pytest.approx(10)}
    assert plan.accuracy == {"n": 20}
    assert plan.cost == dp.PRECISIONS["standard"]


def test_the_menu_prices_four_precisions(dictionary, ask):
    sigmas = [dp.price(ask(), dictionary, name).sigma["n"] for name in dp.PRECISIONS]
    assert sigmas == pytest.approx([50, 20, 10, 5])
    for precision in ("exact", None, ["fine"]):
        with pytest.raises(DisclosureError) as refusal:
            dp.price(ask(), dictionary, precision)
        assert refusal.value.code == "precision"


def test_the_budget_is_split_equally_over_the_released_vectors(dictionary, ask):
    one = dp.plan(ask(measures=SUM), dictionary, rho=0.006)
    both = dp.plan(ask(measures=SUM | {"people": ("count", None)}), dictionary, rho=0.006)
    assert [noise.share for noise in both.noises] == [3_000_000, 3_000_000]
    assert both.sigma["total"] == pytest.approx(math.sqrt(2) * one.sigma["total"])
    assert one.sigma["total"] == pytest.approx(500_000 / math.sqrt(2 * 0.006))  # pence, not pounds


def test_a_mean_spends_one_centred_sum_and_one_count(dictionary, ask):
    plan = dp.plan(ask(measures=MEAN), dictionary, rho=0.005)
    assert [(vector.role, vector.centre, vector.sensitivity) for vector in plan.layout.vectors] == [
        ("sum", 250_000, 250_000), ("values", 0, 1),
    ]  # fmt: skip
    assert [noise.share for noise in plan.noises] == [2_500_000, 2_500_000]
    assert list(plan.sigma) == ["n", "average"]


def test_an_odd_range_is_centred_without_losing_a_step(describe_people, ask):
    plan = dp.plan(ask(measures=MEAN), describe_people(bounds={"bill": (-3, 4)}, scale={}), rho=0.005)
    assert (plan.layout.vectors[0].centre, plan.layout.vectors[0].sensitivity) == (0, 4)


def test_more_rows_per_unit_need_more_noise(describe_people, ask):
    plan = dp.plan(
        ask(measures=SUM | {"people": ("count", None)}), describe_people(rows_per_unit=3), rho=0.01
    )
    assert [noise.sensitivity for noise in plan.noises] == [1_500_000, 3]


def test_vectors_that_are_needed_twice_are_paid_for_once(dictionary, ask):
    twice = {"a": ("mean", "bill"), "b": ("count", "bill"), "c": ("mean", "bill")}
    assert len(dp.plan(ask(measures=twice), dictionary, rho=0.005).layout.vectors) == 2


@pytest.mark.parametrize(
    ("measures", "names"),
    [
        (None, ["n"]),
        (MEAN, ["n", "average"]),
        (SUM, ["total"]),
        ({"people": ("count", None)}, ["n", "people"]),
        (MEAN | {"people": ("count", None)}, ["n", "average", "average_n", "people"]),
        (MEAN | {"age": ("mean", "age")}, ["average", "average_n", "age", "age_n"]),
    ],
)
def test_counts_stand_beside_what_they_count(describe_people, ask, measures, names):
    facts = describe_people(bounds={"bill": (0, 5_000), "age": (0, 100)})
    assert [each.name for each in dp.plan(ask(measures=measures), facts, rho=0.005).layout.printed] == names


def test_epsilon_is_the_largest_rho_that_fits_at_the_dictionarys_delta(dictionary, ask):
    plan = dp.plan(ask(), dictionary, epsilon=1)
    assert plan.cost == dp.rho_for(1, 1e-6) == 24_355_970
    assert dp.plan(ask(), dictionary, epsilon=1, mechanism="gaussian") == plan


def test_laplace_is_pure_and_charged_half_its_square(dictionary, ask):
    plan = dp.plan(ask(measures=MEAN), dictionary, epsilon=0.1, mechanism="laplace")
    assert plan.cost == 5_000_000
    assert [noise.share for noise in plan.noises] == [Fraction(1, 20), Fraction(1, 20)]


@pytest.mark.parametrize(
    ("code", "price"),
    [
        ("budget", {"rho": None}),
        ("budget", {"rho": 0.1, "epsilon": 1}),
        ("budget", {"rho": 0.1, "mechanism": "laplace"}),
        ("budget", {"mechanism": "laplace", "epsilon": 15}),
        ("mechanism", {"rho": 0.1, "mechanism": "none"}),
        ("mechanism", {"rho": 0.1, "mechanism": None}),
        ("mechanism", {"rho": 0.1, "mechanism": ["gaussian"]}),
    ],
)
def test_h13_a_price_that_cannot_be_meant_is_refused(dictionary, ask, code, price):
    refused(code, ask(), dictionary, **price)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("unit", {"unit": None}),
        ("unit", {"unit": "region"}),
        ("unit", {"unit": ["person_id", "household_id"]}),
        ("weights", {"weight": "bill", "measures": SUM}),
        ("no_keys", {"by": ["age"]}),
        ("no_keys", {"by": ["person_id"]}),
        ("no_keys", {"by": ["planet"]}),
        ("no_bounds", {"measures": {"total": ("sum", "age")}}),
        ("no_bounds", {"measures": {"total": ("mean", "planet")}}),
        ("unknown_column", {"measures": {"known": ("count", "planet")}}),
    ],
)
def test_a_question_beyond_the_dictionary_is_refused_by_name(dictionary, ask, code, changes):
    refused(code, ask(**changes), dictionary)


@pytest.mark.parametrize(
    "changes",
    [{"by": ["tenure"]}, {"measures": SUM}, {"where": "tenure == 'own'"}, {"where": "is_missing(bill)"}],
)
@pytest.mark.parametrize(
    ("code", "facts"),
    [("derived", {"derived": ["tenure", "bill"]}), ("shared", {"shared": ["tenure", "bill"]})],
)
def test_no_part_of_a_question_may_rest_on_an_unsound_column(describe_people, ask, changes, code, facts):
    refused(code, ask(**changes), describe_people(**facts))


class LaterKind(Enum):
    MODEL = "model"


def test_a_kind_of_statistic_without_a_noisy_form_is_refused(dictionary, ask):
    stat = ask()
    object.__setattr__(stat, "kind", LaterKind.MODEL)
    refused("kind", stat, dictionary)


def test_a_table_with_too_many_cells_is_refused_before_reading(describe_people, ask):
    side = math.isqrt(MOST_CELLS) + 1
    facts = describe_people(keys={"a": list(range(side)), "b": list(range(side))})
    refused("cells", ask(by=["a", "b"]), facts)


def test_h06_noise_that_would_leave_64_bits_is_refused_before_reading(describe_people, ask):
    facts = describe_people(bounds={"bill": (0, 2**50)}, scale={}, population=100)
    refused("overflow", ask(measures=SUM), facts, rho=1e-9)


@pytest.mark.parametrize(
    "where",
    [
        "region == 'North'", "region != 'North'", "region in ('North', 'South')", "region not in ('North',)",
        "age >= 18", "18 <= age < 65", "not (age > 65 or bill > 5000)", "bill == 0", "is_missing(bill)",
        "age == 18.0 and region > 'North'", "col('region') == 'West'", "tenure == 'own' or is_missing(tenure)",
    ],
)  # fmt: skip
def test_a_filter_may_compare_with_published_values(dictionary, ask, where):
    assert dp.plan(ask(where=where), dictionary, rho=0.005).cost == 5_000_000


@pytest.mark.parametrize(
    "where",
    [
        "region == 'Moon'", "region in ('North', 'Moon')", "region == 1", "age >= 17", "age >= 18.5", "age == '18'",
        "bill > 1000", "person_id == 7", "is_missing(person_id)", "is_missing(planet)", "age > bill", "age + 1 > 18",
        "region == tenure", "age * 2 in (18, 65)", "region == True", "region", "is_missing(age / bill)",
        "region == 'North' and age >= 17", "region == 'North' or not (age < 17)",
    ],
)  # fmt: skip
def test_any_other_filter_is_refused_and_the_allowed_values_are_listed(dictionary, ask, where):
    sentence = refused("where_unpublished", ask(where=where), dictionary)
    assert "North" in sentence or "18" in sentence or "5000" in sentence or "region" in sentence


def test_a_flag_filters_by_its_name_alone(describe_people, ask):
    facts = describe_people(keys={"region": ["a"], "employed": [False, True]})
    assert dp.plan(ask(where="employed and not employed"), facts, rho=0.005).cost


def test_a_long_list_of_allowed_values_is_shortened(describe_people, ask):
    facts = describe_people(keys={"region": [f"area {number}" for number in range(500)]})
    assert "and 450 more" in refused("where_unpublished", ask(where="region == 'Moon'"), facts)
    assert "none" in refused("no_bounds", ask(measures=SUM), describe_people(bounds={}, scale={}))


def test_a_mean_is_surer_in_a_larger_cell(dictionary, ask):
    plan = dp.plan(ask(measures=MEAN), dictionary, rho=0.5)
    assert plan.average_cell == 1_000
    assert plan.mean_sigma("average", 1_000) == pytest.approx(plan.sigma["average"])
    assert plan.mean_sigma("average", 4_000) == pytest.approx(plan.sigma["average"] / 4)
    for name, rows in (("n", 10), ("planet", 10), ("average", 0)):
        with pytest.raises(DisclosureError, match="Name a mean"):
            plan.mean_sigma(name, rows)


@given(
    st.lists(st.sampled_from(["region", "tenure"]), unique=True),
    st.booleans(),
    st.sampled_from([None, SUM, MEAN, SUM | MEAN]),
    st.integers(1, 10**11),
)
def test_shares_never_add_up_to_more_than_the_charge(dictionary, by, margins, measures, nano):
    stat = Statistic.table("people", by=by, measures=measures, unit="person_id", margins=margins)
    plan = dp.plan(stat, dictionary, rho=Fraction(nano, dp.NANO))
    assert sum(noise.share for noise in plan.noises) <= plan.cost == nano


def test_planning_loads_no_engine_and_no_noise():
    code = (
        "import sys, disclosure.dp\n"
        "heavy = {'duckdb', 'pandas', 'opendp', 'numpy', 'sqlglot'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from disclosure.dp import Dictionary, plan\n"
        "from disclosure.statistic import Statistic\n"
        "facts = Dictionary(unit='p', rows_per_unit=1, keys={'a': ['x']}, bounds={}, population=10)\n"
        "plan(Statistic.table('t', by=['a'], unit='p'), facts, rho=0.005).digest\n"
        "heavy = {'duckdb', 'pandas', 'opendp', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize(
    "measure",
    [
        ("min", "bill"),
        ("max", "bill"),
        ("mode", "bill"),
        ("std", "bill"),
        ("var", "bill"),
    ],
)
def test_measures_without_a_noisy_form_are_refused(dictionary, ask, measure):
    sentence = refused("unknown_measure", ask(measures={"m": measure}), dictionary)
    assert "count, proportion, sum, mean, median, quantile" in sentence


def test_a_histogram_is_banded_by_published_edges_only(dictionary, describe_people, ask):
    asked = {"by": ["region"], "unit": "person_id", "margins": False}
    sentence = refused(
        "bins_unpublished", Statistic.histogram("people", "bill", bins=[0, 100, 5_000], **asked), dictionary
    )
    assert "5000" in sentence
    assert dp.plan(Statistic.histogram("people", "age", bins=[18, 65.0], **asked), dictionary, rho=0.005)
    refused("no_bounds", Statistic.histogram("people", "tenure", bins=[0, 1], **asked), dictionary)
    refused("no_bounds", Statistic.histogram("people", "planet", bins=[0, 1], **asked), dictionary)
    unsound = describe_people(derived=["age"])
    refused("derived", Statistic.histogram("people", "age", bins=[18, 65], **asked), unsound)


def test_quantiles_need_bounds(dictionary):
    refused("no_bounds", Statistic.quantiles("people", "age", unit="person_id", margins=False), dictionary)


def test_a_dimension_may_not_bear_the_name_of_an_intervals_end(describe_people, ask):
    facts = describe_people(keys={"n_low": ["a"], "region": ["b"]})
    refused("name_clash", ask(by=["n_low"]), facts)
    refused("name_clash", ask(measures={"a": ("sum", "bill"), "a_high": ("mean", "bill")}), facts)


def test_a_question_may_not_work_out_columns_of_its_own(describe_people, ask):
    facts = describe_people(discoverable=["village"])
    derived = {"derive": {"older": "age + 1"}}
    refused("unsupported", ask(**derived), facts)
    with pytest.raises(DisclosureError) as refusal:
        dp.plan_keys(ask(by=["village"], **derived), facts, rho=0.005, delta=1e-6)
    assert refusal.value.code == "unsupported"

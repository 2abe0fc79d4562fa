import math
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import dp
from disclosure.dp.accountant import ATTO, MAXIMUM_NANO_RHO
from disclosure.errors import DisclosureError

BAD_BUDGETS = [
    0, -1, -0.005, math.nan, math.inf, -math.inf, 1e-320, 1e-12, 1e9, True, None, "0.005", [1], 10**400,
    Decimal("NaN"), Decimal("1e999999999"), Decimal("1e-999999999"), Decimal("sNaN"), Decimal("Infinity"), Decimal(-1), Fraction(0), complex(1),
]  # fmt: skip


@pytest.mark.parametrize("amount", [0.005, Decimal("0.005"), Fraction(5, 1000), np.float64(0.005)])
def test_a_budget_means_the_decimal_that_a_person_wrote(amount):
    assert dp.to_nano(amount) == 5_000_000


def test_a_budget_is_rounded_up_never_down():
    assert dp.to_nano(Decimal("0.0000000011")) == 2
    assert dp.to_nano(Fraction(1, 3)) == 333_333_334
    assert dp.to_nano(np.int64(1)) == dp.NANO
    assert dp.to_nano(100) == MAXIMUM_NANO_RHO


@pytest.mark.parametrize("amount", BAD_BUDGETS, ids=repr)
def test_h13_a_bad_budget_is_refused_in_every_form_it_may_take(amount):
    for use in (dp.to_nano, dp.pure_cost, lambda value: dp.rho_for(value, 1e-6)):
        with pytest.raises(DisclosureError) as refusal:
            use(amount)
        assert refusal.value.code == "budget"


def test_h13_no_cost_can_be_negative_so_no_charge_can_be_a_refund(describe_people, ask):
    for amount in BAD_BUDGETS:
        if amount is None:
            continue
        with pytest.raises(DisclosureError):
            dp.plan(ask(), describe_people(), rho=amount)
        with pytest.raises(DisclosureError):
            dp.plan(ask(), describe_people(), epsilon=amount, mechanism="laplace")


@pytest.mark.parametrize(
    ("rho", "delta", "epsilon"),
    [
        (0.005, 1e-6, 0.43), (0.005, 1e-7, 0.48), (0.005, 1e-9, 0.56), (0.02, 1e-6, 0.90), (0.1, 1e-6, 2.14),
        (0.1, 1e-7, 2.35), (0.1, 1e-9, 2.72), (0.5, 1e-6, 5.22), (0.5, 1e-7, 5.67), (1.0, 1e-6, 7.8), (1.0, 1e-9, 9.5),
    ],
)  # fmt: skip
def test_epsilon_agrees_with_the_numbers_measured_before(rho, delta, epsilon):
    assert dp.epsilon_of(dp.to_nano(rho), delta) == pytest.approx(epsilon, abs=0.05 if epsilon > 7 else 0.006)


def test_epsilon_agrees_with_the_census_bureau():
    # 2020 redistricting data: rho 2.56 for persons, published as epsilon 17.14 at delta 1e-10 on a grid of orders
    assert dp.epsilon_of(dp.to_nano(2.56), 1e-10) == pytest.approx(17.14, abs=0.05)


@pytest.fixture(scope="module")
def dp_accounting():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies warn on import
        return pytest.importorskip("dp_accounting")


@pytest.mark.parametrize("rho", [0.0002, 0.00125, 0.005, 0.02, 0.1, 0.5, 2.0])
@pytest.mark.parametrize("delta", [1e-6, 1e-9])
def test_epsilon_is_never_below_and_close_to_an_independent_accountant(dp_accounting, rho, delta):
    sigma = 1 / math.sqrt(2 * rho)
    event = dp_accounting.GaussianDpEvent(sigma)
    exact = dp_accounting.pld.PLDAccountant().compose(event).get_epsilon(delta)
    renyi = (
        dp_accounting.rdp.RdpAccountant(orders=np.geomspace(1.001, 1e4, 4_000))
        .compose(event)
        .get_epsilon(delta)
    )
    ours = dp.epsilon_of(dp.to_nano(rho), delta)
    assert ours > exact  # a bound for every mechanism of this rho must lie above one mechanism's own curve
    assert ours < 1.3 * exact
    assert ours == pytest.approx(renyi, rel=1e-3)


@given(st.integers(1, MAXIMUM_NANO_RHO), st.sampled_from([1e-6, 1e-9, 1e-12]))
def test_epsilon_grows_with_rho(nano_rho, delta):
    assert 0 < dp.epsilon_of(nano_rho, delta) < dp.epsilon_of(2 * nano_rho, delta)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.001, 30), st.sampled_from([1e-6, 1e-9]))
def test_rho_for_is_the_largest_that_fits(epsilon, delta):
    nano_rho = dp.rho_for(epsilon, delta)
    assert dp.epsilon_of(nano_rho, delta) <= epsilon < dp.epsilon_of(nano_rho + 1, delta)


def test_nothing_spent_is_no_epsilon():
    assert dp.epsilon_of(0, 1e-6) == 0


@pytest.mark.parametrize("spent", [-1, 0.5, True, "1"])
def test_a_stored_budget_that_is_no_whole_number_is_refused(spent):
    with pytest.raises(DisclosureError, match="whole number"):
        dp.epsilon_of(spent, 1e-6)


@pytest.mark.parametrize("delta", [0, 1, -1e-6, math.nan])
def test_a_delta_outside_zero_to_one_is_refused(delta):
    for use in (lambda: dp.epsilon_of(1, delta), lambda: dp.rho_for(1, delta)):
        with pytest.raises(DisclosureError) as refusal:
            use()
        assert refusal.value.code == "delta"


def test_an_epsilon_that_allows_more_than_any_release_is_refused():
    with pytest.raises(DisclosureError, match="largest published"):
        dp.rho_for(1_000, 1e-6)


def test_pure_epsilon_costs_half_its_square():
    assert dp.pure_cost(1) == 500_000_000
    assert dp.pure_cost(0.1) == 5_000_000
    assert dp.pure_cost(Fraction(1, 3)) == 55_555_556


def test_delta_follows_the_published_population():
    assert dp.delta_for(20_000) == 1e-6
    assert dp.delta_for(1_000_000) == 1e-7
    with pytest.raises(DisclosureError, match="at least 1"):
        dp.delta_for(0)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute"):
        dp.noise_free_release  # noqa: B018
    assert "release" in dir(dp)


def test_deltas_of_discovered_levels_add_up_beside_the_rhos():
    epsilon, delta = dp.composed(5_000_000, 0, 1e-6)
    assert (epsilon, delta) == (dp.epsilon_of(5_000_000, 1e-6), 1e-6)
    for attos in (1, 10**11, 3 * 10**11):
        told, at = dp.composed(5_000_000, attos, 1e-6)
        assert told == epsilon
        assert Fraction(at) >= Fraction(1e-6) + Fraction(attos, ATTO)  # rounded up, never down
        assert at == pytest.approx(1e-6 + attos / ATTO)


@pytest.mark.parametrize("attos", [-1, 0.5, True, math.nan, None, "1"])
def test_a_stored_delta_that_is_no_amount_is_refused(attos):
    with pytest.raises(DisclosureError) as refusal:
        dp.composed(1, attos, 1e-6)
    assert refusal.value.code == "budget"


def test_deltas_that_promise_nothing_any_more_are_not_told():
    with pytest.raises(DisclosureError) as refusal:
        dp.composed(1, ATTO, 1e-6)
    assert refusal.value.code == "delta"

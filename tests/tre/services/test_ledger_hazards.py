"""Hazards of a privacy budget that concern ledger and services, by their numbers in the research on differential privacy."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from disclosure.errors import DisclosureError
from tests.builders import AUTHOR, CONTRACT, PRICE, House, add_project, counts, manifest
from tre.db.address import Role
from tre.db.engine import engine_for, transaction
from tre.db.tables import Charge, Extract, LedgerEntry
from tre.domain.errors import BadInput, Refused, TreError
from tre.domain.ledger import ChargeState
from tre.domain.outputs import Mode, State
from tre.domain.people import WORKER
from tre.services import ledger, projects
from tre.services.outputs import vote as voting
from tre.services.outputs.asking import Precision, ask_for
from tre.services.outputs.submit import Ask

BILLS, POPULATION = "project:bills", "population:residents"


def released(house: House, *asks: Ask) -> str:
    request = house.approved(*asks)
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED
    return request


def table(house: House, request: str) -> bytes:
    (found,) = list(house.bundle(request).rglob("*.csv"))
    return found.read_bytes()


def asked(text: str) -> Ask:
    return Ask(text, "Bills", Mode.NOISY, nano_rho=PRICE)


def test_h08_the_same_question_in_other_words_gives_the_same_bytes_and_costs_nothing(house: House) -> None:
    first = released(house, asked(counts(by=["region"], where="region == 'East' and region == 'West'")))
    books = house.books()
    again = asked(counts(by=["region"], where="region  ==  'West' and (region=='East')", title="Other words"))
    assert table(house, released(house, again)) == table(house, first)
    assert house.books() == books


def test_h09_a_variant_that_changes_nothing_in_the_data_is_charged_each_time(house: House) -> None:
    conditions = [f"region != '{region}'" for region in ("East", "West")] + ["bill >= 0", "bill <= 5000"]
    for number, condition in enumerate(conditions, start=1):
        house.submit(asked(counts(where=condition)))
        assert house.account(BILLS).reserved == number * PRICE


def test_h10_the_cap_holds_when_many_submit_at_once(house: House) -> None:
    house.set_cap(BILLS, 3 * PRICE)
    conditions = [f"bill {sign} {bound}" for sign in ("<=", ">=", "<", ">") for bound in (0, 5000)]

    def submit(condition: str) -> bool:
        try:
            house.submit(asked(counts(where=condition)))
        except Refused as refused:
            assert refused.code == "over_budget"  # noqa: PT017  any other refusal is a fault here
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(submit, conditions)) == 3
    assert house.account(BILLS).reserved == 3 * PRICE
    house.ledger_is_whole()


def test_h12_a_request_over_the_budget_is_refused_and_the_rest_stays_usable(house: House) -> None:
    house.set_cap(BILLS, 2 * PRICE)
    with pytest.raises(Refused, match="has 10,000,000 left"):
        house.submit(house.noisy(nano_rho=3 * PRICE))
    house.submit(house.noisy(nano_rho=2 * PRICE))
    assert house.account(BILLS).reserved == 2 * PRICE


def test_h13_an_amount_that_is_none_is_refused_and_moves_nothing(house: House) -> None:
    books = house.books()
    amounts = (0.0, -1.0, float("nan"), float("inf"), -float("inf"), 1e-320, 1e9)
    for word, amount in product(("rho", "epsilon"), amounts):
        with pytest.raises((DisclosureError, TreError)):
            house.submit(ask_for(counts(), None, Precision(**{word: amount}).nano(20_000)))
    assert house.books() == books
    assert house.rows(Charge) == house.rows(LedgerEntry) == []


def test_h13_a_negative_price_refunds_nothing(house: House) -> None:
    released(house, house.noisy())
    for price in (0, -1, -PRICE, 2**63):
        with pytest.raises((DisclosureError, TreError)):
            house.submit(house.noisy(nano_rho=price, where="bill >= 0"))
    assert house.account(BILLS).spent == PRICE
    house.ledger_is_whole()


def test_h14_a_noisy_answer_leaves_on_a_tick_also_when_it_is_stored_already(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for ask in (house.noisy(), house.noisy(title="Again")):
        house.jobs.release(house.approved(ask))
    assert len(slept) == 2
    assert all(0 < seconds <= 1 for seconds in slept)


def test_h17_what_is_no_statistic_of_ours_is_refused_by_its_shape(house: House) -> None:
    for text in (
        "SELECT * FROM linked",
        "../../vault/projects/bills/linked.parquet",
        "gASVDgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOULg==",
        json.dumps({"ast": {"_type": "constructor", "func": "make_laplace"}}),
        json.dumps({"version": 1, "plan": [1, 2]}),
        counts().replace('"region"', '"region\\"; DROP TABLE core.account; --"'),
    ):
        with pytest.raises((DisclosureError, TreError)):
            house.submit(asked(text))
    assert set(house.books().values()) == {(0, 0, 0, 0)}


def test_h17_keys_come_from_the_dictionary_alone(house: House) -> None:
    with pytest.raises((DisclosureError, BadInput)):
        house.submit(asked(counts(where="region == 'Atlantis'")))
    with pytest.raises((DisclosureError, BadInput)):
        house.submit(asked(counts(by=["bill"])))


def test_h20_a_release_is_charged_to_every_edition_it_was_linked_from(house: House) -> None:
    second = CONTRACT.replace('dataset = "accounts"', 'dataset = "meters"')
    house.do(projects.register_dataset, WORKER, second, "2016")
    extract = house.put_extract()
    engine = engine_for(house.platform.database, Role.EXTRACT, pool_size=1)
    with transaction(engine) as tx:
        tx.get_one(Extract, extract.id).editions = {"accounts": "2016", "meters": "2016"}
    engine.dispose()
    released(house, house.noisy())
    spent = {name: spent for name, (spent, *_) in house.books().items() if spent}
    assert spent == dict.fromkeys(("edition:accounts@2016", "edition:meters@2016", POPULATION, BILLS), PRICE)


def test_h22_another_edition_a_new_extract_or_a_new_project_opens_no_new_budget_for_the_people(
    house: House,
) -> None:
    released(house, house.noisy())
    spent = house.account(POPULATION).spent
    house.do(projects.register_dataset, WORKER, CONTRACT, "2017")
    house.put_extract()  # the same data once more
    released(house, house.noisy())
    assert house.account(POPULATION).spent == spent  # it is the same question still
    house.put_extract(sizes=(40, 30, 20, 31))
    add_project(house, "water")
    house.do(projects.apply, WORKER, manifest(nano_rho=10**12))
    assert house.account(POPULATION).spent == spent == PRICE
    assert house.account(BILLS).cap == 100_000_000  # a manifest cannot raise it
    released(house, house.noisy())
    assert (
        house.account(POPULATION).spent == 2 * PRICE
    )  # other data are another question, on the same account
    house.ledger_is_whole()


def test_h11_a_charge_that_was_made_is_never_given_back(house: House) -> None:
    released(house, house.noisy())
    (charge,) = house.rows(Charge)
    assert charge.state == ChargeState.RELEASED
    request = charge.item_id.rsplit("-v", 1)[0]
    with pytest.raises(Refused):
        house.act(AUTHOR, voting.withdraw, request)
    house.do(ledger.void, WORKER, [charge.item_id])
    assert house.account(BILLS).spent == PRICE

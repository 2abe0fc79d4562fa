"""An association leaves as a table does: judged, voted on, charged, released; and the next one is compared with it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from disclosure import DisclosureError, Statistic
from tests.builders import House
from tre.domain.errors import BadInput
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Mode, State
from tre.services.outputs.submit import Ask

PAIR = ("bill", "region")


def anova(title: str = "Bills differ", **words: object) -> Ask:
    asked = Statistic.association("linked", "anova", PAIR, unit="study_id", **words)  # type: ignore[arg-type]  # where
    return Ask(asked.to_json(), title, Mode.EXACT, reason=ExactReason.LEGAL_DUTY)


def released(house: House, ask: Ask) -> str:
    request = house.approved(ask)
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED, house.request(request).problem
    return request


def test_a_test_of_association_is_released_with_its_numbers_and_without_its_evidence(house: House) -> None:
    house.put_extract()
    request = released(house, anova())
    text = next(house.bundle(request).glob("01-*.csv")).read_text()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["measure"], row["degrees"], row["degrees_within"], row["n"]) == (
        "eta squared",
        "3",
        "116",
        "120",
    )
    assert 0 < float(row["p_value"]) < 1
    assert not {"units", "unsafe", "rules"} & set(row)
    (item,) = house.items(request)
    assert (item.verdict, item.cells) == ("PASS", 1)
    record = json.loads((house.bundle(request) / "disclosure.json").read_text())
    assert record["items"][0]["verdict"] == "PASS"


def test_the_same_test_on_one_person_fewer_is_sent_back(house: House) -> None:
    house.put_extract()
    released(house, anova())
    request = house.reviewed(anova(where="bill > 100"))
    (item,) = house.items(request)
    assert item.verdict == "FAIL"
    assert [each["rule"] for each in item.findings["findings"]] == ["differencing"]


def test_an_association_takes_no_noise_and_names_known_columns(house: House) -> None:
    house.put_extract()
    asked = Statistic.association("linked", "anova", ("income", "region"), unit="study_id")
    with pytest.raises(BadInput) as caught:
        house.submit(Ask(asked.to_json(), "Income", Mode.EXACT, reason=ExactReason.LEGAL_DUTY))
    assert caught.value.code == "unknown_column"
    with pytest.raises(DisclosureError) as refused:
        house.submit(replace(anova(), mode=Mode.NOISY, reason=None, nano_rho=5_000_000))
    assert refused.value.code == "kind"
    assert house.account("project:bills").reserved == 0

import json
import subprocess
import sys
from fractions import Fraction

import pytest

from disclosure import dp
from disclosure.errors import DisclosureError

MEAN = {"average": ("mean", "bill")}
SUM = {"total": ("sum", "bill")}


def test_h08_a_plan_is_the_same_in_every_process(dictionary, ask):
    plan = dp.plan(ask(by=["region", "tenure"], measures=MEAN | SUM, where="age >= 18"), dictionary, rho=0.02)
    code = (
        "import sys; from disclosure import dp; text = sys.stdin.read(); plan = dp.Plan.from_json(text);"
        "print(plan.digest, plan.fingerprint, plan.to_json() == text)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], input=plan.to_json(), capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [plan.digest, plan.fingerprint, "True"]


def test_h08_one_question_in_other_words_has_one_fingerprint(dictionary, ask):
    first = dp.plan(
        ask(measures={"a": ("sum", "bill"), "b": ("count", None)}, where="age >= 18 and region == 'North'"),
        dictionary,
        rho=0.005,
    )
    second = dp.plan(
        ask(
            measures={"x": ("count", None), "y": ("sum", "bill")},
            where="('North' == region)   and 18.0 <= age",
            title="Again",
        ),
        dp.Dictionary.from_json(dictionary.to_json()),
        rho=Fraction(1, 200),
    )
    assert first.fingerprint == second.fingerprint
    assert first.digest != second.digest


def test_another_price_mechanism_or_dictionary_is_another_fingerprint(dictionary, describe_people, ask):
    prints = {
        dp.plan(ask(), dictionary, rho=0.005).fingerprint,
        dp.plan(ask(), dictionary, rho=0.006).fingerprint,
        dp.plan(ask(), dictionary, epsilon=0.1, mechanism="laplace").fingerprint,
        dp.plan(ask(), describe_people(rows_per_unit=2), rho=0.005).fingerprint,
        dp.plan(ask(where="age >= 18"), dictionary, rho=0.005).fingerprint,
    }
    assert len(prints) == 5


@pytest.mark.parametrize(
    "price", [{"rho": 0.005}, {"epsilon": 0.7}, {"epsilon": 0.3, "mechanism": "laplace"}]
)
def test_a_plan_survives_json(dictionary, ask, price):
    plan = dp.plan(ask(measures=MEAN), dictionary, **price)
    assert dp.Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "change",
    [
        {"cost": 1}, {"cost": -5_000_000}, {"sigma": {"n": 0.1}}, {"accuracy": {}}, {"cells": 1}, {"budget": "1/0"},
        {"budget": "many"}, {"mechanism": "none"}, {"mechanism": ["gaussian"]}, {"budget": "5000001"}, {"extra": 1},
    ],
)  # fmt: skip
def test_a_plan_that_was_changed_is_refused(dictionary, ask, change):
    record = json.loads(dp.plan(ask(), dictionary, rho=0.005).to_json()) | change
    with pytest.raises(DisclosureError) as refusal:
        dp.Plan.from_json(json.dumps(record, sort_keys=True, separators=(",", ":")))
    assert refusal.value.code == "plan"


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 100_000], ids=lambda text: text[:5])
def test_a_text_that_is_no_plan_is_refused(text):
    with pytest.raises(DisclosureError) as refusal:
        dp.Plan.from_json(text)
    assert refusal.value.code == "plan"

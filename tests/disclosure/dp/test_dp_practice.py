import json

import pandas as pd
import pytest

from disclosure import dp
from disclosure.errors import DisclosureError

MEASURES = {"people": ("count", None), "total": ("sum", "bill"), "average": ("mean", "bill")}


def test_practice_shows_noise_and_what_bounding_does(people, describe_people, ask):
    facts = describe_people(bounds={"bill": (500, 1_500)}, scale={})
    twice = pd.concat([people, people.head(100), people.head(7).assign(person_id=None)])
    practice = dp.simulate(ask(measures=MEASURES), twice, facts, n=4, rho=0.02)
    assert len(practice.tables) == 4
    assert len({tuple(table.people) for table in practice.tables}) > 1
    assert practice.rows == {"rows": 4_107, "with_unit": 4_100, "kept": 4_000}
    assert practice.bounded.people.sum() == 4_000
    (column,) = practice.clamped.itertuples()
    assert column.below == (twice.bill < 500).sum()
    assert column.above == (twice.bill > 1_500).sum()
    assert column.clamped_mean == pytest.approx(twice.bill.clip(500, 1_500).mean(), rel=1e-4)
    assert column.mean == pytest.approx(twice.bill.mean())


def test_practice_of_a_plain_count_clamps_nothing(people, dictionary, ask):
    practice = dp.simulate(ask(), people, dictionary, n=1, epsilon=1, mechanism="laplace")
    assert practice.clamped.empty
    assert list(practice.clamped.columns) == ["column", "values", "below", "above", "mean", "clamped_mean"]


def test_practice_is_no_release_and_cannot_be_made_one(people, dictionary, ask):
    practice = dp.simulate(ask(), people, dictionary, rho=0.005)
    assert not isinstance(practice, dp.Answer)
    assert not {"spend", "plan_digest", "to_json", "statistic"} & set(dir(practice))
    assert "not a release" in repr(practice)
    with pytest.raises(TypeError):
        json.dumps(practice)
    with pytest.raises(DisclosureError):
        dp.Answer.from_json(repr(practice))


def test_practice_is_refused_as_a_release_is(people, dictionary, ask):
    for n in (0, 101, True, 2.0):
        with pytest.raises(DisclosureError) as refusal:
            dp.simulate(ask(), people, dictionary, n=n, rho=0.005)
        assert refusal.value.code == "draws"
    with pytest.raises(DisclosureError) as refusal:
        dp.simulate(ask(where="age > 17"), people, dictionary, rho=0.005)
    assert refusal.value.code == "where_unpublished"
    with pytest.raises(DisclosureError) as refusal:
        dp.simulate(ask(), people, dictionary, rho=0)
    assert refusal.value.code == "budget"

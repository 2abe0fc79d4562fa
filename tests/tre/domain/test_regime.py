"""The regime of linked datasets is the strictest of them; of nothing known it is noise."""

from __future__ import annotations

from itertools import product

import pytest

from tests.world import CONTRACT, manifest
from tre.domain.contracts import parse_contract
from tre.domain.declared import Faulty
from tre.domain.errors import Refused
from tre.domain.manifest import contract_faults, parse_manifest
from tre.domain.regime import Regime, admit_exact_mode, admit_exact_verdict, is_stricter, strictest


@pytest.mark.parametrize(("one", "other"), list(product(Regime, Regime)))
def test_the_strictest_of_two_wins(one: Regime, other: Regime) -> None:
    found = strictest({"a": one, "b": other})
    assert found in {one, other}
    assert not is_stricter(one, found)
    assert not is_stricter(other, found)


def test_of_nothing_known_only_noise_leaves() -> None:
    assert strictest({}) is Regime.NOISY_ONLY
    with pytest.raises(Refused, match="this project's data"):
        admit_exact_mode({})


def test_one_dataset_that_allows_noise_only_bars_exact_releases_and_is_named() -> None:
    admit_exact_mode({"a": Regime.EITHER, "b": Regime.EXACT})
    with pytest.raises(Refused, match="computed from tax leaves with noise only") as caught:
        admit_exact_mode({"a": Regime.EITHER, "tax": Regime.NOISY_ONLY})
    assert caught.value.code == "noisy_only"


def test_a_verdict_on_exact_numbers_is_barred_where_an_exact_release_is() -> None:
    admit_exact_verdict({"a": Regime.EITHER, "b": Regime.EXACT})
    for regimes in ({}, {"a": Regime.EITHER, "tax": Regime.NOISY_ONLY}):
        with pytest.raises(Refused, match="Ask for the price instead") as caught:
            admit_exact_verdict(regimes)
        assert caught.value.code == "noisy_only"


def with_regime(word: str) -> str:
    return manifest().replace('clearance = "none"', f'clearance = "none"\nregime = "{word}"')


@pytest.mark.parametrize(("contract", "project"), list(product(Regime, Regime)))
def test_a_project_may_allow_less_than_the_contract_and_never_more(contract: Regime, project: Regime) -> None:
    known = parse_contract(f'regime = "{contract}"\n' + CONTRACT)
    faults = contract_faults(parse_manifest(with_regime(project)), {"accounts": known})
    assert bool(faults) is is_stricter(contract, project)
    assert all("must allow no more than the contract" in fault.sentence for fault in faults)


def test_without_a_word_a_contract_allows_either_and_a_manifest_what_the_contract_allows() -> None:
    assert parse_contract(CONTRACT).regime is Regime.EITHER
    assert parse_manifest(manifest()).datasets[0].regime is None


def test_a_regime_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Faulty, match="noisy-only, either, exact"):
        parse_contract('regime = "anything"\n' + CONTRACT)

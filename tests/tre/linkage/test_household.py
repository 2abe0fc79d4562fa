"""Households that are meant to deceive: each is added to a crowd and linked by the real model."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from tre.linkage.match import TrainedModel, link
from tre.linkage.model import LinkageSettings

Record = dict[str, str | None]
Clusters = Callable[..., dict[str, int]]

HOME: Record = {"postcode": "NE1 4ST", "house_number": "7", "street": "QUAY LANE"}
JOHN: Record = {"given_name": "JOHN", "surname": "HARWOOD", "sex": "M", "dob": "1951-03-14", **HOME}


@pytest.fixture
def clusters(
    crowd: Mapping[str, list[Record]],
    halves: Callable[..., dict[str, Path]],
    models: Callable[[LinkageSettings], TrainedModel],
) -> Clusters:
    """Add records to the crowd; answer the cluster of each added record by the name it was added under."""

    def run(settings: LinkageSettings | None = None, **added: tuple[str, Record]) -> dict[str, int]:
        sources = {dataset: list(records) for dataset, records in crowd.items()}
        places = {}
        for name, (dataset, record) in added.items():
            rows = sources.setdefault(dataset, [])
            places[name] = (dataset, f"{dataset}-{len(rows)}")
            rows.append(record)
        asked = settings or LinkageSettings()
        table: pa.Table = link(halves(sources), asked, model=models(asked)).clusters
        found = {(row["dataset"], row["row_key"]): row["cluster"] for row in table.to_pylist()}
        return {name: found[place] for name, place in places.items()}

    return run


def test_one_person_in_two_sources_is_one(clusters: Clusters) -> None:
    found = clusters(tax=("tax", JOHN), benefit=("benefits", JOHN | {"given_name": "JON"}))
    assert found["tax"] == found["benefit"]


def test_twins_stay_two(clusters: Clusters) -> None:
    twin = JOHN | {"given_name": "PETER"}
    found = clusters(a=("tax", JOHN), b=("benefits", JOHN), c=("tax", twin), d=("benefits", twin))
    assert found["a"] == found["b"] != found["c"] == found["d"]


def test_twin_who_is_missing_from_a_source_is_not_replaced_by_the_other(clusters: Clusters) -> None:
    found = clusters(a=("tax", JOHN), b=("benefits", JOHN | {"given_name": "PETER"}))
    assert found["a"] != found["b"]


def test_father_and_son_of_one_name_stay_two(clusters: Clusters) -> None:
    son = JOHN | {"dob": "1979-11-02"}
    found = clusters(a=("tax", JOHN), b=("benefits", JOHN), c=("tax", son), d=("benefits", son))
    assert found["a"] == found["b"] != found["c"] == found["d"]


def test_a_record_between_twins_does_not_chain_them(clusters: Clusters) -> None:
    james, initial = JOHN | {"given_name": "JAMES"}, JOHN | {"given_name": "J"}
    found = clusters(a=("tax", JOHN), b=("tax", james), c=("benefits", initial))
    assert found["a"] != found["b"]
    assert found["c"] not in {found["a"], found["b"]}, "it fits both equally, so it is nobody's"


def test_husband_and_wife_stay_two(clusters: Clusters) -> None:
    wife = JOHN | {"given_name": "JOAN", "sex": "F", "dob": "1953-08-30"}
    found = clusters(a=("tax", JOHN), b=("benefits", wife))
    assert found["a"] != found["b"]


def test_married_name_and_new_address_are_followed_by_number(clusters: Clusters) -> None:
    before = JOHN | {"given_name": "HELEN", "sex": "F", "nino": "AB123456C"}
    after = before | {"surname": "OKAFOR", "postcode": "EX4 9ZZ", "house_number": "90", "street": "HILL ROAD"}
    found = clusters(a=("tax", before), b=("benefits", after))
    assert found["a"] == found["b"]


def test_married_name_at_one_address_is_followed_without_number(clusters: Clusters) -> None:
    before = JOHN | {"given_name": "HELEN", "sex": "F"}
    found = clusters(
        LinkageSettings(use_nino=False), a=("tax", before), b=("benefits", before | {"surname": "OKAFOR"})
    )
    assert found["a"] == found["b"]


def test_two_numbers_are_two_people(clusters: Clusters) -> None:
    found = clusters(a=("tax", JOHN | {"nino": "AB123456C"}), b=("benefits", JOHN | {"nino": "CE987654A"}))
    assert found["a"] != found["b"]


def test_a_partner_s_number_does_not_make_a_couple_one(clusters: Clusters) -> None:
    wife = JOHN | {"given_name": "MAVIS", "sex": "F", "dob": "1953-08-30", "nino": "AB123456C"}
    found = clusters(a=("tax", JOHN | {"nino": "AB123456C"}), b=("benefits", wife))
    assert found["a"] != found["b"]


def account(given_name: str) -> Record:
    return {"given_name": given_name, "surname": "HARWOOD", **HOME}


def test_energy_account_goes_to_the_person_it_names(clusters: Clusters) -> None:
    wife = JOHN | {"given_name": "MAVIS", "sex": "F", "dob": "1953-08-30"}
    found = clusters(
        a=("tax", JOHN), b=("tax", wife), c=("energy", account("JOHN")), d=("energy", account("MAVIS"))
    )
    assert found["c"] == found["a"]
    assert found["d"] == found["b"]


def test_energy_account_of_father_or_son_is_nobody_s_and_joins_no_two(clusters: Clusters) -> None:
    son = JOHN | {"dob": "1979-11-02"}
    found = clusters(a=("tax", JOHN), b=("tax", son), c=("energy", account("JOHN")))
    assert len(set(found.values())) == 3


def test_energy_account_is_not_a_child_s(clusters: Clusters) -> None:
    child = JOHN | {"dob": "2011-05-05"}
    settings = LinkageSettings(adults_only=frozenset({"energy"}), adult_born_by=date(2000, 1, 1))
    found = clusters(settings, a=("births", child), b=("energy", account("JOHN")))
    assert found["a"] != found["b"]
    found = clusters(settings, a=("births", child), b=("energy", account("JOHN")), c=("tax", JOHN))
    assert found["c"] == found["b"]


def test_two_energy_accounts_of_an_unknown_couple_stay_two(clusters: Clusters) -> None:
    found = clusters(a=("energy", account("JOHN")), b=("energy", account("MAVIS")))
    assert found["a"] != found["b"]

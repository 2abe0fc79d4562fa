import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.domain.errors import BadInput
from tre.linkage.quality import PairScore, describe, missed_links, score, traits_of

ROWS = {"dataset": ["tax", "tax", "debts", "debts", "debts"], "row_key": ["a", "b", "c", "d", "e"]}
CLUSTERS = pa.table(ROWS | {"cluster": [1, 2, 1, 1, 3]})
TRUTH = pa.table(ROWS | {"person_id": ["P", "Q", "P", "Q", "Q"]})
TRAITS = pa.table(
    ROWS | {"sex": ["F", "M", "F", "M", "M"], "age_band": ["20 to 29"] * 5, "region": ["Wales"] * 5}
)


def test_pairs_are_counted_as_by_hand() -> None:
    assert score(CLUSTERS, TRUTH) == PairScore(predicted=3, true=4, both=1)
    assert score(CLUSTERS, TRUTH, between=("tax", "debts")) == PairScore(predicted=2, true=3, both=1)
    assert score(CLUSTERS, TRUTH, between=("debts", "debts")) == PairScore(predicted=1, true=1, both=0)


def test_rates_follow_from_counts() -> None:
    found = PairScore(predicted=4, true=2, both=1)
    assert (found.precision, found.recall, found.f1) == (0.25, 0.5, pytest.approx(1 / 3))


def test_nothing_to_find_is_no_fault() -> None:
    assert (PairScore(0, 0, 0).precision, PairScore(0, 0, 0).recall, PairScore(0, 0, 0).f1) == (1, 1, 1)


def test_row_without_truth_is_refused_not_skipped() -> None:
    with pytest.raises(BadInput) as refusal:
        score(CLUSTERS, TRUTH.slice(1))
    assert refusal.value.code == "quality_no_truth"
    assert score(CLUSTERS, TRUTH.slice(1), between=("debts", "debts")).true == 1


def test_description_counts_sizes_and_linked_rows() -> None:
    quality = describe(CLUSTERS, TRAITS)
    assert quality.persons == 3
    assert quality.sizes == ((1, 2), (3, 1))
    assert quality.linked == {"debts": (3, 2), "tax": (2, 1)}
    by_sex = {(each.dataset, each.level): each.rate for each in quality.groups if each.trait == "sex"}
    assert by_sex == {("debts", "F"): 1, ("debts", "M"): 0.5, ("tax", "F"): 1, ("tax", "M"): 0}


def test_description_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(asdict(describe(CLUSTERS, TRAITS))))["persons"] == 3


def test_missed_links_show_whom_the_linkage_fails() -> None:
    missed = missed_links(CLUSTERS, TRUTH, TRAITS, between=("tax", "debts"))
    by_sex = {each.level: (each.true, each.missed, each.rate) for each in missed if each.trait == "sex"}
    assert by_sex == {"F": (1, 0, 0), "M": (2, 2, 1)}


def test_traits_come_from_identifiers_and_unknown_stays_unknown(tmp_path: Path) -> None:
    path = tmp_path / "half.parquet"
    half = {
        "row_key": ["a", "b", "c"],
        "sex": ["F", "x", None],
        "dob": ["1980-07-01", "not a day", None],
        "postcode": ["cf10 1aa", "ZZ1 1ZZ", None],
    }
    pq.write_table(pa.table(half), path)
    rows = traits_of({"tax": path}, today=date(2020, 6, 30)).to_pylist()
    assert [(row["sex"], row["age_band"], row["region"]) for row in rows] == [
        ("F", "30 to 39", "Wales"),
        ("not known", "not known", "not known"),
        ("not known", "not known", "not known"),
    ]

import base64
import dataclasses
import hmac
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pyarrow as pa
import pytest

from tre.domain.errors import BadInput
from tre.linkage.pseudonyms import (
    PopulationKey,
    ProjectKey,
    audit_keys,
    new_population_key,
    new_project_key,
    study_ids,
    study_map,
)
from tre.linkage.spine import random_ids

SECRET = bytes(range(32))


def spine(people: int) -> pa.Table:
    """Two rows for each person."""
    ids = random_ids(people).to_pylist() * 2
    return pa.table(
        {
            "dataset": ["tax"] * people + ["debts"] * people,
            "row_key": [f"k{place}" for place in range(2 * people)],
            "person_id": ids,
        }
    )


@pytest.mark.parametrize("person_id", ["3f0c1d9e-0f4a-4a55-9d0e-0123456789ab", "é", ""])
def test_study_id_is_the_published_construction(person_id: str) -> None:
    digest = hmac.digest(SECRET, b"person|" + person_id.encode(), "sha256")[:15]
    expected = base64.b32encode(digest).decode().lower()
    assert study_ids(pa.array([person_id]), ProjectKey(SECRET)).to_pylist() == [expected]
    assert len(expected) == 24


def test_audit_key_has_its_own_label() -> None:
    person = pa.array(["p"])
    digest = hmac.digest(SECRET, b"audit|p", "sha256")[:15]
    found = audit_keys(person, PopulationKey(SECRET)).to_pylist()
    assert found == [base64.b32encode(digest).decode().lower()]
    assert found != study_ids(person, ProjectKey(SECRET)).to_pylist(), "even under one key"


def test_two_projects_have_no_study_id_in_common() -> None:
    rows = spine(20_000)
    population = new_population_key()
    one, other = (study_map(rows, new_project_key(), population) for _ in range(2))
    assert set(one["study_id"].to_pylist()).isdisjoint(other["study_id"].to_pylist())
    assert set(one["study_id"].to_pylist()).isdisjoint(other["audit_key"].to_pylist())


def test_audit_keys_agree_across_projects_of_one_population_and_no_other() -> None:
    rows = spine(1000)
    population = new_population_key()
    one, other = (study_map(rows, new_project_key(), population) for _ in range(2))
    assert one["audit_key"].equals(other["audit_key"])
    elsewhere = study_map(rows, new_project_key(), new_population_key())
    assert set(one["audit_key"].to_pylist()).isdisjoint(elsewhere["audit_key"].to_pylist())


def test_rows_of_one_person_share_a_pseudonym_and_people_never_do() -> None:
    rows = spine(5000)
    ids = study_ids(rows["person_id"], new_project_key()).to_pylist()
    assert ids[:5000] == ids[5000:]
    assert len(set(ids)) == 5000


def test_map_carries_no_person_id() -> None:
    rows = spine(10)
    made = study_map(rows, new_project_key(), new_population_key())
    assert made.column_names == ["dataset", "row_key", "study_id", "audit_key"]
    assert set(rows["person_id"].to_pylist()).isdisjoint(made["study_id"].to_pylist())


def test_chunked_and_empty_columns_are_served() -> None:
    key = ProjectKey(SECRET)
    chunked = pa.chunked_array([["a", "b"], ["a"]])
    assert study_ids(chunked, key).equals(study_ids(pa.array(["a", "b", "a"]), key))
    assert study_ids(pa.array([], pa.string()), key).to_pylist() == []


def test_missing_person_is_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        study_ids(pa.array(["a", None]), new_project_key())
    assert refusal.value.code == "person_id_missing"


@pytest.mark.parametrize("key", [ProjectKey(SECRET), PopulationKey(SECRET)])
def test_key_shows_itself_nowhere(key: ProjectKey | PopulationKey) -> None:
    for shown in (repr(key), str(key), f"{key}", f"{[key]}", ascii(key)):
        assert repr(SECRET)[2:-1] not in shown
        assert SECRET.hex() not in shown
        assert "secret" not in shown


def test_wrong_key_is_refused_without_showing_it() -> None:
    with pytest.raises(BadInput) as refusal:
        ProjectKey(b"hunter2")
    assert refusal.value.code == "key_length"
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value)).replace('b"hunter2"', "")


def test_key_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        new_project_key().secret = SECRET  # type: ignore[misc] # that it is refused is the promise


def test_new_keys_differ() -> None:
    assert new_project_key() != new_project_key()
    assert new_population_key() != new_population_key()


def test_type_checker_refuses_one_key_for_the_other(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.py"
    mixed.write_text(
        "import pyarrow as pa\n"
        "from tre.linkage.pseudonyms import audit_keys, new_project_key\n"
        "audit_keys(pa.array([]), new_project_key())\n"
    )
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", "--cache-dir", str(tmp_path), str(mixed)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert answer.returncode == 1
    assert 'incompatible type "ProjectKey"; expected "PopulationKey"' in answer.stdout


def test_a_hundred_thousand_people_take_seconds() -> None:
    ids = random_ids(100_000)
    before = time.process_time()
    study_ids(ids, new_project_key())
    assert time.process_time() - before < 10  # seconds of the processor; under one where nothing else runs

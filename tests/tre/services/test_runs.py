"""Trusted runs as they are kept: who may ask for one, and that a derived table is the extract's people or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import text

from tests.builders import AUDITOR, AUTHOR, CHECKERS, COLLEAGUE, OBSERVER, STRANGER, House
from tre.db.engine import transaction
from tre.db.tables import Extract, Run
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused
from tre.domain.people import WORKER
from tre.services import people, runs
from tre.services.runs import NOTEBOOK_BYTES, Derived

KNOWN = "'s-East-0', 's-East-1', 's-West-0'"


def ask(house: House, who: str = AUTHOR, notebook: bytes = b"{}") -> Run:
    words = {"notebook": notebook, "parameters": {}, "objects": house.platform.objects}
    return house.act(who, runs.ask, "bills", **words)


def written(house: House, query: str, name: str = "mine.parquet") -> Path:
    path = house.platform.home / name
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def keep(house: House, path: Path, *, unit: str = "study_id", rows: int = 1, digest: str | None = None):
    found = digest or hashlib.sha256(path.read_bytes()).hexdigest()
    derived = Derived("mine", path, found, unit, rows)
    (extract,) = house.rows(Extract)
    extracts = house.platform.extracts
    return runs.keep(derived, extract, extracts, extracts / "bills" / "runs" / "run-1")


def test_a_member_asks_for_a_run_of_the_newest_extract(house: House) -> None:
    run = ask(house)
    (extract,) = house.rows(Extract)
    assert (run.status, run.data_digest, run.person_id) == ("queued", extract.digest, AUTHOR)
    assert house.platform.objects.get(run.notebook_digest) == b"{}"
    assert house.do(runs.unfinished) == [run.id]
    with transaction(house.platform.application) as tx:
        jobs = tx.scalars(text("SELECT args ->> 'run_id' FROM jobs.procrastinate_jobs")).all()
    assert jobs == [run.id]


def test_nobody_else_runs_anything_on_the_data(house: House) -> None:
    house.do(people.suspend, WORKER, COLLEAGUE)
    for who in (STRANGER, OBSERVER, CHECKERS[0], COLLEAGUE):
        with pytest.raises(Refused):
            ask(house, who)
    with pytest.raises(BadInput, match="clear its outputs"):
        ask(house, notebook=b" " * (NOTEBOOK_BYTES + 1))
    assert house.rows(Run) == []
    assert house.events(Event.RUN_STARTED) == []


def test_a_run_is_shown_to_its_project_and_to_checkers_only(house: House) -> None:
    run = ask(house)
    for who in (AUTHOR, COLLEAGUE, CHECKERS[0], AUDITOR):
        assert house.act(who, runs.view, run.id)["id"] == run.id
    for who in (STRANGER, OBSERVER):
        with pytest.raises(NotFound):
            house.act(who, runs.view, run.id)


def test_a_run_that_failed_says_so(house: House) -> None:
    run = ask(house)
    house.do(runs.fail, run.id, "It could not be started.")
    shown = house.act(AUTHOR, runs.view, run.id)
    assert (shown["status"], shown["sentence"]) == ("failed", "It could not be started.")
    assert house.do(runs.unfinished) == []
    assert len(house.events(Event.RUN_FAILED)) == 1


def test_a_derived_table_of_known_people_is_kept_as_it_was_registered(house: House) -> None:
    path = written(house, f"SELECT unnest([{KNOWN}]) study_id, true low")
    kept = keep(house, path)
    assert (kept["rows"], kept["unit"]) == (3, "study_id")
    copy = house.platform.extracts / str(kept["path"])
    assert copy.read_bytes() == path.read_bytes()
    path.unlink()  # the copy is the platform's own
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == kept["digest"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"SELECT unnest([{KNOWN}, 's-East-999']) study_id", "unknown_people"),
        (f"SELECT unnest([{KNOWN}, NULL]) study_id", "unknown_people"),
        ("SELECT 42 study_id", "unknown_people"),
        (f"SELECT unnest([{KNOWN}, 's-East-0']) study_id", "too_many_rows"),
        (f"SELECT unnest([{KNOWN}]) person", "table_unreadable"),
    ],
)
def test_a_derived_table_of_anybody_else_is_refused(house: House, query: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        keep(house, written(house, query))
    assert caught.value.code == code
    assert "s-East" not in caught.value.sentence


def test_a_declared_number_of_rows_a_person_is_the_most_there_are(house: House) -> None:
    path = written(house, f"SELECT unnest([{KNOWN}, 's-East-0']) study_id")
    assert keep(house, path, rows=2)["rows"] == 4


def test_a_table_that_changed_after_it_was_registered_is_refused(house: House) -> None:
    path = written(house, f"SELECT unnest([{KNOWN}]) study_id")
    with pytest.raises(BadInput, match="changed after it was registered"):
        keep(house, path, digest="0" * 64)


def test_what_is_no_table_is_refused_in_a_sentence(house: House) -> None:
    path = house.platform.home / "mine.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(BadInput, match="is not Parquet"):
        keep(house, path)


def test_the_name_of_a_column_is_never_a_query(house: House) -> None:
    path = written(house, f"SELECT unnest([{KNOWN}]) study_id")
    for unit in ('study_id" IS NULL --', "study_id) FROM range(9) --", "1"):
        with pytest.raises(BadInput):
            keep(house, path, unit=unit)

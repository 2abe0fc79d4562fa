"""What a notebook may ask of the platform while somebody works in it: done at once, under rights as they are now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from disclosure.errors import DisclosureError
from tests.builders import AUTHOR, CHECKERS, COLLEAGUE, STRANGER, House, add_project, counts
from tre import wire
from tre.db.tables import Run
from tre.domain.audit import Event
from tre.domain.errors import TreError
from tre.domain.people import WORKER, PersonId
from tre.services import people
from tre.worker.workspaces.live import LiveWorkspace, live_workspace

NOTEBOOK = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
Live = Callable[[PersonId], LiveWorkspace]


@pytest.fixture
def live(house: House, tmp_path: Path) -> Live:
    def make(person: PersonId, project: str = "bills") -> LiveWorkspace:
        own = tmp_path / f"{person}-{project}"
        (own / "outputs").mkdir(parents=True)
        return live_workspace(house.platform, person, project, own)

    return make


def asked(**words: object) -> dict[str, object]:
    request = wire.SubmitRequest(
        title="Bills", context="To inform", mode="noisy", precision="standard", items=(counts(**words),)
    )
    return dict(wire.written(request))


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises((TreError, DisclosureError)) as refused:
        call()
    return refused.value.code


def test_a_submission_is_a_request_at_once_and_can_be_followed_and_withdrawn(
    house: House, live: Live
) -> None:
    workspace = live(AUTHOR)
    made = workspace("submit", asked())
    assert house.request(str(made["id"])).author_id == AUTHOR
    assert made["state"] == "SUBMITTED"
    house.jobs.check(str(made["id"]))
    assert workspace("status", {"id": made["id"]})["state"] == "IN_REVIEW"
    assert workspace("withdraw", {"id": made["id"]})["state"] == "WITHDRAWN"
    assert house.events(Event.WITHDRAWN)[-1].actor == AUTHOR


def test_a_colleagues_request_can_be_seen_and_not_withdrawn(live: Live) -> None:
    made = live(AUTHOR)("submit", asked())
    other = live(COLLEAGUE)
    assert other("status", {"id": made["id"]})["id"] == made["id"]
    assert code_of(lambda: other("withdraw", {"id": made["id"]}))


def test_a_workspace_knows_nothing_of_the_requests_and_runs_of_another_project(
    house: House, live: Live
) -> None:
    add_project(house, "heating")
    here, there = live(AUTHOR), live(AUTHOR, "heating")  # type: ignore[call-arg]  # the fixture takes a project too
    request, run = there("submit", asked()), there("run", {"notebook": NOTEBOOK})
    for verb in ("status", "withdraw"):
        assert code_of(lambda verb=verb: here(verb, {"id": request["id"]})) == "no_such_request"
    assert code_of(lambda: here("run_status", {"id": run["id"]})) == "no_such_run"
    assert house.state(str(request["id"])) == "SUBMITTED"


def test_a_run_is_asked_for_and_can_be_followed(house: House, live: Live) -> None:
    workspace = live(AUTHOR)
    run = workspace("run", {"notebook": NOTEBOOK, "parameters": {"year": 2016}})
    (row,) = house.rows(Run)
    assert (row.id, row.person_id, row.parameters) == (run["id"], AUTHOR, {"year": 2016})
    assert house.platform.objects.get(row.notebook_digest).decode() == NOTEBOOK
    assert workspace("run_status", {"id": run["id"]})["status"] == "queued"


def test_a_table_that_somebody_made_is_submitted_by_a_run_only(live: Live) -> None:
    workspace = live(AUTHOR)
    file = workspace.folder / "outputs" / "mine.parquet"
    duckdb.sql(f"COPY (SELECT 's-East-0' AS study_id, 'East' AS region) TO '{file}' (FORMAT parquet)")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    columns = ["study_id", "region"]
    told = {
        "name": "mine",
        "file": file.name,
        "digest": digest,
        "unit": "study_id",
        "rows": 1,
        "rows_per_unit": 1,
    }
    workspace("register", {**told, "columns": columns})
    text = counts().replace('"linked"', '"mine"')
    payload = {**asked(), "items": [text]}
    assert code_of(lambda: workspace("submit", payload)) == "needs_run"


@pytest.mark.parametrize("verb", ["tables", "budget"])
def test_whose_rights_have_ended_is_told_nothing_more(house: House, live: Live, verb: str) -> None:
    workspace = live(AUTHOR)
    assert workspace(verb, {})  # a control: it answers while they hold
    house.do(people.suspend, WORKER, AUTHOR)
    assert code_of(lambda: workspace(verb, {})) == "not_accredited"
    assert code_of(lambda: workspace("submit", asked())) == "not_accredited"


@pytest.mark.parametrize("person", [STRANGER, CHECKERS[0]])
def test_who_has_no_role_on_the_project_is_told_nothing(live: Live, person: PersonId) -> None:
    assert code_of(lambda: live(person)("tables", {})) == "not_a_member"

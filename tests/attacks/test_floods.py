"""A notebook that floods the platform: every limit is a plain refusal, and nothing outside of the run grows with it."""

from __future__ import annotations

import pytest

from disclosure.errors import DisclosureError
from tests.builders import House, counts
from tre import wire
from tre.domain.errors import BadInput, TreError
from tre.worker.workspace import MOST_REGISTERED, MOST_SUBMITTED, Workspace, workspace_of


@pytest.fixture
def workspace(house: House) -> Workspace:
    folder = house.platform.home / "run"
    (folder / "outputs").mkdir(parents=True)
    return workspace_of(house.platform, "run-1", "bills", folder)


def table(name: str, **words: object) -> dict[str, object]:
    plain = {"unit": "study_id", "rows": 1, "rows_per_unit": 1, "columns": ["study_id"]}
    return {"name": name, "file": "t.parquet", "digest": "0" * 64, **plain, **words}


def request(**words: object) -> dict[str, object]:
    plain = {"title": "T", "context": "C", "mode": "noisy", "precision": "standard", "items": [counts()]}
    return {**plain, **words}


def refused(workspace: Workspace, verb: wire.Verb, payload: dict[str, object]) -> str:
    with pytest.raises((TreError, DisclosureError)) as caught:
        workspace(verb, payload)
    return str(caught.value.code)


@pytest.mark.parametrize("same_name", [True, False])
def test_a_run_registers_no_thousands_of_tables(workspace: Workspace, same_name: bool) -> None:
    names = ["t" if same_name else f"t{number}" for number in range(MOST_REGISTERED)]
    for name in names:
        workspace(wire.Verb.REGISTER, table(name))
    assert refused(workspace, wire.Verb.REGISTER, table("one_more")) == "too_many"
    assert len(workspace.registered) == len(set(names))


def test_a_run_submits_no_thousands_of_requests(workspace: Workspace) -> None:
    for _ in range(MOST_SUBMITTED):
        workspace(wire.Verb.SUBMIT, request())
    assert refused(workspace, wire.Verb.SUBMIT, request()) == "too_many"
    assert len(workspace.submitted) == MOST_SUBMITTED


@pytest.mark.parametrize(
    "words",
    [
        {"name": "../../secrets"},
        {"name": "a/b"},
        {"name": "*"},
        {"name": "t\n"},
        {"file": "../linked.parquet"},
        {"file": "/etc/passwd"},
        {"digest": "x"},
        {"name": "x" * 121},
        {"rows": -1},
    ],
)
def test_a_registered_name_leads_nowhere_else(workspace: Workspace, words: dict[str, object]) -> None:
    assert refused(workspace, wire.Verb.REGISTER, {**table("t"), **words}) == "malformed_payload"


@pytest.mark.parametrize("name", ["linked", "Linked", "LINKED"])
def test_a_derived_table_cannot_pass_for_one_of_the_extract(workspace: Workspace, name: str) -> None:
    assert refused(workspace, wire.Verb.REGISTER, table(name)) == "name_taken"


@pytest.mark.parametrize("unit", ["region", "STUDY_ID", "study_id "])
def test_a_derived_table_counts_people_by_no_other_column(workspace: Workspace, unit: str) -> None:
    assert refused(workspace, wire.Verb.REGISTER, table("t", unit=unit)) == "unit"


def test_a_registered_link_is_not_followed(workspace: Workspace, house: House) -> None:
    secret = house.platform.home / "secrets" / "application" / "reviewer-key"
    (workspace.folder / "outputs" / "t.parquet").symlink_to(secret)
    workspace(wire.Verb.REGISTER, table("t"))
    asked = {"statistic": counts().replace('"linked"', '"t"')}
    with pytest.raises(BadInput):
        workspace(wire.Verb.CHECK, asked)
    assert not list(workspace.folder.glob("checked-*"))


@pytest.mark.parametrize(
    ("verb", "payload"),
    [
        (wire.Verb.SUBMIT, request(title="T" * 201)),
        (wire.Verb.SUBMIT, request(items=[counts()] * 101)),
        (wire.Verb.SUBMIT, request(items=["x" * 1_000_001])),
        (wire.Verb.SUBMIT, request(nano_rho=-1)),
        (wire.Verb.CHECK, {"statistic": "x" * 1_000_001}),
        (wire.Verb.STATUS, {"id": "x" * 201}),
    ],
)
def test_what_is_too_long_or_unknown_is_malformed(
    workspace: Workspace, verb: wire.Verb, payload: dict[str, object]
) -> None:
    assert refused(workspace, verb, payload) == "malformed_payload"


def test_a_run_sees_and_withdraws_no_request_but_its_own(workspace: Workspace, house: House) -> None:
    theirs = house.submit()
    assert refused(workspace, wire.Verb.STATUS, {"id": theirs}) == "no_such_request"
    assert refused(workspace, wire.Verb.WITHDRAW, {"id": theirs}) == "withdraw_later"
    assert house.request(theirs).state == "SUBMITTED"

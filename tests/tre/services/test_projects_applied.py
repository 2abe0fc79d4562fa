"""Projects as code: a plan changes nothing, applying it twice changes nothing more, and faults are told before anything is done."""

from __future__ import annotations

import pytest

from tests.builders import ADMIN, AUTHOR, COLLEAGUE, CONTRACT, OBSERVER, STRANGER, House, manifest
from tre.db.tables import Account, AuditEvent, Membership, Project
from tre.domain.audit import Event
from tre.domain.declared import Faulty
from tre.domain.errors import NotFound, Refused
from tre.domain.people import WORKER
from tre.services import projects


def members(house: House, project: str = "bills") -> set[tuple[str, str]]:
    rows = house.rows(Membership, Membership.project_id == project, Membership.until_at.is_(None))
    return {(row.person_id, row.role) for row in rows}


def everything(house: House) -> tuple[object, ...]:
    return (
        sorted((one.id, one.manifest) for one in house.rows(Project)),
        sorted((one.id, one.until_at is None) for one in house.rows(Membership)),
        sorted((one.id, one.cap) for one in house.rows(Account)),
        len(house.rows(AuditEvent)),
    )


def test_a_plan_says_what_applying_would_do_and_does_none_of_it(house: House) -> None:
    before = everything(house)
    plan = house.do(projects.plan, manifest("water"))
    assert [(change.verb, change.subject) for change in plan] == [
        ("add", "project:water"),
        ("add", "member:ada"),
        ("add", "member:ben"),
        ("add", "member:olga"),
        ("add", "account:project:water"),
    ]
    assert everything(house) == before
    assert house.act(ADMIN, projects.apply, manifest("water")) == plan
    assert house.do(projects.plan, manifest("water")) == []


def test_applying_the_same_again_changes_nothing(house: House) -> None:
    before = everything(house)
    assert house.act(ADMIN, projects.apply, manifest()) == []
    assert everything(house) == before


def test_members_follow_the_manifest_and_their_past_stays(house: House) -> None:
    changed = manifest().replace('person = "ben"\nrole = "researcher"', 'person = "zoe"\nrole = "researcher"')
    changed = changed.replace('role = "observer"', 'role = "researcher"')
    house.act(ADMIN, projects.apply, changed)
    assert members(house) == {(AUTHOR, "lead"), (STRANGER, "researcher"), (OBSERVER, "researcher")}
    ended = [row for row in house.rows(Membership) if row.until_at is not None]
    assert {(row.person_id, row.role) for row in ended} == {(COLLEAGUE, "researcher"), (OBSERVER, "observer")}
    assert len(house.events(Event.MEMBER_REMOVED)) == 2


def test_only_admins_apply_and_register(house: House) -> None:
    before = everything(house)
    for who in (AUTHOR, STRANGER):
        with pytest.raises(Refused):
            house.act(who, projects.apply, manifest("water"))
        with pytest.raises(Refused):
            house.act(who, projects.register_dataset, CONTRACT, "2017")
    assert everything(house) == before


@pytest.mark.parametrize("gateway", ["dea-35", "dea-48", "no-such"])
def test_a_gateway_that_opens_no_workspace_stops_the_project(house: House, gateway: str) -> None:
    before = everything(house)
    with pytest.raises((Refused, Faulty)):
        house.act(ADMIN, projects.apply, manifest("water").replace("dea-64", gateway))
    assert everything(house) == before


def test_what_nobody_has_registered_is_named(house: House) -> None:
    with pytest.raises(NotFound, match="edition '2031' of dataset 'accounts'"):
        house.act(ADMIN, projects.apply, manifest("water").replace('edition = "2016"', 'edition = "2031"'))
    with pytest.raises(NotFound, match="no person 'nobody'"):
        house.act(ADMIN, projects.apply, manifest("water").replace('"ben"', '"nobody"'))
    with pytest.raises(NotFound, match="no project 'water'"):
        house.do(projects.manifest_of, "water")
    house.act(ADMIN, projects.apply, manifest("water"))
    with pytest.raises(NotFound, match="has no extract yet"):
        house.do(projects.extract_of, "water")


def test_accounts_open_with_the_manifests_caps_and_keep_them(house: House) -> None:
    house.act(ADMIN, projects.apply, manifest("water", nano_rho=7, exact_releases=2, exact_cells=3))
    house.act(ADMIN, projects.apply, manifest("water", nano_rho=9_999, exact_releases=99, exact_cells=999))
    account = house.account("project:water")
    assert (account.cap, account.exact_releases_cap, account.exact_cells_cap) == (7, 2, 3)


def test_accounts_are_those_of_the_data_project_and_population(house: House) -> None:
    extract = house.do(projects.extract_of, "bills")
    behind = projects.accounts_behind(extract)
    assert behind == ["edition:accounts@2016", "population:residents", "project:bills"]
    assert behind == projects.accounts_of(house.do(projects.manifest_of, "bills"))


def test_the_newest_extract_is_taken(house: House) -> None:
    newer = house.put_extract(sizes=(41, 30, 20, 30))
    assert house.do(projects.extract_of, "bills").id == newer.id


def test_registering_the_same_contract_again_changes_nothing(house: House) -> None:
    before = everything(house)
    house.do(projects.register_dataset, WORKER, CONTRACT, "2016")
    assert everything(house) == before

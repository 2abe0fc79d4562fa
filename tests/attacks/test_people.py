"""People who decide alone: an admin who also checks, one who is suspended, one who changes what an owner agreed to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.builders import ADMIN, AUDITOR, CHECKERS, CONTRACT, House, counts, manifest
from tre.db.tables import Dataset, Person
from tre.domain.audit import Event
from tre.domain.errors import Refused, TreError
from tre.domain.outputs import Decision, State
from tre.domain.people import WORKER, AccreditationKind, Capability
from tre.services import audit, people, projects
from tre.services.outputs import vote as voting
from tre.services.outputs.asking import inspection

FIRST, SECOND, THIRD = CHECKERS


def refused(house: House, code: str, who: str, work, *arguments, **words) -> None:
    with pytest.raises(TreError) as caught:
        house.act(who, work, *arguments, **words)
    assert caught.value.code == code


def made(house: House, person: str, *capabilities: Capability) -> None:
    house.do(
        people.add,
        WORKER,
        Person(id=person, name=person, organisation="Tests"),
        frozenset(capabilities),
    )


def test_whoever_gives_out_capabilities_does_not_vote(house: House) -> None:
    made(house, FIRST, Capability.ADMIN)
    request = house.reviewed()
    refused(house, "admin", FIRST, voting.cast, request, Decision.APPROVE, reason="Fine")


def test_a_vote_no_longer_counts_once_its_caster_can_make_checkers(house: House) -> None:
    request = house.approved()
    made(house, FIRST, Capability.ADMIN)
    house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert not house.bundle(request).exists()


def test_a_suspended_admin_can_do_nothing(house: House) -> None:
    house.do(people.suspend, WORKER, ADMIN)
    puppet = Person(id="puppet", name="Puppet", organisation="Tests")
    refused(house, "only_admin", ADMIN, people.add, puppet)
    refused(house, "only_admin", ADMIN, projects.apply, manifest(title="Mine"))
    refused(house, "only_admin", ADMIN, people.suspend, FIRST)
    house.do(people.reinstate, WORKER, ADMIN)
    house.act(ADMIN, people.suspend, FIRST)


def test_an_admin_who_joins_a_project_and_leaves_it_again_stays_tied_to_it(house: House) -> None:
    with_checker = manifest() + f'[[people]]\nperson = "{FIRST}"\nrole = "observer"\n'
    house.act(ADMIN, projects.apply, with_checker)
    house.act(ADMIN, projects.apply, manifest())
    request = house.reviewed()
    refused(house, "tied", FIRST, voting.cast, request, Decision.APPROVE, reason="Fine")


def test_a_role_given_between_vote_and_release_takes_the_vote_back(house: House) -> None:
    request = house.approved()
    house.act(ADMIN, projects.apply, manifest() + f'[[people]]\nperson = "{FIRST}"\nrole = "observer"\n')
    house.jobs.release(request)
    assert house.state(request) is State.APPROVED
    assert not house.bundle(request).exists()


def test_nobody_accredits_or_empowers_themselves(house: House) -> None:
    now = datetime.now(UTC)
    refused(house, "two_admins", ADMIN, people.accredit, ADMIN, AccreditationKind.FULL, starts=now)
    own = Person(id=ADMIN, name="Root", organisation="Tests")
    refused(house, "two_admins", ADMIN, people.add, own, frozenset({Capability.OUTPUT_CHECKER}))


@pytest.mark.parametrize("name", ["", "a/b", "worker ", "a\nb", "w\u043erker", "x" * 101, "\u202eada"])
def test_nobody_looks_like_somebody_else(house: House, name: str) -> None:
    puppet = Person(id=name, name="Puppet", organisation="Tests")
    refused(house, "bad_identifier", ADMIN, people.add, puppet)


def test_a_supervisor_who_does_not_exist_supervises_nobody(house: House) -> None:
    puppet = Person(id="puppet", name="Puppet", organisation="Tests", supervisor_id="nobody")
    refused(house, "no_such_person", ADMIN, people.add, puppet)


@pytest.mark.parametrize("name", ["worker", "sign-in", "token", "operator", "Worker", "OPERATOR"])
def test_nobody_is_called_as_the_platform_calls_itself(house: House, name: str) -> None:
    refused(house, "reserved_name", ADMIN, people.add, Person(id=name, name=name, organisation="Tests"))
    with pytest.raises(TreError):
        house.act(name, voting.withdraw, "any")


def test_the_contract_of_a_delivered_edition_is_fixed(house: House) -> None:
    """An admin alone could unband an age, or name another owner, under data that are here already."""
    changed = CONTRACT.replace("upper = 5000", "upper = 6000")
    house.act(ADMIN, projects.register_dataset, changed, "2016")
    house.do(audit.record, WORKER, Event.DELIVERY_RECEIVED, "dataset:accounts@2016", rows=1)
    refused(house, "contract_fixed", ADMIN, projects.register_dataset, CONTRACT, "2016")
    house.act(ADMIN, projects.register_dataset, changed, "2016")
    house.act(ADMIN, projects.register_dataset, CONTRACT, "2017")
    (row,) = house.rows(Dataset, Dataset.edition == "2016")
    assert row.contract == changed


def test_a_looser_budget_in_a_manifest_moves_no_cap(house: House) -> None:
    before = house.account("project:bills").cap
    house.act(
        ADMIN, projects.apply, manifest(nano_rho=before * 10, exact_cells=10_000, exact_releases=10_000)
    )
    after = house.account("project:bills")
    assert (after.cap, after.exact_releases_cap, after.exact_cells_cap) == (before, 5, 100)


def test_a_vote_on_what_is_no_longer_there_counts_for_nothing(house: House) -> None:
    request = house.reviewed()
    seen = house.request(request).manifest_digest
    house.vote(request, FIRST, SECOND, decision=Decision.RETURN)
    house.submit(house.noisy(where="bill >= 0"), again=request)
    house.jobs.check(request)
    with pytest.raises(Refused) as caught:
        house.vote(request, FIRST, seen=seen)
    assert caught.value.code == "changed"
    assert house.vote(request, THIRD) is State.IN_REVIEW


def test_an_auditor_reads_records_and_asks_nothing_of_the_data(house: House) -> None:
    refused(house, "not_a_member", AUDITOR, inspection, "bills", counts(), platform=house.platform)

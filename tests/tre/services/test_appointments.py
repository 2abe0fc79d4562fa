"""One admin proposes, another agrees: no admin alone can make a checker, a researcher, or another admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from tests.builders import ADMIN, AUTHOR, CHECKERS, House
from tests.time_machine import go_on
from tre.db.engine import transaction
from tre.db.tables import AccreditationRow, AppointmentProposal, Granted, Person
from tre.domain.appointments import DECLARATION, AppointmentDecision, Evidence
from tre.domain.audit import Event
from tre.domain.errors import BadInput, NotFound, Refused, TreError
from tre.domain.outputs import State
from tre.domain.people import WORKER, AccreditationKind, Capability, PersonId
from tre.services import accreditation, appointments, people, supervision

OTHER_ADMIN, ANA = PersonId("iris"), PersonId("ana")
EVIDENCE = Evidence(datetime.now(UTC).date() - timedelta(days=40), "MSc in statistics", DECLARATION, "A-1")
FULL = appointments.accreditation(ANA, AccreditationKind.FULL, EVIDENCE)
PROVISIONAL = appointments.accreditation(ANA, AccreditationKind.PROVISIONAL, EVIDENCE)
CHECKER = appointments.capability(ANA, Capability.OUTPUT_CHECKER)


@pytest.fixture
def office(house: House) -> House:
    """A house with a second admin, and Ana, who is trusted with nothing yet."""
    second = Person(id=OTHER_ADMIN, name="Iris", organisation="Tests")
    house.do(people.add, WORKER, second, frozenset({Capability.ADMIN}))
    house.act(ADMIN, people.add, Person(id=ANA, name="Ana", organisation="Tests", supervisor_id=CHECKERS[0]))
    return house


def proposed(house: House, wish: appointments.Wish, by: str = ADMIN) -> int:
    return house.act(by, lambda tx, actor: appointments.propose(tx, actor, wish, reason="Needed").id)


def end(house: House, number: int, by: str, decision: AppointmentDecision) -> None:
    house.act(by, appointments.decide, number, decision, reason="So it is")


def appointed(house: House, wish: appointments.Wish) -> int:
    number = proposed(house, wish)
    end(house, number, OTHER_ADMIN, AppointmentDecision.AGREE)
    return number


def code(house: House, by: str, work, *arguments, **words) -> str:
    with pytest.raises(TreError) as caught:
        house.act(by, work, *arguments, **words)
    return caught.value.code


def test_nothing_changes_before_another_admin_agrees(office: House) -> None:
    first, second = proposed(office, FULL), proposed(office, CHECKER)
    assert not office.do(people.actor_of, ANA).accredited
    assert office.rows(Granted, Granted.person_id == ANA) == []
    for number in (first, second):
        end(office, number, OTHER_ADMIN, AppointmentDecision.AGREE)
    ana = office.do(people.actor_of, ANA)
    assert ana.accredited
    assert ana.capabilities == {Capability.OUTPUT_CHECKER}
    agreed = office.events(Event.APPOINTMENT_ENDED)
    assert [(one.actor, one.detail["proposer"]) for one in agreed] == [(OTHER_ADMIN, ADMIN)] * 2


def test_one_admin_alone_makes_nobody_of_anybody(office: House) -> None:
    """All the verbs that an admin has, in the order in which they would be tried."""
    for wish in (FULL, CHECKER, appointments.capability(ANA, Capability.ADMIN)):
        number = proposed(office, wish)
        assert code(office, ADMIN, appointments.decide, number, AppointmentDecision.AGREE, reason="Me") == (
            "own_proposal"
        )
    for work, arguments in (
        (people.grant, (ANA, Capability.ADMIN)),
        (people.reinstate, (ANA,)),
        (people.add, (Person(id="puppet", name="P", organisation="T"), frozenset({Capability.ADMIN}))),
    ):
        assert code(office, ADMIN, work, *arguments) == "two_admins"
    starts = datetime.now(UTC)
    assert code(office, ADMIN, people.accredit, ANA, AccreditationKind.FULL, starts=starts) == "two_admins"
    ana = office.do(people.actor_of, ANA)
    assert (ana.accredited, ana.capabilities) == (False, frozenset())
    assert office.rows(Person, Person.id == "puppet") == []


@pytest.mark.parametrize("wish", [FULL, CHECKER, appointments.reinstatement(ANA)])
def test_only_admins_propose(office: House, wish: appointments.Wish) -> None:
    for who in (AUTHOR, CHECKERS[0]):
        assert code(office, who, appointments.propose, wish, reason="Needed") == "only_admin"
    own = replace(wish, person=ADMIN)
    assert code(office, ADMIN, appointments.propose, own, reason="Needed") == "own_appointment"
    nobody = replace(wish, person=PersonId("nobody"))
    assert code(office, ADMIN, appointments.propose, nobody, reason="Needed") == "no_such_person"
    assert code(office, ADMIN, appointments.propose, wish, reason=" ") == "no_reason"
    assert office.rows(AppointmentProposal) == []


def test_a_proposal_ends_once(office: House) -> None:
    withdrawn, refused = proposed(office, CHECKER), proposed(office, CHECKER)
    end(office, withdrawn, ADMIN, AppointmentDecision.WITHDRAW)
    end(office, refused, OTHER_ADMIN, AppointmentDecision.REFUSE)
    for number in (withdrawn, refused):
        agree = AppointmentDecision.AGREE
        assert code(office, OTHER_ADMIN, appointments.decide, number, agree, reason="Late") == "decided"
    with pytest.raises(NotFound):
        end(office, 999, OTHER_ADMIN, AppointmentDecision.AGREE)
    assert [row["decision"] for row in office.do(appointments.listing)] == ["refuse", "withdraw"]
    assert office.rows(Granted, Granted.person_id == ANA) == []


def test_two_admins_who_agree_at_once_accredit_once(office: House) -> None:
    third = PersonId("theo")
    office.do(people.add, WORKER, Person(id=third, name="T", organisation="T"), frozenset({Capability.ADMIN}))
    number = proposed(office, FULL)

    def agree(who: str) -> str:
        try:
            end(office, number, who, AppointmentDecision.AGREE)
        except Refused as error:
            return error.code
        return "agreed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(agree, (OTHER_ADMIN, third))) == ["agreed", "decided"]
    assert len(office.rows(AccreditationRow, AccreditationRow.person_id == ANA)) == 1


def test_a_proposal_that_nobody_agreed_to_for_thirty_days_lapses(office: House) -> None:
    number = proposed(office, CHECKER)
    go_on(office, timedelta(days=30))
    agree = AppointmentDecision.AGREE
    assert code(office, OTHER_ADMIN, appointments.decide, number, agree, reason="Late") == "lapsed"


def test_what_a_suspended_admin_proposed_is_not_carried_out(office: House) -> None:
    number = proposed(office, CHECKER)
    office.do(people.suspend, WORKER, ADMIN)
    agree = AppointmentDecision.AGREE
    assert code(office, OTHER_ADMIN, appointments.decide, number, agree, reason="Fine") == "proposer_lapsed"
    assert office.rows(Granted, Granted.person_id == ANA) == []
    office.do(people.reinstate, WORKER, ADMIN)
    end(office, number, OTHER_ADMIN, agree)


def test_evidence_is_looked_at_when_it_is_proposed_and_again_when_it_is_agreed(office: House) -> None:
    nothing = appointments.accreditation(ANA, AccreditationKind.FULL, replace(EVIDENCE, agreement=""))
    assert code(office, ADMIN, appointments.propose, nothing, reason="Needed") == "no_agreement"
    detail = {**FULL.detail, "declaration": "2019-01"}  # proposed when that was the one to sign
    old = AppointmentProposal(person_id=ANA, appointment="accreditation", detail=detail, reason="Needed")
    old.proposer_id = ADMIN
    with transaction(office.platform.application) as tx:
        tx.add(old)
        tx.flush()
        number = old.id
    agree = AppointmentDecision.AGREE
    assert code(office, OTHER_ADMIN, appointments.decide, number, agree, reason="Fine") == "old_declaration"
    assert not office.do(people.actor_of, ANA).accredited
    assert office.do(appointments.listing)[0]["decision"] is None


def test_a_suspension_is_one_admins_act_and_its_end_is_two(office: House) -> None:
    appointed(office, FULL)
    office.act(ADMIN, people.suspend, ANA)
    assert not office.do(people.actor_of, ANA).accredited
    appointed(office, appointments.reinstatement(ANA))
    assert office.do(people.actor_of, ANA).accredited


def test_the_operator_names_two_admins_and_no_third(house: House) -> None:
    house.do(appointments.name_admin, Person(id="second", name="S", organisation="Tests"))
    assert [event.actor for event in house.events(Event.ADMIN_NAMED)] == ["operator"]
    with pytest.raises(Refused) as caught:
        house.do(appointments.name_admin, Person(id="third", name="T", organisation="Tests"))
    assert caught.value.code == "enough_admins"
    assert house.rows(Person, Person.id == "third") == []


def test_an_admin_without_an_accreditation_can_be_suspended_and_the_operator_names_another(
    office: House,
) -> None:
    office.act(ADMIN, people.suspend, OTHER_ADMIN)
    assert office.do(people.actor_of, OTHER_ADMIN).capabilities == frozenset()
    assert code(office, OTHER_ADMIN, people.suspend, ADMIN) == "only_admin"
    office.do(appointments.name_admin, Person(id="third", name="T", organisation="Tests"))
    number = proposed(office, appointments.reinstatement(OTHER_ADMIN))
    end(office, number, "third", AppointmentDecision.AGREE)
    assert office.do(people.actor_of, OTHER_ADMIN).capabilities == {Capability.ADMIN}


def test_a_provisional_researcher_needs_a_supervisor_who_has_accepted(office: House) -> None:
    with pytest.raises(BadInput, match="tre person supervise"):
        proposed(office, PROVISIONAL)
    office.act(CHECKERS[0], supervision.accept, ANA)
    office.act(CHECKERS[0], supervision.accept, ANA)  # twice is once
    assert len(office.events(Event.SUPERVISION_ACCEPTED)) == 1
    appointed(office, PROVISIONAL)
    assert office.do(people.actor_of, ANA).accredited


def test_only_the_supervisor_of_the_same_organisation_may_accept(office: House) -> None:
    assert code(office, CHECKERS[1], supervision.accept, ANA) == "not_supervisor"
    with transaction(office.platform.application) as tx:
        tx.get_one(Person, CHECKERS[0]).organisation = "Elsewhere"
    assert code(office, CHECKERS[0], supervision.accept, ANA) == "other_organisation"
    with transaction(office.platform.application) as tx:
        tx.get_one(Person, CHECKERS[0]).organisation = "Tests"
        tx.execute(update(AccreditationRow).values(ends_at=text("now()")))
    assert code(office, CHECKERS[0], supervision.accept, ANA) == "not_accredited"
    assert code(office, CHECKERS[0], supervision.end, ANA) == "not_supervisor"


@pytest.mark.parametrize("how", ["lapses", "withdraws", "moves"])
def test_who_is_supervised_lapses_with_the_supervisor_and_comes_back_with_them(
    office: House, how: str
) -> None:
    office.act(CHECKERS[0], supervision.accept, ANA)
    appointed(office, PROVISIONAL)
    if how == "lapses":
        office.act(ADMIN, people.suspend, CHECKERS[0])
    elif how == "withdraws":
        office.act(CHECKERS[0], supervision.end, ANA)
    else:
        with transaction(office.platform.application) as tx:
            tx.get_one(Person, CHECKERS[0]).organisation = "Elsewhere"
    told = {f"person:{ANA}"} | ({f"person:{CHECKERS[0]}"} if how == "lapses" else set())
    assert [office.do(accreditation.sweep) for _ in range(2)] == [len(told), 0]
    assert {event.subject for event in office.events(Event.ACCREDITATION_LAPSED)} == told
    assert not office.do(people.actor_of, ANA).accredited
    with transaction(office.platform.application) as tx:
        tx.get_one(Person, CHECKERS[0]).organisation = "Tests"
    if how == "lapses":
        office.do(people.reinstate, WORKER, CHECKERS[0])
    if how == "withdraws":
        office.act(CHECKERS[0], supervision.accept, ANA)
    assert office.do(accreditation.sweep) == 0
    assert office.do(people.actor_of, ANA).accredited
    office.act(ADMIN, people.suspend, ANA)
    assert office.do(accreditation.sweep) == 1  # a lapse of its own is told again


def test_warnings_are_recorded_once_each_by_the_database_clock(house: House) -> None:
    for left in ("30 days", "29 days", "14 days", "7 days", "7 days", "1 day", "1 hour"):
        with transaction(house.platform.application) as tx:
            theirs = update(AccreditationRow).where(AccreditationRow.person_id == AUTHOR)
            tx.execute(theirs.values(ends_at=text(f"now() + interval '{left}'")))
        assert house.do(accreditation.sweep) == 0
    warned = [event.detail["days"] for event in house.events(Event.ACCREDITATION_ENDS_SOON)]
    assert warned == [30, 14, 7, 1]


def test_at_midnight_requests_are_suspended_votes_stop_counting_and_all_can_come_back(house: House) -> None:
    """The author's accreditation ends with the day: what waits stops, and goes on after a renewal."""
    request = house.reviewed()
    house.vote(request, CHECKERS[0])
    with transaction(house.platform.application) as tx:
        checker = update(AccreditationRow).where(AccreditationRow.person_id.in_([AUTHOR, CHECKERS[0]]))
        tx.execute(checker.values(ends_at=text("date_trunc('day', now())")))
    assert house.do(accreditation.sweep) == 2
    assert house.state(request) is State.SUSPENDED
    renewed = datetime.now(UTC)
    house.do(people.accredit, WORKER, AUTHOR, AccreditationKind.FULL, starts=renewed)
    assert house.act(ADMIN, accreditation.resume, request) is State.IN_REVIEW
    assert (
        house.vote(request, CHECKERS[1]) is State.IN_REVIEW
    )  # the vote of the lapsed checker does not count
    assert house.vote(request, CHECKERS[2]) is State.APPROVED

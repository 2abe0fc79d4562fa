"""Who is trusted with what: two admins, complete evidence, and a supervisor behind every provisional researcher."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tre.domain.appointments import (
    DECLARATION,
    MAY_APPOINT,
    MAY_END,
    PROPOSAL_HOLDS,
    AppointmentDecision,
    AppointmentFacts,
    Evidence,
    must_convince,
)
from tre.domain.conditions import broken, must_hold, stated
from tre.domain.errors import BadInput, Refused
from tre.domain.people import WORKER, Accreditation, AccreditationKind, Actor, Capability, PersonId, end_of

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FIRST = Actor(PersonId("first"), frozenset({Capability.ADMIN}))
SECOND = Actor(PersonId("second"), frozenset({Capability.ADMIN}))
FACTS = AppointmentFacts(PersonId("ana"), NOW, proposer=FIRST.id, proposed_at=NOW, proposer_is_admin=True)
EVIDENCE = Evidence(date(2026, 1, 31), "MSc in statistics", DECLARATION, "A-1")


def code(decision: AppointmentDecision, actor: Actor, facts: AppointmentFacts) -> str | None:
    found = broken(MAY_END[decision], actor, facts)
    return None if found is None else found.code


def test_an_admin_proposes_and_another_one_ends_it():
    must_hold(MAY_APPOINT, FIRST, FACTS)
    assert code(AppointmentDecision.AGREE, SECOND, FACTS) is None
    assert code(AppointmentDecision.REFUSE, SECOND, FACTS) is None
    assert code(AppointmentDecision.WITHDRAW, FIRST, FACTS) is None


@pytest.mark.parametrize("decision", AppointmentDecision)
def test_a_decided_proposal_is_decided(decision):
    for actor in (FIRST, SECOND):
        assert code(decision, actor, replace(FACTS, is_decided=True)) == "decided"


def test_no_single_person_with_every_capability_appoints():
    """Whatever capabilities somebody holds: who proposed does not agree, nor who is to be trusted, nor the machine."""
    every = [frozenset(held) for size in range(6) for held in itertools.combinations(Capability, size)]
    for held in every:
        assert code(AppointmentDecision.AGREE, Actor(FIRST.id, held), FACTS) in {"only_admin", "own_proposal"}
        assert code(AppointmentDecision.AGREE, Actor(FACTS.person, held), FACTS) in {
            "only_admin",
            "own_appointment",
        }
        system = Actor(WORKER.id, held, is_system=True)
        assert code(AppointmentDecision.AGREE, system, FACTS) == "only_admin"
        assert broken(MAY_APPOINT, Actor(FACTS.person, held), FACTS) is not None


def test_who_stands_in_the_persons_line_has_no_say():
    near = replace(FACTS, in_persons_line=True)
    with pytest.raises(Refused, match="supervise"):
        must_hold(MAY_APPOINT, FIRST, near)
    assert code(AppointmentDecision.AGREE, SECOND, near) == "persons_line"


def test_a_proposal_holds_for_thirty_days_and_not_a_moment_longer():
    last = replace(FACTS, now=NOW + PROPOSAL_HOLDS - timedelta(microseconds=1))
    assert code(AppointmentDecision.AGREE, SECOND, last) is None
    assert code(AppointmentDecision.AGREE, SECOND, replace(FACTS, now=NOW + PROPOSAL_HOLDS)) == "lapsed"
    assert code(AppointmentDecision.AGREE, SECOND, replace(FACTS, proposed_at=None)) == "lapsed"
    assert code(AppointmentDecision.AGREE, SECOND, replace(FACTS, proposer=None)) == "own_proposal"
    assert code(AppointmentDecision.WITHDRAW, SECOND, FACTS) == "not_proposer"
    gone = replace(FACTS, proposer_is_admin=False)
    assert code(AppointmentDecision.AGREE, SECOND, gone) == "proposer_lapsed"
    assert code(AppointmentDecision.REFUSE, SECOND, gone) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"qualification": " "}, "no_qualification"),
        ({"agreement": ""}, "no_agreement"),
        ({"declaration": "2019-01"}, "old_declaration"),
        ({"trained_on": date(2026, 6, 2)}, "training_ahead"),
        ({"trained_on": date(2021, 5, 31)}, "training_old"),
    ],
)
def test_an_application_that_lacks_something_is_told_what(changes, expected):
    with pytest.raises(BadInput) as caught:
        must_convince(replace(EVIDENCE, **changes), NOW.date())
    assert caught.value.code == expected


@pytest.mark.parametrize(
    ("trained", "today"),
    [
        (date(2026, 1, 31), date(2026, 6, 1)),
        (date(2026, 6, 1), date(2026, 6, 1)),
        (date(2021, 6, 1), date(2026, 6, 1)),
        (date(2024, 2, 29), date(2029, 2, 28)),
        (date(9995, 1, 1), date(9999, 12, 31)),
    ],
)
def test_training_counts_to_the_last_day(trained, today):
    must_convince(replace(EVIDENCE, trained_on=trained), today)


def test_training_of_a_leap_day_is_old_on_the_first_of_march():
    with pytest.raises(BadInput):
        must_convince(replace(EVIDENCE, trained_on=date(2024, 2, 29)), date(2029, 3, 1))


def holds(kind: AccreditationKind, **changes: object) -> Accreditation:
    starts = NOW - timedelta(days=1)
    return replace(Accreditation(kind, starts, end_of(kind, starts)), **changes)


def test_a_provisional_accreditation_stands_only_under_a_supervisor():
    provisional = holds(AccreditationKind.PROVISIONAL)
    assert provisional.is_relied_on(NOW, supervised=True)
    assert not provisional.is_relied_on(NOW, supervised=False)
    assert holds(AccreditationKind.FULL).is_relied_on(NOW, supervised=False)
    assert not replace(provisional, suspended=True).is_relied_on(NOW, supervised=True)
    assert not replace(provisional, ends=NOW).is_relied_on(NOW, supervised=True)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(days=31), None),
        (timedelta(days=30), 30),
        (timedelta(days=14, microseconds=1), 30),
        (timedelta(days=14), 14),
        (timedelta(days=7), 7),
        (timedelta(days=1, microseconds=1), 7),
        (timedelta(days=1), 1),
        (timedelta(microseconds=1), 1),
        (timedelta(0), None),
        (timedelta(days=-3), None),
    ],
)
def test_warnings_come_thirty_fourteen_seven_days_and_one_day_before_the_end(before, expected):
    ends = holds(AccreditationKind.FULL).ends
    assert holds(AccreditationKind.FULL).warning(ends - before) == expected


def test_days_are_counted_in_elapsed_time_also_where_the_clock_on_the_wall_jumps():
    london = ZoneInfo("Europe/London")
    held = holds(AccreditationKind.FULL, ends=datetime(2026, 3, 30, 0, tzinfo=UTC))
    assert (
        held.days_left(datetime(2026, 3, 29, 0, 59, tzinfo=london)) == 1
    )  # one minute before clocks go forward
    assert held.days_left(datetime(2026, 3, 28, 23, tzinfo=london)) == 2
    assert held.days_left(datetime(2026, 3, 30, 1, 0, tzinfo=london)) == 0  # midnight UTC by the summer clock


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 4_001, "so\0it is"])
def test_a_reason_that_is_none_is_refused(reason):
    with pytest.raises(BadInput, match="4000 characters"):
        stated(reason)


def test_a_reason_is_kept_without_the_space_around_it():
    assert stated(" So it is.\n") == "So it is."
    assert stated("x" * 4_000) == "x" * 4_000

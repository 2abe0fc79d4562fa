"""The kinds of events are for ever: a kind may be added, none may vanish or change its word."""

from datetime import UTC, datetime

import pytest

from tre.domain.audit import Event, Record

FIRST_KINDS = [
    "platform_started",
    "person_added",
    "capability_granted",
    "person_accredited",
    "person_suspended",
    "person_reinstated",
    "accreditation_lapsed",
    "logged_in",
    "login_failed",
    "logged_out",
    "token_issued",
    "project_applied",
    "member_added",
    "member_removed",
    "project_frozen",
    "project_closed",
    "dataset_registered",
    "delivery_received",
    "delivery_refused",
    "linkage_run",
    "pseudonyms_made",
    "extract_built",
    "run_started",
    "run_finished",
    "run_failed",
    "request_submitted",
    "request_refused",
    "check_started",
    "check_finished",
    "check_failed_to_run",
    "returned_by_machine",
    "vote_cast",
    "vote_refused",
    "consolidated",
    "approved",
    "returned",
    "rejected",
    "recalled",
    "withdrawn",
    "budget_reserved",
    "budget_refused",
    "budget_voided",
    "budget_charged",
    "exact_charged",
    "answer_drawn",
    "released",
    "publish_failed",
    "release_fetched",
    "revoked",
    "suspended",
    "resumed",
    "access_refused",
    "published",
]


def test_every_kind_that_was_ever_written_is_still_there_in_its_place() -> None:
    assert [str(event) for event in Event][: len(FIRST_KINDS)] == FIRST_KINDS


def test_no_two_kinds_share_a_word() -> None:
    assert len({event.value for event in Event}) == len(Event)


def test_a_record_is_never_edited() -> None:
    record = Record(Event.RELEASED, "worker", "release:1", datetime(2026, 1, 1, tzinfo=UTC))
    assert record.detail == ()
    with pytest.raises(AttributeError):
        record.actor = "somebody"  # type: ignore[misc]  # this is what is tried

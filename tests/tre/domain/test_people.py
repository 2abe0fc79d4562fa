"""From when to when somebody is trusted, and how long a role binds; to the moment, leap days and summer time included."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.domain.errors import BadInput
from tre.domain.people import (
    ACCREDITATION_YEARS,
    TIE_ENDS_AFTER,
    WORKER,
    Accreditation,
    AccreditationKind,
    Tie,
    end_of,
)

LONDON = ZoneInfo("Europe/London")
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def full(starts: datetime, *, suspended: bool = False) -> Accreditation:
    kind = AccreditationKind.FULL
    return Accreditation(kind, starts, end_of(kind, starts), suspended=suspended)


def test_full_lasts_five_years_and_provisional_three() -> None:
    assert ACCREDITATION_YEARS == {AccreditationKind.FULL: 5, AccreditationKind.PROVISIONAL: 3}
    assert end_of(AccreditationKind.FULL, START) == START.replace(year=2031)
    assert end_of(AccreditationKind.PROVISIONAL, START) == START.replace(year=2029)


def test_an_accreditation_holds_from_its_first_moment_to_the_last_before_its_end() -> None:
    held = full(START)
    assert held.is_live(held.starts)
    assert held.is_live(held.ends - MOMENT)
    assert not held.is_live(held.starts - MOMENT)
    assert not held.is_live(held.ends)


def test_a_suspended_accreditation_never_holds() -> None:
    held = full(START, suspended=True)
    assert not any(held.is_live(START + timedelta(days=days)) for days in range(0, 2_000, 100))


@pytest.mark.parametrize(
    ("kind", "starts", "ends"),
    [
        (AccreditationKind.FULL, datetime(2024, 2, 29, 8, tzinfo=UTC), datetime(2029, 3, 1, 8, tzinfo=UTC)),
        (AccreditationKind.PROVISIONAL, datetime(2024, 2, 29, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)),
        (AccreditationKind.FULL, datetime(2095, 2, 28, tzinfo=UTC), datetime(2100, 2, 28, tzinfo=UTC)),
        (AccreditationKind.FULL, datetime(2023, 2, 28, tzinfo=UTC), datetime(2028, 2, 28, tzinfo=UTC)),
        (AccreditationKind.FULL, datetime(2023, 3, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_leap_days_cost_nobody_a_day(kind: AccreditationKind, starts: datetime, ends: datetime) -> None:
    assert end_of(kind, starts) == ends


def test_an_accreditation_from_a_leap_day_holds_through_the_last_of_february() -> None:
    held = full(datetime(2024, 2, 29, tzinfo=UTC))
    assert held.is_live(datetime(2029, 2, 28, 23, 59, 59, tzinfo=UTC))
    assert not held.is_live(datetime(2029, 3, 1, tzinfo=UTC))


@given(
    st.integers(0, 200 * 366 * 24 * 60),
    st.sampled_from(AccreditationKind),
)
def test_an_accreditation_lasts_its_years_within_a_day(minutes: int, kind: AccreditationKind) -> None:
    starts = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    years = ACCREDITATION_YEARS[kind]
    days = (end_of(kind, starts) - starts).days
    assert 365 * years <= days <= 365 * years + 2
    assert full(starts).is_live(starts)


@pytest.mark.parametrize(
    "starts",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001 - this is what is tried
        datetime(9996, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
def test_a_start_that_cannot_be_used_is_told_in_a_sentence(starts: datetime) -> None:
    with pytest.raises(BadInput, match="time zone") as caught:
        end_of(AccreditationKind.FULL, starts)
    assert caught.value.code == "bad_date"


def test_summer_time_moves_no_end() -> None:
    """A start in winter by London's clock ends in summer at the same clock time, an hour earlier by the sun."""
    starts = datetime(2026, 10, 20, 0, 30, tzinfo=LONDON)
    held = full(starts)
    assert held.ends == datetime(2031, 10, 20, 0, 30, tzinfo=LONDON)
    for zone in (UTC, LONDON, timezone(timedelta(hours=-11)), ZoneInfo("Pacific/Auckland")):
        assert held.is_live((held.ends - MOMENT).astimezone(zone))
        assert not held.is_live(held.ends.astimezone(zone))


def test_in_the_hour_that_comes_twice_the_second_one_is_later() -> None:
    """In October the London clock shows 01:30 twice; both have the same face, and zone, but only one is before the end."""
    first = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON)
    second = first.replace(fold=1)
    assert first.astimezone(UTC) < second.astimezone(UTC)
    held = Accreditation(AccreditationKind.FULL, START, ends=datetime(2026, 10, 25, 1, 45, tzinfo=LONDON))
    assert held.is_live(first)
    assert not held.is_live(second)


def test_nothing_binds_where_nobody_ever_had_a_role() -> None:
    assert not Tie().binds(START)


def test_a_role_or_the_authors_line_binds_without_end() -> None:
    assert Tie(has_role=True).binds(START)
    assert Tie(in_authors_line=True).binds(START)
    assert Tie(has_role=True, last_role_ended=START - timedelta(days=4_000)).binds(START)


@pytest.mark.parametrize("zone", [UTC, LONDON, ZoneInfo("Pacific/Auckland")])
@pytest.mark.parametrize(
    "ended", [datetime(2026, 2, 1, 12, tzinfo=UTC), datetime(2026, 8, 15, 12, tzinfo=UTC)]
)
def test_a_role_binds_for_exactly_ninety_days_in_every_zone(zone: ZoneInfo, ended: datetime) -> None:
    tie = Tie(last_role_ended=ended.astimezone(zone))
    free = ended + TIE_ENDS_AFTER
    assert tie.binds((free - MOMENT).astimezone(zone))
    assert not tie.binds(free.astimezone(zone))


def test_a_role_that_ends_in_the_future_binds_now() -> None:
    assert Tie(last_role_ended=START + timedelta(days=1)).binds(START)


def test_the_worker_is_nobody_with_any_right_of_a_person() -> None:
    assert WORKER.is_system
    assert not WORKER.capabilities
    assert not WORKER.accredited

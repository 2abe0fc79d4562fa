"""Secrets handed to people: they end, they idle, they open one door, and some work once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text, update

from tests.builders import ADMIN, AUTHOR, CHECKERS, House
from tre.db.engine import transaction
from tre.db.tables import WebSession
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.domain.people import WORKER, Capability, PersonId
from tre.services import people, sessions
from tre.services.sessions import IDLE, LIFE, Purpose

TICK = timedelta(minutes=5)  # more than a slow machine needs between two statements


def issued(house: House, purpose: Purpose = Purpose.SESSION, who: PersonId = AUTHOR) -> str:
    return house.do(sessions.issue, who, purpose)


def aged(house: House, **ages: timedelta) -> None:
    """Move times of every secret into the past."""
    with transaction(house.platform.application) as tx:
        for column, age in ages.items():
            moved = text(f"now() - :{column}").bindparams(**{column: age})
            tx.execute(update(WebSession).values({column: moved}))


def is_live(house: House, secret: str, purpose: Purpose = Purpose.SESSION) -> bool:
    refusals: list[str] = []
    try:
        house.do(sessions.peek, secret, purpose)
    except Refused as error:
        refusals.append(error.sentence)
    assert refusals in ([], ["You are not signed in, or no longer. Sign in again."])
    return not refusals


def test_a_secret_opens_for_its_person_with_their_rights_of_now(house: House) -> None:
    secret = issued(house, who=CHECKERS[0])
    actor = house.do(sessions.actor_for, secret, Purpose.SESSION)
    assert actor.id == CHECKERS[0]
    assert actor.capabilities == {Capability.OUTPUT_CHECKER}
    assert actor.accredited
    house.do(people.suspend, WORKER, CHECKERS[0])
    assert not house.do(sessions.actor_for, secret, Purpose.SESSION).accredited


def test_secrets_are_long_and_none_like_another(house: House) -> None:
    secrets = {issued(house) for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(secret) >= 43 for secret in secrets)  # 256 bits in base64


def test_only_a_hash_is_kept(house: House) -> None:
    secret = issued(house)
    with transaction(house.platform.application) as tx:
        kept = tx.scalar(text("SELECT string_agg(s::text, '') FROM core.session s"))
    assert secret not in kept
    assert secret.encode().hex() not in kept


@pytest.mark.parametrize("purpose", Purpose)
def test_a_secret_opens_one_door_only(house: House, purpose: Purpose) -> None:
    secret = issued(house, purpose)
    assert {each for each in Purpose if is_live(house, secret, each)} == {purpose}
    for other in set(Purpose) - {purpose}:
        with pytest.raises(Refused):
            house.do(sessions.spend, secret, other)
    assert is_live(house, secret, purpose)  # trying other doors has not used it up


def test_what_was_never_issued_opens_nothing(house: House) -> None:
    issued(house)
    for secret in ("", "x", "\0", "é" * 43, "a" * 100_000):
        assert not is_live(house, secret)


@pytest.mark.parametrize("purpose", Purpose)
def test_every_secret_ends(house: House, purpose: Purpose) -> None:
    secret = issued(house, purpose)
    with transaction(house.platform.application) as tx:
        row = tx.scalars(text("SELECT ends_at - authenticated_at FROM core.session")).one()
    assert row == LIFE[purpose]
    aged(house, ends_at=-TICK)
    assert is_live(house, secret, purpose)
    aged(house, ends_at=timedelta())
    assert not is_live(house, secret, purpose)


def test_a_session_that_lies_unused_ends(house: House) -> None:
    secret = issued(house)
    aged(house, seen_at=IDLE - TICK)
    assert is_live(house, secret)
    aged(house, seen_at=IDLE)
    assert not is_live(house, secret)
    with pytest.raises(Refused):
        house.do(sessions.row_for, secret, Purpose.SESSION)  # and using it now does not bring it back


def test_use_keeps_a_session_and_looking_does_not(house: House) -> None:
    secret = issued(house)
    aged(house, seen_at=IDLE - TICK)
    house.do(sessions.row_for, secret, Purpose.SESSION)
    aged_by = house.rows(WebSession)[0]
    assert aged_by.seen_at > aged_by.authenticated_at - TICK
    aged(house, seen_at=IDLE - TICK)
    before = house.rows(WebSession)[0].seen_at
    house.do(sessions.peek, secret, Purpose.SESSION)
    assert house.rows(WebSession)[0].seen_at == before


def test_use_does_not_move_the_end(house: House) -> None:
    secret = issued(house)
    ends = house.rows(WebSession)[0].ends_at
    house.do(sessions.row_for, secret, Purpose.SESSION)
    assert house.rows(WebSession)[0].ends_at == ends


def test_a_code_works_once(house: House) -> None:
    code = issued(house, Purpose.CODE)
    assert house.do(sessions.spend, code, Purpose.CODE).person_id == AUTHOR
    with pytest.raises(Refused):
        house.do(sessions.spend, code, Purpose.CODE)


def test_a_code_works_once_when_eight_try_at_the_same_moment(house: House) -> None:
    code, start = issued(house, Purpose.CODE), Barrier(8)

    def spend(_: int) -> bool:
        start.wait()
        try:
            house.do(sessions.spend, code, Purpose.CODE)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(8))) == 1


def test_signing_out_ends_this_session_only_and_a_lapse_ends_all(house: House) -> None:
    one, other, theirs = issued(house), issued(house), issued(house, who=ADMIN)
    house.do(sessions.end, one)
    assert [is_live(house, secret) for secret in (one, other, theirs)] == [False, True, True]
    house.do(sessions.end_all, AUTHOR)
    assert [is_live(house, secret) for secret in (one, other, theirs)] == [False, False, True]


def test_a_personal_token_is_recorded_without_itself(house: House) -> None:
    token = house.act(AUTHOR, sessions.personal_token)
    (event,) = house.events(Event.TOKEN_ISSUED)
    assert event.actor == AUTHOR
    assert token not in str(event.detail)
    assert house.do(sessions.actor_for, token, Purpose.TOKEN).id == AUTHOR

"""What each person sees of a request: votes stay sealed, noisy items show nothing of the data, strangers see nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from tests.builders import (
    ADMIN,
    AUDITOR,
    AUTHOR,
    CHECKERS,
    COLLEAGUE,
    OBSERVER,
    SENIOR,
    STRANGER,
    House,
)
from tre.db.engine import transaction
from tre.db.tables import Granted, Membership
from tre.domain.errors import NotFound, Refused
from tre.domain.outputs import Decision, State
from tre.domain.people import WORKER, Capability
from tre.services import people
from tre.services.outputs import fetch, show

FIRST, SECOND, THIRD = CHECKERS
PARTIES = (AUTHOR, COLLEAGUE)


def view(house: House, who: str, request: str) -> dict[str, object]:
    return house.act(who, show.request_view, request)


def voters(house: House, who: str, request: str) -> list[str]:
    return [vote["person"] for vote in view(house, who, request)["votes"]]


def test_a_sealed_vote_is_seen_by_its_voter_and_auditors_only(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    assert voters(house, FIRST, request) == [FIRST]
    assert voters(house, AUDITOR, request) == [FIRST]
    for who in (*PARTIES, SECOND, SENIOR):
        assert voters(house, who, request) == []


def test_the_history_tells_that_somebody_voted_but_not_who_or_what(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST, decision=Decision.REJECT)
    for who in (*PARTIES, SECOND):
        seen = json.dumps(view(house, who, request))
        assert FIRST not in seen
        assert "reject" not in seen.replace("rejected", "")


def test_votes_open_to_checkers_when_two_are_in_and_to_the_author_when_it_is_decided(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST)
    assert house.vote(request, SECOND, decision=Decision.RETURN) is State.CONSOLIDATING
    assert voters(house, THIRD, request) == [FIRST, SECOND]
    assert [voters(house, who, request) for who in PARTIES] == [[], []]
    house.vote(request, THIRD, decision=Decision.RETURN)
    assert voters(house, AUTHOR, request) == [FIRST, SECOND, THIRD]
    reasons = [vote["reason"] for vote in view(house, AUTHOR, request)["votes"]]
    assert reasons == ["Looked at it"] * 3


def test_the_author_of_an_approved_request_sees_votes_only_once_it_is_released(house: House) -> None:
    request = house.approved()
    assert voters(house, AUTHOR, request) == []
    house.jobs.release(request)
    assert voters(house, AUTHOR, request) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "capability", [Capability.AUDITOR, Capability.OUTPUT_CHECKER, Capability.SENIOR_CHECKER]
)
def test_no_capability_opens_sealed_votes_to_a_party(house: House, capability: Capability) -> None:
    with transaction(house.platform.application) as tx:
        for who in (AUTHOR, COLLEAGUE, OBSERVER, STRANGER):
            tx.add(Granted(person_id=who, capability=capability))
        left = Membership(project_id="bills", person_id=STRANGER, role="researcher")
        tx.add(left)
        tx.flush()
        ended = text("now() - :ago").bindparams(ago=timedelta(days=5))
        tx.execute(update(Membership).where(Membership.id == left.id).values(until_at=ended))
    request = house.reviewed()
    house.vote(request, FIRST)
    house.vote(request, SECOND, decision=Decision.RETURN)
    for who in (AUTHOR, COLLEAGUE, OBSERVER, STRANGER):
        assert voters(house, who, request) == [], who


def test_votes_of_an_earlier_version_open_with_it_and_a_lone_one_stays_sealed(house: House) -> None:
    request = house.reviewed()
    house.vote(request, FIRST, SECOND, decision=Decision.RETURN)
    house.submit(again=request)
    house.jobs.check(request)
    house.vote(request, THIRD)
    assert voters(house, AUTHOR, request) == [FIRST, SECOND]
    assert voters(house, SENIOR, request) == [FIRST, SECOND]


def test_a_request_is_no_more_to_strangers_than_one_that_is_not_there(house: House) -> None:
    request = house.reviewed()
    for who in (STRANGER, ADMIN, OBSERVER):
        with pytest.raises(NotFound) as hidden:
            view(house, who, request)
        with pytest.raises(NotFound) as missing:
            view(house, who, "no-such")
        assert hidden.value.code == missing.value.code
        assert hidden.value.sentence.replace(request, "no-such") == missing.value.sentence
        for ask in (show.release_of, show.found):
            with pytest.raises(NotFound):
                house.act(who, ask, request)
        with pytest.raises(NotFound):
            house.act(who, fetch.bundle, request, house.platform.objects)
        assert house.act(who, show.listing) == []


def test_who_finds_a_request_in_the_list_may_open_it_and_the_reverse(house: House) -> None:
    request = house.reviewed()
    for who in (*PARTIES, OBSERVER, STRANGER, ADMIN, *CHECKERS, SENIOR, AUDITOR):
        listed = [line["id"] for line in house.act(who, show.listing)]
        try:
            opened = [view(house, who, request)["id"]]
        except NotFound:
            opened = []
        assert listed == opened, who


def test_the_list_can_be_narrowed(house: House) -> None:
    one, other = house.reviewed(), house.submit()
    assert [line["id"] for line in house.act(FIRST, show.listing)] == [other, one]  # newest first
    assert [line["id"] for line in house.act(FIRST, show.listing, state=State.IN_REVIEW)] == [one]
    assert house.act(FIRST, show.listing, project="water") == []


def test_somebody_who_has_left_the_project_no_longer_sees_its_requests(house: House) -> None:
    request = house.reviewed()
    with transaction(house.platform.application) as tx:
        tx.execute(update(Membership).where(Membership.person_id == AUTHOR).values(until_at=text("now()")))
    with pytest.raises(NotFound):
        view(house, AUTHOR, request)


def test_a_noisy_item_shows_nothing_that_depends_on_the_data(house: House) -> None:
    """The same request on other rows gives the same view, to everybody, before and after its release."""
    views = []
    for sizes in ((40, 30, 20, 30), (3, 300, 0, 1)):
        house.put_extract(sizes=sizes)
        request = house.approved()
        for who in (AUTHOR, FIRST, AUDITOR):
            (item,) = view(house, who, request)["items"]
            views.append({name: value for name, value in item.items() if name != "id"})
            assert house.act(who, show.evidence_of, request, item["id"]) is None
    assert all(each == views[0] for each in views)
    assert views[0]["verdict"] is None
    assert views[0]["findings"] == []


def test_evidence_of_an_exact_item_is_for_accredited_people_who_may_see_the_request(house: House) -> None:
    request = house.reviewed(house.exact())
    (item,) = house.items(request)
    for who in (AUTHOR, COLLEAGUE, FIRST, AUDITOR):
        found = house.act(who, show.evidence_of, request, item.id)
        assert found == show.Evidence(item.report_digest, item.printed_digest, item.picture_digest)
    for who in (STRANGER, ADMIN, OBSERVER):
        with pytest.raises(NotFound):
            house.act(who, show.evidence_of, request, item.id)
    for who in (AUTHOR, FIRST):
        house.do(people.suspend, WORKER, who)
        with pytest.raises(Refused) as caught:
            house.act(who, show.evidence_of, request, item.id)
        assert caught.value.code == "not_accredited"


def test_evidence_is_asked_for_by_request_and_item_together(house: House) -> None:
    one, other = house.reviewed(house.exact()), house.reviewed(house.exact())
    (item,) = house.items(other)
    assert house.act(AUTHOR, show.evidence_of, one, item.id) is None


def test_buttons_say_what_each_person_may_do(house: House) -> None:
    request = house.reviewed()
    assert view(house, AUTHOR, request)["actions"] == ["recall", "withdraw"]
    assert view(house, COLLEAGUE, request)["actions"] == []
    assert view(house, FIRST, request)["actions"] == ["vote"]
    house.vote(request, FIRST)
    assert view(house, FIRST, request)["actions"] == []
    assert view(house, AUDITOR, request)["actions"] == []


def test_nothing_can_be_fetched_before_it_is_released(house: House) -> None:
    request = house.approved()
    for who in (AUTHOR, FIRST):
        with pytest.raises(NotFound, match="nothing to fetch yet"):
            house.act(who, show.release_of, request)
        with pytest.raises(NotFound, match="nothing to fetch yet"):
            house.act(who, fetch.bundle, request, house.platform.objects)
    house.jobs.release(request)
    assert house.act(AUTHOR, show.release_of, request) == f"release-{request}"
    bundle = house.act(AUTHOR, fetch.bundle, request, house.platform.objects)
    for file in bundle.files:
        content = house.act(AUTHOR, fetch.file, request, file.name, objects=house.platform.objects)
        assert content == (house.bundle(request) / file.name).read_bytes()
    with pytest.raises(NotFound):
        house.act(AUTHOR, fetch.file, request, "../keys/receipts.vkey", objects=house.platform.objects)

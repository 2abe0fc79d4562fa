"""One request on one page: what a checker sees, what a vote does, and what nobody may."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.builders import ADMIN, AUDITOR, AUTHOR, CHECKERS, COLLEAGUE, OBSERVER, STRANGER, House
from tests.tre.web.visiting import FROM_HERE, Visitor, words
from tre.db.engine import transaction
from tre.domain.audit import Event
from tre.domain.errors import NotFound
from tre.domain.outputs import Decision, State
from tre.domain.people import WORKER, PersonId
from tre.services import people
from tre.services.records import receipt_faults
from tre.web.review import media_type

SignedIn = Callable[[str], Visitor]


def form(house: House, request: str, **changes: str) -> dict[str, str]:
    return {
        "decision": "approve",
        "reason": "Looked at it",
        "seen": house.request(request).manifest_digest,
    } | changes


def test_two_checkers_approve_by_page_and_the_author_fetches_what_was_released(
    house: House, signed_in: SignedIn
) -> None:
    request = house.reviewed(house.noisy(), house.exact("Exact table"))
    first = signed_in(CHECKERS[0])
    page = first.post(f"/requests/{request}/vote", **form(house, request))
    assert "You have voted on this version already" in words(page)
    signed_in(CHECKERS[1]).post(f"/requests/{request}/vote", **form(house, request))
    assert house.state(request) is State.APPROVED
    house.jobs.release(request)
    author = signed_in(AUTHOR)
    files = author.get(f"/requests/{request}/bundle")
    links = [one.get("href", "") for one in files.iter("a") if "/bundle/" in one.get("href", "")]
    folder = house.platform.home / "fetched"
    folder.mkdir()
    for link in links:
        answer = author.raw("GET", link)
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["content-type"] == media_type(link)
        assert hashlib.sha256(answer.content).hexdigest() in words(files)
        (folder / link.rsplit("/", 1)[1]).write_bytes(answer.content)
    assert receipt_faults(folder, house.platform.public_key) == []
    assert len(house.events(Event.RELEASE_FETCHED)) == len(links) == 8


def test_an_exact_item_shows_its_cells_the_unsafe_ones_in_words_and_shade(
    house: House, signed_in: SignedIn
) -> None:
    house.put_extract(sizes=(40, 30, 3, 30))
    request = house.submit(house.exact("By region"))
    house.jobs.check(request)
    assert house.state(request) is State.RETURNED
    page = signed_in(AUTHOR).get(f"/requests/{request}")
    table = next(one for one in page.iter("table") if "By region" in words(one))
    rows = {words(row).split()[0]: row for row in table.iter("tr")}
    assert "Unsafe: threshold" in words(rows["South"])
    assert words(rows["North"]).endswith("Safe")
    cells = [*rows["South"].iter("th"), *rows["South"].iter("td")]
    assert all("tre-unsafe" in one.get("class", "") for one in cells)
    assert not any("tre-unsafe" in one.get("class", "") for one in rows["North"].iter())
    shown = words(page)
    assert "5 cells, of which 1 is unsafe" in shown
    assert "threshold (FAIL)" in shown
    assert "Cells: South" in shown
    assert "All rows: no filter." in shown
    assert "Numbers of different study_id, by region, from table linked." in shown


def test_a_filter_is_said_in_a_sentence(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.exact(where="bill > 100"))
    assert "Only rows where bill > 100." in words(signed_in(CHECKERS[0]).get(f"/requests/{request}"))


def test_a_noisy_item_shows_specification_cost_and_precision_and_nothing_of_the_data(
    house: House, signed_in: SignedIn
) -> None:
    """Two requests that differ only in the data behind them look the same; even stored evidence is not shown."""
    pages = []
    for sizes in ((40, 30, 20, 30), (1, 0, 999, 7)):
        house.put_extract(sizes=sizes)
        request = house.reviewed(house.noisy("Noisy"))
        exact = house.submit(house.exact("Exact"))
        house.jobs.check(exact)
        with transaction(house.platform.application) as tx:
            tx.execute(
                text(
                    "UPDATE core.item i SET report_digest = e.report_digest, verdict = e.verdict, findings = e.findings,"
                    " cells = e.cells FROM core.item e WHERE i.request_id = :noisy AND e.request_id = :exact"
                ),
                {"noisy": request, "exact": exact},
            )
        page = signed_in(CHECKERS[0]).get(f"/requests/{request}")
        main = next(one for one in page.iter("main"))
        pages.append(words(main).split("History")[0].replace(request, "ID"))
    assert "Safe?" not in pages[0]
    assert "Findings" not in pages[0]
    assert "5,000,000 nano-rho" in pages[0]
    assert "plus or minus" in pages[0]
    assert "10" in pages[0]
    assert _without_time(pages[0]) == _without_time(pages[1])


def _without_time(shown: str) -> str:
    head, _, rest = shown.partition("submitted ")
    return head + rest.partition("UTC")[2]


def test_the_author_cannot_approve_their_own_request_by_page(house: House, signed_in: SignedIn) -> None:
    with transaction(house.platform.application) as tx:
        tx.execute(text("INSERT INTO core.granted_capability VALUES ('ada', 'output_checker')"))
    request = house.reviewed(house.noisy())
    author = signed_in(AUTHOR)
    page = author.get(f"/requests/{request}")
    assert "Cast your vote" not in words(page)
    assert "Nobody may vote on their own request" in words(page)
    refused = author.post(f"/requests/{request}/vote", 403, **form(house, request))
    assert "Nobody may vote on their own request" in words(refused)
    assert house.events(Event.VOTE_CAST) == []
    (line,) = house.events(Event.VOTE_REFUSED)
    assert (line.actor, line.detail["code"]) == (AUTHOR, "own_request")


@pytest.mark.parametrize(
    ("person", "status"), [(COLLEAGUE, 403), (AUDITOR, 403), (ADMIN, 404), (STRANGER, 404)]
)
def test_nobody_else_votes_by_posting_the_form(
    house: House, signed_in: SignedIn, person: PersonId, status: int
) -> None:
    request = house.reviewed(house.noisy())
    signed_in(person).post(f"/requests/{request}/vote", status, **form(house, request))
    assert house.events(Event.VOTE_CAST) == []


def test_requests_of_others_look_like_requests_that_do_not_exist(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    for person in (STRANGER, ADMIN, OBSERVER):
        visitor = signed_in(person)
        for path in ("/requests/{}", "/requests/{}/bundle", "/requests/{}/bundle/receipt.json"):
            hidden = words(visitor.get(path.format(request), 404))
            assert hidden.replace(request, "none-such") == words(visitor.get(path.format("none-such"), 404))
        visitor.post(f"/requests/{request}/withdraw", 404)
    assert house.state(request) is State.IN_REVIEW


def test_a_vote_on_another_version_than_was_seen_is_refused(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    checker = signed_in(CHECKERS[0])
    for seen in ("", "0" * 64, house.request(request).manifest_digest.upper()):
        page = checker.post(f"/requests/{request}/vote", 403, **form(house, request, seen=seen))
        assert "has changed since you" in words(page)
    assert house.events(Event.VOTE_CAST) == []


def test_a_vote_with_faults_comes_back_with_each_fault_linked_to_its_field(
    house: House, signed_in: SignedIn
) -> None:
    request = house.reviewed(house.noisy())
    checker = signed_in(CHECKERS[0])
    empty = checker.post(f"/requests/{request}/vote", 422, seen="x")
    assert (empty.findtext(".//title") or "").startswith("Error: ")
    links = [one.get("href", "") for one in empty.iter("a")]
    assert {"#decision", "#reason"} <= set(links)
    ids = {one.get("id") for one in empty.iter()}
    assert {"decision", "reason"} <= ids
    kept = checker.post(f"/requests/{request}/vote", 422, **form(house, request, reason="x" * 4_001))
    assert "x" * 4_001 in "".join(kept.itertext())
    checked = [one.get("value") for one in kept.iter("input") if "checked" in one.attrib]
    assert checked == ["approve"]
    for decision in ("APPROVE", "release", ""):
        checker.post(f"/requests/{request}/vote", 422, **form(house, request, decision=decision))
    assert house.events(Event.VOTE_CAST) == []


def test_votes_stay_sealed_on_the_page_until_two_are_in(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    signed_in(CHECKERS[0]).post(
        f"/requests/{request}/vote", **form(house, request, reason="A telling reason")
    )
    path = f"/requests/{request}"
    for person in (CHECKERS[1], AUTHOR):
        page = words(signed_in(person).get(path))
        assert "A telling reason" not in page
        assert CHECKERS[0] not in page
    signed_in(CHECKERS[1]).post(f"{path}/vote", **form(house, request, decision="reject"))
    assert "A telling reason" in words(signed_in(CHECKERS[1]).get(path))


def test_an_auditor_reads_findings_but_no_values(house: House, signed_in: SignedIn) -> None:
    house.put_extract(sizes=(41, 37, 23, 31))
    request = house.reviewed(house.exact())
    page = words(signed_in(AUDITOR).get(f"/requests/{request}"))
    assert "PASS" in page
    assert "The values are shown to" in page
    assert "37" not in page.split("History")[0].replace(request, "")
    assert "37" in words(signed_in(CHECKERS[0]).get(f"/requests/{request}"))


def test_a_lapsed_checker_sees_no_values_and_may_not_vote(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.exact())
    checker = signed_in(CHECKERS[0])
    house.do(people.suspend, WORKER, CHECKERS[0])
    page = words(checker.get(f"/requests/{request}"))
    assert "Safe?" not in page
    assert "Your accreditation is not live" in page
    checker.post(f"/requests/{request}/vote", 403, **form(house, request))


def test_only_the_author_withdraws_and_is_asked_first(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    signed_in(CHECKERS[0]).post(f"/requests/{request}/withdraw", 403)
    author = signed_in(AUTHOR)
    page = author.get(f"/requests/{request}")
    assert page.findall(".//details//form")
    author.post(f"/requests/{request}/withdraw")
    assert house.state(request) is State.WITHDRAWN


def test_a_damaged_or_foreign_file_is_not_handed_out(house: House, signed_in: SignedIn) -> None:
    request = house.approved(house.noisy())
    house.jobs.release(request)
    author = signed_in(AUTHOR)
    for name in (
        "..%2f..%2fkeys%2freceipts.vkey",
        "%2e%2e",
        "RECEIPT.JSON",
        "receipt.json%00",
        "x.csv",
        "a%0d%0ab.csv",
    ):
        assert author.raw("GET", f"/requests/{request}/bundle/{name}").status_code in {404, 422}
    link = f"/requests/{request}/bundle/01-bills.csv"
    content = author.raw("GET", link).content
    stored = next(
        path for path in house.platform.home.rglob(hashlib.sha256(content).hexdigest()) if path.is_file()
    )
    stored.chmod(0o600)
    stored.write_bytes(content[:-1] + b"9")
    answer = author.raw("GET", link)
    assert answer.status_code == 403
    assert content[:20] not in answer.content


def test_files_of_unknown_kinds_are_never_handed_out() -> None:
    assert media_type("a.csv").startswith("text/csv")
    for name in ("a.html", "a.svgz", "a.xlsm", "a.js", "a.csv.exe", "a", "a.JSON"):
        with pytest.raises(NotFound):
            media_type(name)


def test_a_rejected_request_stays_readable_with_its_reasons(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    house.vote(request, *CHECKERS[:2], decision=Decision.REJECT)
    page = words(signed_in(AUTHOR).get(f"/requests/{request}"))
    assert "Rejected" in page
    assert "Looked at it" in page


def test_no_get_votes_or_withdraws(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    checker = signed_in(CHECKERS[0])
    for verb in ("vote", "withdraw"):
        answer = checker.raw(
            "GET", f"/requests/{request}/{verb}", params=form(house, request), headers=FROM_HERE
        )
        assert answer.status_code == 405
    assert house.events(Event.VOTE_CAST) == []


def test_an_item_that_cannot_be_read_is_never_shown_as_safe(house: House, signed_in: SignedIn) -> None:
    """A damaged report: the page says so, and a checker can still return the request."""
    request = house.reviewed(house.exact("By region"))
    digest = house.items(request)[0].report_digest or ""
    stored = next(path for path in house.platform.home.rglob(digest) if path.is_file())
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes().replace(b"North", b"Nerth"))
    checker = signed_in(CHECKERS[0])
    page = checker.get(f"/requests/{request}")
    shown = words(page)
    assert "nobody can judge it" in shown
    assert "Safe" not in shown
    assert "PASS" not in shown
    checker.post(f"/requests/{request}/vote", **form(house, request, decision="return"))
    assert len(house.events(Event.VOTE_CAST)) == 1

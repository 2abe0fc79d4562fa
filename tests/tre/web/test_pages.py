"""Every page: strict HTML, one heading, the right words for the right person; and looking changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from sqlalchemy import text

from tests.builders import ADMIN, AUDITOR, AUTHOR, CHECKERS, OBSERVER, SENIOR, STRANGER, House
from tests.tre.web.visiting import Visitor, words
from tre.db.engine import read_only
from tre.domain.outputs import Decision
from tre.services import portal

HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>{{ 7*7 }}"
COUNTED = ("core.request", "core.item", "core.vote", "core.account", "core.ledger_entry", "core.charge", "core.release",
           "core.publication", "core.project", "core.membership", "core.person", "jobs.procrastinate_jobs")  # fmt: skip

SignedIn = Callable[[str], Visitor]


def contents(house: House) -> list[str]:
    """Every row of every table that a page must not change, in order."""
    with read_only(house.platform.application) as tx:
        return [
            str(tx.execute(text(f"SELECT array_agg(t::text ORDER BY t::text) FROM {name} t")).scalar())
            for name in COUNTED
        ]


def crawl(visitor: Visitor) -> set[str]:
    """Follow every link of the site from the home page; read each page strictly."""
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = visitor.raw("GET", path, follow_redirects=True)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = visitor.get(path)
        links = [urlsplit(one.get("href", "")) for one in page.iter("a")]
        waiting += [one._replace(fragment="").geturl() for one in links if one.path and not one.netloc]
    return seen


def test_looking_at_every_page_changes_nothing(house: House, signed_in: SignedIn) -> None:
    released = house.approved(house.noisy(), house.exact("Exact"))
    house.jobs.release(released)
    house.reviewed(house.noisy("Another", where="bill > 0"), title=HOSTILE)
    before = contents(house)
    for person in (AUTHOR, CHECKERS[0], AUDITOR, STRANGER):
        seen = crawl(signed_in(person))
        assert "/register.json" in seen
    assert crawl(Visitor(house)) >= {"/", "/register"}
    assert contents(house) == before


def test_the_home_page_says_what_to_do_next(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    checker = signed_in(CHECKERS[0]).get("/")
    assert "1 request waits for output checkers" in words(checker)
    house.vote(request, *CHECKERS[:2], decision=Decision.RETURN)
    author = signed_in(AUTHOR).get("/")
    assert "Mend and submit again: Bills by region" in words(author)
    assert "Review queue" not in words(author)
    stranger = words(signed_in(STRANGER).get("/"))
    assert "Nothing waits for you" in stranger
    assert "Bills" not in stranger


def test_the_queue_shows_the_oldest_first_and_says_why_one_may_not_vote(
    house: House, signed_in: SignedIn
) -> None:
    first = house.reviewed(house.noisy(), title="First")
    house.reviewed(house.noisy(where="bill > 0"), title="Second")
    visitor = signed_in(CHECKERS[0])
    page = visitor.get("/queue")
    rows = [words(row) for row in page.iter("tr")][1:]
    assert [row.split()[0] for row in rows] == ["First", "Second"]
    assert all("Your vote is needed" in row for row in rows)
    house.vote(first, CHECKERS[0])
    assert "You have voted on this version already" in words(visitor.get("/queue"))
    assert "Only output checkers may vote" in words(signed_in(AUDITOR).get("/queue"))


def test_a_long_queue_comes_in_pages(house: House, signed_in: SignedIn) -> None:
    request = house.reviewed(house.noisy())
    columns = "project_id, author_id, context, state, extract_id, policy, version, salt, manifest_digest, submitted_at"
    with house.platform.application.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO core.request (id, title, {columns}) SELECT 'r' || n, 'r' || n, {columns} "
                "FROM core.request, generate_series(1, 1000) n WHERE id = :id"
            ),
            {"id": request},
        )
    visitor = signed_in(CHECKERS[0])
    page = visitor.get("/queue")
    assert "1001 requests wait" in words(page)
    assert len(list(page.iter("tr"))) == 1 + portal.PAGE
    assert len(list(visitor.get("/queue?page=51").iter("tr"))) == 2
    for wrong in ("0", "52", "-1", "x", "1e3", "²", "", "9" * 30):
        visitor.get(f"/queue?page={wrong}", 404)


def test_the_project_page_is_for_its_people_and_those_who_watch(house: House, signed_in: SignedIn) -> None:
    for person in (AUTHOR, OBSERVER, CHECKERS[0], SENIOR, AUDITOR, ADMIN):
        page = words(signed_in(person).get("/projects/bills"))
        assert "Five Safes" in page
        assert "Ada lead" in page
        assert "project:bills 100,000,000" in page
    stranger = signed_in(STRANGER)
    hidden, missing = (words(stranger.get(f"/projects/{name}", 404)) for name in ("bills", "other"))
    assert hidden.replace("bills", "other") == missing


def test_the_register_is_public_and_names_every_release(house: House, visitor: Visitor) -> None:
    request = house.approved(
        house.noisy(), house.exact("Exact"), title="Secret title", context="Secret context"
    )
    assert "Nothing has been released yet" in words(visitor.get("/register"))
    house.jobs.release(request)
    page = words(visitor.get("/register"))
    assert f"release-{request}" in page
    assert "50% of all released outputs" in page
    assert "5,000,000" in page
    assert "Secret" not in page
    record = visitor.raw("GET", "/register.json").json()
    (release,) = record["projects"][0]["releases"]
    assert release["noisy_items"] == release["exact_items"] == 1
    assert release["nano_rho"] == 5_000_000
    assert "Secret" not in str(record)


def test_nothing_that_a_person_wrote_becomes_markup(house: House, signed_in: SignedIn) -> None:
    """Titles, contexts, reasons and labels of the data, on every page that shows them."""
    house.put_extract(sizes=(40, 30, 20, 30))
    request = house.reviewed(house.exact(HOSTILE), title=HOSTILE, context=HOSTILE)
    checker = signed_in(CHECKERS[0])
    digest = house.request(request).manifest_digest
    checker.post(f"/requests/{request}/vote", decision="approve", reason=HOSTILE, seen=digest)
    house.vote(request, CHECKERS[1], decision=Decision.REJECT)
    for visitor in (checker, signed_in(AUTHOR), signed_in(AUDITOR)):
        for path in ("/", f"/requests/{request}", "/register"):
            page = visitor.get(path)
            assert not list(page.iter("script"))
            assert not list(page.iter("img"))
            assert "49" not in words(page) or "{{ 7*7 }}" in words(page)
    assert HOSTILE in "".join(checker.get(f"/requests/{request}").itertext())


def test_hostile_words_in_an_address_are_shown_as_words(house: House, signed_in: SignedIn) -> None:
    visitor = signed_in(CHECKERS[0])
    for path in ("/requests/", "/projects/"):
        page = visitor.get(path + "%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404)
        assert not list(page.iter("script"))


def test_the_style_is_the_pinned_one_without_crown_or_foreign_font(visitor: Visitor) -> None:
    style = visitor.raw("GET", "/static/portal.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "MIT licence" in style.text[:200]
    assert '--govuk-frontend-version: "6.3.0"' in style.text
    for foreign in ("url(", "@font-face", "GDS Transport", "@import"):
        assert foreign not in style.text


def test_the_health_check_says_little(visitor: Visitor) -> None:
    assert visitor.raw("GET", "/healthz").json() == {"status": "ok"}

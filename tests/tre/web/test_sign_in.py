"""Signing in by code and PKCE, and everything that a thief of codes, tokens, sessions or names may try."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import delete, text, update

from tests.builders import AUTHOR, CHECKERS, House
from tests.tre.web.visiting import FROM_HERE, PASSWORD, Visitor, fields, words
from tre.db.engine import transaction
from tre.db.tables import Person, WebSession
from tre.directory import pkce
from tre.domain.audit import Event
from tre.services.sessions import Purpose

CHECKER = CHECKERS[0]


def cookie(visitor: Visitor, name: str = "tre-session") -> str | None:
    return visitor.client.cookies.get(name)


def asked(visitor: Visitor) -> dict[str, str]:
    """What the portal asks of its provider for a new sign-in."""
    answer = visitor.raw("GET", "/sign-in")
    assert answer.status_code == 303
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def code(visitor: Visitor, **changes: str) -> dict[str, str]:
    """Sign in at the provider and stop there: the code and state that go back to the portal."""
    form = asked(visitor) | {"person": CHECKER, "password": PASSWORD} | changes
    answer = visitor.raw("POST", "/idp/authorize", data=form, headers=FROM_HERE)
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def at(visitor: Visitor, changes: dict[str, str]) -> dict[str, str]:
    """Put the portal's own return address where a change says so."""
    own = f"{visitor.origin.text}/sign-in/return"
    return {name: value.replace("ADDRESS", own) for name, value in changes.items()}


def token(visitor: Visitor, **form: str) -> int:
    words = {"grant_type": "authorization_code", "client_id": "portal"}
    address = f"{visitor.origin.text}/sign-in/return"
    answer = visitor.raw("POST", "/idp/token", data=words | {"redirect_uri": address} | form)
    return answer.status_code


def test_a_checker_signs_in_and_sees_their_work(visitor: Visitor) -> None:
    page = visitor.sign_in(CHECKER)
    assert page.findtext(".//h1") == "Your work"
    assert f"Signed in as {CHECKER}" in words(page)


def test_signing_in_leads_back_to_the_page_that_was_asked_for(visitor: Visitor) -> None:
    fault = visitor.get("/queue", 401)
    link = next(one.get("href", "") for one in fault.iter("a") if "sign-in" in one.get("href", ""))
    form = fields(visitor.get(link)) | {"person": CHECKER, "password": PASSWORD}
    assert visitor.post("/idp/authorize", **form).findtext(".//h1") == "Requests that wait for review"


def test_signing_in_never_leads_to_another_site(visitor: Visitor) -> None:
    for elsewhere in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:1",
        "/\r\nX: 1",
        "evil",
    ):
        answer = visitor.raw("GET", "/sign-in", params={"next": elsewhere})
        assert answer.status_code == 303
        end = visitor.raw("GET", "/sign-in/return", params=code_of(visitor, answer.headers["location"]))
        assert end.headers["location"] == "/"


def code_of(visitor: Visitor, location: str) -> dict[str, str]:
    form = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    answer = visitor.raw(
        "POST", "/idp/authorize", data=form | {"person": CHECKER, "password": PASSWORD}, headers=FROM_HERE
    )
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_the_session_cookie_is_opaque_and_out_of_reach_of_scripts(visitor: Visitor, house: House) -> None:
    answer = visitor.raw("GET", "/sign-in/return", params=code(visitor))
    header = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("tre-session="))
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Path=/" in header
    secret = cookie(visitor) or ""
    assert len(secret) >= 43
    assert all(secret.encode() not in row.token_hash for row in house.rows(WebSession))


def test_signing_in_again_makes_the_old_session_worthless(visitor: Visitor, house: House) -> None:
    visitor.sign_in(CHECKER)
    old = cookie(visitor)
    visitor.sign_in(CHECKER)
    assert cookie(visitor) != old
    thief = Visitor(house)
    thief.client.cookies.set("tre-session", old or "")
    thief.get("/queue", 401)


def test_a_session_that_was_planted_before_is_not_taken_over(visitor: Visitor, house: House) -> None:
    visitor.client.cookies.set("tre-session", "planted", domain=urlsplit(visitor.origin.text).hostname or "")
    visitor.sign_in(CHECKER)
    assert cookie(visitor) != "planted"
    thief = Visitor(house)
    thief.client.cookies.set("tre-session", "planted")
    thief.get("/queue", 401)


def test_signing_out_ends_the_session_on_the_server(visitor: Visitor, house: House) -> None:
    visitor.sign_in(CHECKER)
    secret = cookie(visitor)
    assert visitor.post("/sign-out").findtext(".//h1") == "Trusted research environment"
    thief = Visitor(house)
    thief.client.cookies.set("tre-session", secret or "")
    thief.get("/queue", 401)
    assert house.events(Event.LOGGED_OUT)


def test_a_session_ends_by_idling_and_by_age(visitor: Visitor, house: House) -> None:
    for column, back in (("seen_at", "16 minutes"), ("ends_at", "9 hours")):
        visitor.sign_in(CHECKER)
        visitor.get("/queue")
        with transaction(house.platform.application) as tx:
            tx.execute(text(f"UPDATE core.session SET {column} = {column} - interval '{back}'"))
        visitor.get("/queue", 401)


def test_a_code_opens_one_session_and_never_a_second(visitor: Visitor) -> None:
    query = code(visitor)
    kept = visitor.client.cookies.get("tre-sign-in") or ""
    assert visitor.raw("GET", "/sign-in/return", params=query).status_code == 303
    again = visitor.raw("GET", "/sign-in/return", params=query, headers={"Cookie": f"tre-sign-in={kept}"})
    assert again.status_code == 403


def test_a_code_is_worth_nothing_without_its_verifier_and_is_used_up_by_the_attempt(visitor: Visitor) -> None:
    verifier = pkce.new_verifier()
    query = code(visitor, code_challenge=pkce.challenge_of(verifier))
    assert token(visitor, code=query["code"], code_verifier=pkce.new_verifier()) == 400
    assert token(visitor, code=query["code"], code_verifier=verifier) == 400


def test_a_code_with_its_verifier_is_worth_one_token(visitor: Visitor) -> None:
    verifier = pkce.new_verifier()
    query = code(visitor, code_challenge=pkce.challenge_of(verifier))
    assert token(visitor, code=query["code"], code_verifier=verifier) == 200
    assert token(visitor, code=query["code"], code_verifier=verifier) == 400


def test_a_code_is_worth_nothing_to_another_client_or_address(visitor: Visitor) -> None:
    for wrong in (
        {"client_id": "other"},
        {"redirect_uri": "ADDRESS/"},
        {"code_verifier": ""},
        {"code": "made-up"},
        {"grant_type": "password"},
    ):
        verifier = pkce.new_verifier()
        query = code(visitor, code_challenge=pkce.challenge_of(verifier))
        form = {"code": query["code"], "code_verifier": verifier} | at(visitor, wrong)
        assert token(visitor, **form) == 400


def test_a_code_is_worth_nothing_after_a_minute(visitor: Visitor, house: House) -> None:
    query = code(visitor)
    with transaction(house.platform.application) as tx:
        codes = update(WebSession).where(WebSession.purpose == Purpose.CODE)
        tx.execute(codes.values(ends_at=WebSession.ends_at - text("interval '60 seconds'")))
    assert visitor.raw("GET", "/sign-in/return", params=query).status_code == 403
    assert cookie(visitor) is None


def test_a_code_is_no_session_and_a_session_is_no_code(visitor: Visitor, house: House) -> None:
    query = code(visitor)
    assert visitor.raw("GET", "/queue", headers={"Cookie": f"tre-session={query['code']}"}).status_code == 401
    visitor.raw("GET", "/sign-in/return", params=query)
    assert token(visitor, code=cookie(visitor) or "", code_verifier=pkce.new_verifier()) == 400


def test_an_answer_is_believed_only_in_the_browser_that_began(visitor: Visitor, house: House) -> None:
    query = code(visitor)
    victim = Visitor(house)
    assert victim.raw("GET", "/sign-in/return", params=query).status_code == 403
    asked(victim)
    assert victim.raw("GET", "/sign-in/return", params=query).status_code == 403
    assert cookie(victim) is None


def test_the_provider_refuses_what_is_not_code_with_pkce_for_a_known_address(visitor: Visitor) -> None:
    for wrong in (
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "ADDRESS?x=1"},
        {"redirect_uri": "ADDRESS#x"},
        {"redirect_uri": ""},
        {"client_id": "unknown"},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
        {"code_challenge": ""},
        {"code_challenge": "short"},
        {"response_type": "token"},
        {"scope": "profile"},
        {"state": ""},
        {"nonce": ""},
    ):
        form = asked(visitor) | at(visitor, wrong)
        shown = visitor.raw("GET", "/idp/authorize", params=form)
        sent = visitor.raw(
            "POST", "/idp/authorize", data=form | {"person": CHECKER, "password": PASSWORD}, headers=FROM_HERE
        )
        for answer in (shown, sent):
            assert answer.status_code == 422
            assert "location" not in answer.headers


def test_nobody_learns_which_names_exist(visitor: Visitor, house: House) -> None:
    """The page is the same for a wrong password, an unknown name, a name without password and a waiting account."""
    with transaction(house.platform.application) as tx:
        tx.execute(update(Person).where(Person.id == "dan").values(password_hash=None))
        tx.execute(
            update(Person).where(Person.id == "eve").values(locked_until=text("now() + interval '1 hour'"))
        )
    pages = set()
    for name, password in ((CHECKER, "wrong"), ("nobody", "wrong"), ("dan", PASSWORD), ("eve", PASSWORD)):
        page = visitor.sign_in(name, password, status=422)
        pages.add(words(page).replace(name, "NAME"))
        assert {one.get("href") for one in page.iter("a")} >= {"#person"}
    assert len(pages) == 1


def test_an_account_waits_after_too_many_attempts_even_with_the_right_password(
    visitor: Visitor, house: House
) -> None:
    with transaction(house.platform.application) as tx:
        tx.execute(update(Person).where(Person.id == CHECKER).values(failed_logins=20))
    visitor.sign_in(CHECKER, "wrong", status=422)
    visitor.sign_in(CHECKER, status=422)
    visitor.get("/queue", 401)


def test_the_password_is_never_shown_again(visitor: Visitor) -> None:
    form = asked(visitor) | {"person": "<b>cleo", "password": "hunter2-hunter2"}
    answer = visitor.raw("POST", "/idp/authorize", data=form, headers=FROM_HERE)
    assert "hunter2" not in answer.text
    assert "<b>cleo" not in answer.text


def test_an_answer_that_cannot_be_believed_is_recorded(visitor: Visitor, house: House) -> None:
    query = code(visitor)
    with transaction(house.platform.application) as tx:
        tx.execute(delete(WebSession).where(WebSession.purpose == Purpose.CODE))
    assert visitor.raw("GET", "/sign-in/return", params=query).status_code == 403
    assert house.events(Event.LOGIN_FAILED)
    assert cookie(visitor) is None


def test_two_at_once_do_not_both_spend_a_code(visitor: Visitor) -> None:
    verifier = pkce.new_verifier()
    query = code(visitor, code_challenge=pkce.challenge_of(verifier))
    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(token, visitor, code=query["code"], code_verifier=verifier) for _ in range(8)]
    assert sorted(one.result() for one in tries) == [200, *[400] * 7]


def test_rights_are_those_of_now_not_those_of_signing_in(visitor: Visitor, house: House) -> None:
    visitor.sign_in(CHECKER)
    visitor.get("/queue")
    with transaction(house.platform.application) as tx:
        tx.execute(text("DELETE FROM core.granted_capability WHERE person_id = 'cleo'"))
    visitor.get("/queue", 403)
    assert house.events(Event.ACCESS_REFUSED)[0].actor == CHECKER


def test_a_researcher_does_not_see_the_queue(visitor: Visitor) -> None:
    visitor.sign_in(AUTHOR)
    assert "Only output checkers" in words(visitor.get("/queue", 403))

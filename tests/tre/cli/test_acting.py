"""For whom a command acts: a token from `tre login`, or `--as` on a demonstration platform and nowhere else."""

import json
import re

import pytest

from tests.journeys.house import ADMIN, AUTHOR, CHECKERS, COLLEAGUE, PROJECT, House, Said

PRODUCTION = {"TRE_MODE": "production", "TRE_DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/tre"}


def password(house: House, person: str) -> str:
    return str(json.loads((house.home / "demo" / "accounts.json").read_text())[person])


def login(house: House, person: str, word: str) -> Said:
    return house.tre("login", person, stdin=f"{word}\n")


def newest(house: House) -> tuple[str, str]:
    """Event and actor of the newest line of the audit log."""
    line = house.data("audit", "show")[0]
    return line["event"], line["actor"]


@pytest.mark.parametrize(
    "words",
    [
        f"person suspend {AUTHOR}",
        f"project apply {PROJECT / 'project.toml'}",
        "data link",
        "request list",
        "request vote x approve --reason y",
    ],
)
def test_as_is_refused_outside_of_a_demonstration(small: House, words: str) -> None:
    said = small.tre(*words.split(), "--as", ADMIN, **PRODUCTION)
    assert said.code == 2
    assert "--as" in said.err
    assert "tre login" in said.err
    assert "nothing@" not in said.err


def test_production_refuses_the_embedded_database_and_a_failpoint(small: House) -> None:
    said = small.tre("person", "list", TRE_MODE="production", TRE_FAILPOINT="charged")
    assert said.code == 1
    assert "TRE_DATABASE_URL" in said.err
    assert "TRE_FAILPOINT" in said.err


@pytest.mark.parametrize("name", ["TRE_HOEM", "TRE_PORTAL_PRT"])
def test_a_misspelt_setting_is_named(small: House, name: str) -> None:
    said = small.tre("person", "list", **{name: "x"})
    assert said.code == 1
    assert name in said.err


def test_login_prints_a_token_and_nothing_else(small: House) -> None:
    said = login(small, COLLEAGUE, password(small, COLLEAGUE))
    assert said.code == 0, said.err
    assert re.fullmatch(r"[\w-]{40,}\n", said.out)
    assert said.err == ""


def test_a_token_acts_for_its_person_and_no_other(small: House) -> None:
    token = login(small, COLLEAGUE, password(small, COLLEAGUE)).out.strip()
    refused = small.tre("person", "suspend", AUTHOR, TRE_TOKEN=token)
    assert refused.code == 1
    assert "admin" in refused.err
    assert newest(small) == ("command_refused", COLLEAGUE)
    admin = login(small, ADMIN, password(small, ADMIN)).out.strip()
    evidence = ("--trained-on", "2026-01-31", "--qualification", "BSc", "--agreement", "A-1")
    small.must("person", "accredit", "hana.sato", *evidence, TRE_TOKEN=admin)
    assert newest(small) == ("appointment_proposed", ADMIN)


@pytest.mark.parametrize("person", [COLLEAGUE, "nobody"])
def test_a_wrong_password_gives_no_token_and_does_not_say_who_exists(small: House, person: str) -> None:
    before = small.audited("login_failed")
    said = login(small, person, "not the password")
    assert said.code == 1
    assert said.out == ""
    assert said.err == "Name and password do not go together, or the account waits. Try again later.\n"
    assert small.audited("login_failed") == before + 1


def test_a_token_that_nobody_was_given_is_refused_and_recorded(small: House) -> None:
    said = small.tre("person", "suspend", AUTHOR, TRE_TOKEN="made-up")
    assert said.code == 1
    assert "Sign in" in said.err
    assert "made-up" not in said.err
    assert newest(small) == ("command_refused", "token")


def test_as_wins_over_a_token_and_stands_in_the_audit_row(small: House) -> None:
    small.tre("person", "suspend", AUTHOR, "--as", CHECKERS[0], TRE_TOKEN="made-up")
    assert newest(small) == ("command_refused", CHECKERS[0])


def test_nobody_is_refused_where_somebody_must_act(small: House) -> None:
    said = small.tre("project", "apply", PROJECT / "project.toml")
    assert said.code == 2
    assert "tre login" in said.err

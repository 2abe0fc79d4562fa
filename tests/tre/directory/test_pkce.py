"""PKCE with S256: the example of RFC 7636, and everything that is near it."""

import pytest

from tre.directory import pkce

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_the_standard_holds() -> None:
    assert pkce.challenge_of(VERIFIER) == CHALLENGE
    assert pkce.matches(VERIFIER, CHALLENGE)


@pytest.mark.parametrize(
    "wrong",
    ["", VERIFIER[:-1], VERIFIER + "=", VERIFIER[:-1] + "K", VERIFIER + "\n", "ä" * 43, "a" * 129, CHALLENGE],
)
def test_any_other_verifier_is_refused(wrong: str) -> None:
    assert not pkce.matches(wrong, CHALLENGE)


def test_a_challenge_is_never_its_own_verifier() -> None:
    """The method `plain` does not exist here."""
    assert not pkce.matches(VERIFIER, VERIFIER)


def test_new_verifiers_are_legal_and_never_the_same() -> None:
    made = {pkce.new_verifier() for _ in range(100)}
    assert len(made) == 100
    assert all(pkce.matches(one, pkce.challenge_of(one)) for one in made)


@pytest.mark.parametrize("text", ["", "short", CHALLENGE + "=", CHALLENGE[:-1] + "+", CHALLENGE + "\n"])
def test_what_has_another_shape_is_no_challenge(text: str) -> None:
    assert pkce.is_challenge(CHALLENGE)
    assert not pkce.is_challenge(text)

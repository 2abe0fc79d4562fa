"""Names of people in the hub: one each, plain, and readable back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.domain.errors import BadInput
from tre.domain.people import PersonId
from tre.domain.workspaces import hub_name, person_of
from tre.services.people import IDENTIFIER

IDENTIFIERS = st.from_regex(IDENTIFIER, fullmatch=True).map(PersonId)


@given(IDENTIFIERS)
def test_every_person_is_read_back_from_a_name_that_addresses_leave_alone(person: PersonId) -> None:
    name = hub_name(person)
    assert person_of(name) == person
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name)


@given(IDENTIFIERS, IDENTIFIERS)
def test_no_two_people_have_the_same_name(one: PersonId, other: PersonId) -> None:
    assert (hub_name(one) == hub_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ("alice", "alice"),
        ("Alice", "0__41lice"),
        ("0Alice", "0_41lice"),
        ("a_b", "a_5fb"),
        ("a@b.org", "a_40b.org"),
    ],
)
def test_names_that_look_alike_are_told_apart(person: str, name: str) -> None:
    assert hub_name(PersonId(person)) == name


@pytest.mark.parametrize("name", ["", "Alice", "a_61", "a_zz", "0_a", "a/b", "../b", "a\n", "a_4", "0__61"])
def test_what_nobody_is_called_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="No person"):
        person_of(name)

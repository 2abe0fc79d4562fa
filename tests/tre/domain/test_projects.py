"""Which gateways open a workspace, and on which days a project is open."""

from datetime import date, timedelta

import pytest

from tre.domain.errors import Refused
from tre.domain.projects import (
    GATEWAYS,
    GATEWAYS_REVIEWED_ON,
    Gateway,
    ProjectState,
    is_open,
    research_gateway,
)

RESEARCH = {"dea-64", "srsa-45a", "srsa-39-4-i", "consent", "other-statutory"}
OTHER = {"dea-35", "dea-36", "dea-38", "dea-46", "dea-48", "dea-56"}
STARTS, ENDS = date(2026, 1, 1), date(2026, 12, 31)
DAY = timedelta(days=1)


def test_the_list_of_gateways_is_closed() -> None:
    assert set(GATEWAYS) == RESEARCH | OTHER


@pytest.mark.parametrize("code", sorted(RESEARCH))
def test_gateways_of_research_open_a_workspace(code: str) -> None:
    assert research_gateway(code) == GATEWAYS[code]


@pytest.mark.parametrize("code", sorted(OTHER))
def test_service_delivery_opens_no_workspace_and_the_refusal_names_the_law(code: str) -> None:
    with pytest.raises(Refused, match="does not open a research workspace") as caught:
        research_gateway(code)
    assert caught.value.code == "gateway_not_research"
    assert GATEWAYS[code].law in caught.value.sentence


@pytest.mark.parametrize("code", ["", "dea-65", "DEA-64", " dea-64", "dea-64 ", "consent\n", "__proto__"])
def test_what_is_not_on_the_list_is_refused_with_the_list(code: str) -> None:
    with pytest.raises(Refused, match="There is no gateway") as caught:
        research_gateway(code)
    assert caught.value.code == "gateway_unknown"
    assert all(known in caught.value.sentence for known in GATEWAYS)


def test_every_gateway_stands_under_its_own_code_and_names_its_law() -> None:
    for code, gateway in GATEWAYS.items():
        assert isinstance(gateway, Gateway)
        assert gateway.code == code
        assert len(gateway.law) > 20


def test_nobody_claims_that_a_lawyer_has_read_the_list() -> None:
    assert GATEWAYS_REVIEWED_ON is None


def test_a_project_is_open_from_its_first_to_its_last_day() -> None:
    for today, expected in ((STARTS - DAY, False), (STARTS, True), (ENDS, True), (ENDS + DAY, False)):
        assert is_open(ProjectState.OPEN, STARTS, ENDS, today) == expected


@pytest.mark.parametrize("state", [ProjectState.FROZEN, ProjectState.CLOSED])
def test_a_frozen_or_closed_project_is_open_on_no_day(state: ProjectState) -> None:
    assert not any(is_open(state, STARTS, ENDS, STARTS + days * DAY) for days in range(365))


def test_a_project_that_ends_before_it_starts_is_never_open() -> None:
    assert not any(is_open(ProjectState.OPEN, ENDS, STARTS, STARTS + days * DAY) for days in range(365))

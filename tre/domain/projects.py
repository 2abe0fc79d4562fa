"""Projects: their states, and the legal gateways under which data may reach them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NewType

from tre.domain.errors import Refused

ProjectId = NewType("ProjectId", str)


class ProjectState(StrEnum):
    """Where a project stands. Only an open one has workspaces, runs and requests."""

    OPEN = "OPEN"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Gateway:
    """One legal gateway through which data may be shared.

    Attributes:
        code: the word used in manifests.
        law: statute and sections.
        is_research: whether it is a research or statistics gateway, the only kind that opens a workspace.
    """

    code: str
    law: str
    is_research: bool


GATEWAYS: Final = {
    gateway.code: gateway
    for gateway in (
        Gateway(
            "dea-35", "Digital Economy Act 2017, section 35 (public service delivery)", is_research=False
        ),
        Gateway("dea-36", "Digital Economy Act 2017, sections 36 and 37 (fuel poverty)", is_research=False),
        Gateway("dea-38", "Digital Economy Act 2017, sections 38 and 39 (water poverty)", is_research=False),
        Gateway("dea-46", "Digital Economy Act 2017, section 46 (civil registration)", is_research=False),
        Gateway("dea-48", "Digital Economy Act 2017, section 48 (debt)", is_research=False),
        Gateway("dea-56", "Digital Economy Act 2017, section 56 (fraud)", is_research=False),
        Gateway("dea-64", "Digital Economy Act 2017, section 64 (research)", is_research=True),
        Gateway(
            "srsa-45a",
            "Digital Economy Act 2017, sections 78 to 81, with Statistics and Registration Service Act 2007, "
            "sections 45A to 45G (the Statistics Board only)",
            is_research=True,
        ),
        Gateway(
            "srsa-39-4-i",
            "Statistics and Registration Service Act 2007, section 39(4)(i) (approved researcher)",
            is_research=True,
        ),
        Gateway("consent", "The informed consent of the persons concerned", is_research=True),
        Gateway("other-statutory", "Another statutory gateway, named in the manifest", is_research=True),
    )
}
"""The closed list of gateways. Source: the Acts named in it, as enacted."""

GATEWAYS_REVIEWED_ON: Final[date | None] = None
"""When a lawyer last read the list. None: nobody has, so production settings refuse to start."""


def research_gateway(code: str) -> Gateway:
    """Return the gateway named `code` if it opens a workspace.

    Raises:
        Refused: the gateway is not on the closed list, or is not one for research or statistics.
    """
    gateway = GATEWAYS.get(code)
    if gateway is None:
        known = ", ".join(sorted(GATEWAYS))
        raise Refused("gateway_unknown", f"There is no gateway '{code}'. Name one of: {known}.")
    if not gateway.is_research:
        raise Refused(
            "gateway_not_research",
            f"{gateway.law} does not open a research workspace. Only research and statistics gateways do.",
        )
    return gateway


def is_open(state: ProjectState, starts: date, ends: date, today: date) -> bool:
    """Is work on the project allowed today? `ends` is the last day on which it is."""
    return state is ProjectState.OPEN and starts <= today <= ends

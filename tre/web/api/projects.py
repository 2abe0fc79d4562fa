"""Projects by program: what they are, what they have left, and what a statistic would say and cost."""

import json

from tre.db.engine import Transaction
from tre.domain.people import Actor
from tre.services import portal
from tre.services.outputs import asking
from tre.services.outputs.asking import Precision
from tre.web.api.calling import ByToken
from tre.web.api.requests import protection_of
from tre.web.api.shapes import CheckAsked, PriceAsked

View = dict[str, object]


def listing(by: ByToken) -> list[View]:
    """The projects on which you have a role."""
    return by.do(portal.projects_of)


def budget(by: ByToken, project: str) -> list[View]:
    """The accounts that a release of this project is posted to, in nano-rho."""
    return by.do(lambda tx, actor: _accounts(portal.project(tx, actor, project)), texts=[project])


def check(by: ByToken, project: str, asked: CheckAsked) -> object:
    """The platform's verdict on a statistic as it would leave, as `Report.to_json()` writes it. A FAIL is an answer too."""
    protection = protection_of(asked.protection)

    def work(tx: Transaction, actor: Actor) -> asking.Inspection:
        return asking.inspection(
            tx, actor, project, asked.statistic, platform=by.platform, protection=protection
        )

    prepared = by.do(work, texts=[project])
    return json.loads(prepared.report().to_json())


def price(by: ByToken, project: str, asked: PriceAsked) -> View:
    """What a noisy release would cost and how near it would be. Nothing is asked of the data."""
    precision = Precision(asked.rho, asked.epsilon, asked.precision)
    return by.do(
        lambda tx, actor: asking.quote(tx, actor, project, asked.statistic, precision=precision),
        texts=[project],
    )


def _accounts(view: View) -> list[View]:
    accounts = view["budget"]
    return accounts if isinstance(accounts, list) else []

"""Projects by program: what they are, what they have left, and what a statistic would say and cost."""

from tre.db.engine import Transaction
from tre.domain.people import Actor
from tre.services import portal, statements
from tre.services.outputs import asking
from tre.services.outputs.asking import Precision
from tre.services.statements import Subject
from tre.web.api.calling import ByToken
from tre.web.api.requests import protection_of
from tre.web.api.shapes import CheckAsked, PriceAsked

ISOLATES = "Beside what was released before, this table says something of too few people; a workspace names the release."

View = dict[str, object]


def listing(by: ByToken) -> list[View]:
    """The projects on which you have a role."""
    return by.do(portal.projects_of)


def budget(by: ByToken, project: str) -> list[View]:
    """The accounts that a release of this project is posted to, in nano-rho."""
    return by.do(lambda tx, actor: _accounts(portal.project(tx, actor, project)), texts=[project])


def check(by: ByToken, project: str, asked: CheckAsked) -> object:
    """The platform's verdict on a statistic as it would leave, and its findings. A FAIL is an answer too.

    No cell, nor how many people a table isolates beside an earlier one: who holds a token may be anywhere, and what
    leaves the platform leaves by a release. A workspace shows both.
    """
    protection = protection_of(asked.protection)

    def work(tx: Transaction, actor: Actor) -> asking.Inspection:
        return asking.inspection(
            tx, actor, project, asked.statistic, platform=by.platform, protection=protection
        )

    prepared = by.do(work, texts=[project])
    report = prepared.report()
    findings = [
        {
            "rule": each.rule,
            "cells": len(each.cells),
            "sentence": ISOLATES if each.rule == "differencing" else each.sentence,
        }
        for each in report.findings
    ]
    return {"verdict": report.verdict.value, "cells": len(report.cells), "findings": findings}


def statement(by: ByToken, subject: Subject, name: str) -> View:
    """What has been spent of a project, a dataset (all its editions) or a population, posting by posting, as `tre-statement/1`."""

    def work(tx: Transaction, actor: Actor) -> View:
        found = statements.of(tx, subject, name)
        statements.must_see(tx, actor, found)
        return statements.record(found)

    return by.do(work, texts=[name])


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

"""From what somebody asks for to what is submitted: titles, and a precision in one of three words."""

from dataclasses import dataclass
from typing import Final

from disclosure import Report, Statistic
from disclosure.dp import PRECISIONS, Plan, delta_for, epsilon_of, rho_for, to_nano
from tre.db.engine import Transaction
from tre.domain.errors import BadInput, NotFound
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Mode, Protection
from tre.domain.people import Actor
from tre.services import projects, views
from tre.services.dictionary import policy_of
from tre.services.outputs import archive
from tre.services.outputs.admission import admit_verdict
from tre.services.outputs.facts import must_be_member
from tre.services.outputs.judging import Judged, Question, Table, answer, edition_of
from tre.services.outputs.submit import Ask, price
from tre.services.platform import Platform

DEFAULT_PRECISION: Final = "standard"
"""The precision of a noisy table for which nobody chose one. Source: the platform's design, section 5."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How precise a noisy table is to be: at most one of rho, epsilon and a name of the menu."""

    rho: float | None = None
    epsilon: float | None = None
    name: str | None = None

    def nano(self, population: int) -> int:
        """Return the cost in nano-rho.

        Raises:
            BadInput: more than one was given, or there is no such name.
            DisclosureError: rho or epsilon is no amount that can be spent.
        """
        if sum(given is not None for given in (self.rho, self.epsilon, self.name)) > 1:
            raise BadInput("one_precision", "Give one of rho, epsilon and precision, not several.")
        if self.rho is not None:
            return to_nano(self.rho)
        if self.epsilon is not None:
            return rho_for(self.epsilon, delta_for(population))
        name = self.name or DEFAULT_PRECISION
        if name not in PRECISIONS:
            raise BadInput(
                "unknown_precision",
                f"There is no precision '{name:.60}'. Choose: {', '.join(PRECISIONS)}.",
            )
        return PRECISIONS[name]


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that a verdict on a statistic needs, so that it is computed outside of a transaction."""

    platform: Platform
    question: Question
    earlier: archive.Archive

    def judged(self) -> Judged:
        """Compute the verdict and the table that would leave.

        Raises:
            TreError, DisclosureError: the data are not the ones asked about, or the statistic cannot be computed.
        """
        earlier = archive.read(self.platform.objects, self.earlier)
        return answer(self.question, earlier, self.platform.cell_key())

    def report(self) -> Report:
        """Compute the verdict.

        Raises:
            TreError, DisclosureError: as for `judged`.
        """
        return self.judged().report


def ask_for(
    text: str, reason: ExactReason | None, nano_rho: int | None, protection: Protection | None = None
) -> Ask:
    """Make one ask of a statistic's text: exact for a reason and protected if so wished, or noisy at a cost."""
    statistic = Statistic.from_json(text)
    title = statistic.title or ", ".join(statistic.by) or statistic.source
    mode = Mode.NOISY if reason is None else Mode.EXACT
    cost = nano_rho if reason is None else None
    return Ask(text, title, mode, nano_rho=cost, reason=reason, protection=protection)


def inspection(  # noqa: PLR0913  a question has these parts, the last two by keyword
    tx: Transaction,
    actor: Actor,
    project_id: str,
    text: str,
    *,
    platform: Platform,
    protection: Protection | None = None,
) -> Inspection:
    """Prepare the platform's verdict on a statistic over a project's extract, for its researchers.

    Raises:
        Refused: `actor` is not an accredited researcher of an open project, the data leave with noise only, or no exact
            release is left.
        NotFound: there is no such table.
        DisclosureError: the text is no statistic.
    """
    must_be_member(tx, actor, project_id)
    return operators_inspection(tx, project_id, text, platform=platform, protection=protection)


def operators_inspection(
    tx: Transaction, project_id: str, text: str, *, platform: Platform, protection: Protection | None = None
) -> Inspection:
    """Prepare the same for whoever runs a demonstration, and could read its files anyway; nobody else may come here.

    Raises:
        NotFound: there is no such project or table.
        Refused: the data leave with noise only, or no exact release is left.
        DisclosureError: the text is no statistic.
    """
    projects.must_exist(tx, project_id)
    statistic, extract = Statistic.from_json(text), projects.extract_of(tx, project_id)
    admit_verdict(tx, extract)
    known = extract.tables.get(statistic.source)
    if known is None:
        names = ", ".join(sorted(extract.tables))
        raise NotFound(
            "unknown_source",
            f"Project '{project_id}' has no table '{statistic.source:.60}'. It has: {names}.",
        )
    extracts = platform.extracts
    audit = archive.audit_file(extracts, extract)
    table = Table(extracts / known["path"], known["digest"], audit, edition_of(extract))
    policy = policy_of(projects.manifest_of(tx, project_id), extract)
    question = Question(statistic, policy, table, protection=protection)
    return Inspection(platform, question, archive.of(tx, extract.population))


def quote(tx: Transaction, actor: Actor, project_id: str, text: str, *, precision: Precision) -> views.View:
    """Say what a noisy release would cost and how near it would be; nothing is asked of the data.

    Raises:
        Refused: `actor` is not an accredited researcher of an open project.
        BadInput, DisclosureError: the statistic or the precision cannot be used.
    """
    must_be_member(tx, actor, project_id)
    manifest, extract = projects.manifest_of(tx, project_id), projects.extract_of(tx, project_id)
    nano = precision.nano(manifest.linkage.population)
    plan = price(extract, Statistic.from_json(text), nano)
    accounts = views.budget(tx, projects.accounts_of(manifest))
    return {**priced(plan), "accounts": accounts, "exact_left": exact_left(accounts)}


def exact_left(accounts: list[views.View]) -> views.View:
    """How many exact releases and cells may still leave: the fewest that any account has left."""
    return {
        unit: min(
            (int(str(row[f"exact_{unit}_cap"])) - int(str(row[f"exact_{unit}"])) for row in accounts),
            default=0,
        )
        for unit in ("releases", "cells")
    }


def priced(plan: Plan) -> views.View:
    """Cost and accuracy of a plan: from specification and dictionary only."""
    delta = plan.dictionary.privacy_delta
    return {
        "nano_rho": plan.cost,
        "epsilon": epsilon_of(plan.cost, delta),
        "delta": delta,
        "mechanism": str(plan.mechanism.value),
        "cells": plan.cells,
        "sigma": dict(plan.sigma),
        "half_width_95": dict(plan.accuracy),
    }

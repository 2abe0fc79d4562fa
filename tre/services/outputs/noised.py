"""What has been released with noise on a population: for an exact table an interval per cell, never a number."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import select

from disclosure import NoisyReleased, Statistic
from disclosure.dp import Answer
from tre.db.engine import Transaction
from tre.db.tables import Charge, Extract, Item, Release, Request
from tre.domain.ledger import ANSWERED
from tre.domain.outputs import Mode
from tre.vault.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Noised:
    """One question that is answered with noise.

    Attributes:
        release: the first release that answers it.
        specification: what was asked, as `Statistic.to_json()`.
        answer: digest of the stored answer; None while it is not drawn yet.
    """

    release: str
    specification: str
    answer: str | None


def stored(tx: Transaction, population: str) -> tuple[Noised, ...]:
    """Every question that has been paid for on a population, once each: whoever asks again gets the same answer."""
    query = (
        select(Release.id, Item.specification, Item.fingerprint, Charge.answer_digest)
        .join(Request, Request.id == Item.request_id)
        .join(Release, Release.request_id == Request.id)
        .join(Extract, Extract.id == Request.extract_id)
        .outerjoin(Charge, (Charge.fingerprint == Item.fingerprint) & Charge.state.in_(ANSWERED))
        .where(Item.mode == Mode.NOISY, Item.version == Request.version, Extract.population == population)
        .order_by(Release.released_at, Item.id)
    )
    found: dict[str, Noised] = {}
    for release, specification, fingerprint, answer in tx.execute(query):
        found.setdefault(fingerprint, Noised(release, specification, answer))
    return tuple(found.values())


def read(objects: ObjectStore, asked: Sequence[Noised]) -> list[NoisyReleased]:
    """Read what was answered.

    Raises:
        Refused, NotFound: an answer is damaged or missing; nothing may be compared without it.
        DisclosureError: one is no stored answer.
    """
    return [_read(objects, each) for each in asked]


def _read(objects: ObjectStore, asked: Noised) -> NoisyReleased:
    if asked.answer is None:  # it is told that there is one, and bounds nothing
        statistic = Statistic.from_json(asked.specification)
        return NoisyReleased(asked.release, statistic, pd.DataFrame(columns=list(statistic.by)), {})
    answer = Answer.from_json(objects.get(asked.answer).decode())
    return NoisyReleased(asked.release, answer.statistic, answer.table, answer.sigma)

"""What an accredited person with bad intent does: makes tables in a run of their own, and asks about them."""

from __future__ import annotations

import hashlib
import secrets

import duckdb

from disclosure import Statistic
from tests.builders import AUTHOR, CHECKERS, House
from tre.db.tables import Run
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Mode, State
from tre.services import projects, runs
from tre.services.outputs.submit import Ask
from tre.services.runs import Derived


def derived(house: House, query: str, *, name: str = "derived", rows_per_unit: int = 1_000) -> str:
    """Keep what a query makes of the extract's table `linked` as the derived table of a run that ended well."""
    path = house.platform.home / f"{secrets.token_hex(4)}.parquet"
    with duckdb.connect() as connection:
        linked = house.do(lambda tx: projects.extract_of(tx, house.project).tables["linked"]["path"])
        connection.read_parquet(str(house.platform.extracts / linked)).create_view("linked")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    said = Derived(name, path, hashlib.sha256(path.read_bytes()).hexdigest(), "study_id", rows_per_unit)

    def keep(tx) -> str:
        extract, run = projects.extract_of(tx, house.project), f"run-{secrets.token_hex(4)}"
        folder = house.platform.extracts / house.project / "runs" / run
        kept = runs.keep(said, extract, house.platform.extracts, folder)
        words = {"notebook_digest": "0" * 64, "data_digest": extract.digest, "parameters": {}}
        tx.add(
            Run(
                id=run,
                project_id=house.project,
                person_id=AUTHOR,
                status="ok",
                tables={name: kept},
                **words,
            )
        )
        return run

    return house.do(keep)


def exact(source: str = "derived", title: str = "Bills", **words: object) -> Ask:
    """Ask exactly about a table; by region and by person where nothing else is said."""
    statistic = Statistic.table(source, **({"by": ["region"], "unit": "study_id"} | words))  # type: ignore[arg-type]
    return Ask(statistic.to_json(), title, Mode.EXACT, reason=ExactReason.LEGAL_DUTY)


def released(house: House, *asks: Ask, **words: object) -> str:
    """A request that went all the way out."""
    request = house.approved(*asks, **words)
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED
    return request


__all__ = ["CHECKERS", "derived", "exact", "released"]

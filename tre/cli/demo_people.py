"""The invented people of the demo, and the passwords made for them."""

import json
import secrets
import tomllib
from datetime import timedelta
from pathlib import Path

from tre.db.engine import Transaction
from tre.db.tables import Person
from tre.domain.people import WORKER, AccreditationKind, Capability, PersonId
from tre.services import audit, people, signin
from tre.services.platform import Platform
from tre.settings import Settings

ACCREDITED_SINCE = timedelta(days=30)


def add_people(tx: Transaction, platform: Platform, file: Path) -> int:
    """Add everybody in `people.toml`, accredited, each with a password of their own; return how many."""
    accounts: dict[str, str] = {}
    for entry in tomllib.loads(file.read_text())["person"]:
        person = Person(id=entry["id"], name=entry["name"], organisation=entry["organisation"])
        people.add(tx, WORKER, person, frozenset(map(Capability, entry["capabilities"])))
        starts = audit.clock(tx) - ACCREDITED_SINCE
        people.accredit(tx, WORKER, PersonId(person.id), AccreditationKind.FULL, starts=starts)
        accounts[person.id] = secrets.token_urlsafe(9)
        signin.set_password(tx, WORKER, PersonId(person.id), accounts[person.id])
    path = _accounts_file(platform.home)
    path.touch(mode=0o600)
    path.write_text(json.dumps(accounts, indent=2) + "\n")
    return len(accounts)


def accounts_text(settings: Settings) -> str:
    """The demo accounts for a person to sign in with, or what to do when there are none yet."""
    path = _accounts_file(settings.home)
    if not path.exists():
        return "There are no accounts yet. `make demo` makes some."
    accounts = json.loads(path.read_text())
    return "\n".join(["Demo accounts:", *(f"  {name:<14} {password}" for name, password in accounts.items())])


def _accounts_file(home: Path) -> Path:
    return home / "demo" / "accounts.json"

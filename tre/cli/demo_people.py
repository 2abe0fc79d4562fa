"""The invented people of the demo, appointed by its two admins together, and the passwords made for them."""

import json
import secrets
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from tre.db.engine import Transaction
from tre.db.tables import Person
from tre.domain.appointments import DECLARATION, AppointmentDecision, Evidence
from tre.domain.people import WORKER, AccreditationKind, Capability, PersonId
from tre.services import appointments, audit, people, signin
from tre.services.platform import Platform
from tre.settings import Settings

TRAINED_BEFORE = timedelta(days=30)
REASON = "An invented person of the demonstration"

Entry = dict[str, Any]  # one table of people.toml


def add_people(tx: Transaction, platform: Platform, file: Path) -> int:
    """Add everybody in `people.toml`, each with a password of their own; return how many.

    The admins are named by the operator; what all others are trusted with one proposes and the other agrees to.
    """
    entries: list[Entry] = tomllib.loads(file.read_text())["person"]
    admins = [PersonId(each["id"]) for each in entries if Capability.ADMIN in each["capabilities"]]
    for entry in sorted(entries, key=lambda each: each["id"] not in admins):
        person = Person(id=entry["id"], name=entry["name"], organisation=entry["organisation"])
        if person.id in admins:
            appointments.name_admin(tx, person)
        else:
            people.add(tx, people.actor_of(tx, admins[0]), person)
            _appoint(tx, admins, entry)
    accounts = {entry["id"]: secrets.token_urlsafe(9) for entry in entries}
    for name, password in accounts.items():
        signin.set_password(tx, WORKER, PersonId(name), password)
    path = _accounts_file(platform.home)
    path.touch(mode=0o600)
    path.write_text(json.dumps(accounts, indent=2) + "\n")
    return len(accounts)


def _appoint(tx: Transaction, admins: list[PersonId], entry: Entry) -> None:
    """Let one admin propose all that somebody is to be trusted with, and the other one agree."""
    first, second = (people.actor_of(tx, name) for name in admins)
    for wish in _wishes(tx, entry):
        made = appointments.propose(tx, first, wish, reason=REASON)
        appointments.decide(tx, second, made.id, AppointmentDecision.AGREE, reason=REASON)


def _wishes(tx: Transaction, entry: Entry) -> Iterator[appointments.Wish]:
    name = PersonId(entry["id"])
    for word in entry["capabilities"]:
        yield appointments.capability(name, Capability(word))
    trained = (audit.clock(tx) - TRAINED_BEFORE).date()
    evidence = Evidence(trained, "MSc in statistics", DECLARATION, f"Agreement with {entry['organisation']}")
    yield appointments.accreditation(name, AccreditationKind.FULL, evidence)


def accounts_text(settings: Settings) -> str:
    """The demo accounts for a person to sign in with, or what to do when there are none yet."""
    path = _accounts_file(settings.home)
    if not path.exists():
        return "There are no accounts yet. `make demo` makes some."
    accounts = json.loads(path.read_text())
    return "\n".join(["Demo accounts:", *(f"  {name:<14} {password}" for name, password in accounts.items())])


def _accounts_file(home: Path) -> Path:
    return home / "demo" / "accounts.json"

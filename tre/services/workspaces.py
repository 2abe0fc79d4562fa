"""Who may open which workspace now, where its folders lie, and what is recorded about it."""

import fcntl
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from tre.db.engine import Transaction
from tre.db.folders import private_folder, read_secret, write_secret
from tre.db.sockets import socket_folder
from tre.db.tables import Membership, Project
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused, TreError, Unavailable
from tre.domain.people import Actor, PersonId
from tre.domain.workspaces import hub_name
from tre.services import audit, people
from tre.services.outputs.facts import RESEARCHING, must_be_member
from tre.services.platform import Platform

GATEWAY: Final = Actor(PersonId("gateway"))
"""Under which the gateway's alarms stand in the audit log."""

HUB: Final = Actor(PersonId("hub"))
"""Under which the starting and stopping of workspaces stands in the audit log."""

FIRST_ACCOUNT: Final = 1_900_000_000
"""The first numeric account of a workspace, where the platform runs as root. Source: systemd, "Users, Groups, UIDs and
GIDs on systemd systems": 1879048192 to 2147483647 is used by nobody."""

LONGEST_SOCKET: Final = "w/0123456789abcdef.s"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a workspace's files lie.

    Attributes:
        own: the person's part of the project's workspaces; not seen inside.
        home: the person's own folder.
        outputs: what derived tables are written to.
        shared: the project's folder.
        account: the numeric account that home and outputs belong to, where the platform runs as root.
        group: the numeric group that the shared folder belongs to, likewise.
    """

    own: Path
    home: Path
    outputs: Path
    shared: Path
    account: int | None
    group: int | None


def refusal(tx: Transaction, person: PersonId, project_id: str) -> Refused | NotFound | None:
    """Say why a person may not be in a project's workspace now, or None if they may."""
    try:
        must_be_member(tx, people.actor_of(tx, person), project_id)
    except (Refused, NotFound) as said:
        return said
    return None


def must_be_allowed(tx: Transaction, person: PersonId, project_id: str) -> Actor:
    """Let a project's accredited researchers through while it is open.

    Raises:
        Refused, NotFound: not so; the sentence says what is missing.
    """
    actor = people.actor_of(tx, person)
    must_be_member(tx, actor, project_id)
    return actor


def open_to(tx: Transaction, person: PersonId) -> list[str]:
    """The projects whose workspaces a person may open now."""
    held = select(Membership.project_id).where(
        Membership.person_id == person, Membership.role.in_(RESEARCHING), Membership.until_at.is_(None)
    )
    names = tx.scalars(select(Project.id).where(Project.id.in_(held)).order_by(Project.id)).all()
    return [name for name in names if refusal(tx, person, name) is None]


def record(tx: Transaction, event: Event, person: str, project: str, **detail: str | int) -> None:
    """Put one line about a workspace in the audit log."""
    actor = GATEWAY if event is Event.WORKSPACE_ALARM else HUB
    audit.record(tx, actor, event, f"workspace:{project}/{person}", receipt=None, **detail)


def sockets_under(hub: Path) -> Path:
    """Where the sockets lie, given the hub's folder: in it, or in a short place where its path is too long for one."""
    return socket_folder(hub.resolve(), LONGEST_SOCKET)


def runtime(platform: Platform) -> Path:
    """The private folder of the sockets through which hub, gateway and platform speak."""
    folder = private_folder(sockets_under(private_folder(platform.home / "hub")))
    private_folder(folder / "w")
    return folder


def secret_of(platform: Platform, name: str) -> str:
    """A secret that the hub and the platform share, made at its first use."""
    file = private_folder(platform.database.secrets / "hub") / name
    if not file.exists():
        with suppress(FileExistsError):  # another part of the platform made it in this moment
            write_secret(file, secrets.token_hex(32))
    return read_secret(file)


def folders(platform: Platform, person: PersonId, project_id: str) -> Folders:
    """Make the folders of a workspace where they are missing; what is in them stays.

    Where the platform runs as root every workspace has a numeric account of its own, and every project a group of its
    own that only the shared folder belongs to. The owner of a folder is the record of which.
    """
    base = private_folder(platform.home / "workspaces")
    project = private_folder(base / project_id)
    own = private_folder(project / "people" / hub_name(person))
    home, outputs, shared = own / "home", own / "outputs", project / "shared"
    if os.geteuid() != 0:
        for place in (home, outputs, shared):
            private_folder(place)
        return Folders(own, home, outputs, shared, None, None)
    with (base / "lock").open(
        "w"
    ) as lock:  # two members who open their workspaces at once follow one another
        fcntl.flock(lock, fcntl.LOCK_EX)
        group = _belonging(shared, base, mode=0o2770, is_group=True)
        account = _belonging(home, base, mode=0o700)
        outputs.mkdir(mode=0o700, exist_ok=True)
        os.chown(outputs, account, account)
    return Folders(own, home, outputs, shared, account, group)


def _belonging(folder: Path, base: Path, *, mode: int, is_group: bool = False) -> int:
    """The number that a folder belongs to; a folder that is made gets a number that nobody has had before.

    It has its name only once it belongs to somebody, so that a crash leaves no folder of root's to start a program as.

    Raises:
        Unavailable: it belongs to no account of a workspace.
    """
    if not folder.exists():
        number, new = _next_account(base), folder.with_name(f".{folder.name}.new")
        new.mkdir(mode=0o700, exist_ok=True)
        os.chown(new, 0 if is_group else number, number)
        new.chmod(mode)
        new.rename(folder)
    found = folder.lstat()
    number = (
        found.st_gid if is_group else found.st_uid
    )  # who owns a home may change its group, never its owner
    if number < FIRST_ACCOUNT:
        raise Unavailable(
            "no_account", f"{folder} belongs to no account of a workspace: an admin should look."
        )
    return number


def _next_account(base: Path) -> int:
    """Take the next number; the file always holds one whole, whenever the machine stops."""
    file, part = base / "next-account", base / ".next-account"
    number = int(file.read_text(encoding="ascii")) if file.exists() else FIRST_ACCOUNT
    with part.open("w", encoding="ascii") as written:
        written.write(str(number + 1))
        written.flush()
        os.fsync(written.fileno())
    part.replace(file)
    return number


def reason_of(said: TreError) -> Mapping[str, str]:
    """A refusal as the hub and the gateway read it."""
    return {"code": said.code, "reason": said.sentence}

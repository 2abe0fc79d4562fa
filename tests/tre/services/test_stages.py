"""What each separated role's process can open: what its stage needs, and nothing else of the platform."""

import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.journeys.house import ADMIN, EDITION, House, people_of
from tre.db.address import LOGIN_ROLES, Role
from tre.db.engine import transaction
from tre.domain.errors import NotFound, Unavailable
from tre.domain.people import PersonId
from tre.sandbox.bubblewrap import confine, prove, python_inside
from tre.services import data, people, stages
from tre.services.platform import Platform, opened
from tre.services.stages import Stage
from tre.settings import read_settings

pytestmark = pytest.mark.sandbox
CANARY = "canary-9f3b"
SEPARATED = (Role.LINKAGE, Role.PSEUDONYMS, Role.EXTRACT)
STAGES = (
    *("examine_identifiers", "examine_payload", "receive_identifiers", "receive_payload", "link_records"),
    *("make_pseudonyms", "build_extract", "forget_pseudonyms"),
)

PROBE = """
import json, os, socket, sys
import psycopg
asked = json.load(sys.stdin)
wanted = {tuple(each) for each in asked["identities"]}
seen, opened = set(), []
for top in os.listdir("/"):
    if top in ("proc", "sys", "usr"):
        continue
    for folder, folders, files in os.walk("/" + top):
        if folder.startswith(("/opt/tre/venv", "/opt/tre/python")):
            folders.clear()
        for name in files:
            try:
                known = os.stat(os.path.join(folder, name))
                if (known.st_dev, known.st_ino) in wanted:
                    open(os.path.join(folder, name), "rb").read(1)
                    seen.add((known.st_dev, known.st_ino))
            except OSError:
                pass
roots = [""] + [f"/proc/{pid}/root" for pid in os.listdir("/proc") if pid.isdigit()] + ["/proc/self/cwd/.."]
for root in roots:
    for path in asked["paths"]:
        try:
            open(root + path, "rb")
            opened.append(root + path)
        except OSError:
            pass
def reaches(family, address):
    try:
        with socket.socket(family) as end:
            end.settimeout(2)
            end.connect(address)
        return True
    except OSError:
        return False
def logs_in(role, password):
    try:
        with psycopg.connect(host="/database", dbname="tre", user=role, password=password, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False
def writes(place):
    try:
        with open(place, "w") as file:
            file.write("x")
        os.remove(place)
        return True
    except OSError:
        return False
own = open(f"/secrets/{asked['folder']}/database-password").read().strip()
environ = [open(f"/proc/{pid}/environ").read() for pid in os.listdir("/proc") if pid.isdigit()]
json.dump({
    "seen": sorted(seen), "opened": opened, "environment": dict(os.environ), "environ": environ,
    "secrets": os.listdir("/secrets"),
    "network": reaches(socket.AF_INET, ("127.0.0.1", asked["port"])),
    "abstract": reaches(socket.AF_UNIX, chr(0) + asked["abstract"]),
    "interfaces": [name for _, name in socket.if_nameindex() if name != "lo"],
    "logins": [role for role in asked["roles"] if any(logs_in(role, word) for word in (own, asked["told"], ""))],
    "writes": [place for place in asked["places"] if writes(place)],
}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A platform, what lies in it, and every stage of the main job."""

    platform: Platform
    stages: dict[str, Stage]
    files: dict[str, Path]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    if faults := prove():
        pytest.skip("machine: " + "; ".join(f"{fault.sentence} {fault.mend}" for fault in faults))
    home = Path(tempfile.mkdtemp(prefix="tre-"))
    people_of(home, project=True)
    with opened(read_settings({"TRE_HOME": str(home)})) as platform:
        files = _files(platform)
        yield Place(platform, _stages(platform, files), files)
    House(home).remove()


def _files(platform: Platform) -> dict[str, Path]:
    """One file in every place that some role must not see, by a short name."""
    home, database = platform.home, platform.database
    files = {
        **{f"vault of {role.folder}": platform.role_folder(role) / "marker" for role in SEPARATED},
        "objects": home / "vault" / "objects" / "objects" / "marker",
        "own project": platform.extracts / "fuel-poverty" / "marker",
        "other project": platform.extracts / "other-project" / "marker",
        "a release": platform.releases / "release-x" / "marker",
        "raw source": home / "demo" / "sources" / "tax_records.parquet",
        "row keys": home / "demo" / "owner" / "row_keys.parquet",
        "identifiers": home / "demo" / "identifiers.parquet",
        "payload": home / "demo" / "payload.parquet",
    }
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(CANARY)
    return files | {
        **{f"password of {role.folder}": database.password_file(role) for role in LOGIN_ROLES},
        "administrator": database.secrets / "postgres" / "database-password",
        "signing key": database.secrets / "signer" / "receipts.key",
        "reviewer key": database.secrets / "application" / "reviewer-key",
    }


def _stages(platform: Platform, files: dict[str, Path]) -> dict[str, Stage]:
    delivery = data.Delivery("tax_records", EDITION, files["identifiers"], files["payload"])
    with transaction(platform.application) as tx:
        admin = people.actor_of(tx, PersonId(ADMIN))
        works = [
            data.ingest(tx, admin, [delivery]),
            data.link(tx, admin),
            data.extract(tx, platform, admin, "fuel-poverty"),
        ]
    undone = [work.undo for work in works if work.undo is not None]
    return {stage.name: stage for work in works for turn in work.rounds for stage in turn} | {
        stage.name: stage for stage in undone
    }


@pytest.fixture
def listening() -> Iterator[tuple[int, str]]:
    """A port and an abstract socket of this machine that answer, outside."""
    name = f"tre-test-{threading.get_ident()}"
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{name}")
        abstract.listen()
        number = port.getsockname()[1]
        socket.create_connection(("127.0.0.1", number)).close()  # it answers here
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(f"\0{name}")
        yield number, name


def probed(place: Place, stage: Stage, listening: tuple[int, str]) -> Any:  # what the probe saw
    asked = {
        "identities": [(path.stat().st_dev, path.stat().st_ino) for path in place.files.values()],
        "paths": [str(path) for path in place.files.values()],
        "folder": stage.role.folder,
        "told": make_url(stages._address(place.platform)).password or "",
        "port": listening[0],
        "abstract": listening[1],
        "roles": [*(str(role) for role in Role), "postgres"],
        "places": [
            *("/secrets/x", f"/secrets/{stage.role.folder}/x", "/incoming/x", "/database/x", "/x"),
            *("/opt/tre/source/tre/x", "/opt/tre/x", "/etc/x", "/vault/x", "/outgoing/x"),
        ],
    }
    done = confine(
        [python_inside(), "-c", PROBE],
        stages.confinement_of(place.platform, stage),
        standard_input=json.dumps(asked).encode(),
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


ALLOWED = {
    "examine_identifiers": {"identifiers"},
    "receive_identifiers": {"identifiers"},
    "examine_payload": {"payload"},
    "receive_payload": {"payload"},
    "build_extract": {"own project"},
}


def test_every_stage_that_there_is_is_probed(place: Place) -> None:
    from tre.services.separated import STAGES as NAMED

    assert set(STAGES) == set(NAMED) == set(place.stages)


@pytest.mark.parametrize("name", STAGES)
def test_a_roles_process_opens_its_own_and_nothing_else(
    place: Place, listening: tuple[int, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TRE_TOKEN", CANARY)
    stage = place.stages[name]
    found = probed(place, stage, listening)
    own = {f"vault of {stage.role.folder}", f"password of {stage.role.folder}"} | ALLOWED.get(name, set())
    identity = {(path.stat().st_dev, path.stat().st_ino): title for title, path in place.files.items()}
    assert {identity[tuple(each)] for each in found["seen"]} == own
    assert found["opened"] == []
    assert found["secrets"] == [stage.role.folder]
    assert found["logins"] == [stage.role.value]
    assert set(found["writes"]) == {"/vault/x", *(["/outgoing/x"] if name == "build_extract" else [])}
    assert not found["network"]
    assert not found["abstract"]
    assert found["interfaces"] == []


def test_the_environment_of_a_roles_process_holds_no_secret(
    place: Place, listening: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRE_TOKEN", CANARY)
    secrets = [
        path.read_text().strip()
        for path in place.platform.database.secrets.rglob("*")
        if path.is_file() and path.stat().st_size
    ]
    assert len(secrets) > 6
    found = probed(place, place.stages["link_records"], listening)
    known = json.dumps(found["environment"]) + "".join(found["environ"])
    assert not [secret for secret in (*secrets, CANARY) if secret in known]
    assert str(place.platform.home) not in known


def test_the_address_that_a_stage_is_told_holds_no_password(place: Place) -> None:
    address = make_url(stages._address(place.platform))
    assert address.password is None
    assert address.username == "role"
    password = place.platform.database.administrator.password
    assert password
    assert str(password) not in stages._address(place.platform)


def test_a_stage_that_crashes_tells_kind_and_place_and_no_value(place: Place) -> None:
    spoilt = Stage(Role.PSEUDONYMS, "make_pseudonyms", {"project": CANARY})
    with pytest.raises(Unavailable) as caught:
        stages.run(place.platform, spoilt)
    assert caught.value.code == "stage_failed"
    assert "KeyError at make_pseudonyms" in caught.value.sentence
    assert CANARY not in caught.value.sentence


def test_a_stage_cannot_be_run_as_another_role(place: Place) -> None:
    """The name decides as whom a stage logs in, and only the secret of the role that was asked for is inside."""
    with pytest.raises(NotFound) as caught:
        stages.run(place.platform, Stage(Role.LINKAGE, "make_pseudonyms", {}))
    assert caught.value.code == "secret_missing"


def test_a_name_that_is_no_stage_is_not_run(place: Place) -> None:
    with pytest.raises(Unavailable):
        stages.run(place.platform, Stage(Role.LINKAGE, "main", {}))

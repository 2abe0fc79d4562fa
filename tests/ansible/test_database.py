"""The account that the playbook makes on a distribution's server is enough for the platform, and no more."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text

from tre.db import embedded
from tre.db.address import Database, Role, external
from tre.db.binaries import find_binaries
from tre.db.engine import administrator_engine, engine_for
from tre.db.installation import install

ACCOUNT = "tre_playbook"
PASSWORD = "only-in-this-test"


@pytest.fixture
def bare(short_folder: Path) -> Iterator[Database]:
    """A server of this test alone on which nothing of the platform was made yet."""
    yield embedded.start(short_folder)
    embedded.stop(short_folder)


def tasks(tmp_path: Path, name: str) -> str:
    """Return a playbook of one task file of the role."""
    path = tmp_path / f"{name}.yml"
    task = {"name": name, "ansible.builtin.include_role": {"name": "database", "tasks_from": f"{name}.yml"}}
    path.write_text(yaml.safe_dump([{"name": "One file", "hosts": "tre", "tasks": [task]}]))
    return str(path)


def programs_login(database: Database) -> dict[str, str]:
    """Return the environment in which PostgreSQL's own programs reach the server as its administrator."""
    url = database.administrator
    return {
        "PATH": f"{find_binaries().program('psql').parent}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": str(url.query.get("host") or url.host),
        "PGUSER": str(url.username),
        "PGPASSWORD": str(url.password),
    }


def give_password(database: Database) -> None:
    """Let the account log in here, where it has no system account of its name."""
    engine = administrator_engine(database.named("postgres").administrator)
    with engine.connect() as connection:
        connection.execute(text(f"ALTER ROLE {ACCOUNT} PASSWORD '{PASSWORD}'"))
    engine.dispose()


def test_the_account_it_makes_can_install_the_platform_and_is_no_superuser(
    run, here, bare, tmp_path, short_folder
):
    access = tmp_path / "pg_hba.conf"
    access.write_text("local all all peer\n")
    login = programs_login(bare)
    variables = {
        "database_engine": "distribution",
        "database_account": ACCOUNT,
        "database_socket_directory": login["PGHOST"],
        "database_access_file": str(access),
    }
    arguments = [*here, "-e", json.dumps(variables)]
    for changes in (True, False):
        done = run("ansible-playbook", *arguments, tasks(tmp_path, "server"), **login)
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("changed=0" not in done.stdout) is changes, done.stdout

    first, *_, last = [line for line in access.read_text().splitlines() if not line.startswith("#")]
    assert first == f"local tre,postgres {ACCOUNT} peer", "ours must come before a rule that takes everybody"
    assert last == "local all all peer"

    give_password(bare)
    login |= {"PGUSER": ACCOUNT, "PGPASSWORD": PASSWORD}
    done = run("ansible-playbook", *arguments, tasks(tmp_path, "verify"), **login)
    assert done.returncode == 0, done.stdout + done.stderr

    ours = bare.administrator.set(username=ACCOUNT, password=PASSWORD, database="tre")
    database = external(ours.render_as_string(hide_password=False), short_folder / "secrets-elsewhere")
    install(database)
    application = engine_for(database, Role.APPLICATION)
    with application.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar_one() == Role.APPLICATION
    application.dispose()


def test_the_roles_it_lets_in_are_the_roles_of_the_platform(ansible_folder):
    defaults = yaml.safe_load((ansible_folder / "roles/database/defaults/main.yml").read_text())
    assert sorted(defaults["database_role_names"]) == sorted(role.value for role in Role)

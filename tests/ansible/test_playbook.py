"""The playbook for one machine: it reads well, changes nothing when asked, and settles when applied."""

import configparser
import getpass
import json
import re
from pathlib import Path

import pytest

from tre.settings import read_settings

# What needs root, a package index or an account of its own is left to real machines: the tests run as anybody.
WITHOUT_ROOT = ["--skip-tags", "packages,account,doctor"]


def recap(output: str) -> dict[str, int]:
    """Return the counters of the play's last line."""
    line = next(line for line in reversed(output.splitlines()) if line.startswith("localhost"))
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line)}


def units(folder: Path) -> dict[str, configparser.SectionProxy]:
    """Return the service section of each unit."""
    found = {}
    for path in sorted(folder.glob("*.service")):
        unit = configparser.RawConfigParser(strict=False)
        unit.read_string(path.read_text())
        found[path.stem] = unit["Service"]
    return found


def unquoted(settings: str) -> dict[str, str]:
    """Read an environment file as systemd does, for values in double quotes."""
    found = re.findall(r'^(\w+)="((?:[^"\\]|\\.)*)"$', settings, re.MULTILINE)
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in found}


def test_syntax_is_sound(run, here):
    done = run("ansible-playbook", *here, "--syntax-check", "site.yml")
    assert done.returncode == 0, done.stderr


def test_example_inventory_names_the_group_that_the_playbook_asks_for(run):
    done = run("ansible-inventory", "--list")
    assert json.loads(done.stdout)["tre"]["hosts"] == ["tre.example.org"]


def test_lint_is_clean_at_the_production_profile(run):
    done = run("ansible-lint", "--offline", "--nocolor")
    assert done.returncode == 0, done.stdout
    assert "Profile 'production' was required, and it passed" in done.stderr


def test_lint_refuses_a_task_that_always_reports_a_change(run, tmp_path, ansible_folder):
    bad = tmp_path / "playbook.yml"
    bad.write_text(
        "---\n- name: Bad\n  hosts: all\n  tasks:\n    - name: Run\n      ansible.builtin.command: id\n"
    )
    done = run(
        "ansible-lint", "--offline", "--nocolor", "-c", str(ansible_folder / ".ansible-lint"), str(bad)
    )
    assert done.returncode != 0
    assert "no-changed-when" in done.stdout


def test_check_mode_on_a_new_machine_changes_nothing(run, here, folders, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    done = run("ansible-playbook", *here, "-e", json.dumps(folders), *WITHOUT_ROOT, "--check", "site.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    counters = recap(done.stdout)
    assert counters["failed"] == 0
    assert counters["changed"] > 5, "a new machine has much to change; check mode must foresee it"
    after = [path for path in sorted(tmp_path.rglob("*")) if "ansible-home" not in path.parts]
    assert after == before


def test_applied_twice_it_settles(run, applied):
    second = run("ansible-playbook", *applied.arguments)
    assert second.returncode == 0, second.stdout + second.stderr
    assert recap(applied.output)["changed"] > 5
    assert recap(second.stdout)["changed"] == 0, second.stdout


def test_settings_reach_the_services_and_nobody_else(applied):
    path = applied.folder / "configuration/tre.env"
    settings = path.read_text()
    assert f'TRE_HOME="{applied.folder}/home"' in settings
    assert 'TRE_MODE="demo"' in settings
    assert "TRE_DATABASE_URL" not in settings, "the embedded database has no address"
    assert read_settings(unquoted(settings)).home == applied.folder / "home"
    assert path.stat().st_mode & 0o777 == 0o640
    assert (applied.folder / "home").stat().st_mode & 0o777 == 0o700


def test_verify_notices_settings_that_others_can_read(run, applied):
    path = applied.folder / "configuration/tre.env"
    path.chmod(0o644)
    opened = run("ansible-playbook", *applied.arguments, "--tags", "verify")
    path.chmod(0o640)
    assert opened.returncode != 0
    assert "is not as promised" in opened.stdout


def test_each_service_is_shut_in(applied):
    found = units(applied.folder / "units")
    assert set(found) == {"tre-database", "tre-portal", "tre-worker"}
    for name, service in found.items():
        assert service["user"] == getpass.getuser(), name
        assert service["nonewprivileges"] == "yes", name
        assert service["capabilityboundingset"] == "", name
        assert service["protectsystem"] == "strict", name
        assert service["ipaddressdeny"] == "any", name
        assert service["readwritepaths"] == str(applied.folder / "home"), name
        program, *command = service["execstart"].split()
        assert program == f"{applied.folder}/software/current/bin/tre", name
        assert command in (["worker"], ["up", "--only", name.removeprefix("tre-")]), name
    assert found["tre-portal"]["restrictnamespaces"] == "yes"
    assert "restrictnamespaces" not in found["tre-worker"], "the worker starts bubblewrap"
    assert "protectproc" not in found["tre-worker"], "a hidden /proc would forbid the sandbox its own"


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ({"database_engine": "external"}, "database_url is empty"),
        ({"database_url": "postgresql://elsewhere/tre"}, "set database_engine to external"),
        ({"platform_mode": "production"}, "the database is the embedded one"),
        ({"database_engine": "sqlite"}, "value of database_engine must be one of"),
    ],
)
def test_a_database_that_contradicts_itself_is_refused(run, here, folders, mistake, sentence):
    variables = json.dumps({**folders, **mistake})
    done = run("ansible-playbook", *here, "-e", variables, *WITHOUT_ROOT, "--check", "site.yml")
    assert done.returncode != 0
    assert sentence in " ".join((done.stdout + done.stderr).split())


def test_a_database_elsewhere_reaches_the_settings_and_starts_none_of_ours(run, here, folders, tmp_path):
    url = 'postgresql://tre:pa"ss\\word@db.example.org/tre'
    elsewhere = {"database_engine": "external", "database_url": url, "platform_mode": "production"}
    done = run(
        "ansible-playbook", *here, "-e", json.dumps({**folders, **elsewhere}), *WITHOUT_ROOT, "site.yml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written = unquoted((tmp_path / "configuration/tre.env").read_text())
    assert written["TRE_DATABASE_URL"] == url
    assert read_settings(written).database_url, (
        "the platform must accept what the playbook wrote for production"
    )
    assert not (tmp_path / "units/tre-database.service").exists()
    assert "word@db.example.org" not in done.stdout + done.stderr, "a password was printed"


def test_a_missing_wheel_stops_before_anything_is_installed(run, here, folders, tmp_path):
    gone = json.dumps({**folders, "platform_wheel": str(tmp_path / "gone.whl")})
    done = run("ansible-playbook", *here, "-e", gone, *WITHOUT_ROOT, "site.yml")
    assert done.returncode != 0
    assert "build the wheel with" in done.stdout + done.stderr
    assert not (tmp_path / "software/versions").exists()

"""A playbook run on this very machine, as whoever runs the tests, from a configuration of its own."""

import getpass
import grp
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def ansible_folder() -> Path:
    return PROJECT / "ansible"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, ansible_folder: Path) -> Run:
    """Run one of Ansible's programs in its folder; nothing is written outside the test's own."""
    environment = {
        **os.environ,
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_HOME": str(tmp_path_factory.mktemp("ansible-home")),
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }

    def run_program(program: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(TOOLS / program), *arguments],
            cwd=ansible_folder,
            env={**environment, **more},
            text=True,
            capture_output=True,
            check=False,
        )

    return run_program


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The platform's wheel, built as the playbook's inventory says."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [str(TOOLS / "hatchling"), "build", "-t", "wheel", "-d", str(folder)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> list[str]:
    """Arguments that point the playbook at this machine, without becoming anybody else."""
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    local = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_become": False,
    }
    inventory.write_text(yaml.safe_dump({"tre": {"hosts": {"localhost": local}}}))
    return ["--inventory", str(inventory), "--extra-vars", f"platform_wheel={wheel}"]


def under(folder: Path) -> dict[str, object]:
    """Return variables that keep everything under one folder and leave out what registries would serve."""
    (folder / "empty.lock").touch()
    return {
        "base_account": getpass.getuser(),
        "base_group": grp.getgrgid(os.getgid()).gr_name,
        "base_home": str(folder / "home"),
        "base_configuration": str(folder / "configuration"),
        "base_software": str(folder / "software"),
        "platform_unit_directory": str(folder / "units"),
        "platform_lock": str(folder / "empty.lock"),
        "platform_python": sys.executable,
        "platform_mode": "demo",
        "database_engine": "embedded",
    }


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, object]:
    return under(tmp_path)


@dataclass(frozen=True, slots=True)
class Applied:
    """A machine, kept in one folder, that the playbook was applied to."""

    folder: Path
    arguments: list[str]
    output: str


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, run: Run, here: list[str]) -> Applied:
    folder = tmp_path_factory.mktemp("machine")
    # What needs root, a package index or an account of its own is left to real machines, and an empty lock
    # installs nothing that `tre doctor` could find whole.
    arguments = [*here, "-e", json.dumps(under(folder)), "--skip-tags", "packages,account,doctor", "site.yml"]
    done = run("ansible-playbook", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return Applied(folder, arguments, done.stdout)

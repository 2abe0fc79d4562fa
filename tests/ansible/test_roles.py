"""Each role says what it takes, and says it in one place."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "ansible"
ROLES = sorted(path.name for path in (FOLDER / "roles").iterdir())
LONGEST_TASK_FILE = 60
LONGEST_PLAYBOOK = 40


def specification(role: str) -> dict[str, dict[str, object]]:
    path = FOLDER / "roles" / role / "meta/argument_specs.yml"
    return yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]


def defaults(role: str) -> dict[str, object]:
    return yaml.safe_load((FOLDER / "roles" / role / "defaults/main.yml").read_text())


def test_there_are_the_three_roles():
    assert ROLES == ["base", "database", "platform"]


@pytest.mark.parametrize("role", ROLES)
def test_every_default_is_specified_and_every_option_has_a_default_or_is_required(role):
    options = specification(role)
    required = {name for name, option in options.items() if option.get("required")}
    assert set(defaults(role)) == set(options) - required


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_carries_the_name_of_its_role(role):
    assert [name for name in specification(role) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_prove_its_promise(role):
    tasks = yaml.safe_load((FOLDER / "roles" / role / "tasks/verify.yml").read_text())
    assert any("ansible.builtin.assert" in task for task in tasks)


def test_readmes_follow_the_specifications():
    done = subprocess.run(
        [sys.executable, str(FOLDER / "describe.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_task_files_and_playbook_stay_short():
    long = [
        path.relative_to(FOLDER)
        for path in FOLDER.glob("roles/*/tasks/*.yml")
        if len(path.read_text().splitlines()) >= LONGEST_TASK_FILE
    ]
    assert long == []
    assert len((FOLDER / "site.yml").read_text().splitlines()) < LONGEST_PLAYBOOK


def test_only_built_in_modules_are_used():
    modules = set()
    for path in FOLDER.glob("roles/*/*/*.yml"):
        document = yaml.safe_load(path.read_text())
        if isinstance(document, list):
            modules |= {key for task in document for key in task if "." in key}
    assert len(modules) > 5
    assert [name for name in sorted(modules) if not name.startswith("ansible.builtin.")] == []


def test_no_secret_stands_in_defaults_or_example():
    readable = [*FOLDER.glob("roles/*/defaults/*.yml"), *FOLDER.glob("inventory/**/*.yml")]
    settings = [yaml.safe_load(path.read_text()) for path in readable]
    names = [name for setting in settings for name in setting if "password" in name or "secret" in name]
    assert names == []


def test_the_services_call_commands_that_exist():
    program = str(Path(sys.executable).with_name("tre"))
    for command, word in ((["worker"], "Usage"), (["up"], "--only")):
        done = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert word in done.stdout

"""The tutorial cannot lie: its Python runs, and its commands are ones that the command line knows."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tre.cli import app

PROJECT = Path(__file__).parents[2]
TUTORIAL = PROJECT / "docs" / "tutorial.md"
PAGES = ("docs/tutorial.md", "README.md", "docs/README.md", "projects/fuel-poverty/README.md")
FENCED = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[ `(])(?:\.venv/bin/)?tre (?P<rest>[a-z][^`|)\n#;]*)", re.MULTILINE)


def blocks(language: str) -> list[str]:
    return [match["body"] for match in FENCED.finditer(TUTORIAL.read_text()) if match["language"] == language]


def commands_in(text: str) -> list[list[str]]:
    """Return the words after `tre` of each command in a text, continuation lines joined."""
    joined = text.replace("\\\n", " ")
    return [
        shlex.split(match["rest"]) for match in COMMAND.finditer(joined) if match["rest"].count('"') % 2 == 0
    ]


def faults_of(words: list[str]) -> list[str]:
    """Say what the command line does not know in a command: the verb, or an option of it."""
    command = typer.main.get_command(app)
    while words and getattr(command, "commands", None):
        below = command.commands.get(words[0])
        if below is None:
            return [f"no command '{words[0]}'"]
        command, words = below, words[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return [f"no option '{word}'" for word in words if word.startswith("--") and word not in known]


def test_every_python_line_of_the_tutorial_runs(tmp_path):
    script = "\n".join(blocks("python"))
    assert script.count("assert ") > 10
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "holders.json").exists()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_the_pages_is_one_that_there_is(page):
    text = (PROJECT / page).read_text()
    found = [f"tre {' '.join(words)}: {fault}" for words in commands_in(text) for fault in faults_of(words)]
    assert not found, "\n".join(found)


def test_the_tutorials_commands_are_found():
    words = [command[0] for command in commands_in("\n".join(blocks("bash")))]
    assert words.count("request") >= 6
    assert {"budget", "check", "worker", "receipt", "audit"} <= set(words)


@pytest.mark.parametrize(
    "words", [["request", "vote", "ID", "--because", "x"], ["requests"], ["check", "--into", "x"]]
)
def test_a_command_that_is_not_there_is_noticed(words):
    assert faults_of(words)


def test_people_and_project_of_the_tutorial_are_those_of_the_worked_project():
    people = (PROJECT / "projects/fuel-poverty/people.toml").read_text()
    named = re.findall(r"--as (\S+)", TUTORIAL.read_text())
    assert named
    assert [name for name in named if f'id = "{name}"' not in people] == []

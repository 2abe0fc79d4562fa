"""What the house tests read: every file that is, or is about to be, part of the repository."""

import ast
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
HOUSE = ("disclosure", "tre", "hub_config")
UNTRACKED = {".venv", ".git", "var", "dist", "htmlcov", "node_modules", "__pycache__"}


def listed() -> list[str]:
    """Return the repository's files as git sees them; of an unpacked archive, all but what tools leave."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    if (PROJECT / ".git").exists():
        output = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
        return sorted({name for name in output.splitlines() if (PROJECT / name).is_file()})
    found = (path.relative_to(PROJECT) for path in PROJECT.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not UNTRACKED & set(path.parts))


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def files() -> list[str]:
    """Path of each file, relative to the project."""
    names = listed()
    assert len(names) > 20, "the house tests found no house"
    return names


@pytest.fixture(scope="session")
def texts(files: list[str]) -> dict[str, str]:
    """Content of each file that is text."""
    found = {}
    for name in files:
        try:
            found[name] = (PROJECT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def trees(texts: dict[str, str]) -> dict[str, ast.Module]:
    """Syntax tree of each Python file."""
    return {name: ast.parse(text, name) for name, text in texts.items() if name.endswith(".py")}


@pytest.fixture(scope="session")
def house(trees: dict[str, ast.Module]) -> dict[str, ast.Module]:
    """Syntax trees of the packages that are installed."""
    return {name: tree for name, tree in trees.items() if name.split("/")[0] in HOUSE}

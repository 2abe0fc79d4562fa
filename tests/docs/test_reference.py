"""The reference pages say what the code does, and nothing that can be declared is left out of them."""

import ast
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "docs" / "reference"
TAKERS = {"text", "texts", "integer", "integers", "number", "scalar", "day", "flag", "choice", "section", "sections",
          "named_sections", "has"}  # fmt: skip
ONE_ROW = re.compile(r"^\| `(?P<key>\w+)` \|", re.MULTILINE)
PARSERS = {
    "manifest.md": ("tre/domain/manifest/parse.py", "tre/domain/published.py"),
    "contract.md": ("tre/domain/contracts/parse.py", "tre/domain/published.py"),
}
ELSEWHERE = {"manifest.md": {"levels", "first", "last"}, "contract.md": set()}
"""Keys that a shared reader looks for only on behalf of the other kind of declaration."""


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docs.generate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def keys_taken(source: str) -> set[str]:
    """Return every key that a parser names: the texts handed to a method that takes a key."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKERS
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


@pytest.fixture
def copy(tmp_path):
    """A copy of the pages and their generator, to be spoiled."""
    shutil.copytree(PROJECT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "projects", tmp_path / "projects")
    for package in ("tre", "disclosure"):
        (tmp_path / package).symlink_to(PROJECT / package)
    return tmp_path


def test_every_reference_page_is_what_the_generator_writes():
    done = generate(PROJECT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_page_that_was_edited_or_lost_or_added_by_hand_is_found_and_mended(copy):
    pages = copy / "docs" / "reference"
    right = (pages / "policy.md").read_text()
    (pages / "policy.md").write_text(right.replace("| 10 |", "| 5 |"))
    (pages / "roles.md").unlink()
    (pages / "extra.md").write_text("# By hand\n")
    done = generate(copy, "--check")
    assert done.returncode == 1
    assert {line.split()[0] for line in done.stderr.splitlines()} == {
        "docs/reference/policy.md",
        "docs/reference/roles.md",
        "docs/reference/extra.md",
    }
    assert generate(copy).returncode == 0
    assert (pages / "policy.md").read_text() == right
    assert generate(copy, "--check").returncode == 0


@pytest.mark.parametrize("page", PARSERS)
def test_every_key_that_a_parser_knows_stands_in_its_page(page):
    known = set().union(*(keys_taken((PROJECT / parser).read_text()) for parser in PARSERS[page]))
    assert len(known) > 15, "the test found no keys"
    shown = set(ONE_ROW.findall((REFERENCE / page).read_text()))
    assert known - shown - ELSEWHERE[page] == set()


def test_reference_pages_are_all_in_the_index():
    index = (PROJECT / "docs" / "README.md").read_text()
    found = [path.name for path in REFERENCE.glob("*.md") if f"(reference/{path.name})" not in index]
    assert not found, "\n".join(found)


def test_no_cell_of_a_table_is_cut_by_a_bar():
    for path in REFERENCE.glob("*.md"):
        widths = [
            len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            for line in path.read_text().splitlines()
        ]
        broken = [
            number
            for number, (above, here) in enumerate(itertools.pairwise(widths), start=2)
            if above and here and above != here
        ]
        assert not broken, f"{path.name}: {broken}"

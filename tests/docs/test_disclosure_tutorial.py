"""The tutorial of the library cannot lie: its Python runs, away from the platform."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "disclosure.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ALONE = "\nimport sys\nassert not [name for name in sys.modules if name.split('.')[0] == 'tre']\n"


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_line_of_the_tutorial_runs_without_the_platform(tmp_path):
    script = "\n".join(BLOCK.findall(PAGE.read_text()))
    assert script.count("assert ") >= 12
    done = run(script + ALONE, tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("said", "false"), [("== 4", "== 3"), ("Verdict.FAIL", "Verdict.PASS")])
def test_a_tutorial_that_says_something_else_is_noticed(tmp_path, said, false):
    script = "\n".join(BLOCK.findall(PAGE.read_text()))
    assert said in script
    assert "AssertionError" in run(script.replace(said, false), tmp_path).stderr

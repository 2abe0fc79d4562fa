"""Change the rules in every small way a mistake could, and count which changes the tests notice; writes the report.

`make mutate` takes the last commit, changes one operator, number, text or call of a rule at a time with mutmut, runs the
tests of `tests/disclosure/rules` against each change, and writes docs/mutation.md. It takes twenty minutes on two
cores. mutmut lives in an environment of its own, in the folder that is named. `--again` keeps the results of the last run
there and tries only what its tests did not notice: right where tests were added and nothing else was changed. What went
on too long is tried once more in any case, for the machine may have been busy.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.mutation.report import report_of
from benchmarks.mutation.results import TIMED_OUT, results_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mutation.md"
MUTMUT = "mutmut==3.8.1"
RULES = (
    "disclosure/rules/*.py",
    "disclosure/judgement.py",
    "disclosure/survival/rules.py",
    "disclosure/association/rules.py",
    "disclosure/models/columns.py",
    "disclosure/models/means.py",
)
"""The files that hold rules, and what runs them."""
TESTS = ("tests/disclosure/rules",)
"""The tests that must notice: quick ones, for each is run thousands of times."""
COPIED = ("disclosure", "tests", "pyproject.toml", "requirements-dev.lock")
UNUSED = ("cacheprovider", "xdist", "playwright", "schemathesis", "pytest_cov", "unraisableexception")
"""Plugins of pytest that these tests do without; each costs time whenever a change is tried."""


def main() -> None:
    """Make the report again."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "mutation")
    parser.add_argument("--again", action="store_true", help="try only what survived the last run")
    parser.add_argument("--children", type=int, default=2, help="changes that are tried at the same time")
    chosen = parser.parse_args()
    os.nice(19)
    tree, commit = chosen.folder.resolve() / "tree", git("rev-parse", "--short=12", "HEAD").decode().strip()
    mutmut = environment(chosen.folder.resolve()) / "mutmut"
    copy(tree, again=chosen.again)
    run(mutmut, tree, chosen.children)
    once_more = [
        mutant.name
        for mutant in results_of(mutmut, tree)
        if mutant.exit_code in TIMED_OUT or (chosen.again and not mutant.is_noticed)
    ]
    if once_more:  # without names mutmut would try everything
        run(mutmut, tree, chosen.children, *once_more)
    today = datetime.now(tz=UTC).date()
    report = report_of(results_of(mutmut, tree), commit=commit, day=today, tests=TESTS, tool=MUTMUT)
    PAGE.write_text(report, encoding="utf-8")
    print(report)


def git(*words: str) -> bytes:
    """Return what git prints of this repository."""
    program = shutil.which("git")
    if program is None:
        raise SystemExit("git is not installed, so the last commit cannot be read; install it.")
    return subprocess.run([program, *words], cwd=ROOT, check=True, capture_output=True).stdout


def environment(folder: Path) -> Path:
    """Return where the programs of mutmut's environment are; make it where it is missing."""
    home = folder / "environment"
    if not (home / "bin" / "mutmut").exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
        install = [*uv, "pip", "install", "--quiet", "--python", str(home / "bin" / "python")]
        locked = ["--require-hashes", "-r", str(ROOT / "requirements-dev.lock")]
        subprocess.run([*install, *locked], check=True)
        subprocess.run([*install, MUTMUT], check=True)
    return home / "bin"


def copy(tree: Path, *, again: bool) -> None:
    """Copy the last commit, and say in mutmut's words what is changed and what must notice."""
    for old in (tree / name for name in (*COPIED, *(() if again else ("mutants",)))):
        shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    tree.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(git("archive", "HEAD", *COPIED))) as archive:
        archive.extractall(tree, filter="data")
    if (tree / "mutants").is_dir():
        (tree / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)  # which tests run which functions
        shutil.rmtree(tree / "mutants" / "tests")
        shutil.copytree(tree / "tests", tree / "mutants" / "tests")
    lists = {
        "only_mutate": RULES,
        "also_copy": ("tests", "pyproject.toml"),
        "pytest_add_cli_args": [f"-pno:{name}" for name in UNUSED],
        "pytest_add_cli_args_test_selection": TESTS,
    }
    lines = ["[mutmut]", "source_paths=disclosure", "timeout_multiplier=20"]
    for name, values in lists.items():
        lines += [f"{name}=", *(f"    {value}" for value in values)]
    (tree / "setup.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(mutmut: Path, tree: Path, children: int, *names: str) -> None:
    """Try every change, or those named, at the lowest priority."""
    subprocess.run([str(mutmut), "run", "--max-children", str(children), *names], cwd=tree, check=True)


if __name__ == "__main__":
    main()

"""`.ci/run` believes a run only when the tests that should have run did run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci/run"
SUMMARY = "=== 3 passed, 1 skipped in 0.12s ==="


@pytest.fixture
def clone(tmp_path):
    """A project whose make targets print what the test wants, run as continuous integration would."""
    (tmp_path / "clone/.ci").mkdir(parents=True)
    shutil.copy(RUN, tmp_path / "clone/.ci/run")

    def run(*lines: str, check: int = 0, test: int = 0) -> subprocess.CompletedProcess[str]:
        (tmp_path / "clone/printed").write_text("".join(f"{line}\n" for line in lines))
        makefile = f"check:\n\t@exit {check}\ntest:\n\t@cat printed; echo tested > tested; exit {test}\n"
        (tmp_path / "clone/Makefile").write_text(makefile)
        return subprocess.run(
            [str(tmp_path / "clone/.ci/run")], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


def test_it_is_executable():
    assert os.access(RUN, os.X_OK)


def test_a_clean_run_passes_and_ends_with_the_last_line_of_pytest(clone):
    done = clone("tests/a.py ...", SUMMARY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == SUMMARY


def test_a_failing_check_stops_before_the_tests(clone, tmp_path):
    assert clone(SUMMARY, check=1).returncode != 0
    assert not (tmp_path / "clone/tested").exists()


def test_a_failing_test_fails(clone):
    assert clone("=== 1 failed, 3 passed in 0.12s ===", test=1).returncode != 0


@pytest.mark.parametrize(
    "reason", ["machine: no Chromium, run make test as root", "needs root: mounts", "browser is missing"]
)
def test_a_skip_that_the_machine_owes_fails(clone, reason):
    line = f"SKIPPED [2] tests/tre/web/test_pages.py:12: {reason}"
    done = clone(line, SUMMARY)
    assert done.returncode != 0
    assert line in done.stderr


def test_shared_data_may_be_absent_only_where_it_is_absent(clone, tmp_path):
    line = "SKIPPED [1] tests/tre/linkage/test_truth.py:3: shared data absent"
    assert clone(line, SUMMARY).returncode == 0
    (tmp_path / "shared").mkdir()
    assert clone(line, SUMMARY).returncode != 0


def test_a_stated_reason_of_another_kind_passes(clone):
    line = (
        "SKIPPED [1] tests/tre/sandbox/test_account.py:9: the interpreter is not readable by other accounts"
    )
    assert clone(line, SUMMARY).returncode == 0


def test_a_run_without_a_summary_proves_nothing(clone):
    done = clone("collected 0 items")
    assert done.returncode != 0
    assert "no summary" in done.stderr
    assert clone("=== no tests ran in 0.01s ===").returncode != 0

"""A trusted run: what the notebook may do, and what becomes of one that misbehaves."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tre.domain.errors import BadInput, Unavailable
from tre.sandbox.confinement import GIBIBYTE, Limits
from tre.sandbox.environments import environment_digest, environment_words
from tre.sandbox.notebook import Run, RunResult, RunStatus, run_notebook
from tre.sandbox.parameters import Parameter, ParameterType

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("sandbox")]
Notebook = Callable[..., bytes]
SCHEMA = {"year": Parameter(ParameterType.INTEGER, minimum=2000)}
PRINTED = "study id 1 is 40 years old"


def refuse(verb: str, payload: dict[str, object]) -> dict[str, object]:
    raise AssertionError(f"nothing should be asked, but {verb} was")


@pytest.fixture
def run(tmp_path: Path, extract: Path, notebook: Notebook) -> Callable[..., Run]:
    """A run of these cells, with the declared parameter."""
    folder = tmp_path / "run"
    folder.mkdir()

    def make(*cells: str, **given: object) -> Run:
        plain = Run(
            notebook=notebook("year = 1", *cells),
            data=extract,
            folder=folder,
            parameters={"year": 2020},
            schema=SCHEMA,
            wall_seconds=90,
            cell_seconds=60,
        )
        return replace(plain, **given)

    return make


def outputs_of(result: RunResult) -> str:
    assert result.executed is not None
    return json.dumps([cell.get("outputs") for cell in json.loads(result.executed.read_text())["cells"]])


def test_a_good_notebook_reads_its_data_and_leaves_its_files(
    run: Callable[..., Run], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("host secret")
    told: list[tuple[int, int]] = []
    result = run_notebook(
        run(
            "import os\nassert (year, os.getcwd(), os.environ['HOME']) == (2020, '/home', '/home')",
            f"text = open('/data/people.txt').read()\nprint({PRINTED!r}); os.write(2, {PRINTED.encode()!r})",
            f"open('/outputs/made.csv', 'w').write(text)\nos.symlink({str(secret)!r}, '/outputs/link.csv')",
            "import time; time.sleep(1.2)",
        ),
        refuse,
        lambda done, cells: told.append((done, cells)),
    )
    assert (result.status, result.failed_cell, result.cells) == (RunStatus.OK, None, 5)
    assert [(file.name, file.path.read_text()) for file in result.outputs] == [
        ("made.csv", "study_id,age\n1,40\n")
    ]
    assert result.ignored == 1
    assert result.environment_digest == environment_digest()
    assert told == sorted(told)
    assert told[-1][1] == 5
    assert PRINTED in outputs_of(result)
    assert PRINTED not in repr(result)
    assert capfd.readouterr() == ("", "")
    assert (tmp_path / "run").stat().st_mode & 0o077 == 0


def test_a_notebook_uses_the_client_through_the_channel(run: Callable[..., Run]) -> None:
    asked: list[tuple[str, dict[str, object]]] = []

    def platform(verb: str, payload: dict[str, object]) -> dict[str, object]:
        asked.append((verb, payload))
        answers: dict[str, dict[str, object]] = {
            "tables": {
                "project": "fuel",
                "tables": [{"name": "linked", "file": "people.parquet", "unit": "study_id", "columns": []}],
            },
            "register": {"name": "adults"},
            "check": {"verdict": "REVIEW", "findings": [], "columns": [], "rows": []},
            "submit": {"id": "7", "title": "Adults", "state": "SUBMITTED", "items": []},
        }
        return answers[verb]

    result = run_notebook(
        run(
            "import tre, pandas\nproject = tre.project()\nprint(project)",
            "frame = pandas.DataFrame({'study_id': ['a', 'b', 'b'], 'age': [40, 50, 51]})\n"
            "name = project.register('adults', frame)",
            "t = project.crosstab('age', source=name)\nt.check()\n"
            "request = project.submit([t], title='Adults', context='By age.')\nprint(request)",
        ),
        platform,
    )
    assert result.status is RunStatus.OK, outputs_of(result)
    assert [verb for verb, _ in asked] == ["tables", "register", "check", "submit"]
    (made,) = result.outputs
    assert (made.name, made.digest) == ("adults.parquet", asked[1][1]["digest"])
    assert (asked[1][1]["rows"], asked[1][1]["rows_per_unit"]) == (3, 2)
    assert json.loads(str(asked[2][1]["statistic"]))["unit"] == "study_id"
    assert "Request(7: Adults, SUBMITTED)" in outputs_of(result)


@pytest.mark.parametrize(
    ("text", "status", "word"),
    [
        ("raise ValueError('study id 1')", RunStatus.FAILED, "raised an error"),
        ("import os; os._exit(0)", RunStatus.CRASHED, "ended the notebook's process"),
        ("import os, signal; os.kill(os.getppid(), signal.SIGKILL)", RunStatus.CRASHED, "ended the run"),
        ("bytearray(8 << 30)", RunStatus.FAILED, "raised an error"),
        ("print('x' * 100_000_000)", RunStatus.FAILED, "prints too much"),
    ],
)
def test_a_notebook_that_misbehaves_is_named_by_its_cell(
    run: Callable[..., Run], text: str, status: RunStatus, word: str
) -> None:
    limits = Limits(memory_bytes=4 * GIBIBYTE, processes=120)
    result = run_notebook(run("ok = 1", text, "never = 1", limits=limits), refuse)
    assert (result.status, result.failed_cell) == (status, 3)
    assert result.sentence.startswith("Cell 3 ")
    assert word in result.sentence
    assert "study id" not in repr(result)


def test_a_cell_that_hangs_is_stopped(run: Callable[..., Run]) -> None:
    result = run_notebook(run("import time; time.sleep(1000)", cell_seconds=2), refuse)
    assert (result.status, result.failed_cell) == (RunStatus.TIMEOUT, 2)
    assert result.seconds < 60


def test_a_notebook_that_hangs_is_killed_with_all_it_started(run: Callable[..., Run]) -> None:
    token = "hanging-notebook-token"
    hang = (
        "import signal, subprocess, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)', {token!r}],"
        " start_new_session=True)\nopen('/outputs/begun', 'w').close()\nwhile True: time.sleep(1)"
    )
    result = run_notebook(run(hang, wall_seconds=25), refuse)
    assert (result.status, result.failed_cell) == (RunStatus.TIMEOUT, 2)
    assert [file.name for file in result.outputs] == ["begun"]
    assert result.seconds < 60
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(token.encode() in line for line in lines)


def test_a_fork_bomb_in_a_notebook_is_contained(run: Callable[..., Run]) -> None:
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    limits = Limits(processes=80, resident_bytes=GIBIBYTE)
    result = run_notebook(run(bomb, wall_seconds=8, limits=limits), refuse)
    assert result.status in (RunStatus.TIMEOUT, RunStatus.CRASHED)
    assert result.seconds < 40


def test_an_executed_notebook_that_is_a_link_is_not_used(run: Callable[..., Run], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("{}")
    text = (
        "import os, signal\nos.remove('/executed/notebook.ipynb')\n"
        f"os.symlink({str(secret)!r}, '/executed/notebook.ipynb')\nos.kill(os.getppid(), signal.SIGKILL)"
    )
    result = run_notebook(run(text), refuse)
    assert (result.status, result.executed) == (RunStatus.CRASHED, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"nbformat": 3, "cells": []}',
        b'{"nbformat": 4, "cells": [1]}',
        b"[" * 10**5,
    ],
)
def test_what_is_no_notebook_is_refused_before_anything_starts(
    run: Callable[..., Run], content: bytes, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as refused:
        run_notebook(run(notebook=content), refuse)
    assert refused.value.code == "notebook_unreadable"
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.parametrize(
    "parameters",
    [{}, {"year": 1999}, {"year": "2020"}, {"year": 2020, "x": 1}, {"year": 2020, "x=print(1);y": 1}],
)
def test_wrong_parameters_are_refused_before_anything_starts(
    run: Callable[..., Run], parameters: dict[str, object], tmp_path: Path
) -> None:
    with pytest.raises(BadInput):
        run_notebook(run(parameters=parameters), refuse)
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's runs read with that user's own rights")
def test_an_extract_that_the_lent_account_cannot_read_is_named_before_the_run(
    run: Callable[..., Run], extract: Path
) -> None:
    (extract / "people.txt").chmod(0o400)
    with pytest.raises(Unavailable, match=r"people\.txt"):
        run_notebook(run(), refuse)


def test_a_fault_of_the_platform_fails_the_run_outside(run: Callable[..., Run]) -> None:
    with pytest.raises(AssertionError, match="tables was"):
        run_notebook(run("import tre; tre.project().tables()"), refuse)


def test_the_environment_digest_names_every_package() -> None:
    words = environment_words()
    assert any(word.startswith("numpy==") for word in words)
    assert list(words[2:]) == sorted(set(words[2:]))
    assert len(environment_digest()) == 64

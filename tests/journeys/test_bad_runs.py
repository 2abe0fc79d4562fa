"""Notebooks that crash, hang or print data; people who may not; a disk that is full: one sentence, nothing half-done."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from tests.journeys.house import ADMIN, AUTHOR, CHECKERS, COLLEAGUE, NOTEBOOK, House, Said, Spec

pytestmark = [pytest.mark.timeout(900), pytest.mark.sandbox]
READ = 'import tre\nlinked = tre.project().table("linked").to_pandas()'
Notebook = Callable[..., Path]


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    """Writes a notebook of these cells."""

    def write(*cells: str) -> Path:
        path = tmp_path / "notebook.ipynb"
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(made, path)
        return path

    return write


def counts(house: House) -> dict[str, int]:
    return {
        table: int(house.rows(f"SELECT count(*) FROM core.{table}")[0][0])
        for table in ("run", "request", "item", "ledger_entry", "release")
    }


def vault(house: House) -> list[str]:
    """Everything that runs and releases leave on disk, but content-addressed objects."""
    folders = (house.home / "vault" / "runs", house.home / "vault" / "projects", house.home / "releases")
    return sorted(str(path) for folder in folders for path in folder.rglob("*"))


def one_sentence(said: Said, *words: str) -> None:
    assert said.code in {1, 2}, said
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].endswith(".")
    for word in words:
        assert word in lines[0]


def test_a_notebook_that_crashes_names_its_cell_and_shows_no_data(demo: House, notebook: Notebook) -> None:
    before, files, failed = counts(demo), vault(demo), demo.audited("run_failed")
    path = notebook(READ, 'raise ValueError(f"canary {linked.study_id[0]}")')
    said = demo.tre("run", path, "--project", "fuel-poverty", "--as", AUTHOR)
    one_sentence(said, "Cell 2", "error")
    assert "canary" not in said.err
    after = counts(demo)
    assert after == before | {"run": before["run"] + 1}
    assert vault(demo) == files
    assert demo.audited("run_failed") == failed + 1


def test_a_notebook_that_submits_and_then_crashes_has_submitted_nothing(
    demo: House, notebook: Notebook
) -> None:
    before = counts(demo)
    ask = (
        "project = tre.project()\ntable = project.crosstab('region')\n"
        "project.submit([table], title='T', context='C', mode='exact', reason='method_check')"
    )
    said = demo.tre("run", notebook(READ, ask, "1 / 0"), "--project", "fuel-poverty", "--as", AUTHOR)
    one_sentence(said, "Cell 3")
    assert counts(demo) == before | {"run": before["run"] + 1}


def test_a_notebook_that_hangs_is_stopped_when_its_time_is_over(
    demo: House, second: str, notebook: Notebook
) -> None:
    before, files = counts(demo), vault(demo)
    said = demo.tre("run", notebook("while True: pass"), "--project", second, "--as", AUTHOR)
    one_sentence(said, "time")
    assert counts(demo) == before | {"run": before["run"] + 1}
    assert vault(demo) == files
    assert demo.audited("run_failed", status="timeout") >= 1


def test_what_a_notebook_prints_reaches_neither_terminal_nor_log(demo: House, notebook: Notebook) -> None:
    path = notebook(READ, "print('canary', linked.study_id[0])\nlinked.head(50)")
    said = demo.must("run", path, "--project", "fuel-poverty", "--as", AUTHOR, "--json")
    assert "canary" not in said.out + said.err
    run = said.data["id"]
    lines = demo.data("audit", "show", "--subject", f"run:{run}")
    assert {line["event"] for line in lines} == {"run_started", "run_finished"}
    assert "canary" not in json.dumps(lines)
    assert demo.rows("SELECT count(*) FROM core.run WHERE sentence LIKE '%%canary%%'") == [(0,)]


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"\xff\xfe", b"[" * 5000])
def test_a_file_that_is_no_notebook_is_refused(demo: House, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notebook.ipynb").write_bytes(content)
    files = vault(demo)
    said = demo.tre("run", tmp_path / "notebook.ipynb", "--project", "fuel-poverty", "--as", AUTHOR)
    one_sentence(said)
    assert vault(demo) == files


@pytest.mark.parametrize(
    ("parameter", "word"),
    [
        ("low_income_pounds=1", "low_income_pounds"),
        ("low_income_pounds=lots", "low_income_pounds"),
        ("surprise=3", "surprise"),
        ("low_income_pounds", "NAME=VALUE"),
    ],
)
def test_a_parameter_that_the_manifest_does_not_allow_is_named(
    demo: House, parameter: str, word: str
) -> None:
    said = demo.tre("run", NOTEBOOK, "--project", "fuel-poverty", "--parameter", parameter, "--as", AUTHOR)
    one_sentence(said, word)


VERBS = ("run", "check", "request submit")


def attempt(house: House, verb: str, spec: Path, person: str) -> Said:
    words: tuple[object, ...] = (*verb.split(), NOTEBOOK if verb == "run" else spec)
    if verb == "request submit":
        words += ("--title", "T", "--context", "C", "--rho", "0.001")
    return house.tre(*words, "--project", "fuel-poverty", "--as", person)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("person", ["hana.sato", ADMIN, CHECKERS[0]])
def test_who_is_no_member_is_refused_and_recorded(*, demo: House, spec: Spec, verb: str, person: str) -> None:
    before = counts(demo)
    said = attempt(demo, verb, spec("region"), person)
    one_sentence(said, "role")
    assert counts(demo) == before
    line = demo.data("audit", "show")[0]
    assert (line["actor"], line["detail"]["code"]) == (person, "not_a_member")


@pytest.fixture
def suspended(demo: House) -> Iterator[str]:
    demo.must("person", "suspend", COLLEAGUE, "--as", ADMIN)
    yield COLLEAGUE
    because = ("--reason", "The test is over")
    demo.must("person", "reinstate", COLLEAGUE, *because, "--as", ADMIN)
    proposal = demo.data("person", "proposals")[0]["id"]
    demo.must("person", "decide", proposal, "agree", *because, "--as", "iris.bell")


@pytest.mark.parametrize("verb", VERBS)
def test_a_suspended_researcher_is_refused_and_recorded(
    demo: House, suspended: str, spec: Spec, verb: str
) -> None:
    before = counts(demo)
    one_sentence(attempt(demo, verb, spec("region"), suspended), "accreditation")
    assert counts(demo) == before
    line = demo.data("audit", "show")[0]
    assert (line["actor"], line["detail"]["code"]) == (suspended, "not_accredited")


def test_a_researcher_whose_accreditation_has_lapsed_is_refused(demo: House, spec: Spec) -> None:
    mine = "FROM core.accreditation WHERE person_id = %(who)s"
    change = "UPDATE core.accreditation SET ends_at = {} WHERE person_id = %(who)s RETURNING id"
    (whole,) = demo.rows(f"SELECT max(ends_at) {mine}", who=COLLEAGUE)
    demo.rows(change.format("starts_at + interval '1 millisecond'"), who=COLLEAGUE)
    try:
        one_sentence(attempt(demo, "check", spec("region"), COLLEAGUE), "accreditation")
        assert demo.data("person", "show", COLLEAGUE)["accredited"] is False
    finally:
        demo.rows(change.format("%(ends)s"), ends=whole[0], who=COLLEAGUE)
    assert attempt(demo, "check", spec("region"), COLLEAGUE).code == 0


@contextmanager
def full_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of its own under `folder`, too small for what comes."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("a small disk can be mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_full_while_a_bundle_is_written_holds_the_release_up_and_loses_nothing(
    approved: House,
) -> None:
    house = approved.copy()
    house.start()
    try:
        requests = json.loads((house.home / "approved.json").read_text())
        failed = house.audited("publish_failed")
        with full_disk(house.home / "releases", "4k"):
            house.work()
            assert not [path for path in (house.home / "releases").rglob("*") if path.is_file()]
        spent = house.budget()["project:fuel-poverty"]["spent"]
        for request in requests.values():
            record = house.data("request", "show", request)
            assert record["state"] == "APPROVED"
            assert "disk" in record["problem"].lower(), record["problem"]
            assert record["problem"].endswith(".")
        assert house.audited("publish_failed") == failed + 2
        house.worked()
        for request in requests.values():
            house.must("receipt", "verify", house.bundle(request))
        assert house.budget()["project:fuel-poverty"]["spent"] == spent
        house.must("audit", "verify")
    finally:
        house.remove()


def test_a_disk_full_while_a_bundle_is_fetched_leaves_nothing(demo: House, tmp_path: Path) -> None:
    request = json.loads((demo.home / "demo" / "summary.json").read_text())["request"]
    (tmp_path / "small").mkdir()
    with full_disk(tmp_path / "small", "4k"):
        said = demo.tre("request", "fetch", request, "--out", tmp_path / "small" / "out")
        one_sentence(said, "out")
        assert list((tmp_path / "small").iterdir()) == []
    demo.must("request", "fetch", request, "--out", tmp_path / "out")
    demo.must("receipt", "verify", tmp_path / "out")
    one_sentence(demo.tre("request", "fetch", request, "--out", tmp_path / "out"), "exists")

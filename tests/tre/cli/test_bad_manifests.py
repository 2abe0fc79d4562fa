"""A manifest with mistakes: every fault is named at once, nothing is applied, and the audit log has its line."""

from pathlib import Path

import pytest

from tests.journeys.house import ADMIN, AUTHOR, PROJECT, House

TEXT = (PROJECT / "project.toml").read_text()
TABLES = ("project", "membership", "account")


def state(house: House) -> list[object]:
    return [house.rows(f"SELECT * FROM core.{table} ORDER BY 1") for table in TABLES]


def changed(tmp_path: Path, *pairs: tuple[str, str]) -> Path:
    text = TEXT.replace('id = "fuel-poverty"', 'id = "another"')
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "project.toml"
    file.write_text(text)
    return file


def test_all_faults_of_a_manifest_are_named_at_once(small: House, tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ('columns = ["region", "annual_kwh"', 'columns = ["region", "annual_kwhh"'),
        ("nano_rho = 100_000_000", 'nano_rho = "plenty"'),
        ("end = 2031-12-31", "end = 2025-12-31"),
        ("wall_seconds = 300", "wall_seconds = 0"),
    )
    before = state(small)
    said = small.tre("project", "apply", file, "--as", ADMIN)
    assert said.code == 1
    assert "Traceback" not in said.err
    for word in ("nano_rho", "end", "wall_seconds"):
        assert word in said.err, said.err
    assert state(small) == before
    assert small.tre("project", "plan", file).code == 1


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (
            'columns = ["region", "annual_kwh"',
            'columns = ["region", "annual_kwhh"',
            "linkage.columns.annual_kwh",
        ),
        ('person = "ben.hughes"', 'person = "ben.hughs"', "ben.hughs"),
        ('edition = "2016-05"', 'edition = "2017-05"', "2017-05"),
        ('gateway = "dea-64"', 'gateway = "dea-35"', "section 35"),
        ('gateway = "dea-64"', 'gateway = "dea-640"', "dea-640"),
        ('preset = "standard"', 'preset = "sloppy"', "sloppy"),
        ('title = "Who', 'tittle = "Who', "tittle"),
        ('role = "lead"', 'role = "king"', "people[1].role"),
        ("[linkage]", "[linkage", ""),
    ],
)
def test_a_mistake_is_named_and_nothing_applied(
    *, small: House, tmp_path: Path, old: str, new: str, word: str
) -> None:
    file = changed(tmp_path, (old, new))
    before, lines = state(small), small.audited("command_refused")
    said = small.tre("project", "apply", file, "--as", ADMIN)
    assert said.code == 1, said
    assert said.out == ""
    assert word in said.err
    assert said.err.strip().endswith(".")
    assert "Traceback" not in said.err
    assert state(small) == before
    assert small.audited("command_refused") == lines + 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 10_000, b"id = 3"])
def test_a_file_that_is_no_manifest_is_refused(small: House, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "project.toml").write_bytes(content)
    before = state(small)
    said = small.tre("project", "apply", tmp_path / "project.toml", "--as", ADMIN)
    assert said.code == 1
    assert "Traceback" not in said.err
    assert said.err.strip().endswith(".")
    assert state(small) == before


def test_only_an_admin_applies_and_may_not_be_talked_into_it_by_a_plan(small: House, tmp_path: Path) -> None:
    file = changed(tmp_path)
    assert small.data("project", "plan", file)
    before = state(small)
    assert small.tre("project", "apply", file, "--as", AUTHOR).code == 1
    assert state(small) == before

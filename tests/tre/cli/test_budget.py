"""The budget by command: statements in three formats, and caps that one person alone cannot change."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.journeys.house import AUTHOR, House

PROJECT, ACCOUNT = "fuel-poverty", "project:fuel-poverty"
OWNER, SENIOR = "greta.lind", "erin.walsh"


def cap(house: House) -> int:
    rows = house.data("budget", "show", "--project", PROJECT)
    return next(row["cap"] for row in rows if row["account"] == ACCOUNT)


def test_a_raise_takes_two_people_and_stands_in_the_statement(small: House) -> None:
    before = cap(small)
    wanted = ("budget", "raise", "propose", ACCOUNT, "--to", before + 1, "--reason", "One more chapter")
    number = small.data(*wanted, "--as", AUTHOR)["proposal"]
    alone = small.tre("budget", "raise", "approve", number, "--reason", "Mine", "--as", AUTHOR)
    assert alone.code == 1
    assert "Only the owner of the data or a senior output checker" in alone.err
    assert cap(small) == before
    assert small.tre("budget", "raise", "approve", number, "--reason", "Weighed", "--as", OWNER).code == 0
    assert cap(small) == before + 1
    assert small.tre("budget", "raise", "refuse", number, "--reason", "No", "--as", SENIOR).code == 1
    (line,) = small.data("budget", "raise", "list", "--account", ACCOUNT)
    assert (line["proposed_by"], line["decided_by"], line["decision"]) == (AUTHOR, OWNER, "approve")
    record = small.data("budget", "statement", "--project", PROJECT)
    assert [one["after"] for one in record["proposals"]] == [before + 1]


def test_a_statement_is_written_as_json_csv_and_a_page_that_stands_by_itself(
    small: House, tmp_path: Path
) -> None:
    record = small.data("budget", "statement", "--population", "residents", "--format", "json")
    assert record["format"] == "tre-statement/1"
    assert [row["account"] for row in record["accounts"]] == ["population:residents"]
    table = small.tre("budget", "statement", "--dataset", "tax_records", "--format", "csv")
    assert next(csv.reader(io.StringIO(table.out)))[:3] == ["account", "at", "project"]
    page = tmp_path / "statement.html"
    assert small.tre("budget", "statement", "--project", PROJECT, "--format", "html", "--out", page).code == 0
    text = page.read_text()
    assert "http" not in text.replace("http-equiv", "")
    assert "Nothing has been spent from this account yet." in text
    assert small.tre("budget", "statement").code == 2
    assert small.tre("budget", "statement", "--project", "none").code == 1


def test_reservations_are_ended_by_an_admin_on_demand(small: House) -> None:
    assert small.data("budget", "expire", "--as", "frank.osei") == []
    assert small.tre("budget", "expire", "--as", AUTHOR).code == 1

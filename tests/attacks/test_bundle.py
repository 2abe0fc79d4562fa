"""What an author writes into titles, contexts, names and levels: none of it leaves but what two people read as a label."""

from __future__ import annotations

import csv
import json

from tests.attacks.deeds import derived, exact, released
from tests.builders import House


def tables(house: House, request: str) -> list[list[list[str]]]:
    files = sorted(house.bundle(request).glob("*.csv"))
    return [list(csv.reader(path.read_text().splitlines())) for path in files]


def test_the_context_is_read_by_reviewers_and_leaves_in_no_byte(house: House) -> None:
    message = "five thousand names, " * 100
    request = released(house, house.noisy(), context=message)
    for path in house.bundle(request).iterdir():
        assert b"five thousand names" not in path.read_bytes()


def test_a_title_cannot_choose_where_a_file_is_written(house: House) -> None:
    request = released(
        house, house.noisy("../../../etc/passwd"), house.noisy("receipt.json", where="bill >= 0")
    )
    names = sorted(path.name for path in house.bundle(request).iterdir())
    tables = [
        f"{stem}.{form}" for stem in ("01-etc-passwd", "02-receipt-json") for form in ("csv", "tex", "xlsx")
    ]
    assert names == [*tables, "disclosure.json", "receipt.json"]


def test_no_level_and_no_name_is_a_formula_for_a_spreadsheet(house: House) -> None:
    levels = ("=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", "\uff20x")
    rows = " UNION ALL ".join(f"SELECT study_id, '{level}' AS region, bill FROM linked" for level in levels)
    run = derived(house, rows)
    request = released(house, exact(measures={"\uff1bsum": ("sum", "bill"), "=x": ("count", None)}), run=run)
    for row in tables(house, request)[0]:
        assert not any(text.startswith(("=", "+", "-", "@", "\uff1d", "\uff20")) for text in row)


def test_a_total_is_told_from_every_level(house: House) -> None:
    rows = " UNION ALL ".join(
        f"SELECT study_id, '{level}' AS region FROM linked" for level in ("Total", "(Total)")
    )
    request = released(house, exact(), run=derived(house, rows))
    labels = [row[0] for row in tables(house, request)[0][1:]]
    assert sorted(labels) == ["((Total))", "(Total)", "Total"]


def test_the_same_answer_leaves_under_the_names_that_were_voted_on(house: House) -> None:
    """Another author's names would be a message between requests, and not what the two people saw."""
    first = released(house, house.noisy(measures={"theirs": ("count", None), "sum": ("sum", "bill")}))
    spent = house.books()
    second = released(house, house.noisy(measures={"bills": ("sum", "bill"), "ours": ("count", None)}))
    assert house.books() == spent
    (one,), (other,) = tables(house, first), tables(house, second)
    assert one[0] == ["region", "n", "theirs", "sum"]
    assert other[0] == ["region", "n", "bills", "ours"]
    assert [(row[0], row[2], row[3]) for row in one[1:]] == [(row[0], row[3], row[2]) for row in other[1:]]
    (item,) = json.loads((house.bundle(second) / "disclosure.json").read_text())["items"]
    assert set(item["half_width_95_per_cell"]) >= {"bills", "ours"}
    assert "theirs" not in json.dumps(item)

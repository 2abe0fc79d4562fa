"""How a checked table becomes rows of a page: nothing unsafe is left out, nothing is shown under a wrong name."""

from __future__ import annotations

import pandas as pd

from disclosure import Policy, Report, Statistic, assess
from tre.web.present import items, pages
from tre.web.rendering import moment, number

POLICY = Policy.preset("standard")


def report(sizes: dict[str, int], **words: object) -> Report:
    rows = [(label, f"{label}-{n}", 100.0 + n) for label, size in sizes.items() for n in range(size)]
    data = pd.DataFrame(rows, columns=["region", "id", "bill"])
    return assess(Statistic.table("t", by=["region"], unit="id", **words), data, POLICY)  # type: ignore[arg-type]


def test_a_table_of_means_says_what_each_column_counts() -> None:
    table = items.table(report({"North": 20, "South": 3}, measures={"bill": ("mean", "bill")}))
    assert table["heads"] == [
        "Rows",
        "Different id",
        "bill",
        "bill: rows with a value",
        "bill: units with a value",
    ]
    rows = {row.labels[0]: row for row in table["rows"]}  # type: ignore[attr-defined]  # a list of rows
    assert rows["North"].status == "Safe"
    assert rows["South"].unsafe
    assert "threshold" in rows["South"].status
    assert table["unsafe"] == 1


def test_a_question_is_a_sentence_with_its_filter_and_measures() -> None:
    asked = Statistic.table(
        "t", by=["a", "b"], measures={"total": ("sum", "x"), "m": ("mean", "y")}, where="x > 1", margins=False
    )
    assert items.question(asked) == (
        "Sum of x (as total) and mean of y (as m), by a and b, from table t. Only rows where x > 1."
    )
    assert items.question(Statistic.table("t")) == (
        "Numbers of rows, over the whole table, from table t. All rows: no filter."
    )


def test_a_table_that_is_too_long_shows_every_unsafe_cell_first() -> None:
    sizes = {f"r{n:04}": 12 for n in range(items.MOST_ROWS + 40)} | {"zzz": 2, "zzy": 1}
    table = items.table(report(sizes))
    rows = table["rows"]
    assert isinstance(rows, list)
    assert len(rows) == items.MOST_ROWS
    assert sum(row.unsafe for row in rows) == table["unsafe"] == 2
    assert all(row.unsafe for row in rows[:2])
    assert table["left_out"] == len(sizes) + 1 - items.MOST_ROWS


def test_a_finding_names_its_cells_and_how_many_more() -> None:
    sizes = {f"r{n:02}": 3 for n in range(items.MOST_LABELS + 5)}
    found = items.findings(report(sizes))
    threshold = next(one for one in found if one["rule"] == "threshold")
    assert threshold["more"] == 5
    assert "r00" in str(threshold["cells"])


def test_a_long_label_does_not_hide_the_table() -> None:
    table = items.table(report({"x" * 5_000: 20}))
    rows = table["rows"]
    assert isinstance(rows, list)
    assert max(len(row.labels[0]) for row in rows) == items.LONGEST_LABEL + 1


def test_a_missing_number_is_said_in_words() -> None:
    data = pd.DataFrame({"region": ["a"] * 12, "id": list(range(12)), "bill": [None] * 12}, dtype=object)
    data["bill"] = data["bill"].astype(float)
    asked = Statistic.table("t", by=["region"], unit="id", measures={"bill": ("mean", "bill")})
    rows = items.table(assess(asked, data, POLICY))["rows"]
    assert isinstance(rows, list)
    assert rows[0].numbers[2] == "none"


def test_numbers_and_times_are_written_for_people() -> None:
    assert number(1_234_567) == "1,234,567"
    assert number(10.000000000010001) == "10"
    assert moment("2026-11-05T09:03:00+01:00") == "5 November 2026, 08:03 UTC"


def test_a_registers_share_of_exact_outputs_is_in_words() -> None:
    view: dict[str, object] = {"people": [], "exact_share": 0.25}
    assert pages.registered(view)["exact_text"] == "25% of all released outputs"
    assert pages.registered(view | {"exact_share": None})["exact_text"] == "nothing has been released yet"


def test_an_association_is_shown_with_what_its_estimate_is() -> None:
    rows = [(f"{n}", "ab"[n % 2], float(n % 7)) for n in range(60)]
    data = pd.DataFrame(rows, columns=["id", "half", "bill"])
    asked = Statistic.association("t", "t_test", ("bill", "half"), unit="id", where="bill >= 0")
    found = assess(asked, data, POLICY)
    assert items.question(asked) == (
        "Difference of means of bill and half (t_test), over the whole table, from table t. "
        "Only rows where bill >= 0."
    )
    table = items.table(found)
    assert table["by"] == ["measure"]
    rows_shown = table["rows"]
    assert isinstance(rows_shown, list)
    assert rows_shown[0].labels == ("difference of means",)
    assert rows_shown[0].status == "Safe"


def test_a_step_of_a_curve_is_named_in_a_finding() -> None:
    data = pd.DataFrame({"t": [5.0] * 30 + [20.0] * 3 + [99.0] * 40, "e": [1] * 33 + [0] * 40})
    found = assess(Statistic.survival("t", "t", "e", at=[10, 30]), data, POLICY)
    (finding, *_) = items.findings(found)
    assert (finding["rule"], finding["cells"]) == ("survival_step", ["step"])
    assert items.question(found.statistic).startswith("Kaplan-Meier survival in t until e, at 10, 30")

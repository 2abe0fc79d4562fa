"""Items of a request as a checker reads them: the question in a sentence, the table with its unsafe cells, the findings.

A noisy item is shown by its plan alone, which knows specification and dictionary; nothing here reads its data.
"""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from disclosure import Report, Statistic
from disclosure.columns import label_columns
from disclosure.dp import Plan
from disclosure.measure import Measure
from disclosure.safe import WITHHELD
from tre.domain.outputs import Method, Protection
from tre.services.outputs.asking import priced
from tre.services.outputs.drawing import Drawn
from tre.web.present.charts import charted
from tre.web.rendering import number

MOST_ROWS: Final = 1_000
"""Most cells that a page shows, in table rows; unsafe ones come first where there are more. Source: ours."""

LONG_ROWS: Final = 20
"""From how many rows on a table may be taller than the screen. Source: ours."""

MOST_LABELS: Final = 12
"""Most cells that a finding names one by one. Source: ours; the table marks every one of them."""

LONGEST_LABEL: Final = 120
"""Longest label shown, in characters. Source: ours; a longer one would hide the table."""

TOTAL: Final = "Total"
VERDICTS: Final = {"PASS": "green", "REVIEW": "yellow", "FAIL": "red", None: "grey"}
"""Colour of the tag beside the word."""

PROTECTIONS: Final = {
    Method.SUPPRESS: f"Unsafe cells are withheld, shown as {WITHHELD}, and others so that nobody can compute them.",
    Method.DROP_RECORDS: "The records behind unsafe cells are dropped, and the totals are computed without them.",
    Method.ROUND: "Every count is rounded to a multiple of {base}, each by itself.",
    Method.RANDOM_ROUND: "Every count is rounded up or down to a multiple of {base} by a keyed draw of its own.",
    Method.MIDPOINT_ROUND: "Every count is the middle of the {base} counts among which it lies.",
    Method.CONTROLLED_ROUND: "Every count is rounded to a multiple of {base}, so that totals still add up.",
    Method.CELL_KEY: "Every count is changed by at most {base}, the same people always by the same amount.",
}
"""What each way to protect a table does, in words."""

Shown = dict[str, object]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a checked exact item: the report on it, the table as it would leave, as CSV, and its chart."""

    report: Report
    printed: bytes
    drawn: Drawn | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One cell of a statistic as one row of a page's table: its labels, its numbers, and what is wrong with it."""

    labels: tuple[str, ...]
    numbers: tuple[str, ...]
    unsafe: bool
    status: str


def item(view: Mapping[str, object], evidence: Evidence | None) -> Shown:
    """What a page shows of one item.

    Args:
        view: the item as `show.request_view` gives it.
        evidence: what is stored about an exact item, for those who may see it.
    """
    report = None if evidence is None else evidence.report
    statistic = Statistic.from_json(str(view["specification"]))
    verdict = None if view["verdict"] is None else str(view["verdict"])
    common: Shown = {
        **view,
        "question": question(statistic),
        "colour": VERDICTS[verdict],
        "is_noisy": view["mode"] == "noisy",
        "is_claim": view["kind"] == "run",
        "table": None if evidence is None else table(evidence.report, withheld_in(evidence)),
        "named": [] if report is None else findings(report),
        "leaves": None if evidence is None or view["protection"] is None else leaves(evidence),
        "protected": None if view["protection"] is None else protected(str(view["protection"])),
        "charted": None if view["picture"] is None else charted(str(view["picture"])),
        "alternative": None if evidence is None or evidence.drawn is None else evidence.drawn.alternative,
    }
    if view["plan"] is None:
        return common
    plan = Plan.from_json(str(view["plan"]))
    return common | {"priced": priced(plan), "precision_rows": precision(plan)}


def unreadable(view: Mapping[str, object]) -> Shown:
    """What a page shows of an item whose stored question, plan or report cannot be read: that, and nothing else."""
    return {
        **view,
        "question": "",
        "verdict": None,
        "colour": VERDICTS[None],
        "is_noisy": view["mode"] == "noisy",
        "is_claim": False,
        "is_unreadable": True,
    }


def question(statistic: Statistic) -> str:
    """Say in words what is asked, of whom, and whom the filter leaves in."""
    counted = f"Numbers of different {statistic.unit}" if statistic.unit else "Numbers of rows"
    asked = [
        f"{_aggregation(each)} of {each.column or 'rows'} (as {each.name})" for each in statistic.measures
    ]
    by = f", by {_listed(statistic.by)}" if statistic.by else ", over the whole table"
    filtered = f"Only rows where {statistic.where}." if statistic.where else "All rows: no filter."
    weighted = f" Weighted by {statistic.weight}." if statistic.weight else ""
    margins = " With totals over each dimension." if statistic.margins and statistic.by else ""
    what = f"{_listed(asked)[0].upper()}{_listed(asked)[1:]}" if asked else counted
    if statistic.asks is not None:
        what = statistic.asks.sentence()
    return f"{what}{by}, from table {statistic.source}. {filtered}{weighted}{margins}"


def _aggregation(measure: Measure) -> str:
    """Name what is computed, with its argument: `quantile 0.25`, `proportion of index`."""
    match measure.function:
        case "quantile":
            return f"quantile {measure.argument}"
        case "proportion":
            return f"proportion within {measure.argument}"
        case _:
            return measure.function


def table(report: Report, withheld: frozenset[int] = frozenset()) -> Shown:
    """A report's table for a page; where it is too long, the unsafe cells first, and how many are left out.

    Args:
        report: the report.
        withheld: positions of the cells that a protection withholds.
    """
    cells, by = report.cells, list(label_columns(report.statistic))
    numbers = [str(name) for name in cells.columns if name not in {*by, "unsafe", "rules"}]
    order = cells if len(cells) <= MOST_ROWS else cells.sort_values("unsafe", ascending=False, kind="stable")
    return {
        "by": by,
        "heads": [_head(name, report.statistic) for name in numbers],
        "rows": [
            _row(row, by, numbers, is_withheld=place in withheld)
            for place, row in zip(order.index, _records(order.head(MOST_ROWS)), strict=False)
        ],
        "cells": len(cells),
        "unsafe": int(cells["unsafe"].sum()),
        "withheld": len(withheld),
        "left_out": max(0, len(cells) - MOST_ROWS),
        "is_long": len(cells) > LONG_ROWS,
    }


def leaves(evidence: Evidence) -> Shown:
    """The table as it would leave: its head, its rows as text, and how many are left out."""
    head, *rows = csv.reader(io.StringIO(evidence.printed.decode()))
    dimensions = len(evidence.report.statistic.by)
    numeric = {"format": "numeric"}
    return {
        "head": [
            {"text": text} | (numeric if place >= dimensions else {}) for place, text in enumerate(head)
        ],
        "rows": [
            [
                {"text": _label(text)} | (numeric if place >= dimensions else {})
                for place, text in enumerate(row)
            ]
            for row in rows[:MOST_ROWS]
        ],
        "left_out": max(0, len(rows) - MOST_ROWS),
    }


def protected(text: str) -> str:
    """Say in words how a table is protected."""
    asked = Protection.from_text(text)
    return PROTECTIONS[asked.method].format(base=asked.base)


def findings(report: Report) -> list[Shown]:
    """A report's findings, each with the labels of the cells that it means."""
    cells, by = report.cells, list(label_columns(report.statistic))
    found = []
    for finding in report.findings:
        few = cells.iloc[list(finding.cells[:MOST_LABELS])]
        labels = [_labels(row, by) for row in _records(few)]
        found.append(
            {
                "rule": finding.rule,
                "sentence": finding.sentence,
                "verdict": finding.verdict.name,
                "cells": labels,
                "more": len(finding.cells) - len(labels),
            }
        )
    return found


def precision(plan: Plan) -> list[list[Shown]]:
    """Per printed column: standard deviation of the noise in a cell, and half the width of its 95% interval."""
    return [
        [
            {"text": name},
            {"text": number(sigma), "format": "numeric"},
            {"text": number(plan.accuracy[name]), "format": "numeric"},
        ]
        for name, sigma in plan.sigma.items()
    ]


def _head(name: str, statistic: Statistic) -> str:
    """A column of a report in words."""
    if name == "n":
        return "Rows"
    if name == "units":
        return f"Different {statistic.unit}" if statistic.unit else "Units"
    for measure in statistic.measures:
        if name == f"{measure.name}_n":
            return f"{measure.name}: rows with a value"
        if name == f"{measure.name}_units":
            return f"{measure.name}: units with a value"
    return name


def withheld_in(evidence: Evidence) -> frozenset[int]:
    """Positions of the cells of which the table that would leave shows nothing."""
    rows = list(csv.reader(io.StringIO(evidence.printed.decode())))[1:]
    return frozenset(place for place, row in enumerate(rows) if WITHHELD in row)


def _row(
    row: Mapping[str, object], by: list[str], numbers: list[str], *, is_withheld: bool = False
) -> TableRow:
    rules = row["rules"]
    names = ", ".join(str(rule) for rule in rules) if isinstance(rules, tuple) else ""
    unsafe = bool(row["unsafe"])
    return TableRow(
        labels=tuple(_label(row[name]) for name in by),
        numbers=tuple(_number(row[name]) for name in numbers),
        unsafe=unsafe,
        status=f"Unsafe: {names}" if unsafe else "Withheld" if is_withheld else "Safe",
    )


def _records(cells: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(name): value for name, value in row.items()} for row in cells.to_dict("records")]


def _labels(row: Mapping[str, object], by: list[str]) -> str:
    return " / ".join(_label(row[name]) for name in by) or "the whole table"


def _label(value: object) -> str:
    text = TOTAL if value is None else str(value)
    return text if len(text) <= LONGEST_LABEL else f"{text[:LONGEST_LABEL]}…"


def _number(value: object) -> str:
    plain = value.item() if hasattr(value, "item") else value
    if plain is None or (isinstance(plain, float) and math.isnan(plain)):
        return "none"
    return f"{plain:,.6g}" if isinstance(plain, float) else f"{plain:,}"


def _listed(words: list[str] | tuple[str, ...]) -> str:
    """Join words as a sentence does."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"

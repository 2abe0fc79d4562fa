"""The bytes of a release: each table as CSV, XLSX and LaTeX, each chart as SVG and PNG, and the disclosure record in JSON.

Every one of them is written here from the table that was judged or the noisy answer, and read from nowhere else.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from disclosure import DisclosureError, Report, Statistic
from disclosure.columns import label_columns
from disclosure.dp import NANO, Answer
from disclosure.printed import csv_bytes, labelled
from disclosure.safe import WITHHELD
from tre.db.tables import Item, Request
from tre.domain.outputs import Picture
from tre.sandbox.environments import environment_digest as digest_of_environment
from tre.services.outputs.drawing import Drawn, drawn
from tre.services.outputs.latex import latex_bytes
from tre.services.outputs.lines import lines_of
from tre.services.outputs.sheets import fits_a_sheet, xlsx_bytes


@dataclass(frozen=True, slots=True)
class Content:
    """One item as it leaves.

    Attributes:
        csv: the table as it is written.
        record: what the disclosure record says of it; numbers about the release, never evidence.
        labels: the columns of the table that hold labels.
        notes: sentences that stand with the table in forms that have room for them.
        drawn: the chart that goes with it.
    """

    csv: bytes
    record: dict[str, object]
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    drawn: Drawn | None = None

    def forms(self, title: str) -> dict[str, bytes]:
        """Return the item in every form in which it leaves, by the ending of its file."""
        lines = lines_of(self.csv, self.labels)
        found = {"csv": self.csv, "tex": latex_bytes(lines, title, self.notes)}
        if fits_a_sheet(lines, title, self.notes):
            found["xlsx"] = xlsx_bytes(lines, title, self.notes)
        if self.drawn is not None:
            found |= {"svg": self.drawn.svg.encode(), "png": self.drawn.png()}
        return found


def exact_content(
    report_json: bytes, printed: bytes, protection: str | None, picture: Drawn | None = None
) -> Content:
    """Read what leaves of an exact item: the table as it was judged, and how the judgement went; no evidence.

    Args:
        report_json: the stored report.
        printed: the table that was judged, as CSV.
        protection: how it is protected, as the item says it.
        picture: the chart that was drawn of it.
    """
    report = Report.from_json(report_json.decode())
    record: dict[str, object] = {
        "verdict": report.verdict.name,
        "findings": [{"rule": each.rule, "cells": len(each.cells)} for each in report.findings],
        "policy": json.loads(report.policy.to_json()),
        "protection": protection,
    }
    notes = () if protection is None else (f"Protected: {protection}.", *_withheld_note(printed))
    return Content(printed, record, label_columns(report.statistic), notes, picture)


def noisy_content(
    answer_json: bytes, asked: Statistic, picture: Picture | None = None, title: str = ""
) -> Content:
    """Read what leaves of a noisy item from its stored answer, under the names that this item gave its measures.

    Whoever asked this very question first may have used other names; two people voted on these.

    Args:
        answer_json: the stored answer.
        asked: the question as this item asks it.
        picture: the chart that goes with it; it is drawn here, of the noisy answer.
        title: what the chart is called.
    """
    stored = Answer.from_json(answer_json.decode())
    names = _names(stored.statistic, asked)
    answer = _renamed(stored, asked, names)
    measures = [measure.name for measure in asked.measures]
    before = [column for column in answer.table.columns if column not in measures]
    record: dict[str, object] = {
        "mechanism": f"discrete {answer.mechanism}",
        "rho": answer.spend / NANO,
        "nano_rho": answer.spend,
        "sigma_per_cell": {names.get(name, name): sigma for name, sigma in answer.sigma.items()},
        "half_width_95_per_cell": {names.get(name, name): half for name, half in answer.accuracy.items()},
        "plan": answer.plan_digest,
    }
    leaves = labelled(answer.table[[*before, *measures]], asked.by).assign(**_ends(answer, measures))
    notes = (f"Noise was added to every number: {record['mechanism']}, rho {record['rho']:g}.",)
    content = Content(csv_bytes(leaves), record, label_columns(asked), notes)
    return content if picture is None else _pictured(content, picture, answer, title)


def bundle_files(request: Request, items: list[Item], contents: dict[str, Content]) -> dict[str, bytes]:
    """Every file of a bundle but its receipt, by name. The author's free text is for reviewers and stays inside."""
    files: dict[str, bytes] = {}
    records = []
    for item in items:
        content, stem = contents[item.id], f"{item.position:02}-{_slug(item.title)}"
        forms = {f"{stem}.{ending}": written for ending, written in content.forms(item.title).items()}
        files |= forms
        records.append(_record(item, content, tuple(forms)))
    record = {
        "format": "tre-disclosure-record/1",
        "request": request.id,
        "title": request.title,
        "manifest": request.manifest_digest,
        "items": records,
    }
    files["disclosure.json"] = (
        json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    ).encode()
    return files


def _record(item: Item, content: Content, files: Sequence[str]) -> dict[str, object]:
    """What the disclosure record says of one item; its first file is the table that was judged."""
    words = None if content.drawn is None else content.drawn.alternative
    return {
        "file": files[0],
        "files": list(files),
        "title": item.title,
        "kind": item.kind,
        "mode": item.mode,
        "exact_reason": item.exact_reason,
        "specification": json.loads(item.specification),
        "rows": _rows(content.csv),
        "chart": None if item.picture is None else {"asked": item.picture, "alternative": words},
        **content.record,
    }


def _pictured(content: Content, picture: Picture, answer: Answer, title: str) -> Content:
    """Draw the chart of a noisy answer. One that cannot be drawn holds up nothing: the answer is paid for, and leaves."""
    try:
        return replace(content, drawn=drawn(picture, answer, title))
    except DisclosureError as error:
        return replace(content, record=content.record | {"chart_not_drawn": error.sentence})


@cache
def environment_digest() -> str:
    """Digest of the software that releases."""
    return digest_of_environment()


def _renamed(stored: Answer, asked: Statistic, names: dict[str, str]) -> Answer:
    """Return a stored answer under the names of the item that it answers."""
    ends = {f"{old}_{end}": f"{new}_{end}" for old, new in names.items() for end in ("low", "high")}
    table = stored.table.rename(columns=names)
    intervals = None if stored.intervals is None else stored.intervals.rename(columns=ends)
    return replace(stored, statistic=asked, table=table, intervals=intervals)


def _ends(answer: Answer, measures: list[str]) -> dict[str, pd.Series]:
    """The 95% intervals of means, proportions and quantiles, whose width differs from cell to cell."""
    if answer.intervals is None:
        return {}
    varying = [name for name in measures if answer.table[name].dtype == float]
    return {f"{name}_{end}": answer.intervals[f"{name}_{end}"] for name in varying for end in ("low", "high")}


def _withheld_note(printed: bytes) -> tuple[str, ...]:
    return (f"{WITHHELD} is withheld; it is not zero.",) if WITHHELD.encode() in printed else ()


def _names(stored: Statistic, asked: Statistic) -> dict[str, str]:
    """What each measure of a stored answer is called in the same question as somebody else asked it."""
    one, other = (
        sorted(each.measures, key=lambda measure: str(measure.question())) for each in (stored, asked)
    )
    return {first.name: second.name for first, second in zip(one, other, strict=True)}


def _rows(content: bytes) -> int:
    """Count the rows of a table below its head."""
    return sum(1 for _ in csv.reader(io.StringIO(content.decode()))) - 1


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "table"

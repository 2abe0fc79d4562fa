"""The bytes of a release: each table as CSV that we write ourselves, and the disclosure record in JSON."""

import csv
import io
import json
import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from disclosure import Report, Statistic
from disclosure.dp import NANO, Answer
from tre.db.tables import Item, Request
from tre.sandbox.environments import environment_digest as digest_of_environment
from tre.services.outputs.printing import csv_bytes, labelled


@dataclass(frozen=True, slots=True)
class Content:
    """One item as it leaves.

    Attributes:
        csv: the table as it is written.
        record: what the disclosure record says of it; numbers about the release, never evidence.
    """

    csv: bytes
    record: dict[str, object]


def exact_content(report_json: bytes, printed: bytes, protection: str | None) -> Content:
    """Read what leaves of an exact item: the table as it was judged, and how the judgement went; no evidence.

    Args:
        report_json: the stored report.
        printed: the table that was judged, as CSV.
        protection: how it is protected, as the item says it.
    """
    report = Report.from_json(report_json.decode())
    record: dict[str, object] = {
        "verdict": report.verdict.name,
        "findings": [{"rule": each.rule, "cells": len(each.cells)} for each in report.findings],
        "policy": json.loads(report.policy.to_json()),
        "protection": protection,
    }
    return Content(printed, record)


def noisy_content(answer_json: bytes, asked: Statistic) -> Content:
    """Read what leaves of a noisy item from its stored answer, under the names that this item gave its measures.

    Whoever asked this very question first may have used other names; two people voted on these.
    """
    answer = Answer.from_json(answer_json.decode())
    names = _names(answer.statistic, asked)
    measures = [measure.name for measure in asked.measures]
    table = answer.table.rename(columns=names)
    before = [column for column in table.columns if column not in measures]
    record: dict[str, object] = {
        "mechanism": f"discrete {answer.mechanism}",
        "rho": answer.spend / NANO,
        "nano_rho": answer.spend,
        "sigma_per_cell": {names.get(name, name): sigma for name, sigma in answer.sigma.items()},
        "half_width_95_per_cell": {names.get(name, name): half for name, half in answer.accuracy.items()},
        "plan": answer.plan_digest,
    }
    leaves = labelled(table[[*before, *measures]], answer.statistic.by).assign(
        **_ends(answer, names, measures)
    )
    return Content(csv_bytes(leaves), record)


def bundle_files(request: Request, items: list[Item], contents: dict[str, Content]) -> dict[str, bytes]:
    """Every file of a bundle but its receipt, by name. The author's free text is for reviewers and stays inside."""
    names = {item.id: f"{item.position:02}-{_slug(item.title)}.csv" for item in items}
    files = {names[item.id]: contents[item.id].csv for item in items}
    record = {
        "format": "tre-disclosure-record/1",
        "request": request.id,
        "title": request.title,
        "manifest": request.manifest_digest,
        "items": [
            {
                "file": names[item.id],
                "title": item.title,
                "kind": item.kind,
                "mode": item.mode,
                "exact_reason": item.exact_reason,
                "specification": json.loads(item.specification),
                "rows": _rows(contents[item.id].csv),
                **contents[item.id].record,
            }
            for item in items
        ],
    }
    files["disclosure.json"] = (
        json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    ).encode()
    return files


@cache
def environment_digest() -> str:
    """Digest of the software that releases."""
    return digest_of_environment()


def _ends(answer: Answer, names: dict[str, str], measures: list[str]) -> dict[str, pd.Series]:
    """The 95% intervals of means, proportions and quantiles, whose width differs from cell to cell."""
    if answer.intervals is None:
        return {}
    asked = {name: stored for stored, name in names.items()}
    varying = [name for name in measures if answer.table[asked[name]].dtype == float]
    return {
        f"{name}_{end}": answer.intervals[f"{asked[name]}_{end}"]
        for name in varying
        for end in ("low", "high")
    }


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

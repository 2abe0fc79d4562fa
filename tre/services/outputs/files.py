"""The bytes of a release: each table as CSV that we write ourselves, and the disclosure record in JSON."""

import csv
import io
import json
import math
import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from disclosure import Report, Statistic
from disclosure.dp import NANO, Answer
from tre.db.tables import Item, Request
from tre.sandbox.environments import environment_digest as digest_of_environment

TOTAL = "Total"
"""What stands in a dimension that a margin sums over."""
DIGITS = 10
"""Significant digits of a number that is not whole: more than any statistic here carries, fewer than a message needs."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters at which spreadsheets take a text for a formula, the wide forms of Asian keyboards among them.

Source: OWASP, CSV injection; ASVS 5.0, 1.2.10."""


@dataclass(frozen=True, slots=True)
class Content:
    """One item as it leaves.

    Attributes:
        table: what the CSV holds: dimensions as text, then numbers.
        record: what the disclosure record says of it; numbers about the release, never evidence.
    """

    table: pd.DataFrame
    record: dict[str, object]


def exact_content(report_json: bytes) -> Content:
    """Read what leaves of an exact item from its stored report: the printed columns, none of the evidence."""
    report = Report.from_json(report_json.decode())
    by = list(report.statistic.by)
    measures = [measure.name for measure in report.statistic.measures]
    record: dict[str, object] = {
        "verdict": report.verdict.name,
        "findings": [{"rule": each.rule, "cells": len(each.cells)} for each in report.findings],
        "policy": json.loads(report.policy.to_json()),
    }
    return Content(_labelled(report.cells[[*by, "n", *measures]], by), record)


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
    return Content(_labelled(table[[*before, *measures]], list(answer.statistic.by)), record)


def bundle_files(request: Request, items: list[Item], contents: dict[str, Content]) -> dict[str, bytes]:
    """Every file of a bundle but its receipt, by name. The author's free text is for reviewers and stays inside."""
    names = {item.id: f"{item.position:02}-{_slug(item.title)}.csv" for item in items}
    files = {names[item.id]: csv_bytes(contents[item.id].table) for item in items}
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
                "rows": len(contents[item.id].table),
                **contents[item.id].record,
            }
            for item in items
        ],
    }
    files["disclosure.json"] = (
        json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    ).encode()
    return files


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Write a table as CSV: UTF-8, line feeds, quotes where needed, texts that no spreadsheet takes for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_text(name) for name in table.columns])
    for row in table.itertuples(index=False, name=None):
        writer.writerow([_text(value) if isinstance(value, str) else _number(value) for value in row])
    return buffer.getvalue().encode()


@cache
def environment_digest() -> str:
    """Digest of the software that releases."""
    return digest_of_environment()


def _names(stored: Statistic, asked: Statistic) -> dict[str, str]:
    """What each measure of a stored answer is called in the same question as somebody else asked it."""
    one, other = (
        sorted(each.measures, key=lambda measure: str(measure.question())) for each in (stored, asked)
    )
    return {first.name: second.name for first, second in zip(one, other, strict=True)}


def _labelled(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Give margins a label that is no level."""
    labelled = table.copy()
    for column in by:
        levels, total = set(labelled[column].dropna().map(str)), TOTAL
        while total in levels:
            total = f"({total})"
        labelled[column] = [total if value is None else str(value) for value in labelled[column]]
    return labelled


def _text(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _number(value: object) -> str:
    plain = value.item() if hasattr(value, "item") else value
    if plain is None or (isinstance(plain, float) and math.isnan(plain)):
        return ""
    return f"{plain:.{DIGITS}g}" if isinstance(plain, float) else str(plain)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "table"

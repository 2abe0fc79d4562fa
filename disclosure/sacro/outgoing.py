"""A folder that SACRO Viewer opens, from checked outputs: results.json, a table each, charts, and checksums."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from disclosure.columns import label_columns
from disclosure.errors import DisclosureError
from disclosure.kind import Kind
from disclosure.policy import Policy, strictest_of
from disclosure.printed import csv_bytes, printed, printed_safe
from disclosure.result import Report, count_of
from disclosure.safe import Safe
from disclosure.verdict import Verdict

if TYPE_CHECKING:
    from disclosure.chart import Chart

FORMAT: Final = "1.0.2"
"""The version of ACRO whose layout this is; its loader reads no other, and the viewer asks for at least 0.4."""
CHECKSUMS: Final = "checksums"
RESULTS: Final = "results.json"
STATUS: Final = {Verdict.PASS: "pass", Verdict.REVIEW: "review", Verdict.FAIL: "fail"}
MITIGATION: Final = {"suppress": "suppress", "drop_records": "suppress", "cell_key": "perturb"}
"""Our methods in the words of the format, which has "none", "suppress" and "round"; the others here are roundings."""
UID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_WHOLE: Final = "whole"


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One output for the folder.

    Attributes:
        source: the check, or the protected table.
        uid: its name in the folder: letters, digits, dash and underscore; "" for output_0, output_1 ...
        chart: its chart, if any.
        command: how it was asked for; left out, what the statistic says of itself.
        comments: of its author.
        exception: why it should leave although it does not pass.
    """

    source: Report | Safe
    uid: str = ""
    chart: "Chart | None" = None
    command: str = ""
    comments: tuple[str, ...] = ()
    exception: str = ""

    @property
    def report(self) -> Report:
        """The judgement on what would leave."""
        return self.source if isinstance(self.source, Report) else self.source.report

    def table(self) -> pd.DataFrame:
        """Return what would leave; a table without labels gets one, for the format's first column is none of its cells."""
        found = printed(self.source) if isinstance(self.source, Report) else printed_safe(self.source)
        if not label_columns(self.report.statistic):
            found.insert(0, "rows", _WHOLE)
        return found


def write(outputs: Sequence[Output], folder: Path, *, at: datetime) -> Path:
    """Write a folder for SACRO Viewer, and return the path of its results.json.

    It is for output checkers inside: a table that fails stands in it with its true numbers and its unsafe cells marked.

    Args:
        outputs: what is to be looked at.
        folder: a folder that does not exist yet, or is empty.
        at: the time that is noted.

    Raises:
        DisclosureError: "sacro": there is nothing to write, a name is unfit or stands twice, or the folder holds files.
    """
    names = [output.uid or f"output_{place}" for place, output in enumerate(outputs)]
    if not names or len(set(names)) < len(names) or not all(map(UID.fullmatch, names)):
        raise DisclosureError(
            "sacro",
            "Give at least one output, each under a name of its own of letters, digits, dash and underscore.",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DisclosureError("sacro", "This is no empty folder; name one that is new or empty.")
    files: dict[str, bytes] = {}
    results = {}
    for name, output in zip(names, outputs, strict=True):
        results[name], made = _result(name, output, at)
        files |= made
    tool = {"@type": "SoftwareApplication", "name": "disclosure"}
    files["config.json"] = _json(_config([output.report.policy for output in outputs]))
    files[RESULTS] = _json({"version": FORMAT, "tool": tool, "results": results})
    (folder / CHECKSUMS).mkdir(parents=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
        (folder / CHECKSUMS / f"{file}.txt").write_text(hashlib.sha256(content).hexdigest())
    return folder / RESULTS


def _result(uid: str, output: Output, at: datetime) -> tuple[dict[str, object], dict[str, bytes]]:
    """Return what results.json says of an output, and its files."""
    report, table = output.report, output.table()
    stat, flagged = report.statistic, _flagged(report)
    method = output.source.method if isinstance(output.source, Safe) else None
    files = {f"{uid}_0.csv": csv_bytes(table)}
    if output.chart is not None:
        files |= {f"{uid}_1.svg": output.chart.svg.encode(), f"{uid}_2.png": output.chart.png}
    record: dict[str, object] = {
        "uid": uid,
        "status": STATUS[report.verdict],
        "type": "regression" if stat.kind is Kind.MODEL else "table",
        "properties": {
            "method": stat.kind.value,
            "mitigation": "none" if method is None else MITIGATION.get(method, "round"),
            "statistic": json.loads(stat.to_json()),
        },
        "files": [
            {
                "name": name,
                "sdc": _sdc(flagged, table, report) if name.endswith(".csv") else _sdc({}, table, report),
            }
            for name in files
        ],
        "outcome": _outcome(flagged, table, report),
        "command": output.command or _command(report),
        "summary": _summary(report),
        "timestamp": at.isoformat(),
        "comments": list(output.comments),
        "exception": output.exception,
        "fair": _fair(report),
    }
    return record, files


def _flagged(report: Report) -> dict[str, tuple[int, ...]]:
    """Return per rule the cells that it makes unsafe."""
    found: dict[str, tuple[int, ...]] = {}
    for finding in report.findings:
        if finding.verdict is Verdict.FAIL and finding.cells:
            found[finding.rule] = tuple(sorted({*found.get(finding.rule, ()), *finding.cells}))
    return found


def _numbers(table: pd.DataFrame, report: Report) -> list[int]:
    """Return the positions of the columns of numbers."""
    labels = {*label_columns(report.statistic)} or {"rows"}
    return [place for place, name in enumerate(table.columns) if name not in labels]


def _sdc(flagged: Mapping[str, tuple[int, ...]], table: pd.DataFrame, report: Report) -> dict[str, object]:
    """Return the flags of a file; a column is counted from nought beside the first one."""
    columns = [place - 1 for place in _numbers(table, report)]
    cells = {rule: [[row, column] for row in rows for column in columns] for rule, rows in flagged.items()}
    return {"summary": {rule: len(rows) for rule, rows in flagged.items()}, "cells": cells}


def _outcome(
    flagged: Mapping[str, tuple[int, ...]], table: pd.DataFrame, report: Report
) -> dict[str, dict[str, str]]:
    """Return per column of numbers and row what is said of the cell."""
    said = [""] * len(table)
    for rule, places in flagged.items():
        for place in places:
            said[place] += f"{rule}; "
    rows = {str(row): text or "ok" for row, text in enumerate(said)}
    return {str(table.columns[place]): rows for place in _numbers(table, report)}


def _command(report: Report) -> str:
    stat = report.statistic
    if stat.asks is not None:
        return f"{stat.asks.sentence()} of {stat.source}"
    asked = ", ".join(f"{measure.function}({measure.column or ''})" for measure in stat.measures) or "count()"
    where = f" where {stat.where}" if stat.where else ""
    return f"{asked} of {stat.source} by {', '.join(stat.by) or 'nothing'}{where}"


def _summary(report: Report) -> str:
    unsafe = report.cells["unsafe"].to_numpy().nonzero()[0].tolist()
    head = f"{STATUS[report.verdict]}; {count_of(unsafe)} unsafe of {len(report.cells)}"
    return "\n".join([head, *(f"{each.rule}: {each.sentence}" for each in report.findings)])


def _fair(report: Report) -> dict[str, object]:
    """Return what was looked at, in the words of the statbarns ontology."""
    stat = report.statistic
    dependent = ", ".join(dict.fromkeys(each.column for each in stat.measures if each.column)) or "none"
    return {
        "context": "https://w3id.org/statbarnsdc#",
        "checks_needed": sorted({each.rule for each in report.findings}),
        "check_status": {each.rule: STATUS[each.verdict] for each in report.findings},
        "dependent": dependent,
        "independent": list(stat.by),
    }


def _config(policies: Sequence[Policy]) -> dict[str, object]:
    """Return the strictest of the thresholds under the names that ACRO has for them."""
    policy = strictest_of(policies)
    return {
        "safe_threshold": policy.min_units,
        "safe_dof_threshold": policy.min_degrees,
        "safe_nk_n": 2,
        "safe_nk_k": policy.dominance_share,
        "safe_pratio_p": policy.p_percent,
        "zeros_are_disclosive": policy.zeros_unsafe,
    }


def _json(value: Mapping[str, object]) -> bytes:
    return (json.dumps(value, indent=4, ensure_ascii=False, allow_nan=False) + "\n").encode()

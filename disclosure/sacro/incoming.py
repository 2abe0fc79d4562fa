"""Reading a SACRO folder that anybody may have written: strictly typed, within limits, as claims."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from disclosure.sacro.claims import Claim, ClaimedFile, Claims
from disclosure.sacro.folder import Folder, opened, unfit
from disclosure.sacro.outgoing import CHECKSUMS, RESULTS, STATUS
from disclosure.statistic import Statistic
from disclosure.strict_json import read_once

MAX_JSON: Final = 20_000_000
"""Longest results.json, in bytes. Source: ours; a hundred tables of ten thousand cells."""
MAX_OUTPUTS: Final = 1_000
"""Most outputs of one folder. Source: ours; more is no review."""
MAX_FILES: Final = 20
"""Most files of one output. Source: ours; ACRO writes three for a regression."""
MAX_TEXT: Final = 100_000
"""Longest text in it, in characters. Source: ours; a summary of many findings."""
MAX_LIST: Final = 1_000_000
"""Most flags of one check. Source: ours; ten for each of the most cells of a table."""
OLDEST: Final = (0, 4)
"""The oldest version that is read. Source: SACRO Viewer reads none before 0.4."""
_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(\.[0-9A-Za-z.+-]{1,20})?")
_TOP: Final = frozenset({"results", "tool", "version"})
_TEXTS: Final = ("command", "summary", "timestamp", "type", "uid")
_RESULT: Final = frozenset({*_TEXTS, "comments", "exception", "files", "outcome", "properties", "status"})
_VERDICTS: Final = {word: verdict for verdict, word in STATUS.items()}
_Json = Any  # parsed JSON of a stranger: each part is checked before it is used


def read(folder: Path) -> Claims:
    """Read a folder as ACRO, SACRO Viewer or `write` left it, as claims.

    Args:
        folder: with results.json in it. No link in it is followed, and nothing outside of it is read.

    Raises:
        DisclosureError: "sacro": something in it is missing, too large, of another shape, or no plain file.
    """
    with opened(folder) as held:
        content = held.content(RESULTS, limit=MAX_JSON)
        record = _whole(_parsed(content))
        claims = tuple(_claim(held, uid, result) for uid, result in record["results"].items())
    return Claims(record["version"], _tool(record.get("tool")), claims)


def _parsed(content: bytes | None) -> _Json:
    try:
        return read_once((content or b"").decode(), longest=MAX_JSON)
    except UnicodeDecodeError:
        return None


def _whole(record: _Json) -> dict[str, _Json]:
    """Return the record if it is a results.json of a version that is read."""
    if not isinstance(record, dict) or not {"results", "version"} <= set(record) <= _TOP:
        raise unfit("has no results.json of the form that is read")
    version = record["version"]
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise unfit("is of a version that is not read")
    results = record["results"]
    if not isinstance(results, dict) or len(results) > MAX_OUTPUTS:
        raise unfit("holds no list of outputs, or too many")
    return record


def _tool(tool: _Json) -> str:
    name = tool.get("name", "") if isinstance(tool, dict) else ""
    return _text(name)


def _claim(held: Folder, uid: str, result: _Json) -> Claim:
    if not isinstance(result, dict) or not _RESULT <= set(result) <= {*_RESULT, "fair"}:
        raise unfit("describes an output in another form")
    texts = {name: _text(result[name]) for name in _TEXTS}
    properties, status = result["properties"], result["status"]
    if texts["uid"] != uid or status not in list(_VERDICTS) or not isinstance(properties, dict):
        raise unfit("describes an output in another form")
    files = result["files"]
    if not isinstance(files, list) or not 1 <= len(files) <= MAX_FILES:
        raise unfit("describes an output without files, or with too many")
    return Claim(
        uid=uid,
        status=_VERDICTS[status],
        kind=texts["type"],
        method=_text(properties.get("method", "")),
        mitigation=_text(properties.get("mitigation", "")),
        command=texts["command"],
        summary=texts["summary"],
        timestamp=texts["timestamp"],
        comments=tuple(_text(each) for each in _listed(result["comments"])),
        exception="" if result["exception"] is None else _text(result["exception"]),
        outcome=_outcome(result["outcome"]),
        files=tuple(_file(held, each) for each in files),
        statistic=_statistic(properties.get("statistic")),
    )


def _file(held: Folder, said: _Json) -> ClaimedFile:
    if not isinstance(said, dict) or not {"name"} <= set(said) <= {"name", "sdc"}:
        raise unfit("describes a file in another form")
    name = _text(said["name"])
    content = held.content(name)
    if content is None:
        raise unfit("lacks a file that it names")
    digest = hashlib.sha256(content).hexdigest()
    summed = held.content(f"{name}.txt", within=CHECKSUMS, limit=200)
    return ClaimedFile(
        name,
        content,
        digest,
        None if summed is None else summed.strip() == digest.encode(),
        _flags(said.get("sdc")),
    )


def _flags(sdc: _Json) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Return the flagged cells by check; a file without any says nothing."""
    cells = sdc.get("cells", {}) if isinstance(sdc, dict) else {} if sdc is None else None
    if not isinstance(cells, dict) or not all(map(_are_cells, cells.values())):
        raise unfit("flags cells in another form")
    return {_text(check): tuple((row, column) for row, column in flags) for check, flags in cells.items()}


def _are_cells(flags: _Json) -> bool:
    return (
        isinstance(flags, list)
        and len(flags) <= MAX_LIST
        and all(
            isinstance(cell, list)
            and len(cell) == 2
            and all(type(place) is int and -1 <= place <= MAX_LIST for place in cell)
            for cell in flags
        )
    )


def _outcome(record: _Json) -> Mapping[str, Mapping[str, str]]:
    """Return what is said of each cell; of a regression or a file of another kind nothing is."""
    if not isinstance(record, dict) or not all(isinstance(rows, dict) for rows in record.values()):
        raise unfit("says of its cells what is not read")
    return {
        _text(column): {_text(row): _text(said) for row, said in rows.items()}
        for column, rows in record.items()
    }


def _statistic(said: _Json) -> Statistic | None:
    """Return the question where this library wrote it down.

    Raises:
        DisclosureError: it is not one; as `Statistic.from_json`.
    """
    if said is None:
        return None
    if not isinstance(said, dict):
        raise unfit("names a statistic in another form")
    return Statistic.from_json(said)


def _listed(value: _Json) -> list[_Json]:
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise unfit("has something else where a list is expected")
    return value


def _text(value: _Json) -> str:
    """Return a text that can be shown and written; half of a character, from an escape, can be neither."""
    if (
        not isinstance(value, str)
        or len(value) > MAX_TEXT
        or any("\ud800" <= sign <= "\udfff" for sign in value)
    ):
        raise unfit("has something else where a text is expected, or one that is too long")
    return value

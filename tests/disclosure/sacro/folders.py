"""A folder as a stranger may have left it."""

import json
from pathlib import Path

RESULT = {
    "uid": "output_0",
    "status": "pass",
    "type": "custom",
    "properties": {},
    "files": [{"name": "a.txt"}],
    "outcome": {},
    "command": "custom",
    "summary": "review",
    "timestamp": "2026-01-01T00:00:00",
    "comments": [],
    "exception": None,
}
"""An output as SACRO Viewer describes a file that it found."""


def left(folder: Path, text: str | None = None, version: str = "0.4.0", **changes: object) -> Path:
    """Write a folder with one output, some of whose words are changed."""
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_text("a")
    whole = {"version": version, "results": {"output_0": RESULT | changes}}
    (folder / "results.json").write_text(json.dumps(whole) if text is None else text)
    return folder

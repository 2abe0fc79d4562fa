"""The first notebook of a new workspace, written for its project."""

import json

from tre.db.tables import Extract
from tre.domain.manifest import Manifest

NAME = "Start here.ipynb"


def start_here(manifest: Manifest, extract: Extract) -> bytes:
    """The notebook that shows what the project has and how a result leaves, with its own tables."""
    table = "linked" if "linked" in extract.tables else next(iter(extract.tables))
    places = (
        "- `/data` holds the project's extract, read-only. `project.table(...)` reads it.\n"
        "- `shared` is seen by everybody on this project, `outputs` is where derived tables are written.\n"
        "- There is no network. Nothing leaves but what you submit, after two output checkers have looked at it."
    )
    cells = [
        _text(f"# {manifest.title}\n\n{manifest.purpose}\n\n{places}", id="about"),
        _code("import tre\n\nproject = tre.project()\nproject.tables()", id="open"),
        _code(f'project.table("{table}")', id="dictionary"),
        _code("project.budget()", id="budget"),
        _text(
            "## Ask, check, submit\n\n`t` below is a question, not yet an answer. `t.check()` shows whether it could leave as "
            "it is; `t.price()` what it costs with noise; `project.submit([t], title=..., context=...)` asks for its release.",
            id="words",
        ),
        _code(f'columns = [c for c in project.table("{table}").columns]\ncolumns', id="columns"),
        _text(
            "## Your own tables\n\nA table that you derive is released by a *trusted run*: the platform runs this notebook "
            "anew, from the top, and checks what it registers. Save the notebook, then run this cell.",
            id="own",
        ),
        _code("%load_ext tre", id="load"),
        _code("%%run\n# one `name = value` a line gives a parameter that the project declares", id="run"),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    return json.dumps(made, indent=1, ensure_ascii=False).encode()


def _text(source: str, *, id: str) -> dict[str, object]:  # noqa: A002 - the format's own word
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": source}


def _code(source: str, *, id: str) -> dict[str, object]:  # noqa: A002 - the format's own word
    return {
        "cell_type": "code",
        "id": id,
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }

"""`%load_ext tre`: a cell that has the platform run its own notebook anew, as a trusted run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tre.client.channel import Channel, notebook_name
from tre.client.errors import ClientError
from tre.wire import NOTEBOOK_CHARACTERS, RunAnswer, RunReference, RunRequest, Scalar, Verb

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Run:
    """A trusted run that its author can follow."""

    def __init__(self, answer: RunAnswer, channel: Channel) -> None:
        self._answer = answer
        self._channel = channel

    @property
    def id(self) -> str:
        """Its number at the platform."""
        return self._answer.id

    def status(self) -> RunAnswer:
        """How it stands now.

        Raises:
            ClientError: the platform is gone.
        """
        self._answer = self._channel.ask(Verb.RUN_STATUS, RunAnswer, RunReference(id=self.id))
        return self._answer

    def __repr__(self) -> str:
        said = f" - {self._answer.sentence}" if self._answer.sentence else ""
        return f"Run({self.id}: {self._answer.status}{said})"


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Add the cell magic `%%run` to a notebook; IPython calls this."""
    register: Callable[..., None] = shell.register_magic_function  # its own types are lost in a wrapper
    register(run, magic_kind="cell", magic_name="run")


def run(_line: str, cell: str) -> Run:
    """Send the notebook, as it was saved last, to be run anew; `name = value` lines give its parameters.

    Raises:
        ClientError: the notebook cannot be found or is too long, a line is no parameter, or the platform refused.
    """
    parameters = parameters_of(cell)
    channel = Channel.inherited()
    request = RunRequest(notebook=stripped(notebook_file()), parameters=parameters)
    return Run(channel.ask(Verb.RUN, RunAnswer, request), channel)


def parameters_of(cell: str) -> dict[str, Scalar]:
    """Read `name = value` lines; values are JSON, so text stands in double quotes.

    Raises:
        ClientError: a line is none.
    """
    found: dict[str, Scalar] = {}
    for line in cell.splitlines():
        text = line.partition("#")[0].strip() if '"' not in line else line.strip()
        if not text:
            continue
        name, _, value = (part.strip() for part in text.partition("="))
        try:
            read = json.loads(value)
        except ValueError:
            read = {}
        if not name.isidentifier() or isinstance(read, dict | list) or name in found:
            raise ClientError(
                "run_parameter",
                'Give each parameter once, as `name = value`; text stands in "double quotes".',
            )
        found[name] = read
    return found


def notebook_file() -> Path:
    """The file of this kernel's notebook.

    Raises:
        ClientError: it is not known, as in a console, or not there.
    """
    name = notebook_name()
    file = Path("/home") / name if not name.startswith("/") else Path(name)
    if not name or file.suffix != ".ipynb" or not file.is_file():
        raise ClientError(
            "no_notebook", "This kernel has no saved notebook: save it, restart its kernel, and try again."
        )
    return file


def stripped(file: Path) -> str:
    """The notebook's code and text without anything that it printed: a trusted run prints anew.

    Raises:
        ClientError: it is no notebook of format 4, or too long even so.
    """
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        cells = [_plain(cell) for cell in read["cells"]] if read["nbformat"] == 4 else None
    except (ValueError, KeyError, TypeError, AttributeError):
        cells = None
    if cells is None:
        raise ClientError("notebook_unreadable", "This is not a notebook of format 4; save it again.")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    text = json.dumps(whole, ensure_ascii=False)
    if len(text) > NOTEBOOK_CHARACTERS:
        raise ClientError(
            "notebook_too_large", "The notebook's code is too long for a run; move data out of it."
        )
    return text


def _plain(cell: dict[str, object]) -> dict[str, object]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags", []) if isinstance(metadata, dict) else []
    kept = {"cell_type": cell["cell_type"], "source": cell["source"], "metadata": {"tags": tags}}
    identity = {"id": cell["id"]} if "id" in cell else {}
    code: dict[str, object] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
    return {**kept, **identity, **code}

"""`%%run`: which notebook is sent, without what it printed, and with which parameters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import tre
from tre.client import magics
from tre.client.channel import NOTEBOOK_VARIABLE
from tre.client.errors import ClientError
from tre.wire import NOTEBOOK_CHARACTERS

CELL = {
    "cell_type": "code",
    "id": "a",
    "metadata": {"tags": ["parameters"], "secret": 1},
    "source": "x = 1",
    "outputs": [{"output_type": "stream", "name": "stdout", "text": "printed"}],
    "execution_count": 3,
}
TEXT = {
    "cell_type": "markdown",
    "metadata": {},
    "source": "words",
    "attachments": {"a.png": {"image/png": "QUJD"}},
}


def write(folder: Path, *cells: object, nbformat: int = 4) -> Path:
    file = folder / "study.ipynb"
    file.write_text(
        json.dumps({"nbformat": nbformat, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)})
    )
    return file


def test_what_is_sent_holds_code_and_words_and_nothing_that_was_printed_or_attached(tmp_path: Path) -> None:
    sent = json.loads(magics.stripped(write(tmp_path, CELL, TEXT)))
    code, text = sent["cells"]
    assert (code["source"], code["outputs"], code["execution_count"]) == ("x = 1", [], None)
    assert code["metadata"] == {"tags": ["parameters"]}
    assert set(text) == {"cell_type", "source", "metadata"}


@pytest.mark.parametrize("cells", [("no cell",), ({"cell_type": "code"},), (None,)])
def test_what_is_no_notebook_is_not_sent(tmp_path: Path, cells: tuple[object, ...]) -> None:
    with pytest.raises(ClientError, match="not a notebook"):
        magics.stripped(write(tmp_path, *cells))


def test_another_format_and_too_much_code_are_not_sent(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="not a notebook"):
        magics.stripped(write(tmp_path, CELL, nbformat=3))
    with pytest.raises(ClientError, match="too long"):
        magics.stripped(write(tmp_path, {**CELL, "source": "x" * NOTEBOOK_CHARACTERS}))


def test_parameters_are_lines_of_json_values() -> None:
    said = magics.parameters_of(
        '# a comment\nyear = 2016  # the first\n\nname = "a # b"\nyes = true\nnone = null'
    )
    assert said == {"year": 2016, "name": "a # b", "yes": True, "none": None}


@pytest.mark.parametrize(
    "line", ["x", "x =", "1 = 2", "x = [1]", "x = {}", "x = open('/etc/passwd')", "x = 1\nx = 2"]
)
def test_a_line_that_is_no_parameter_is_refused(line: str) -> None:
    with pytest.raises(ClientError, match="name = value"):
        magics.parameters_of(line)


@pytest.mark.parametrize("name", ["", "console-1", "missing.ipynb", "/nowhere/missing.ipynb"])
def test_a_kernel_without_a_saved_notebook_is_told_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(NOTEBOOK_VARIABLE, name)
    with pytest.raises(ClientError, match="no saved notebook"):
        magics.notebook_file()


def test_loading_the_extension_adds_the_cell_magic_and_outside_a_workspace_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = InteractiveShell()
    tre.load_ipython_extension(shell)
    magic = shell.find_cell_magic("run")
    assert magic is not None
    monkeypatch.setenv(NOTEBOOK_VARIABLE, str(write(tmp_path, CELL)))
    with pytest.raises(ClientError, match="This is not a workspace"):
        magic("", "year = 2016")

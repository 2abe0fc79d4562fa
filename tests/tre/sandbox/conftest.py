"""Running code inside a real sandbox, as whoever runs the tests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tre.sandbox.accounts import borrowed_account
from tre.sandbox.bubblewrap import confine, prove, python_inside
from tre.sandbox.confinement import Completed, Confinement

Inside = Callable[..., Completed]


@pytest.fixture(scope="session")
def sandbox() -> None:
    """Skip, with the reason, where no sandbox can be had."""
    faults = prove()
    if faults:
        pytest.skip("machine: " + "; ".join(f"{fault.sentence} {fault.mend}" for fault in faults))


@pytest.fixture
def account(sandbox: None) -> Iterator[int | None]:
    with borrowed_account() as lent:
        yield lent


@pytest.fixture
def inside(account: int | None) -> Inside:
    """Run Python text inside; keyword arguments are those of Confinement, `tick` is called meanwhile."""

    def run(text: str, *arguments: str, tick: Callable[[], None] | None = None, **given: object) -> Completed:
        confinement = Confinement(account=account, **{"wall_seconds": 240.0} | given)
        return confine([python_inside(), "-c", text, *arguments], confinement, on_tick=tick)

    return run


@pytest.fixture
def notebook() -> Callable[..., bytes]:
    """A notebook of code cells; the first is the one that declares parameters."""

    def make(*cells: str) -> bytes:
        made = [
            {
                "cell_type": "code",
                "id": f"cell-{place}",
                "metadata": {"tags": ["parameters"]} if place == 0 else {},
                "source": text,
                "outputs": [],
                "execution_count": None,
            }
            for place, text in enumerate(cells)
        ]
        return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}).encode()

    return make


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """A small extract, readable by all, in a folder that is not."""
    folder = tmp_path / "vault" / "extract"
    folder.mkdir(parents=True)
    (folder / "people.txt").write_text("study_id,age\n1,40\n")
    (folder / "people.txt").chmod(0o444)
    folder.chmod(0o755)
    (tmp_path / "vault").chmod(0o700)
    return folder

"""A trusted run: one notebook, executed anew in a clean sandbox on read-only data, its output not trusted."""

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from tre.domain.errors import BadInput, Unavailable
from tre.sandbox import driver
from tre.sandbox.accounts import borrowed_account
from tre.sandbox.bubblewrap import confine, python_inside
from tre.sandbox.channel import CHANNEL_VARIABLE, Handler, serving
from tre.sandbox.collected import OutputFile, collect, read_plain
from tre.sandbox.confinement import Completed, Confinement, Ending, Limits
from tre.sandbox.environments import environment_digest
from tre.sandbox.parameters import Parameter, Value, checked_parameters

NOTEBOOK_BYTES: Final = 16 << 20
EXECUTED_BYTES: Final = 256 << 20
PRINTED_BYTES: Final = 32 << 20
START_SECONDS: Final = 120
Progress = Callable[[int, int], None]


class RunStatus(StrEnum):
    """How a trusted run ended."""

    OK = "ok"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is to be run.

    Attributes:
        notebook: the notebook's bytes, as voted on.
        data: folder of the project's extract; read-only at /data inside.
        folder: an empty folder of the platform; `home`, `outputs` and `executed` are made in it.
        parameters: values by name.
        schema: what is declared for them.
        wall_seconds: time for the whole run, in seconds.
        cell_seconds: time for one cell, in seconds.
        limits: how much it may use.
    """

    notebook: bytes
    data: Path
    folder: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    schema: Mapping[str, Parameter] = field(default_factory=dict)
    wall_seconds: float = 1800.0
    cell_seconds: int = 900
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run came to.

    Attributes:
        status: how it ended.
        sentence: what happened and what to do next; nothing that the notebook printed.
        failed_cell: number of the cell that failed, from 1, as the executed notebook claims; or None.
        cells: cells of the notebook.
        seconds: wall time, in seconds.
        executed: the notebook with its outputs, for its author only; None when there is none to be used.
        outputs: plain files in /outputs; the values in them are the author's claim.
        ignored: entries of /outputs that are no plain files.
        parameters: the values used.
        environment_digest: names the software that ran.
        notebook_digest: SHA-256 of the notebook's bytes, in hexadecimal.
    """

    status: RunStatus
    sentence: str
    failed_cell: int | None
    cells: int
    seconds: float
    executed: Path | None
    outputs: tuple[OutputFile, ...]
    ignored: int
    parameters: Mapping[str, Value]
    environment_digest: str
    notebook_digest: str


def run_notebook(run: Run, handler: Handler, progress: Progress | None = None) -> RunResult:
    """Execute a notebook; its SDK's requests go to `handler`, `progress(done, cells)` is told about cells.

    Raises:
        BadInput: the notebook or a parameter cannot be used; nothing was started.
        Unavailable: no sandbox can be had, or the data cannot be read inside; nothing was started.
        Exception: the handler's own fault, after the run.
    """
    cells = _count_cells(run.notebook)
    parameters = checked_parameters(run.parameters, run.schema)
    with borrowed_account() as account, serving(handler) as service:
        _check_readable(run.data, account)
        places = _make_places(run.folder, account)
        confinement = _confinement(run, parameters, inside=service.inside, account=account)
        tick = None if progress is None else _telling(places["executed"], cells, progress)
        done = confine([python_inside(), "-P", "-m", "tre.sandbox.driver"], confinement, on_tick=tick)
    return _result(run, done, cells=cells, parameters=parameters)


def _count_cells(notebook: bytes) -> int:
    try:
        parsed = json.loads(notebook) if len(notebook) <= NOTEBOOK_BYTES else None
        cells = parsed["cells"] if isinstance(parsed, dict) and parsed.get("nbformat") == 4 else None
    except (ValueError, KeyError, RecursionError):
        cells = None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise BadInput(
            "notebook_unreadable", "This is not a notebook of format 4; save it again in JupyterLab."
        )
    return len(cells)


def _check_readable(data: Path, account: int | None) -> None:
    """When root lends an account, the extract must be readable by all (inside a folder that is not)."""
    if account is None:
        return
    for path in (data, *data.rglob("*")):
        mode = path.lstat().st_mode
        needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
        if mode & needed != needed:
            raise Unavailable(
                "data_unreadable",
                f"The run's account cannot read {path.name} in the extract; give it mode 0444, folders 0555.",
            )


def _make_places(folder: Path, account: int | None) -> dict[str, Path]:
    folder.chmod(0o700)
    places = {name: folder / name for name in ("home", "outputs", "executed")}
    for place in places.values():
        place.mkdir(mode=0o700)
        if account is not None:
            os.chown(place, account, account)
    return places


def _confinement(
    run: Run, parameters: Mapping[str, Value], *, inside: int, account: int | None
) -> Confinement:
    order = {
        "parameters": dict(parameters),
        "cell_seconds": run.cell_seconds,
        "start_seconds": START_SECONDS,
        "output_bytes": PRINTED_BYTES,
        "keep": [inside],
    }
    kernel = {
        "argv": [python_inside(), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python (trusted run)",
        "language": "python",
    }
    return Confinement(
        read_only={run.data: "/data"},
        writable={run.folder / name: f"/{name}" for name in ("home", "outputs", "executed")},
        files={
            driver.NOTEBOOK_INSIDE: run.notebook,
            driver.ORDER_INSIDE: json.dumps(order).encode(),
            f"/opt/tre/jupyter/kernels/{driver.KERNEL}/kernel.json": json.dumps(kernel).encode(),
        },
        environment=_environment(inside),
        working_directory="/home",
        limits=run.limits,
        wall_seconds=run.wall_seconds,
        inherit=(inside,),
        account=account,
    )


def _environment(inside: int) -> dict[str, str]:
    """Everything that a kernel looks for outside its own folders is pointed to places inside."""
    return {
        CHANNEL_VARIABLE: str(inside),
        "JUPYTER_PATH": "/opt/tre/jupyter",
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTER_CONFIG_DIR": "/tmp/jupyter",  # noqa: S108 - a place inside
        "JUPYTER_RUNTIME_DIR": "/tmp/runtime",  # noqa: S108 - a place inside
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": "/tmp/ipython",  # noqa: S108 - a place inside
        "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108 - a place inside
    }


def _telling(executed: Path, cells: int, progress: Progress) -> Callable[[], None]:
    """Read how far the driver says it is; the number is a claim and only shown."""

    def tell() -> None:
        started = _started(executed)
        if started is not None:
            progress(min(started, cells), cells)

    return tell


def _started(executed: Path) -> int | None:
    """The place of the cell that the driver started last, from 0, as it claims."""
    said = read_plain(executed / Path(driver.PROGRESS_INSIDE).name, 16) or b""
    return int(said) if said.isdigit() else None


_SENTENCES: Final = {
    driver.OK: (RunStatus.OK, "The notebook ran to its end."),
    driver.CELL_FAILED: (
        RunStatus.FAILED,
        "{cell} raised an error; read the executed notebook and mend it.",
    ),
    driver.CELL_TIMEOUT: (RunStatus.TIMEOUT, "{cell} took too long; make it faster or ask for more time."),
    driver.KERNEL_DIED: (
        RunStatus.CRASHED,
        "{cell} ended the notebook's process; it may have used too much memory.",
    ),
    driver.TOO_MUCH_OUTPUT: (RunStatus.FAILED, "{cell} prints too much; print less."),
}
_STOPPED: Final = {
    Ending.WALL_CLOCK: (RunStatus.TIMEOUT, "{cell} was running when the time was over; make it faster."),
    Ending.MEMORY: (RunStatus.CRASHED, "{cell} used more memory than a run may; use less."),
    Ending.DISK: (RunStatus.CRASHED, "The disk is nearly full and the run was stopped; ask the operators."),
}
_DIED: Final = (RunStatus.CRASHED, "{cell} ended the run before its end; it may have used too much memory.")


def _result(run: Run, done: Completed, *, cells: int, parameters: Mapping[str, Value]) -> RunResult:
    status, sentence = _STOPPED.get(done.ending) or _SENTENCES.get(done.returncode, _DIED)
    executed = run.folder / "executed" / Path(driver.EXECUTED_INSIDE).name
    content = read_plain(executed, EXECUTED_BYTES)
    if content is None and status is RunStatus.OK:
        status, sentence = _DIED
    collected = collect(run.folder / "outputs")
    failed = None
    if content is not None and status is not RunStatus.OK:
        failed = _failed_cell(content, _started(run.folder / "executed"))
    return RunResult(
        status=status,
        sentence=sentence.format(cell="A cell" if failed is None else f"Cell {failed}"),
        failed_cell=failed,
        cells=cells,
        seconds=done.seconds,
        executed=None if content is None else executed,
        outputs=collected.files,
        ignored=collected.ignored,
        parameters=parameters,
        environment_digest=environment_digest(),
        notebook_digest=hashlib.sha256(run.notebook).hexdigest(),
    )


def _failed_cell(content: bytes, started: int | None) -> int | None:
    """Number of the first cell that papermill marked, or else of the one started last; from 1.

    The document is the researcher's, so anything may be there. Cells that papermill put in do not count.
    """
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
        number, place = 0, -1
        for cell in json.loads(content)["cells"]:
            tags = cell["metadata"].get("tags", [])
            is_message = "papermill-error-cell-tag" in tags  # put in afterwards: the driver did not count it
            place += not is_message
            number += not is_message and "injected-parameters" not in tags
            is_marked = cell["metadata"].get("papermill", {}).get("exception") is True
            if is_marked or (place == started and not is_message):
                return number
    return None

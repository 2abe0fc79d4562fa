"""Inside the sandbox: papermill runs one notebook. What it writes is the researcher's, and not trusted outside."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

NOTEBOOK_INSIDE: Final = "/opt/tre/run/notebook.ipynb"
ORDER_INSIDE: Final = "/opt/tre/run/order.json"
EXECUTED_INSIDE: Final = "/executed/notebook.ipynb"
PROGRESS_INSIDE: Final = "/executed/progress"
KERNEL: Final = "tre"
OK, CELL_FAILED, CELL_TIMEOUT, KERNEL_DIED, TOO_MUCH_OUTPUT = 0, 10, 11, 12, 13


class TooMuchOutput(BaseException):
    """The notebook prints more than a notebook can hold. Not an Exception: papermill must not keep it."""


def main() -> int:
    """Run the notebook as ordered and return one of the statuses above."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError  # noqa: PLC0415 - slow, only inside
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415

    order = json.loads(Path(ORDER_INSIDE).read_text(encoding="utf-8"))
    try:
        execute(order)
    except PapermillExecutionError:
        return CELL_FAILED
    except CellTimeoutError:
        return CELL_TIMEOUT
    except DeadKernelError:
        return KERNEL_DIED
    except TooMuchOutput:
        return TOO_MUCH_OUTPUT
    return OK


def execute(order: dict[str, Any]) -> None:  # Any: a JSON document that this platform wrote
    """Let papermill put the parameters in and run cell by cell, saving after each."""
    import papermill  # noqa: PLC0415 - slow, only inside
    from papermill import engines  # noqa: PLC0415

    engines.papermill_engines.register("tre", _engine(engines, order))
    papermill.execute_notebook(
        NOTEBOOK_INSIDE,
        EXECUTED_INSIDE,
        parameters=order["parameters"],
        engine_name="tre",
        kernel_name=KERNEL,
        language="python",
        progress_bar=False,
        log_output=False,
        execution_timeout=order["cell_seconds"],
        start_timeout=order["start_seconds"],
        cwd="/home",
    )


def _engine(engines: ModuleType, order: dict[str, Any]) -> type:  # Any: as above
    """Papermill's own engine, with three additions: the channel, the progress, and a limit on output."""
    from papermill.clientwrap import PapermillNotebookClient  # noqa: PLC0415

    class Client(PapermillNotebookClient):  # type: ignore[misc] # papermill has no types
        """Counts what the cells print."""

        printed = 0

        def process_message(self, *message: Any, **named: Any) -> Any:  # Any: papermill has no types
            output = super().process_message(*message, **named)
            self.printed += len(str(output)) if output else 0
            if self.printed > order["output_bytes"]:
                raise TooMuchOutput
            return output

    class Engine(engines.Engine):  # type: ignore[misc,name-defined] # papermill has no types
        """Starts the kernel with the channel open."""

        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, **given: Any
        ) -> None:  # Any: papermill has no types
            nb_man.cell_start = _counting(nb_man.cell_start)
            client = Client(
                nb_man,
                kernel_name=kernel_name,
                timeout=given["execution_timeout"],
                startup_timeout=given["start_timeout"],
                log_output=False,
            )
            client.execute(pass_fds=tuple(order["keep"]), cwd="/home")

    return Engine


def _counting(start: Callable[..., object]) -> Callable[..., object]:
    """Write down how many cells are done before each starts."""

    def cell_start(cell: object, cell_index: int = 0, **named: object) -> object:
        Path(PROGRESS_INSIDE).write_text(str(cell_index), encoding="ascii")
        return start(cell, cell_index, **named)

    return cell_start


if __name__ == "__main__":
    status = main()
    os._exit(status) if status else sys.exit(status)  # a kernel that hangs must not hold up a failure

"""What the demo tells: each stage with its counts and seconds, each refusal with its sentence, and the end."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from disclosure.errors import DisclosureError
from tre.db.folders import private_folder
from tre.domain.errors import TreError

Counts = dict[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """One stage as it went."""

    name: str
    seconds: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class RefusalTold:
    """One refusal: what was tried, and what was said."""

    tried: str
    code: str
    sentence: str


@dataclass(slots=True)
class Story:
    """Collects what happened and shows it as it happens."""

    folder: Path
    stages: list[Told] = field(default_factory=list)
    refusals: list[RefusalTold] = field(default_factory=list)
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    def __post_init__(self) -> None:
        private_folder(self.folder)

    @contextmanager
    def stage(self, name: str) -> Iterator[Counts]:
        """Run one stage; fill the counts that it yields."""
        counts: Counts = {}
        began = time.monotonic()
        with self.console.status(escape(name)):
            yield counts
        seconds = round(time.monotonic() - began, 2)
        self.stages.append(Told(name, seconds, counts))
        self.console.print(f"[green]done[/] {seconds:6.1f} s  {escape(name)}")
        if counts:
            self.console.print(f"              [dim]{escape(_in_words(counts))}[/]")

    def refused(self, tried: str, error: TreError | DisclosureError) -> None:
        """Tell of a refusal that the demo provoked."""
        self.refusals.append(RefusalTold(tried, error.code, error.sentence))
        self.console.print(
            f"[yellow]refused[/]        {escape(tried)}\n              [dim]{escape(error.sentence)}[/]"
        )

    def finish(self, requests: list[str], bundles: dict[str, Path]) -> None:
        """Write summary.json and show the end."""
        first = requests[0]
        summary = {
            "stages": [asdict(told) for told in self.stages],
            "refusals": [asdict(told) for told in self.refusals],
            "request": first,
            "bundle": str(bundles[first]),
            "receipt": str(bundles[first] / "receipt.json"),
            "releases": {request: str(bundles[request]) for request in requests},
        }
        (self.folder / "summary.json").write_text(json.dumps(summary, indent=2, default=str) + "\n")
        self._show(bundles)

    def _show(self, bundles: dict[str, Path]) -> None:
        total = sum(told.seconds for told in self.stages)
        table = Table(title=f"The main job, in {total:.0f} seconds", title_justify="left", box=None)
        for column in ("stage", "seconds", "counts"):
            table.add_column(column, justify="right" if column == "seconds" else "left")
        for told in self.stages:
            table.add_row(escape(told.name), f"{told.seconds:.1f}", escape(_in_words(told.counts)))
        self.console.print(table)
        refused = Table(title="Refused, as it should be", title_justify="left", box=None)
        for column in ("what was tried", "what was said"):
            refused.add_column(column)
        for each in self.refusals:
            refused.add_row(escape(each.tried), escape(each.sentence))
        self.console.print(refused)
        for request, bundle in bundles.items():
            self.console.print(f"Released [bold]{escape(request)}[/]: {escape(str(bundle))}", soft_wrap=True)
        self.console.print(
            f"Verify one yourself: .venv/bin/tre receipt verify {next(iter(bundles.values()))}",
            soft_wrap=True,
        )
        self.console.print(f"Summary for programs: {self.folder / 'summary.json'}", soft_wrap=True)


def _in_words(counts: Counts) -> str:
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
        for name, value in counts.items()
        if not isinstance(value, dict | list)
    )

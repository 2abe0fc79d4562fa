"""What a SACRO folder says: claims of whoever wrote it, and never evidence.

Whoever holds the folder can change every file in it, its checksums included. So nothing here is a `Report` or becomes
one: a claim is looked at, and the statistic that it names is assessed again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from disclosure.printed import csv_bytes, printed, printed_safe
from disclosure.result import Report
from disclosure.safe import Safe
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

if TYPE_CHECKING:
    from disclosure.chart import Chart


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """One file of a claimed output.

    Attributes:
        name: its name in the folder.
        content: its bytes.
        sha256: of these bytes, in hexadecimal, computed here.
        is_as_summed: whether the folder's checksum is that of these bytes; None where it has none. It proves nothing of
            who wrote either.
        flagged: by check, the cells that are claimed to be unsafe: row and column from nought below the head and beside
            the first column.
    """

    name: str
    content: bytes
    sha256: str
    is_as_summed: bool | None
    flagged: Mapping[str, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class Claim:
    """One output as its folder describes it.

    Attributes:
        uid: its name.
        status: the verdict that is claimed.
        kind: "table", "regression", "custom" ...
        method: what made it, such as "crosstab"; "" where nothing is said.
        mitigation: what is said to have been done about unsafe cells: "none", "suppress", "round" ...
        command: the line that is said to have made it.
        summary: what is said to have been found.
        timestamp: when it is said to have been made; text of its author.
        comments: of its author.
        exception: why it should leave although it does not pass; "" where nothing is said.
        outcome: by column and row of its table what is said of each cell: "ok", or names of checks.
        files: its files.
        statistic: what was asked, where this library wrote the folder; assess it again to know the verdict.
    """

    uid: str
    status: Verdict
    kind: str
    method: str
    mitigation: str
    command: str
    summary: str
    timestamp: str
    comments: tuple[str, ...]
    exception: str
    outcome: Mapping[str, Mapping[str, str]]
    files: tuple[ClaimedFile, ...]
    statistic: Statistic | None

    def disagreements(self, source: Report | Safe, chart: "Chart | None" = None) -> tuple[str, ...]:
        """Say in what the claim differs from an answer of ours to the same question; empty where it holds.

        Args:
            source: the check, or the protected table where the claim is about one.
            chart: the chart that we drew of it, where one is claimed.
        """
        report = source if isinstance(source, Report) else source.report
        table = printed(source) if isinstance(source, Report) else printed_safe(source)
        said = []
        if self.statistic is None or self.statistic.fingerprint != report.statistic.fingerprint:
            said.append("The claim is not about this statistic.")
        if self.status is not report.verdict:
            said.append(f"It claims {self.status.name}, and the check says {report.verdict.name}.")
        if not self.files or self.files[0].content != csv_bytes(table):
            said.append("Its table is not the one that was checked.")
        drawn = () if chart is None else (chart.svg.encode(), chart.png)
        if any(file.content not in drawn for file in self.files[1:]):
            said.append("It holds another file, which no check of ours looked at.")
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Claims:
    """A SACRO folder.

    Attributes:
        version: of the format, as the folder says.
        tool: the program that is said to have written it; "" where nothing is said.
        outputs: the claims, in the order of the file.
    """

    version: str
    tool: str
    outputs: tuple[Claim, ...]

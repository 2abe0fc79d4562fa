"""A project as its researchers see it from a notebook."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from disclosure.statistic import Statistic
from tre.client.channel import Channel
from tre.client.data import DataTable
from tre.client.errors import ClientError
from tre.client.questions import Questions
from tre.client.table import Table
from tre.wire import (
    BudgetAnswer,
    DictionaryAnswer,
    Mode,
    Named,
    RegisterAnswer,
    RegisterRequest,
    RequestAnswer,
    RequestReference,
    SubmitRequest,
    TablesAnswer,
    Verb,
)

if TYPE_CHECKING:
    import pandas as pd

    from disclosure.dp import Practice

DATA: Final = Path("/data")
OUTPUTS: Final = Path("/outputs")
DERIVED_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")


class Request:
    """A request for release that its author can follow and withdraw."""

    def __init__(self, answer: RequestAnswer, channel: Channel) -> None:
        self._answer = answer
        self._channel = channel

    @property
    def id(self) -> str:
        """Its number at the platform."""
        return self._answer.id

    def status(self) -> RequestAnswer:
        """How it stands now, item by item."""
        return self._ask(Verb.STATUS)

    def withdraw(self) -> RequestAnswer:
        """Take it back; what it had reserved of the budget is free again.

        Raises:
            ClientError: it is decided or released already.
        """
        return self._ask(Verb.WITHDRAW)

    def _ask(self, verb: Verb) -> RequestAnswer:
        self._answer = self._channel.ask(verb, RequestAnswer, RequestReference(id=self.id))
        return self._answer

    def __repr__(self) -> str:
        return f"Request({self._answer.id}: {self._answer.title}, {self._answer.state})"


class Project(Questions):
    """One project: its tables, its budget, and the way to ask for a release."""

    def __init__(self, channel: Channel, *, data: Path = DATA, outputs: Path = OUTPUTS) -> None:
        self._channel = channel
        self._data = data
        self._outputs = outputs
        self._known: TablesAnswer | None = None
        self._derived: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The project's name."""
        return self._tables().project

    def tables(self) -> tuple[str, ...]:
        """Names of the tables of the extract."""
        return tuple(table.name for table in self._tables().tables)

    def table(self, name: str) -> DataTable:
        """One table of the extract.

        Raises:
            ClientError: there is no table of this name; the sentence lists those there are.
        """
        for shape in self._tables().tables:
            if shape.name == name:
                return DataTable(shape, self._data / shape.file)
        raise ClientError(
            "unknown_table", f"There is no table of this name; choose of {', '.join(self.tables())}."
        )

    def dictionary(self, name: str) -> Mapping[str, object]:
        """The public dictionary of a table: key domains, bounds, unit, and where each comes from."""
        return self._channel.ask(Verb.DICTIONARY, DictionaryAnswer, Named(name=name)).dictionary

    def budget(self) -> BudgetAnswer:
        """What the project's accounts hold, in nano-rho."""
        return self._channel.ask(Verb.BUDGET, BudgetAnswer)

    def register(self, name: str, frame: "pd.DataFrame", *, unit: str = "study_id") -> str:
        """Hand over a derived table, so that statistics may use it as their source.

        It keeps the unit's column: without it the platform cannot count people. The values are the author's
        claim, so statistics on it always need people's judgement.

        Raises:
            ClientError: the name is no plain name, the unit's column is missing or empty somewhere, or the
                platform refused.
        """
        if not DERIVED_NAME.fullmatch(name):
            raise ClientError(
                "derived_name", "A derived table's name has a-z, 0-9 and _ only; choose another one."
            )
        if unit not in frame.columns or frame[unit].isna().any():
            raise ClientError("derived_unit", f"Keep the column {unit}, without gaps, in the derived table.")
        path = self._outputs / f"{name}.parquet"
        frame.to_parquet(path, index=False)
        request = RegisterRequest(
            name=name,
            file=path.name,
            digest=hashlib.sha256(path.read_bytes()).hexdigest(),
            unit=unit,
            rows=len(frame),
            rows_per_unit=int(frame[unit].value_counts().max()) if len(frame) else 0,
            columns=tuple(str(column) for column in frame.columns),
        )
        known = self._channel.ask(Verb.REGISTER, RegisterAnswer, request).name
        self._derived[known] = unit
        return known

    def ask(self, statistic: Statistic, *, across: Sequence[str] = ()) -> Table:
        """Ask a statistic that was made by hand, or read with `Statistic.from_json`.

        Args:
            statistic: what is asked.
            across: the dimensions that head columns where the answer is laid out wide.
        """
        return Table(statistic, self._channel, practice=self.simulate, across=tuple(across))

    def unit_of(self, source: str) -> str:
        """Return the column of the privacy unit of a table of the extract or a registered one.

        Raises:
            ClientError: there is no table of this name.
        """
        return self._derived.get(source) or self.table(source).unit

    def simulate(self, table: Table | Statistic, n: int = 3, *, precision: str = "standard") -> "Practice":
        """Draw practice answers from the rows in this workspace, as noise at a precision of the menu would change them.

        They cost nothing, show what bounding and clamping do, and cannot be submitted. Only tables of the extract
        have the public dictionary that noise needs.

        Raises:
            ClientError: there is no such table or precision.
            DisclosureError: the question cannot be answered with noise.
        """
        from disclosure import dp  # noqa: PLC0415 - slow; only when wanted

        statistic = table.to_statistic() if isinstance(table, Table) else table
        if precision not in dp.PRECISIONS:
            raise ClientError("unknown_precision", f"Choose a precision of {', '.join(dp.PRECISIONS)}.")
        dictionary = dp.Dictionary.from_json(json.dumps(dict(self.dictionary(statistic.source))))
        rho = Decimal(dp.PRECISIONS[precision]) / dp.NANO
        return dp.simulate(statistic, self.table(statistic.source).path, dictionary, n=n, rho=rho)

    def submit(  # noqa: PLR0913 - all but the tables by keyword
        self,
        tables: Sequence[Table | Statistic],
        *,
        title: str,
        context: str,
        mode: Mode = "noisy",
        precision: str = "standard",
        reason: str | None = None,
    ) -> Request:
        """Ask that `tables` be released: one request, an outcome for each.

        Raises:
            ClientError: the platform refused, for example because the budget does not suffice.
        """
        if not all(isinstance(item, Table | Statistic) for item in tables):
            raise ClientError(
                "not_a_table",
                "Submit tables and statistics; practice answers and pandas' tables never leave.",
            )
        items = tuple((item.to_statistic() if isinstance(item, Table) else item).to_json() for item in tables)
        if not items or not title or not context:
            raise ClientError(
                "empty_request", "Give at least one table, a title and a context for the checkers."
            )
        protections = tuple(item.protection if isinstance(item, Table) else None for item in tables)
        charts = tuple(item.picture if isinstance(item, Table) else None for item in tables)
        request = SubmitRequest(
            title=title,
            context=context,
            mode=mode,
            precision=precision,
            reason=reason,
            items=items,
            protections=protections if any(protections) else (),
            charts=charts if any(charts) else (),
        )
        return Request(self._channel.ask(Verb.SUBMIT, RequestAnswer, request), self._channel)

    def _tables(self) -> TablesAnswer:
        if self._known is None:
            self._known = self._channel.ask(Verb.TABLES, TablesAnswer)
        return self._known

    def __repr__(self) -> str:
        return f"Project({self.name}: {', '.join(self.tables())})"

"""What a notebook may ask of the platform while it runs. It is known which person and project it serves."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from disclosure import Policy, Statistic
from disclosure.dp import PRECISIONS
from disclosure.released import Earlier
from tre import wire
from tre.db.engine import read_only
from tre.db.tables import Extract
from tre.domain.errors import BadInput, Refused
from tre.domain.outputs import Picture, Protection
from tre.sandbox.confinement import MEBIBYTE
from tre.services import projects, views
from tre.services.dictionary import STUDY_ID, policy_of
from tre.services.outputs import archive
from tre.services.outputs.admission import admit_verdict
from tre.services.outputs.archive import audit_file
from tre.services.outputs.asking import Precision
from tre.services.outputs.judging import Question, Table, answer, edition_of
from tre.services.outputs.pricing import outlook
from tre.services.outputs.submit import dictionary_of, price
from tre.services.platform import Platform
from tre.services.runs import Derived, must_fit
from tre.worker.told import account_shape, check_answer, price_answer

MOST_REGISTERED: Final = 200
"""Most times that one run may register a table; each may be copied. Source: ours, above any notebook that was seen."""
MOST_SUBMITTED: Final = 50
"""Most requests that one run may make. Source: ours; reviewers read each of them."""


@dataclass(slots=True)
class Workspace:
    """Answers one run's requests, and remembers what it registers and submits until the run has ended.

    Attributes:
        platform: the platform.
        run: the run's identifier.
        extract: what the run reads.
        policy: the project's disclosure policy.
        accounts: the project's accounts.
        folder: the run's folder outside of the sandbox.
        largest: most bytes of one derived table.
        registered: derived tables by name, as the run described them.
        submitted: what the run wants released, in order.
        registrations: how often it has registered a table.
    """

    platform: Platform
    run: str
    extract: Extract
    policy: Policy
    accounts: list[str]
    folder: Path
    largest: int
    registered: dict[str, wire.RegisterRequest] = field(default_factory=dict)
    submitted: list[wire.SubmitRequest] = field(default_factory=list)
    registrations: int = 0

    def __call__(self, verb: str, payload: dict[str, object]) -> dict[str, object]:
        """Answer one request; the channel calls this.

        Raises:
            TreError, DisclosureError: with the sentence that the notebook sees.
        """
        known = wire.Verb(verb) if verb in set(wire.Verb) else None
        if known is None:
            raise BadInput("unknown_verb", "The platform does not know this request.")
        asked = wire.read(wire.SHAPES[known][0], payload)
        answers: Mapping[wire.Verb, Callable[..., wire.Shape]] = {
            wire.Verb.TABLES: self._tables,
            wire.Verb.DICTIONARY: self._dictionary,
            wire.Verb.BUDGET: self._budget,
            wire.Verb.REGISTER: self._register,
            wire.Verb.CHECK: self._check,
            wire.Verb.PRICE: self._price,
            wire.Verb.SUBMIT: self._submit,
            wire.Verb.STATUS: self._status,
            wire.Verb.WITHDRAW: self._withdraw,
            wire.Verb.RUN: self._run,
            wire.Verb.RUN_STATUS: self._run_status,
        }
        return wire.written(answers[known](asked))

    def _tables(self, _: wire.Nothing) -> wire.TablesAnswer:
        tables = tuple(self._table(name) for name in self.extract.tables)
        return wire.TablesAnswer(project=self.extract.project_id, tables=tables)

    def _table(self, name: str) -> wire.TableShape:
        path = self.platform.extracts / self.extract.tables[name]["path"]
        with duckdb.connect() as connection:
            described = connection.execute(
                "DESCRIBE SELECT * FROM read_parquet($path)", {"path": str(path)}
            ).fetchall()
        sources = dict(dictionary_of(self.extract, name).sources)
        columns = tuple(
            wire.Column(name=row[0], type=row[1], description=sources.get(row[0], "")) for row in described
        )
        return wire.TableShape(name=name, file=path.name, unit=STUDY_ID, columns=columns)

    def _dictionary(self, asked: wire.Named) -> wire.DictionaryAnswer:
        dictionary = json.loads(dictionary_of(self.extract, asked.name).to_json())
        return wire.DictionaryAnswer(name=asked.name, dictionary=dictionary)

    def _budget(self, _: wire.Nothing) -> wire.BudgetAnswer:
        return wire.BudgetAnswer(accounts=tuple(account_shape(line) for line in self._balances()))

    def _balances(self) -> list[views.View]:
        with read_only(self.platform.application) as tx:
            return views.budget(tx, self.accounts)

    def _register(self, asked: wire.RegisterRequest) -> wire.RegisterAnswer:
        if asked.name.casefold() in {name.casefold() for name in self.extract.tables}:
            raise BadInput(
                "name_taken",
                f"'{asked.name}' is a table of the extract; give the derived table another name.",
            )
        if asked.unit != STUDY_ID:
            raise BadInput(
                "unit", f"A derived table names its people by {STUDY_ID}; keep that column as its unit."
            )
        self.registrations += 1
        _must_be_few(self.registrations, MOST_REGISTERED, "registers tables")
        self.registered[asked.name] = asked
        return wire.RegisterAnswer(name=asked.name)

    def _check(self, asked: wire.CheckRequest) -> wire.CheckAnswer:
        statistic = Statistic.from_json(asked.statistic)
        with read_only(self.platform.application) as tx:
            admit_verdict(tx, self.extract)
        known = self.extract.tables.get(statistic.source)
        question = Question(
            statistic,
            self.policy,
            self._rows(statistic.source),
            protection=protection_of(asked.protection),
            is_derived=known is None,
            picture=picture_of(asked.chart),
        )
        judged = answer(question, self._archive(), self.platform.cell_key())
        return check_answer(judged, is_claim=known is None)

    def _rows(self, source: str) -> Table:
        """The rows behind a table of the extract, or behind a registered one as it lies in the sandbox now."""
        audit = audit_file(self.platform.extracts, self.extract)
        known = self.extract.tables.get(source)
        edition = edition_of(self.extract)
        if known is not None:
            return Table(self.platform.extracts / known["path"], known["digest"], audit, edition)
        path = self._derived(source)
        return Table(path, self.registered[source].digest, audit, edition)

    def _archive(self) -> list[Earlier]:
        with read_only(self.platform.application) as tx:
            stored = archive.of(tx, self.extract.population)
        return archive.read(self.platform.objects, stored)

    def _derived(self, name: str) -> Path:
        """Take a copy of a registered table as it lies in the sandbox now, and check it against the extract."""
        said = self.registered.get(name)
        if said is None:
            raise BadInput(
                "unknown_source", f"There is no table '{name:.60}'. Register it before you ask about it."
            )
        outputs = self.folder / "outputs"
        digest = self.platform.objects.put_file(outputs / said.file, beneath=outputs, limit=self.largest)
        if digest != said.digest:
            raise BadInput(
                "table_changed", f"The table '{name}' changed after it was registered. Register it again."
            )
        path = self.folder / f"checked-{digest}.parquet"
        path.write_bytes(self.platform.objects.get(digest))
        derived = Derived(name, path, digest, said.unit, said.rows_per_unit)
        must_fit(path, self.extract, self.platform.extracts, derived)
        return path

    def _price(self, asked: wire.PriceRequest) -> wire.PriceAnswer:
        precision = Precision(rho=asked.rho, epsilon=asked.epsilon)
        if precision == Precision():
            precision = Precision(name=asked.precision)
        statistic = Statistic.from_json(asked.statistic)
        nano = precision.nano(dictionary_of(self.extract, statistic.source).population)
        found = outlook(price(self.extract, statistic, nano), self._balances())
        return price_answer(asked.precision if precision.name else "chosen", found)

    def _submit(self, asked: wire.SubmitRequest) -> wire.RequestAnswer:
        for text in asked.items:
            source = Statistic.from_json(text).source
            if source not in self.extract.tables and source not in self.registered:
                raise BadInput(
                    "unknown_source", f"There is no table '{source:.60}'. Register it before you submit."
                )
        _must_be_few(len(self.submitted) + 1, MOST_SUBMITTED, "submits requests")
        self.submitted.append(asked)
        return self._declared(len(self.submitted))

    def _status(self, asked: wire.RequestReference) -> wire.RequestAnswer:
        number = asked.id.removeprefix(f"{self.run}/")
        if not number.isdecimal() or not 1 <= int(number) <= len(self.submitted):
            raise BadInput("no_such_request", "This run has made no such request.")
        return self._declared(int(number))

    def _withdraw(self, asked: wire.RequestReference) -> wire.RequestAnswer:
        raise Refused(
            "withdraw_later",
            f"'{asked.id:.60}' is made when the run has ended. Withdraw it then, or end the run.",
        )

    def _run(self, _: wire.RunRequest) -> wire.RunAnswer:
        """The cell that asks for a run is part of the notebook that runs."""
        return wire.RunAnswer(id=self.run, status="running", sentence="This is the trusted run itself.")

    def _run_status(self, _: wire.RunReference) -> wire.RunAnswer:
        return wire.RunAnswer(id=self.run, status="running", sentence="This is the trusted run itself.")

    def _declared(self, number: int) -> wire.RequestAnswer:
        asked = self.submitted[number - 1]
        items = tuple(
            wire.ItemShape(number=place, outcome="declared", sentence="Submitted when the run has ended.")
            for place in range(1, len(asked.items) + 1)
        )
        return wire.RequestAnswer(id=f"{self.run}/{number}", title=asked.title, state="DECLARED", items=items)


def workspace_of(platform: Platform, run: str, project_id: str, folder: Path) -> Workspace:
    """Make what answers a run's requests, for the project's newest extract."""
    with read_only(platform.application) as tx:
        manifest = projects.manifest_of(tx, project_id)
        extract = projects.extract_of(tx, project_id)
    return Workspace(
        platform,
        run,
        extract,
        policy_of(manifest, extract),
        projects.accounts_of(manifest),
        folder=folder,
        largest=manifest.limits.output_mebibytes * MEBIBYTE,
    )


def _must_be_few(number: int, most: int, what: str) -> None:
    if number > most:
        raise Refused(
            "too_many", f"This run {what} more than {most} times; put more into one, and run it again."
        )


def nano_of(precision: str) -> int:
    """What a precision of the menu costs, in nano-rho.

    Raises:
        BadInput: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise BadInput(
            "unknown_precision", f"There is no precision '{precision:.60}'. Choose: {', '.join(PRECISIONS)}."
        )
    return PRECISIONS[precision]


def protection_of(asked: wire.ProtectionShape | None) -> Protection | None:
    """Read how a table is to be protected, if at all.

    Raises:
        BadInput: there is no such way.
    """
    return None if asked is None else Protection.asked(asked.method, asked.base)


def picture_of(asked: wire.ChartShape | None) -> Picture | None:
    """Read which chart goes with a table, if one does.

    Raises:
        BadInput: there is no such chart.
    """
    return None if asked is None else Picture.asked(asked.kind, asked.measure)

"""What a project declares about itself in `project.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from disclosure.policy import Policy
from tre.domain.people import PersonId, ProjectRole
from tre.domain.projects import ProjectId
from tre.domain.published import Bounds
from tre.domain.regime import Regime

Scalar = str | int | float | bool


class Clearance(StrEnum):
    """What a data owner asks for before a release that uses its data."""

    NONE = "none"
    NOTIFY = "notify"
    APPROVE = "approve"


class Reduction(StrEnum):
    """How the rows of one person become one value. `exists` asks only whether the person has a row."""

    FIRST = "first"
    SUM = "sum"
    MAX = "max"
    EXISTS = "exists"


class OutputKind(StrEnum):
    """What a planned output will be."""

    STATISTIC = "statistic"
    RUN = "run"
    FILE = "file"


class ParameterType(StrEnum):
    """What a notebook parameter holds."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Member:
    """A person and the role they hold on the project."""

    person: PersonId
    role: ProjectRole


@dataclass(frozen=True, slots=True)
class ProjectDataset:
    """One dataset that the project may use.

    Attributes:
        name: of the dataset, as in its contract.
        edition: which delivery.
        columns: payload columns approved for the project; no others reach it.
        agreement: reference of the data sharing agreement.
        owner: who answers for the data.
        clearance: what the owner asks for before a release.
        gateway: code of the legal gateway for this dataset in this project.
        regime: how its numbers may leave where the project allows less than the contract; None for as the contract says.
    """

    name: str
    edition: str
    columns: tuple[str, ...]
    agreement: str
    owner: PersonId
    clearance: Clearance
    gateway: str
    regime: Regime | None = None


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """Where a linked column comes from; `column` is None where only the existence of a row counts."""

    dataset: str
    column: str | None


@dataclass(frozen=True, slots=True)
class LinkedColumn:
    """One column of the linked table.

    Attributes:
        name: in the linked table.
        reduce: how one person's rows become one value.
        sources: asked in this order; the first that has a value gives it.
        absent: the value for a person about whom no source says anything; None leaves it missing.
        bounds: the range after reduction where it differs from the contract's, which a sum must declare.
    """

    name: str
    reduce: Reduction
    sources: tuple[SourceColumn, ...]
    absent: Scalar | None
    bounds: Bounds | None


@dataclass(frozen=True, slots=True)
class Linkage:
    """How the project's datasets become one table of people.

    Attributes:
        base: the dataset whose persons are the rows.
        table: name of the table.
        population: published number of people that the sources describe. Sets delta of the noise.
        population_source: where that number is published.
        columns: besides study_id.
    """

    base: str
    table: str
    population: int
    population_source: str
    columns: tuple[LinkedColumn, ...]


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """What the project said it would publish; checkers compare requests with it."""

    title: str
    kind: OutputKind
    description: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What the project may spend.

    Attributes:
        nano_rho: cap of the project's privacy account, in units of 1e-9 rho.
        exact_releases: cap of the exact account, in releases.
        exact_cells: cap of the exact account, in cells.
        menu_only: whether a noisy table costs what a precision of the menu costs, and no other amount.
    """

    nano_rho: int
    exact_releases: int
    exact_cells: int
    menu_only: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the project's notebooks.

    Attributes:
        name: a Python name.
        type: what it holds.
        default: its value where a run names none.
        least: smallest allowed number, or None.
        most: largest allowed number, or None.
        choices: allowed texts; empty unless it holds a text.
    """

    name: str
    type: ParameterType
    default: Scalar
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one trusted run may use.

    Attributes:
        wall_seconds: time from start to kill, in seconds.
        cell_seconds: time for one notebook cell, in seconds.
        memory_mebibytes: memory of one process, in MiB.
        output_mebibytes: largest file that it may write, in MiB.
        processes: most processes and threads at once.
    """

    wall_seconds: int
    cell_seconds: int
    memory_mebibytes: int
    output_mebibytes: int
    processes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One project, as declared.

    Attributes:
        id: lower-case letters, digits and hyphens.
        title: for people.
        purpose: what the research asks.
        public_benefit: who gains by the answer.
        ethics: reference of the ethics approval.
        dpia: reference of the data protection impact assessment.
        gateway: code of the legal gateway, from `GATEWAYS`.
        accreditation: reference of the project's accreditation.
        starts: first day of work.
        ends: last day of work.
        environment: name of the software environment that its runs use.
        members: people and their roles.
        datasets: what it may use.
        linkage: how these become one table.
        planned_outputs: what it will ask to publish.
        preset: name of the disclosure policy it starts from.
        tightened: thresholds of that policy which the project makes stricter.
        policy: what follows from the two.
        budget: what it may spend.
        limits: of its trusted runs.
        parameters: of its notebooks.
    """

    id: ProjectId
    title: str
    purpose: str
    public_benefit: str
    ethics: str
    dpia: str
    gateway: str
    accreditation: str
    starts: date
    ends: date
    environment: str
    members: tuple[Member, ...]
    datasets: tuple[ProjectDataset, ...]
    linkage: Linkage
    planned_outputs: tuple[PlannedOutput, ...]
    preset: str
    tightened: Mapping[str, float]
    policy: Policy
    budget: Budget
    limits: RunLimits
    parameters: tuple[Parameter, ...]

    def dataset(self, name: str) -> ProjectDataset | None:
        """Return the project's dataset of that name, or None if the project may not use it."""
        return next((each for each in self.datasets if each.name == name), None)

"""Reading `project.toml`: strictly, and all faults at once."""

import keyword
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from disclosure.errors import DisclosureError
from disclosure.policy import Policy
from tre.domain.declared import Section, document, finish
from tre.domain.errors import Refused
from tre.domain.manifest.model import (
    Budget,
    Clearance,
    Linkage,
    LinkedColumn,
    Manifest,
    Member,
    OutputKind,
    Parameter,
    ParameterType,
    PlannedOutput,
    ProjectDataset,
    Reduction,
    RunLimits,
    SourceColumn,
)
from tre.domain.people import PersonId, ProjectRole
from tre.domain.projects import ProjectId, research_gateway
from tre.domain.published import Bounds, read_published
from tre.domain.regime import Regime

PROJECT_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Shape of a project's id; it is also the name of its workspace and part of addresses."""

COLUMN_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
"""Shape of a linked column's name."""

LONGEST_ID: Final = 30
"""Longest project id, in characters. Source: JupyterHub 6, whose servers' names have at most 30; a workspace has this one."""


def parse_manifest(text: str, name: str = "project.toml") -> Manifest:
    """Read a project's manifest.

    Args:
        text: TOML.
        name: what people call the file, for the error's sentence.

    Raises:
        Faulty: every fault at once, each under its key.
    """
    root, faults = document(text, "manifest", name)
    manifest = _manifest(root)
    _check_whole(root, manifest)
    root.close()
    finish(faults, "manifest", name)
    return manifest


def _manifest(root: Section) -> Manifest:
    approvals, disclosure, run = root.section("approvals"), root.section("disclosure"), root.section("run")
    gateway = _gateway(approvals)
    preset, tightened = disclosure.text("preset"), _tightened(disclosure.section("stricter", required=False))
    manifest = Manifest(
        id=_project_id(root),
        title=root.text("title"),
        purpose=root.text("purpose"),
        public_benefit=root.text("public_benefit"),
        ethics=approvals.text("ethics"),
        dpia=approvals.text("dpia"),
        gateway=gateway,
        accreditation=approvals.text("accreditation"),
        starts=root.day("start"),
        ends=root.day("end"),
        environment=root.text("environment"),
        members=tuple(map(_member, root.sections("people"))),
        datasets=tuple(_dataset(each, gateway) for each in root.sections("datasets")),
        linkage=_linkage(root.section("linkage")),
        planned_outputs=tuple(map(_planned, root.sections("planned_outputs"))),
        preset=preset,
        tightened=tightened,
        policy=_policy(disclosure, preset, tightened),
        budget=_budget(root.section("budget")),
        parameters=_parameters(run),
        limits=_limits(run),
    )
    approvals.close()
    disclosure.close()
    return manifest


def _project_id(root: Section) -> ProjectId:
    value = root.text("id")
    if value and (len(value) > LONGEST_ID or not PROJECT_ID.fullmatch(value)):
        root.fault("id", f"must be lower-case letters, digits and single hyphens, at most {LONGEST_ID}")
    return ProjectId(value)


def _gateway(section: Section, default: str | None = None) -> str:
    code = section.text("gateway", default)
    try:
        research_gateway(code)
    except Refused as refused:
        section.fault("gateway", refused.sentence.rstrip("."))
    return code


def _member(section: Section) -> Member:
    member = Member(PersonId(section.text("person")), section.choice("role", ProjectRole))
    section.close()
    return member


def _dataset(section: Section, gateway: str) -> ProjectDataset:
    dataset = ProjectDataset(
        name=section.text("name"),
        edition=section.text("edition"),
        columns=section.texts("columns"),
        agreement=section.text("agreement"),
        owner=PersonId(section.text("owner")),
        clearance=section.choice("clearance", Clearance),
        gateway=_gateway(section) if section.has("gateway") else gateway,
        regime=section.choice("regime", Regime) if section.has("regime") else None,
    )
    section.close()
    return dataset


def _linkage(section: Section) -> Linkage:
    linkage = Linkage(
        base=section.text("base"),
        table=section.text("table"),
        population=section.integer("population", least=1),
        population_source=section.text("population_source"),
        columns=tuple(_linked(name, each) for name, each in section.named_sections("columns").items()),
    )
    section.close()
    return linkage


def _linked(name: str, section: Section) -> LinkedColumn:
    if name == "study_id" or not COLUMN_NAME.fullmatch(name):
        section.fault("", "the name must be lower-case letters, digits and underscores, and not study_id")
    reduce = section.choice("reduce", Reduction)
    whole_rows = reduce is Reduction.EXISTS
    sources = tuple(_source_column(section, each, whole_rows=whole_rows) for each in section.texts("from"))
    absent = section.scalar("absent") if section.has("absent") else (False if whole_rows else None)
    bounds = read_published(section, wants_levels=False) if section.has("upper") else None
    if bounds is None and reduce is Reduction.SUM:
        section.fault("upper", "a sum needs its own lower, upper, scale and source")
    section.close()
    return LinkedColumn(name, reduce, sources, absent, bounds if isinstance(bounds, Bounds) else None)


def _source_column(section: Section, text: str, *, whole_rows: bool) -> SourceColumn:
    dataset, dot, column = text.partition(".")
    if whole_rows is bool(dot) or not dataset or bool(dot) is not bool(column):
        wanted = "datasets, like dwp_benefits" if whole_rows else "columns, like dwp_benefits.sex"
        section.fault("from", f"with this `reduce` it must name {wanted}")
    return SourceColumn(dataset, column or None)


def _planned(section: Section) -> PlannedOutput:
    planned = PlannedOutput(
        section.text("title"), section.choice("kind", OutputKind), section.text("description")
    )
    section.close()
    return planned


def _tightened(section: Section) -> dict[str, float]:
    return {name: section.number(name, least=0, most=1e9) for name in section.names()}


def _policy(section: Section, preset: str, tightened: Mapping[str, float]) -> Policy:
    try:
        return Policy.preset(preset).tightened(**tightened)
    except DisclosureError as refused:
        section.fault("", refused.sentence.rstrip("."))
        return Policy()


def _budget(section: Section) -> Budget:
    budget = Budget(
        nano_rho=section.integer("nano_rho", least=1),
        exact_releases=section.integer("exact_releases"),
        exact_cells=section.integer("exact_cells"),
        menu_only=section.flag("menu_only", default=False),
    )
    section.close()
    return budget


def _limits(section: Section) -> RunLimits:
    limits = RunLimits(
        wall_seconds=section.integer("wall_seconds", least=1),
        cell_seconds=section.integer("cell_seconds", least=1),
        memory_mebibytes=section.integer("memory_mebibytes", least=64),
        output_mebibytes=section.integer("output_mebibytes", least=1),
        processes=section.integer("processes", least=1),
    )
    section.close()
    return limits


_HOLDS: Final = {
    ParameterType.INTEGER: (int,),
    ParameterType.NUMBER: (int, float),
    ParameterType.TEXT: (str,),
    ParameterType.BOOLEAN: (bool,),
}


def _parameters(run: Section) -> tuple[Parameter, ...]:
    found = run.named_sections("parameters", required=False)
    return tuple(_parameter(name, section) for name, section in found.items())


def _parameter(name: str, section: Section) -> Parameter:
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name) or name.startswith("_"):
        section.fault("", "the name must be a plain Python name and no keyword")
    kind = section.choice("type", ParameterType)
    numeric = kind in {ParameterType.INTEGER, ParameterType.NUMBER}
    parameter = Parameter(
        name=name,
        type=kind,
        default=section.scalar("default"),
        least=section.number("least", least=-1e15, most=1e15) if numeric else None,
        most=section.number("most", least=-1e15, most=1e15) if numeric else None,
        choices=section.texts("choices") if kind is ParameterType.TEXT else (),
    )
    if not is_allowed(parameter, parameter.default):
        section.fault("default", "must itself be allowed by type, least, most and choices")
    section.close()
    return parameter


def is_allowed(parameter: Parameter, value: object) -> bool:
    """May the parameter take this value?"""
    if type(value) not in _HOLDS[parameter.type]:
        return False
    if parameter.least is None or parameter.most is None or not isinstance(value, int | float):
        return not parameter.choices or value in parameter.choices
    return parameter.least <= value <= parameter.most


def _check_whole(root: Section, manifest: Manifest) -> None:
    if date.min < manifest.ends < manifest.starts:
        root.fault("end", "must not lie before `start`")
    people = [each.person for each in manifest.members]
    if len(set(people)) < len(people):
        root.fault("people", "each person must stand there once")
    if ProjectRole.LEAD not in [each.role for each in manifest.members]:
        root.fault("people", "one of them must have the role lead")
    names = [each.name for each in manifest.datasets]
    if len(set(names)) < len(names):
        root.fault("datasets", "each dataset must stand there once")
    if manifest.dataset(manifest.linkage.base) is None:
        root.fault("linkage.base", "must be the name of one of the project's datasets")
    for linked in manifest.linkage.columns:
        for source in linked.sources:
            dataset = manifest.dataset(source.dataset)
            if dataset is None or (source.column is not None and source.column not in dataset.columns):
                root.fault(f"linkage.columns.{linked.name}.from", "names something the project may not use")


__all__ = ["is_allowed", "parse_manifest"]

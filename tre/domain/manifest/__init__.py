"""The project manifest: what a project is for, who works on it, which data it may use and what it may spend."""

from tre.domain.manifest.linked import contract_faults, linked_dictionary
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
from tre.domain.manifest.parse import is_allowed, parse_manifest

__all__ = [
    "Budget",
    "Clearance",
    "Linkage",
    "LinkedColumn",
    "Manifest",
    "Member",
    "OutputKind",
    "Parameter",
    "ParameterType",
    "PlannedOutput",
    "ProjectDataset",
    "Reduction",
    "RunLimits",
    "SourceColumn",
    "contract_faults",
    "is_allowed",
    "linked_dictionary",
    "parse_manifest",
]

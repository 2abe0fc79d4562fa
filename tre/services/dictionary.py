"""The public dictionary of a project's linked table, made from the manifest and the contracts; never from the data."""

from collections.abc import Mapping

from disclosure.dp import Dictionary
from tre.domain.contracts import Contract
from tre.domain.errors import BadInput
from tre.domain.manifest import LinkedColumn, Manifest, Reduction
from tre.domain.published import Bounds, Levels, Published

STUDY_ID = "study_id"
"""The privacy unit of every project table: one person, under a name that only this project uses."""


def linked_dictionary(manifest: Manifest, contracts: Mapping[str, Contract]) -> Dictionary:
    """Describe the linked table: one row a person, with published levels or bounds for every column.

    Raises:
        BadInput: a column of the manifest does not stand in the contract of its dataset.
        DisclosureError: levels or bounds contradict each other.
    """
    published = {column.name: _published(column, contracts) for column in manifest.linkage.columns}
    levels = {name: known for name, known in published.items() if isinstance(known, Levels)}
    bounds = {name: known for name, known in published.items() if isinstance(known, Bounds)}
    return Dictionary(
        unit=STUDY_ID,
        rows_per_unit=1,
        keys={name: known.values for name, known in levels.items()},
        bounds={name: (known.lower, known.upper) for name, known in bounds.items()},
        scale={name: known.scale for name, known in bounds.items() if known.scale != 1},
        sources={name: known.source for name, known in published.items()},
        population=manifest.linkage.population,
    )


def _published(column: LinkedColumn, contracts: Mapping[str, Contract]) -> Published:
    if column.reduce is Reduction.EXISTS:
        return Levels((False, True), "Whether the person stands in the source at all")
    if column.bounds is not None:
        return column.bounds
    known = [_field(contracts, source.dataset, source.column or "") for source in column.sources]
    first = known[0]
    if not all(isinstance(each, Levels) for each in known):
        return first
    values = dict.fromkeys(value for each in known if isinstance(each, Levels) for value in each.values)
    if isinstance(column.absent, str | bool):
        values.setdefault(column.absent)
    return Levels(tuple(values), first.source)


def _field(contracts: Mapping[str, Contract], dataset: str, name: str) -> Published:
    for field in contracts[dataset].fields:
        if field.name == name:
            return field.published
    raise BadInput(
        "no_such_column",
        f"The contract of '{dataset}' has no payload column '{name}'. Correct the manifest or the contract.",
    )

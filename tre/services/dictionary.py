"""The public dictionary of a project's linked table, made from the manifest and the contracts; never from the data."""

from collections.abc import Mapping
from dataclasses import replace

from disclosure import Policy
from disclosure.dp import Dictionary
from tre.db.tables import Extract
from tre.domain.contracts import Contract
from tre.domain.manifest import Manifest, linked_dictionary
from tre.domain.published import Bounds, Levels

STUDY_ID = "study_id"
"""The privacy unit of every project table: one person, under a name that only this project uses."""


def noise_dictionary(manifest: Manifest, contracts: Mapping[str, Contract]) -> Dictionary:
    """Describe the linked table: one row a person, with published levels or bounds for every column.

    Raises:
        Faulty: manifest and contracts do not fit; every fault at once.
        DisclosureError: levels or bounds contradict each other.
    """
    published = linked_dictionary(manifest, contracts)
    bounds = {name: known for name, known in published.items() if isinstance(known, Bounds)}
    return Dictionary(
        unit=STUDY_ID,
        rows_per_unit=1,
        keys={name: known.values for name, known in published.items() if isinstance(known, Levels)},
        bounds={name: (known.lower, known.upper) for name, known in bounds.items()},
        scale={name: known.scale for name, known in bounds.items() if known.scale != 1},
        sources={name: known.source for name, known in published.items()},
        population=manifest.linkage.population,
    )


def structural_ends(manifest: Manifest, contracts: Mapping[str, Contract]) -> list[list[str | int]]:
    """Return the linked table's ends that contracts or manifest declare to be set by a rule: column and value.

    Raises:
        Faulty: manifest and contracts do not fit.
    """
    published = linked_dictionary(manifest, contracts)
    return [
        [name, end]
        for name, known in published.items()
        if isinstance(known, Bounds)
        for end in known.structural
    ]


def policy_of(manifest: Manifest, extract: Extract) -> Policy:
    """Return a project's thresholds, with the structural ends that were declared when its extract was built."""
    declared = extract.tables[manifest.linkage.table].get("structural_ends", [])
    ends = tuple((str(name), end) for name, end in declared)
    return replace(manifest.policy, structural_ends=(*manifest.policy.structural_ends, *ends))

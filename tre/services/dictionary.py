"""The public dictionary of a project's linked table, made from the manifest and the contracts; never from the data."""

from collections.abc import Mapping

from disclosure.dp import Dictionary
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

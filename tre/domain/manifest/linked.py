"""What manifest and contracts say together: is each column there, and which values may it take once linked?"""

from collections.abc import Mapping

from tre.domain.contracts import Contract, Field
from tre.domain.declared import Fault, Faulty
from tre.domain.manifest.model import LinkedColumn, Manifest, Reduction
from tre.domain.published import Bounds, Levels, Published
from tre.domain.regime import is_stricter


def linked_dictionary(manifest: Manifest, contracts: Mapping[str, Contract]) -> dict[str, Published]:
    """Return the published values of each column of the linked table, without looking at any data.

    Args:
        manifest: of the project.
        contracts: of its datasets, by name.

    Raises:
        Faulty: manifest and contracts do not fit; every fault at once.
    """
    faults = contract_faults(manifest, contracts)
    if faults:
        raise Faulty("manifest", "project.toml", faults)
    fields = _fields(contracts)
    return {linked.name: _published(linked, fields) for linked in manifest.linkage.columns}


def contract_faults(manifest: Manifest, contracts: Mapping[str, Contract]) -> tuple[Fault, ...]:
    """Say where the manifest asks for what the contracts do not give."""
    faults: list[Fault] = []
    for place, dataset in enumerate(manifest.datasets, start=1):
        contract = contracts.get(dataset.name)
        if contract is None:
            faults.append(Fault(f"datasets[{place}].name", "there is no contract of this name"))
            continue
        offered = {field.name for field in contract.fields}
        faults.extend(
            Fault(f"datasets[{place}].columns", f"the contract offers no payload column '{column}'")
            for column in dataset.columns
            if column not in offered
        )
        if dataset.owner != contract.owner:
            faults.append(Fault(f"datasets[{place}].owner", "the contract names another owner"))
        if dataset.regime is not None and is_stricter(contract.regime, dataset.regime):
            faults.append(
                Fault(f"datasets[{place}].regime", f"must allow no more than the contract: {contract.regime}")
            )
    return tuple(faults or _mixed_columns(manifest, contracts))


def _mixed_columns(manifest: Manifest, contracts: Mapping[str, Contract]) -> list[Fault]:
    fields = _fields(contracts)
    return [
        Fault(f"linkage.columns.{linked.name}.from", "its columns hold different types; one column holds one")
        for linked in manifest.linkage.columns
        if len({fields[each.dataset][each.column].type for each in linked.sources if each.column}) > 1
    ]


def _fields(contracts: Mapping[str, Contract]) -> dict[str, dict[str, Field]]:
    return {name: {field.name: field for field in contract.fields} for name, contract in contracts.items()}


def _published(linked: LinkedColumn, fields: Mapping[str, Mapping[str, Field]]) -> Published:
    if linked.reduce is Reduction.EXISTS:
        return Levels((False, True), "Whether the source has a record of the person: yes or no.")
    if linked.bounds is not None:
        return linked.bounds
    offered = [fields[source.dataset][source.column or ""].published for source in linked.sources]
    levels = [each for each in offered if isinstance(each, Levels)]
    if len(levels) == len(offered):
        return _joined_levels(linked, levels)
    bounds = [each for each in offered if isinstance(each, Bounds)]
    return Bounds(
        min(each.lower for each in bounds),
        max(each.upper for each in bounds),
        max(each.scale for each in bounds),
        bounds[0].source,
        tuple(sorted(set(bounds[0].structural).intersection(*(each.structural for each in bounds)))),
    )


def _joined_levels(linked: LinkedColumn, levels: list[Levels]) -> Levels:
    values = dict.fromkeys(value for each in levels for value in each.values)
    if isinstance(linked.absent, str | bool):
        values.setdefault(linked.absent)
    return Levels(tuple(values), levels[0].source)

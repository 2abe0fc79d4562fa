"""The worked project's files agree with each other."""

import ast
import json
import tomllib
from pathlib import Path

import nbformat

from tre.domain.contracts import Contract, Kind
from tre.domain.manifest import Manifest, is_allowed, linked_dictionary
from tre.domain.people import Capability
from tre.domain.published import Bounds
from tre.synthesis import parse_recipe
from tre.synthesis.recipe import SOURCES


def cells_of(folder: Path) -> list[dict[str, object]]:
    notebook = json.loads((folder / "notebooks" / "fuel_poverty.ipynb").read_text())
    cells: list[dict[str, object]] = notebook["cells"]
    return cells


def code_of(folder: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in cells_of(folder) if cell["cell_type"] == "code"]  # type: ignore[arg-type]  # a list of lines


def test_manifest_fits_its_contracts(manifest: Manifest, contracts: dict[str, Contract]) -> None:
    known = linked_dictionary(manifest, contracts)
    assert set(known) == {column.name for column in manifest.linkage.columns}
    assert all(each.source for each in known.values())


def test_there_is_one_contract_and_one_recipe_for_each_source(
    folder: Path, manifest: Manifest, contracts: dict[str, Contract]
) -> None:
    recipe = parse_recipe((folder / "synthetic.toml").read_text())
    assert set(contracts) == set(SOURCES) == set(recipe.sources) == {each.name for each in manifest.datasets}
    assert {each.reference_date for each in contracts.values()} == {recipe.reference_date}


def test_no_project_column_names_a_person(manifest: Manifest, contracts: dict[str, Contract]) -> None:
    columns = {column.name for column in manifest.linkage.columns}
    asked = {column for dataset in manifest.datasets for column in dataset.columns}
    kinds = {str(kind) for kind in Kind} - {"sex"}
    raw = {each.name for contract in contracts.values() for each in contract.identifiers} - {"sex"}
    assert (columns | asked).isdisjoint(kinds | raw)


def test_sums_of_the_whole_population_stay_within_64_bits(
    manifest: Manifest, contracts: dict[str, Contract]
) -> None:
    for each in linked_dictionary(manifest, contracts).values():
        if isinstance(each, Bounds):
            assert manifest.linkage.population * max(abs(each.lower), each.upper) * each.scale < 2**62


def test_people_of_the_project_exist_and_its_checkers_have_no_role_on_it(
    folder: Path, manifest: Manifest
) -> None:
    people = {each["id"]: each for each in tomllib.loads((folder / "people.toml").read_text())["person"]}
    members = {member.person for member in manifest.members}
    checkers = {name for name, each in people.items() if Capability.OUTPUT_CHECKER in each["capabilities"]}
    assert members <= set(people)
    assert {dataset.owner for dataset in manifest.datasets} <= set(people)
    assert len(checkers) >= 2
    assert checkers.isdisjoint(members)


def test_notebook_is_valid_and_was_cleared_of_results(folder: Path) -> None:
    nbformat.validate(json.loads((folder / "notebooks" / "fuel_poverty.ipynb").read_text()))
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in cells_of(folder))


def test_notebook_parameters_are_those_of_the_manifest(folder: Path, manifest: Manifest) -> None:
    tagged = [cell for cell in cells_of(folder) if "parameters" in cell["metadata"].get("tags", [])]  # type: ignore[attr-defined]  # JSON
    assert len(tagged) == 1
    assigned = ast.parse("".join(tagged[0]["source"]))  # type: ignore[arg-type]  # a list of lines
    given = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in assigned.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert given == {each.name: each.default for each in manifest.parameters}
    assert all(is_allowed(each, given[each.name]) for each in manifest.parameters)


def test_notebook_imports_the_researchers_kit_and_nothing_else(folder: Path) -> None:
    trees = [ast.parse(text) for text in code_of(folder)]
    imported = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert [ast.unparse(node) for node in imported] == ["import tre"]


def test_notebook_explains_itself(folder: Path) -> None:
    kinds = [cell["cell_type"] for cell in cells_of(folder)]
    assert kinds[0] == "markdown"
    assert kinds.count("markdown") >= 8

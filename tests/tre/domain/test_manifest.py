"""What a project may declare about itself, and that every fault is told at once."""

from pathlib import Path

import pytest

from tre.domain.contracts import Contract, parse_contract
from tre.domain.declared import Faulty
from tre.domain.manifest import (
    Parameter,
    ParameterType,
    Reduction,
    SourceColumn,
    contract_faults,
    is_allowed,
    linked_dictionary,
    parse_manifest,
)
from tre.domain.people import ProjectRole
from tre.domain.published import Bounds, Levels
from tre.domain.regions import NOT_KNOWN

FOLDER = Path(__file__).parents[3] / "projects" / "fuel-poverty"
TEXT = (FOLDER / "project.toml").read_text()


def contracts() -> dict[str, Contract]:
    found = [parse_contract(path.read_text(), path.name) for path in (FOLDER / "contracts").glob("*.toml")]
    return {contract.dataset: contract for contract in found}


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def faults(text: str) -> dict[str, str]:
    with pytest.raises(Faulty) as caught:
        parse_manifest(text)
    assert caught.value.code == "manifest"
    told: dict[str, str] = {}
    for fault in caught.value.faults:
        told[fault.key] = f"{told.get(fault.key, '')} {fault.sentence}"
    return told


def test_worked_project_reads_whole() -> None:
    manifest = parse_manifest(TEXT)
    assert manifest.id == "fuel-poverty"
    assert manifest.members[0].role is ProjectRole.LEAD
    assert {dataset.gateway for dataset in manifest.datasets} == {"dea-64"}
    assert manifest.policy.min_units == 10
    assert manifest.budget.nano_rho == 100_000_000
    sex = next(column for column in manifest.linkage.columns if column.name == "sex")
    assert sex.sources[0] == SourceColumn("tax_records", "sex")
    assert sex.absent == NOT_KNOWN
    benefit = next(column for column in manifest.linkage.columns if column.name == "benefit_any")
    assert benefit.reduce is Reduction.EXISTS
    assert benefit.absent is False
    assert manifest.dataset("nothing") is None


def test_linked_columns_have_published_values() -> None:
    known = linked_dictionary(parse_manifest(TEXT), contracts())
    assert known["annual_kwh"] == Bounds(0, 60_000, 1, known["annual_kwh"].source)
    assert known["prepayment"] == Levels((False, True), known["prepayment"].source)
    region = known["region"]
    assert isinstance(region, Levels)
    assert region.values[-1] == NOT_KNOWN
    assert len(region.values) == 13


def test_first_of_two_numeric_sources_spans_both_bounds() -> None:
    text = changed(
        "[linkage.columns.deceased]",
        '[linkage.columns.top]\nfrom = ["tax_records.annual_pay", "energy_accounts.annual_kwh"]\nreduce = "max"\n\n'
        "[linkage.columns.deceased]",
    )
    top = linked_dictionary(parse_manifest(text), contracts())["top"]
    assert isinstance(top, Bounds)
    assert (top.lower, top.upper, top.scale) == (0, 200_000, 1)


def test_level_for_the_absent_joins_the_published_levels() -> None:
    text = changed(
        "[linkage.columns.deceased]",
        '[linkage.columns.pupil]\nfrom = ["school_census.free_school_meals"]\nreduce = "first"\nabsent = "no pupil"\n\n'
        "[linkage.columns.deceased]",
    )
    pupil = linked_dictionary(parse_manifest(text), contracts())["pupil"]
    assert isinstance(pupil, Levels)
    assert pupil.values == (False, True, "no pupil")


def test_column_without_a_level_for_the_absent_keeps_the_contracts_levels() -> None:
    text = changed('reduce = "first"\nabsent = "not known"', 'reduce = "first"')
    region = linked_dictionary(parse_manifest(text), contracts())["region"]
    assert isinstance(region, Levels)
    assert len(region.values) == 13


def test_columns_of_two_types_do_not_become_one() -> None:
    text = changed(
        'from = ["energy_accounts.region"]', 'from = ["energy_accounts.region", "energy_accounts.annual_kwh"]'
    )
    with pytest.raises(Faulty, match="different types"):
        linked_dictionary(parse_manifest(text), contracts())


def test_manifest_is_held_against_the_contracts() -> None:
    manifest = parse_manifest(TEXT.replace('columns = ["free_school_meals"]', 'columns = ["school_urn"]'))
    known = contracts()
    del known["tax_records"]
    found = {fault.key: fault.sentence for fault in contract_faults(manifest, known)}
    assert "no contract" in found["datasets[3].name"]
    assert "'school_urn'" in found["datasets[7].columns"]


def test_owner_of_manifest_and_contract_must_agree() -> None:
    manifest = parse_manifest(changed('owner = "greta.lind"', 'owner = "ada.okafor"'))
    assert [fault.key for fault in contract_faults(manifest, contracts())] == ["datasets[1].owner"]


def test_budget_in_fractions_is_refused() -> None:
    assert "integer" in faults(changed("nano_rho = 100_000_000", "nano_rho = 0.1"))["budget.nano_rho"]


def test_policy_may_be_made_stricter() -> None:
    manifest = parse_manifest(
        changed('preset = "standard"', 'preset = "standard"\n[disclosure.stricter]\nmin_units = 20')
    )
    assert manifest.policy.min_units == 20
    assert manifest.tightened == {"min_units": 20}


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('id = "fuel-poverty"', 'id = "Fuel Poverty"', "id", "lower-case"),
        ('id = "fuel-poverty"', f'id = "{"a" * 31}"', "id", "at most 30"),
        ('id = "fuel-poverty"', "", "id", "is missing"),
        ("start = 2026-01-01", "start = 2033-01-01", "end", "before `start`"),
        ('gateway = "dea-64"', 'gateway = "dea-36"', "approvals.gateway", "does not open a research workspace"),
        ('gateway = "dea-64"', 'gateway = "royal"', "approvals.gateway", "no gateway 'royal'"),
        ('clearance = "notify"', 'clearance = "notify"\ngateway = "dea-48"', "datasets[1].gateway", "does not open"),
        ('clearance = "notify"', 'clearance = "maybe"', "datasets[1].clearance", "none, notify, approve"),
        ('person = "ben.hughes"', 'person = "ada.okafor"', "people", "once"),
        ('role = "lead"', 'role = "observer"', "people", "role lead"),
        ('name = "dwp_benefits"', 'name = "tax_records"', "datasets", "once"),
        ('base = "energy_accounts"', 'base = "water"', "linkage.base", "one of the project's datasets"),
        ('from = ["energy_accounts.region"]', 'from = ["energy_accounts.supplier"]', "linkage.columns.region.from",
         "may not use"),
        ('from = ["energy_accounts.region"]', 'from = ["energy_accounts"]', "linkage.columns.region.from", "columns"),
        ('from = ["civil_deaths"]', 'from = ["civil_deaths.sex"]', "linkage.columns.deceased.from", "datasets"),
        ('from = ["civil_deaths"]', 'from = ["police"]', "linkage.columns.deceased.from", "may not use"),
        ('reduce = "sum"\nlower = 0\nupper = 60000', 'reduce = "sum"', "linkage.columns.annual_kwh.upper", "a sum"),
        ("[linkage.columns.deceased]", "[linkage.columns.study_id]", "linkage.columns.study_id", "not study_id"),
        ("[linkage.columns.deceased]", '[linkage.columns."a b"]', "linkage.columns.a b", "lower-case"),
        ('absent = "not known"', "absent = [1]", "linkage.columns.region.absent", "a text"),
        ('preset = "standard"', 'preset = "lax"', "disclosure", "no policy called"),
        ('preset = "standard"', 'preset = "standard"\n[disclosure.stricter]\nmin_units = 3', "disclosure", "never looser"),
        ('preset = "standard"', 'preset = "standard"\n[disclosure.stricter]\nmin_unit = 30', "disclosure", "no threshold"),
        ("[run.parameters.high_cost_kwh]", "[run.parameters.class]", "run.parameters.class", "Python name"),
        ("[run.parameters.high_cost_kwh]", "[run.parameters._x]", "run.parameters._x", "Python name"),
        ("default = 14000", "default = 4000", "run.parameters.low_income_pounds.default", "allowed"),
        ("default = 14000", 'default = "many"', "run.parameters.low_income_pounds.default", "allowed"),
        ("least = 5000", 'least = "few"', "run.parameters.low_income_pounds.least", "a number"),
        ("wall_seconds = 300", "wall_seconds = 0", "run.wall_seconds", "at least 1"),
        ("[approvals]", "[approvals]\nminister = 1", "approvals.minister", "not known here"),
        ("[run]", "[run]\ngpu = 1", "run.gpu", "not known here"),
        ("[[people]]", "[people_]", "people_", "not known here"),
        ("[[planned_outputs]]\ntitle", "[[planned_outputs]]\ntitel", "planned_outputs[1].title", "is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_key(old: str, new: str, key: str, words: str) -> None:
    found = faults(changed(old, new))
    assert words in found[key]


def test_empty_manifest_names_everything_that_is_missing() -> None:
    found = faults("")
    assert set(found) >= {
        "id",
        "title",
        "approvals",
        "people",
        "datasets",
        "linkage",
        "budget",
        "run",
        "start",
    }


@pytest.mark.parametrize("text", ["people = 3", "people = []"])
def test_people_must_be_a_list_of_tables(text: str) -> None:
    assert "at least one table [[people]]" in faults(text)["people"]


def test_a_list_with_something_that_is_no_table_is_refused() -> None:
    assert "people[1].person" in faults("people = [3]")


def test_notebook_parameters_are_held_to_type_and_range() -> None:
    number = Parameter("x", ParameterType.NUMBER, 1.0, least=0, most=2)
    assert is_allowed(number, 1)
    assert not is_allowed(number, 3)
    assert not is_allowed(number, float("nan"))
    assert not is_allowed(number, True)
    text = Parameter("x", ParameterType.TEXT, "a", choices=("a", "b"))
    assert is_allowed(text, "b")
    assert not is_allowed(text, "c")
    assert is_allowed(Parameter("x", ParameterType.BOOLEAN, default=True), value=False)


def test_text_parameter_takes_its_choices() -> None:
    text = TEXT + '\n[run.parameters.form]\ntype = "text"\ndefault = "long"\nchoices = ["long", "wide"]\n'
    assert parse_manifest(text).parameters[-1].choices == ("long", "wide")


def test_a_project_without_parameters_is_fine() -> None:
    head = TEXT[: TEXT.index("[run.parameters")]
    assert parse_manifest(head).parameters == ()

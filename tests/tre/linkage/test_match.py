"""The linkage as a whole: scored on an independent population, determined, and closed to what could spoil it."""

import json
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.domain.errors import BadInput
from tre.linkage.match import Linkage, TrainedModel, link
from tre.linkage.model import LinkageSettings
from tre.linkage.quality import describe, missed_links, score, traits_of

Record = dict[str, str | None]
Halves = Callable[[Mapping[str, list[Record]]], dict[str, Path]]
Models = Callable[[LinkageSettings], TrainedModel]

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "uk_admin"
KINDS = {
    "first_name": "given_name",
    "surname": "surname",
    "sex": "sex",
    "dob": "dob",
    "house_no": "house_number",
    "street": "street",
    "postcode": "postcode",
    "nino": "nino",
}


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], pa.Table]:
    """Identifier halves of the seven sources of the independent population, and the truth about them."""
    if not DATA.is_dir():
        pytest.skip("the independent population uk_admin does not lie beside the project")
    folder, truths, paths = tmp_path_factory.mktemp("uk_admin"), [], {}
    for source in sorted(DATA.glob("*.parquet")):
        table = pq.read_table(source)
        names = {"record_id": "row_key"} | {
            name: kind for name, kind in KINDS.items() if name in table.column_names
        }
        paths[source.stem] = folder / source.name
        pq.write_table(table.select(list(names)).rename_columns(list(names.values())), paths[source.stem])
        told = pq.read_table(DATA / "truth" / source.name)
        dataset = pa.array([source.stem] * told.num_rows)
        truths.append(
            pa.table({"dataset": dataset, "row_key": told["record_id"], "person_id": told["person_id"]})
        )
    return paths, pa.concat_tables(truths)


@pytest.fixture(scope="module")
def without_nino(population: tuple[dict[str, Path], pa.Table]) -> Linkage:
    return link(population[0], LinkageSettings(use_nino=False))


@pytest.fixture(scope="module")
def with_nino(population: tuple[dict[str, Path], pa.Table]) -> Linkage:
    settings = LinkageSettings(adults_only=frozenset({"energy_accounts"}), adult_born_by=date(1998, 1, 1))
    return link(population[0], settings)


def test_tax_to_benefits_without_nino(
    without_nino: Linkage, population: tuple[dict[str, Path], pa.Table]
) -> None:
    found = score(without_nino.clusters, population[1], between=("tax_records", "dwp_benefits"))
    assert found.true == 4092
    assert found.precision >= 0.999
    assert found.f1 >= 0.985


def test_tax_to_benefits_with_nino(with_nino: Linkage, population: tuple[dict[str, Path], pa.Table]) -> None:
    found = score(with_nino.clusters, population[1], between=("tax_records", "dwp_benefits"))
    assert found.precision >= 0.999
    assert found.f1 >= 0.995


@pytest.mark.parametrize(
    ("pair", "precision", "f1"),
    [
        (("government_debts", "civil_deaths"), 0.99, 0.97),
        (("civil_births", "school_census"), 0.99, 0.98),
        (("energy_accounts", "tax_records"), 0.995, 0.88),
        (("energy_accounts", "dwp_benefits"), 0.995, 0.88),
        (("energy_accounts", "government_debts"), 0.99, 0.89),
        (("energy_accounts", "civil_deaths"), 0.99, 0.88),
        (("government_debts", "government_debts"), 0.99, 0.98),
        (("tax_records", "tax_records"), 0.99, 0.98),
    ],
)
def test_every_pair_of_sources_is_linked_precisely(
    pair: tuple[str, str],
    precision: float,
    f1: float,
    *,
    with_nino: Linkage,
    population: tuple[dict[str, Path], pa.Table],
) -> None:
    found = score(with_nino.clusters, population[1], between=pair)
    assert found.precision >= precision
    assert found.f1 >= f1


def test_no_one_is_joined_to_another_person_anywhere(
    with_nino: Linkage, population: tuple[dict[str, Path], pa.Table]
) -> None:
    found = score(with_nino.clusters, population[1])
    assert found.predicted - found.both <= 30, "false pairs, of about 23,000"


def test_every_row_is_in_exactly_one_cluster(
    with_nino: Linkage, population: tuple[dict[str, Path], pa.Table]
) -> None:
    assert with_nino.records == with_nino.clusters.num_rows == population[1].num_rows
    assert with_nino.clusters.column_names == ["dataset", "row_key", "cluster"]


def test_quality_describes_sources_and_bias(
    with_nino: Linkage, population: tuple[dict[str, Path], pa.Table]
) -> None:
    traits = traits_of(population[0], today=date(2016, 6, 30))
    quality = describe(with_nino.clusters, traits)
    assert sum(size * persons for size, persons in quality.sizes) == with_nino.records
    assert {dataset: held for dataset, (held, _) in quality.linked.items()}["dwp_benefits"] == 7186
    by_sex = [group for group in quality.groups if (group.dataset, group.trait) == ("dwp_benefits", "sex")]
    assert [group.level for group in by_sex] == ["F", "M", "not known"]
    assert sum(group.records for group in by_sex) == 7186
    missed = missed_links(with_nino.clusters, population[1], traits, between=("tax_records", "dwp_benefits"))
    assert sum(each.true for each in missed if each.trait == "region") == 4092
    assert all(each.rate <= 0.1 for each in missed if each.true >= 100)


def test_same_sources_same_clusters_in_any_row_order(
    crowd: Mapping[str, list[Record]], halves: Halves, tmp_path: Path
) -> None:
    paths = halves(crowd)
    first = link(paths, LinkageSettings(threads=1))
    for dataset, path in paths.items():
        backwards = tmp_path / f"{dataset}-backwards.parquet"
        table = pq.read_table(path)
        pq.write_table(table.take(list(range(table.num_rows))[::-1]), backwards)
        paths[dataset] = backwards
    second = link(dict(reversed(paths.items())), LinkageSettings(threads=2))
    assert second.clusters.equals(first.clusters)


def test_stored_model_gives_the_same_answer_without_training(
    crowd: Mapping[str, list[Record]], halves: Halves, models: Models
) -> None:
    paths, settings = halves(crowd), LinkageSettings()
    model = models(settings)
    stored = TrainedModel(**json.loads(json.dumps({"design": model.design, "parameters": model.parameters})))
    assert link(paths, settings, model=stored).clusters.equals(link(paths, settings, model=model).clusters)


def test_model_holds_no_value_of_a_record(models: Models) -> None:
    parameters = models(LinkageSettings()).parameters
    for value in ("BRONWEN", "WINSTON", "STATION", "LS1"):
        assert value not in parameters.upper()


def test_model_of_another_design_is_refused(
    crowd: Mapping[str, list[Record]], halves: Halves, models: Models
) -> None:
    model = models(LinkageSettings())
    with pytest.raises(BadInput) as refusal:
        link(halves(crowd), LinkageSettings(use_nino=False), model=model)
    assert refusal.value.code == "linkage_model_of_other_design"


@pytest.mark.parametrize(
    "block", [("postcode",), ("postcode", "house_number"), ("surname", "postcode"), ("sex", "street"), ()]
)
def test_training_on_who_lives_together_is_refused(block: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as refusal:
        LinkageSettings(training_blocks=(("dob", "sex"), block))
    assert refusal.value.code == "training_block_household"


def test_training_block_of_unknown_field_is_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        LinkageSettings(training_blocks=(("dob", "blood_group"),))
    assert refusal.value.code == "training_block_unknown_field"
    assert "blood_group" in refusal.value.sentence


def test_adults_need_a_birthday() -> None:
    with pytest.raises(BadInput) as refusal:
        LinkageSettings(adults_only=frozenset({"energy"}))
    assert refusal.value.code == "linkage_no_adult_birthday"


def test_too_few_records_train_nothing(crowd: Mapping[str, list[Record]], halves: Halves) -> None:
    few = {dataset: records[:20] for dataset, records in crowd.items()}
    with pytest.raises(BadInput) as refusal:
        link(halves(few), LinkageSettings())
    assert refusal.value.code == "linkage_too_few_pairs"


def test_model_that_learned_households_is_not_used(halves: Halves) -> None:
    """Couples whose birthdays a careless source has copied: agreement on birthday and sex no longer means one person."""
    names = [chr(65 + place % 26) + chr(65 + place // 26 % 26) + "XQZ"[place % 3] * 4 for place in range(600)]
    couples = [
        {
            "given_name": name[::step] + "OLP"[step] * 3,
            "surname": f"{names[place // 2]}SON",
            "sex": "M",
            "dob": f"{1940 + place % 50}-{1 + place % 12:02}-{1 + place % 28:02}",
            "postcode": f"LS{place // 26} {place % 9}{name[:2]}",
            "house_number": str(place),
        }
        for place, name in enumerate(names)
        for step in (1, -1)
    ]
    alike = couples[:240:2]
    with pytest.raises(BadInput) as refusal:
        link(halves({"a": couples, "b": alike}), LinkageSettings(training_blocks=(("dob", "sex"),)))
    assert refusal.value.code == "linkage_learned_household"


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (pa.table({"surname": ["A"]}), "linkage_no_row_key"),
        (pa.table({"row_key": ["1"], "weekly_amount": [2.0]}), "linkage_not_identifier"),
        (pa.table({"row_key": pa.array([], pa.string())}), "linkage_empty"),
        (pa.table({"row_key": ["1", "1"], "surname": ["A", "B"]}), "linkage_row_key_repeated"),
        (pa.table({"row_key": ["1", None], "surname": ["A", "B"]}), "linkage_row_key_repeated"),
    ],
)
def test_half_that_cannot_be_used_is_named(tmp_path: Path, table: pa.Table, code: str) -> None:
    path = tmp_path / "half.parquet"
    pq.write_table(table, path)
    with pytest.raises(BadInput) as refusal:
        link({"dwp_benefits": path}, LinkageSettings())
    assert refusal.value.code == code
    assert "dwp_benefits" in refusal.value.sentence


def test_unreadable_half_is_named_and_none_of_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "half.parquet"
    path.write_bytes(b"MARGARET,HARWOOD,AB123456C\n" * 3)
    with pytest.raises(BadInput) as refusal:
        link({"dwp_benefits": path}, LinkageSettings())
    assert refusal.value.code == "linkage_unreadable"
    assert "MARGARET" not in "".join(traceback.format_exception(refusal.value))


def test_no_source_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        link({}, LinkageSettings())


def test_hostile_dataset_name_and_path_are_only_data(
    crowd: Mapping[str, list[Record]], halves: Halves, models: Models, tmp_path: Path
) -> None:
    name = "x' union select '1"
    paths = halves({"tax": crowd["tax"]})
    odd = tmp_path / "it's.parquet"
    paths["tax"].rename(odd)
    settings = LinkageSettings()
    found = link({name: odd}, settings, model=models(settings))
    assert set(found.clusters.column("dataset").to_pylist()) == {name}


def test_linking_leaves_the_process_as_it_was_and_logs_no_value(
    crowd: Mapping[str, list[Record]], halves: Halves, models: Models, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("splink")
    before = (logger.level, logger.disabled, list(logging.getLogger().handlers))
    settings = replace(LinkageSettings(), threads=1)
    link(halves(crowd), settings, model=models(settings))
    assert (logger.level, logger.disabled, list(logging.getLogger().handlers)) == before
    assert "BRONWEN" not in caplog.text.upper()


def test_normalised_spelling_links_what_sources_write_differently(
    crowd: Mapping[str, list[Record]], halves: Halves, models: Models
) -> None:
    plain: Record = {"given_name": "SEAN", "surname": "ONEILL", "dob": "1960-02-03", "postcode": "BT1 1AA"}
    written = {
        "given_name": "  Seán ",
        "surname": "o'neill",
        "dob": "1960-02-03",
        "postcode": "bt11aa",
        "sex": "",
    }
    sources = {"tax": [*crowd["tax"], plain], "benefits": [*crowd["benefits"], written]}
    settings = LinkageSettings()
    clusters = link(halves(sources), settings, model=models(settings)).clusters
    with duckdb.connect() as connection:
        connection.register("found", clusters)
        persons = connection.execute(
            "select count(distinct cluster) from found where row_key in ('tax-1500', 'benefits-1500')"
        ).fetchall()
    assert persons == [(1,)]

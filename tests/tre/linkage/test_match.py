"""The linkage as a whole: determined, and closed to what could spoil it."""

import json
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.domain.errors import BadInput
from tre.linkage.match import TrainedModel, link
from tre.linkage.model import LinkageSettings

Record = dict[str, str | None]
Halves = Callable[[Mapping[str, list[Record]]], dict[str, Path]]
Models = Callable[[LinkageSettings], TrainedModel]


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
    couples: list[Record] = [
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
    written: Record = {
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

"""The linkage scored on an independent population, with its truth."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.linkage.match import Linkage, link
from tre.linkage.model import LinkageSettings
from tre.linkage.quality import describe, missed_links, score, traits_of

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
        pytest.skip("shared data absent: the independent population uk_admin does not lie beside the project")
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

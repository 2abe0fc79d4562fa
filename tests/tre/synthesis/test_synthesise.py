"""An invented population: the same again for the same seed, of the right shape, with the traps that linkage must pass."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tre.domain.declared import Faulty
from tre.domain.errors import BadInput, Unavailable
from tre.domain.regions import REGION_OF_AREA
from tre.synthesis import Summary, parse_recipe, synthesise
from tre.synthesis.recipe import SOURCES

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data" / "uk_admin"
TEXT = (ROOT / "projects" / "fuel-poverty" / "synthetic.toml").read_text()
PEOPLE = 8_000

Made = tuple[Summary, Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    out = tmp_path_factory.mktemp("invented") / "out"
    return synthesise(PEOPLE, 11, out, parse_recipe(TEXT)), out


@pytest.fixture(scope="module")
def people(made: Made) -> pd.DataFrame:
    return pd.read_parquet(made[1] / "truth" / "population.parquet").set_index("person_id")


def source(made: Made, name: str) -> pd.DataFrame:
    return pd.read_parquet(made[1] / f"{name}.parquet").merge(
        pd.read_parquet(made[1] / "truth" / f"{name}.parquet"), on="record_id", validate="one_to_one"
    )


def digests(folder: Path) -> Mapping[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.parquet")
    }


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    recipe = parse_recipe(TEXT)
    for seed, out in ((5, "one"), (5, "two"), (6, "three")):
        synthesise(1_000, seed, tmp_path / out, recipe)
    one, two, three = (digests(tmp_path / out) for out in ("one", "two", "three"))
    assert one == two
    assert len(one) == 15
    assert all(one[name] != three[name] for name in one)


@pytest.mark.skipif(
    not SHARED.exists(), reason="shared data absent: the data pack is not beside this project"
)
def test_sources_have_the_columns_of_the_independent_population(made: Made) -> None:
    theirs = sorted(SHARED.rglob("*.parquet"))
    assert len(theirs) == 15
    for path in theirs:
        ours = pq.read_schema(made[1] / path.relative_to(SHARED)).remove_metadata()
        assert ours.equals(pq.read_schema(path).remove_metadata()), path.name


def test_just_so_many_people_live_in_households_that_begin_with_an_adult(
    made: Made, people: pd.DataFrame
) -> None:
    assert made[0].people == len(people) == PEOPLE
    assert made[0].households == people["household_id"].nunique()
    assert people.groupby("household_id")["adult"].any().all()
    assert 2 < PEOPLE / made[0].households < 2.6


def test_numbers_of_the_state_are_unique_and_right_in_form(people: pd.DataFrame) -> None:
    nino = people["nino"].dropna()
    assert nino.is_unique
    assert nino.str.fullmatch(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]").all()
    assert people.loc[people["adult"], "nino"].notna().all()
    assert people["nhs_number"].is_unique
    digits = np.array([[int(digit) for digit in number] for number in people["nhs_number"]])
    assert ((digits * np.arange(10, 0, -1)).sum(axis=1) % 11 == 0).all()


def test_postcodes_are_right_in_form_and_lie_in_a_region(people: pd.DataFrame) -> None:
    parts = people["postcode"].str.extract(r"^([A-Z]{1,2})\d{1,2} \d[ABD-HJLNP-UW-Z]{2}$")[0]
    assert set(parts) <= set(REGION_OF_AREA)
    assert len(set(parts.map(dict(REGION_OF_AREA)))) == 12


def test_truth_knows_every_record(made: Made, people: pd.DataFrame) -> None:
    for name in SOURCES:
        records = source(made, name)
        assert len(records) == made[0].rows[name] > 0
        assert records["record_id"].is_unique
        assert records["person_id"].isin(people.index).all()
        assert (people.loc[records["person_id"], "household_id"].to_numpy() == records["household_id"]).all()


def test_order_of_records_tells_nothing_of_people(made: Made) -> None:
    for name in SOURCES:
        order = source(made, name)["person_id"].rank().to_numpy()
        assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.15


def test_there_are_twins_of_one_day_and_two_names(people: pd.DataFrame) -> None:
    twins = people[people["twin"]].groupby("household_id")
    assert len(twins) >= 5
    assert all(group["dob"].duplicated(keep=False).any() for _, group in twins)


def test_there_are_parents_and_children_of_one_name(people: pd.DataFrame) -> None:
    same = people.groupby(["household_id", "first_name", "surname", "sex"])["dob"].nunique()
    assert (same > 1).sum() >= 10


def test_some_women_took_a_name_and_some_records_keep_the_old_one(made: Made, people: pd.DataFrame) -> None:
    taken = people[people["surname"] != people["birth_surname"]]
    assert (taken["sex"] == "F").mean() > 0.95
    records = source(made, "dwp_benefits").merge(taken, left_on="person_id", right_index=True)
    old = records["surname_x"].str.upper() == records["birth_surname"]
    assert 0.02 < old.mean() < 0.2


def test_some_records_hold_an_old_address(made: Made, people: pd.DataFrame) -> None:
    records = source(made, "government_debts").merge(people, left_on="person_id", right_index=True)
    before = records["postcode_x"] == records["prev_postcode"]
    assert 0.05 < before.mean() < 0.25


def test_the_dead_still_owe_and_draw_and_hold_accounts(made: Made, people: pd.DataFrame) -> None:
    dead = people.index[people["date_of_death"].notna()]
    assert 0.03 < len(dead) / PEOPLE < 0.06
    for name in ("government_debts", "dwp_benefits", "energy_accounts"):
        assert source(made, name)["person_id"].isin(dead).sum() >= 5, name
    assert set(source(made, "civil_deaths")["person_id"]) == set(dead)
    died = pd.to_datetime(people["date_of_death"].dropna())
    assert died.max().date() < date(2016, 5, 31)
    assert died.min().date() > date(2016, 5, 31) - timedelta(days=3 * 366)
    assert (died > pd.to_datetime(people.loc[dead, "dob"])).all()


def test_people_have_repeated_records(made: Made) -> None:
    for name, least, most in (("government_debts", 1.2, 1.5), ("tax_records", 1.02, 1.07)):
        records = source(made, name)
        assert least < len(records) / records["person_id"].nunique() < most
    assert source(made, "energy_accounts")["household_id"].is_unique


def test_energy_accounts_know_neither_birth_nor_sex(made: Made) -> None:
    names = set(pq.read_schema(made[1] / "energy_accounts.parquet").names)
    assert names.isdisjoint({"dob", "sex", "nino"})


def test_records_err_about_as_often_as_the_recipe_says(made: Made, people: pd.DataFrame) -> None:
    records = source(made, "tax_records").merge(people, left_on="person_id", right_index=True)
    assert 0.04 < records["nino_x"].isna().mean() < 0.08
    assert 0.008 < records["dob_x"].isna().mean() < 0.025
    known = records.dropna(subset=["dob_x"])
    swapped = (
        known["dob_x"].str[5:7] + known["dob_x"].str[8:] == known["dob_y"].str[8:] + known["dob_y"].str[5:7]
    )
    assert 0.001 < (swapped & (known["dob_x"] != known["dob_y"])).mean() < 0.01
    wrong = (records["first_name_x"].str.upper() != records["first_name_y"]).mean()
    assert 0.04 < wrong < 0.12
    assert 0.01 < (~records["postcode_x"].dropna().str.contains(" ")).mean() < 0.08


def test_every_date_is_a_date(made: Made) -> None:
    for name in SOURCES:
        for column in ("dob", "date_of_death"):
            records = source(made, name)
            if column in records:
                pd.to_datetime(records[column].dropna(), format="%Y-%m-%d", errors="raise")


def test_hardship_shows_in_what_researchers_look_for(made: Made) -> None:
    accounts = source(made, "energy_accounts")
    prepay, credit = accounts[accounts["prepayment"]], accounts[~accounts["prepayment"]]
    assert 0.12 < len(prepay) / len(accounts) < 0.22
    assert prepay["arrears"].mean() > 2 * credit["arrears"].mean()
    assert prepay["annual_kwh"].mean() < credit["annual_kwh"].mean()
    pay = (
        accounts.merge(source(made, "tax_records"), on="person_id").groupby("prepayment")["annual_pay"].mean()
    )
    assert pay[True] < pay[False]


@pytest.mark.parametrize("people", [0, 499, 10**9])
def test_number_of_people_has_limits(tmp_path: Path, people: int) -> None:
    with pytest.raises(BadInput) as caught:
        synthesise(people, 1, tmp_path / "out", parse_recipe(TEXT))
    assert caught.value.code == "people"


def test_fewest_people_fill_every_source(tmp_path: Path) -> None:
    assert all(rows > 0 for rows in synthesise(500, 1, tmp_path / "out", parse_recipe(TEXT)).rows.values())


def test_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="seed"):
        synthesise(500, -1, tmp_path / "out", parse_recipe(TEXT))


def test_existing_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput) as caught:
        synthesise(500, 1, tmp_path / "out", parse_recipe(TEXT))
    assert caught.value.code == "folder_exists"


def test_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        synthesise(500, 1, tmp_path / "file" / "out", parse_recipe(TEXT))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("couple = 0.52", "couple = 1.52", "households.couple"),
        ("couple = 0.52", "couple = 0.95", "households"),
        ("typo = 0.03", "", "errors.typo"),
        ("[sources.civil_births]", "[sources.police]", "sources.police"),
        ("repeats = 0.35", "repeats = -1", "sources.government_debts.repeats"),
        ("reference_date = 2016-05-31", "reference_date = 2016", "reference_date"),
        ('"London" = 0.133', '"Atlantis" = 0.133', "regions.Atlantis"),
    ],
)
def test_mistake_in_a_recipe_is_named_by_its_key(old: str, new: str, key: str) -> None:
    assert old in TEXT
    with pytest.raises(Faulty) as caught:
        parse_recipe(TEXT.replace(old, new, 1))
    assert key in {fault.key for fault in caught.value.faults}


def test_population_needs_somewhere_to_live() -> None:
    head, tail = TEXT.split("[regions]")
    nowhere = "\n".join(f'"{region}" = 0' for region in sorted(set(REGION_OF_AREA.values())))
    with pytest.raises(Faulty, match="at least one region"):
        parse_recipe(f"{head}[regions]\n{nowhere}\n{tail[tail.index('# How a source') :]}")

"""Write an invented population to disk: seven sources, and the truth apart from them."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tre.domain.errors import BadInput, Unavailable
from tre.synthesis.chance import Chance
from tre.synthesis.livelihood import make_livelihood
from tre.synthesis.names import SURNAMES
from tre.synthesis.numbers import nhs_text, nino_text
from tre.synthesis.places import STREETS
from tre.synthesis.population import GIVEN_NAMES, Population, make_population
from tre.synthesis.recipe import Recipe
from tre.synthesis.sources import PLANS
from tre.synthesis.views import View, make_view

FEWEST: Final = 500
"""Fewest people: with fewer, a small source such as deaths may come out empty."""

MOST: Final = 20_000_000
"""Most people: beyond it the arrays outgrow an ordinary machine's memory (about 3 GB for each million)."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was made.

    Attributes:
        people: how many.
        households: how many.
        rows: records of each source.
    """

    people: int
    households: int
    rows: dict[str, int]


def synthesise(people: int, seed: int, out: Path, recipe: Recipe) -> Summary:
    """Invent people and write `out/<source>.parquet`, `out/truth/<source>.parquet` and `out/truth/population.parquet`.

    The same arguments give the same bytes. Either the whole folder appears or nothing does.

    Args:
        people: how many.
        seed: not negative.
        out: folder to make.
        recipe: shares and rates.

    Raises:
        BadInput: too few or too many people, a negative seed, or the folder is there already.
        Unavailable: the files could not be written.
    """
    if not FEWEST <= people <= MOST:
        raise BadInput("people", f"Ask for {FEWEST} to {MOST} people; {people} cannot be made.")
    if seed < 0:
        raise BadInput("seed", "The seed must not be negative; give 0 or more.")
    chance = Chance(seed)
    population = make_population(people, recipe, chance)
    livelihood = make_livelihood(population, chance)
    rows: dict[str, int] = {}
    with _new_folder(out) as folder:
        _write(folder / "truth" / "population.parquet", _truth(population))
        for name, plan in PLANS.items():
            rng = chance.generator(name)
            held = plan.holds(population, livelihood, rng)
            view = make_view(population, held, recipe.sources[name], rng)
            record = {"record_id": _numbered(name[:3].upper(), np.arange(len(view.who)), digits=7)}
            _write(folder / f"{name}.parquet", record | plan.columns(view, livelihood))
            _write(folder / "truth" / f"{name}.parquet", record | _whose(view))
            rows[name] = len(view.who)
    return Summary(people, population.homes.count, rows)


def _whose(view: View) -> dict[str, pa.Array]:
    return {
        "person_id": _numbered("P", view.who, digits=8),
        "household_id": pa.array(view.population.household[view.who]),
    }


def _truth(population: Population) -> dict[str, pa.Array]:
    people = len(population.household)
    surnames, streets, postcodes = np.array(SURNAMES), np.array(STREETS), population.places.postcode
    columns: dict[str, pa.Array] = {
        "person_id": _numbered("P", np.arange(people), digits=8),
        "household_id": pa.array(population.household),
        "first_name": pa.array(np.array(GIVEN_NAMES)[population.first]),
        "surname": pa.array(surnames[population.surname]),
        "birth_surname": pa.array(surnames[population.birth_surname]),
        "sex": pa.array(np.where(population.female, "F", "M")),
        "dob": _dates(population.born),
        "adult": pa.array(population.adult),
        "twin": pa.array(population.twin),
    }
    for prefix, address in (("", population.now), ("prev_", population.before)):
        columns[f"{prefix}house_no"] = pa.array(address.house.astype("<U3"))
        columns[f"{prefix}street"] = pa.array(streets[population.places.street[address.place]])
        columns[f"{prefix}postcode"] = pa.array(postcodes[address.place])
    child = population.nino < 0
    columns["nino"] = pa.array(nino_text(np.where(child, 0, population.nino)), pa.string(), mask=child)
    columns["nhs_number"] = pa.array(nhs_text(population.nhs))
    columns["date_of_death"] = _dates(population.died, population.died < 0)
    order = (
        "person_id household_id first_name surname birth_surname sex dob adult twin house_no street postcode "
        "prev_postcode prev_house_no prev_street nino nhs_number date_of_death"
    )
    return {name: columns[name] for name in order.split()}


def _dates(days: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(np.datetime_as_string(days.astype("datetime64[D]")), pa.string(), mask=missing)


def _numbered(prefix: str, number: NDArray[np.int64], *, digits: int) -> pa.Array:
    return pa.array(np.strings.add(prefix, np.strings.zfill(number.astype(f"<U{digits}"), digits)))


def _write(path: Path, columns: dict[str, pa.Array]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    if out.exists():
        raise BadInput("folder_exists", f"The folder {out.name} is there already; name a new one.")
    folder = out.with_name(f".{out.name}.{secrets.token_hex(4)}.partial")
    try:
        yield folder
        folder.rename(out)
    except OSError:
        raise Unavailable(
            "synthesis_not_written",
            f"The folder {out.name} could not be written, perhaps because the disk is full; nothing was kept.",
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""Where invented people live: streets, and postcodes that are right in form and name no real delivery point."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tre.domain.regions import REGION_OF_AREA

HOUSES_PER_POSTCODE: Final = 9
"""Invented households to one postcode, about what a suburban postcode has."""

HIGHEST_HOUSE: Final = 160
"""Highest house number."""

STREETS: Final = tuple(
    f"{name} {kind}"
    for kind in ("ROAD", "STREET", "LANE", "AVENUE", "CLOSE")
    for name in [
        "HIGH",
        "STATION",
        "CHURCH",
        "VICTORIA",
        "PARK",
        "GREEN",
        "MILL",
        "KING'S",
        "QUEEN'S",
        "ALBERT",
        "SCHOOL",
        "SPRING",
        "NORTH",
        "ABBEY",
    ]
)
"""Street names in wide use."""

_DISTRICTS: Final = 24
_INWARD_LETTERS: Final = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))


@dataclass(frozen=True, slots=True)
class Places:
    """Postcodes to live at.

    Attributes:
        postcode: each once, as text.
        street: the street of each, as an index of `STREETS`.
        region: the region of each, as an index of the recipe's regions.
    """

    postcode: NDArray[np.str_]
    street: NDArray[np.int64]
    region: NDArray[np.int64]


def make_places(households: int, regions: dict[str, float], rng: np.random.Generator) -> Places:
    """Make enough postcodes for so many households, spread over the regions by their shares."""
    count = households // HOUSES_PER_POSTCODE + 20 * len(regions)
    names = list(regions)
    shares = np.array([regions[name] for name in names])
    region = rng.choice(len(names), size=count, p=shares / shares.sum())
    postcode = np.empty(count, dtype="<U8")
    for place, name in enumerate(names):
        here = np.flatnonzero(region == place)
        postcode[here] = _postcodes(name, len(here), rng)
    postcode, first = np.unique(postcode, return_index=True)
    return Places(postcode, rng.integers(0, len(STREETS), len(postcode)), region[first])


def _postcodes(region: str, count: int, rng: np.random.Generator) -> NDArray[np.str_]:
    areas = np.array([area for area, where in REGION_OF_AREA.items() if where == region])
    district = rng.integers(1, _DISTRICTS, count).astype("<U2")
    sector = rng.integers(0, 10, count).astype("<U1")
    letters = _INWARD_LETTERS[rng.integers(0, len(_INWARD_LETTERS), (2, count))]
    pieces = (areas[rng.integers(0, len(areas), count)], district, " ", sector, letters[0], letters[1])
    built = np.full(count, "", dtype="<U8")
    for piece in pieces:
        built = np.strings.add(built, piece)
    return built.astype("<U8")

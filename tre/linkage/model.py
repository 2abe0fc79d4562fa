"""The household-safe linkage model, as data: what is compared, at which levels, and what may train it.

Two people of one household share surname, address and often an initial. A model that scores postcode and house
number apart, or that learns from pairs chosen by address, learns "same household" and calls it "same person"
(measured on household-structured UK data: F1 .78 against .97). So the address is one comparison, the date of birth
is one comparison, and no training block may be met by two members of one household by living together.

Weights are in bits: the base-2 logarithm of the odds that two records are of one person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from tre.domain.errors import BadInput

FIELDS: Final = ("given_name", "surname", "sex", "dob", "postcode", "house_number", "street", "nino")
"""Kinds of identifier that the model knows, by the names that contracts give them."""

TELLS_PEOPLE_APART: Final = frozenset({"given_name", "dob", "nino"})
"""Fields in which members of one household differ. A training block needs at least one of them."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of agreement.

    Attributes:
        condition: SQL over `<field>_l` and `<field>_r`; None is "anything else".
        match: share of pairs of one person at this level, 0 to 1: the value before training.
        chance: share of pairs of two random people at this level, 0 to 1: the value before training.
        frequency: field whose own frequency sharpens the weight (a rare surname says more), or None.
        is_null: the field is missing on one side: no evidence either way.
        is_fixed: too rare to be estimated; training keeps the values above.
    """

    condition: str | None
    match: float = 0.0
    chance: float = 0.0
    frequency: str | None = None
    is_null: bool = False
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The levels of one comparison, strongest agreement first."""

    name: str
    levels: tuple[Level, ...]


def _missing(*fields: str) -> str:
    return " or ".join(f"{field}_{side} is null" for field in fields for side in "lr")


def _close(field: str, other: str) -> str:
    return f"damerau_levenshtein({field}_l, {other}_r) <= 1"


SWAPPED: Final = f"({_close('given_name', 'surname')} and {_close('surname', 'given_name')} and given_name_l <> given_name_r)"
INITIAL: Final = "((length(given_name_l) = 1 or length(given_name_r) = 1) and left(given_name_l, 1) = left(given_name_r, 1))"
SIMILAR_GIVEN_NAME: Final = (
    f"({_close('given_name', 'given_name')} or given_root_l = given_root_r"
    " or jaro_winkler_similarity(given_name_l, given_name_r) >= 0.85)"
)
DAY_MONTH_SWAPPED: Final = (
    "(left(dob_l, 4) = left(dob_r, 4)"
    " and substr(dob_l, 6, 2) = right(dob_r, 2) and right(dob_l, 2) = substr(dob_r, 6, 2))"
)
TWO_PARTS_OF_THREE: Final = (
    "((left(dob_l, 4) = left(dob_r, 4))::int + (substr(dob_l, 6, 2) = substr(dob_r, 6, 2))::int"
    " + (right(dob_l, 2) = right(dob_r, 2))::int >= 2)"
)
YEAR_WITH_DEFAULT_DAY: Final = (
    "(left(dob_l, 4) = left(dob_r, 4) and (right(dob_l, 5) = '01-01' or right(dob_r, 5) = '01-01'))"
)

# Starting values: estimated once on the invented population of the worked project, then rounded. They are replaced
# by training on the deliveries at hand; only the fixed levels, and levels never met in training, keep them.
GIVEN_NAME: Final = Comparison(
    "given_name",
    (
        Level(_missing("given_name"), is_null=True),
        Level("given_name_l = given_name_r", 0.83, 0.0035, frequency="given_name"),
        Level(SWAPPED, 0.012, 1e-6, is_fixed=True),
        Level(INITIAL, 0.04, 0.0027),
        Level(_close("given_name", "given_name"), 0.08, 0.0019),
        Level("given_root_l = given_root_r", 0.02, 0.0035),
        Level("jaro_winkler_similarity(given_name_l, given_name_r) >= 0.85", 0.004, 0.0027),
        Level(None, 0.01, 0.986),
    ),
)
SURNAME: Final = Comparison(
    "surname",
    (
        # A swap is one event: it is counted with the given name, and says nothing twice.
        Level(f"{_missing('surname')} or {SWAPPED}", is_null=True),
        Level("surname_l = surname_r", 0.895, 0.0024, frequency="surname"),
        Level(_close("surname", "surname"), 0.085, 0.0009),
        Level("jaro_winkler_similarity(surname_l, surname_r) >= 0.88", 0.002, 0.0007),
        Level(None, 0.018, 0.996),
    ),
)
DATE_OF_BIRTH: Final = Comparison(
    "dob",
    (
        Level(_missing("dob"), is_null=True),
        Level("dob_l = dob_r", 0.92, 0.000075),
        Level(DAY_MONTH_SWAPPED, 0.009, 0.000016),
        Level("damerau_levenshtein(dob_l, dob_r) <= 1", 0.03, 0.0011),
        Level(TWO_PARTS_OF_THREE, 0.016, 0.003),
        Level(YEAR_WITH_DEFAULT_DAY, 0.01, 0.00018),
        Level(None, 0.015, 0.9956),
    ),
)
SEX: Final = Comparison(
    "sex",
    (Level(_missing("sex"), is_null=True), Level("sex_l = sex_r", 0.993, 0.495), Level(None, 0.007, 0.505)),
)
ADDRESS: Final = Comparison(
    "address",
    (
        Level(_missing("postcode"), is_null=True),
        Level("postcode_l = postcode_r and house_number_l = house_number_r", 0.79, 0.00009),
        Level("postcode_l = postcode_r", 0.016, 0.0009),
        Level(f"{_close('postcode', 'postcode')} and house_number_l = house_number_r", 0.016, 2e-6),
        Level(None, 0.178, 0.999),
    ),
)
NINO: Final = Comparison(
    "nino",
    (
        Level(_missing("nino"), is_null=True),
        Level("nino_l = nino_r", 0.975, 1e-7, is_fixed=True),
        Level("damerau_levenshtein(nino_l, nino_r) <= 2", 0.024, 1e-6, is_fixed=True),
        Level(None, 0.001, 0.9999989, is_fixed=True),
    ),
)

CANDIDATE_BLOCKS: Final = (
    "l.dob = r.dob and l.surname = r.surname",
    "l.dob = r.dob and l.given_name = r.given_name",
    "l.dob = r.dob and l.postcode = r.postcode",
    "l.given_name = r.given_name and l.surname = r.surname and left(l.dob, 4) = left(r.dob, 4)",
    "l.surname = r.surname and l.postcode = r.postcode",
    "l.given_name = r.given_name and l.postcode = r.postcode",
    "l.dob = r.dob and left(l.surname, 1) = left(r.surname, 1) and left(l.given_name, 1) = left(r.given_name, 1)",
    "l.given_name = r.surname and l.surname = r.given_name and l.dob = r.dob",
    "l.postcode = r.postcode and l.house_number = r.house_number and left(l.given_name, 1) = left(r.given_name, 1)",
    (
        "l.surname = r.surname and l.house_number = r.house_number and l.street = r.street"
        " and left(l.given_name, 1) = left(r.given_name, 1)"
    ),
)
"""Pairs worth scoring; a pair that no line finds is lost. Address may choose pairs to score, never pairs to learn from."""

TRAINING_BLOCKS: Final = (("dob", "sex"), ("given_name", "surname"))


@dataclass(frozen=True, slots=True)
class LinkageSettings:
    """How one linkage run is done.

    Attributes:
        use_nino: compare National Insurance numbers where both records have one.
        strong_bits: least weight, in bits, to join records that have a full given name and a date of birth.
        weak_bits: least weight, in bits, to attach a record that lacks one of them (an energy account).
        weak_margin_bits: how much better, in bits, its best person must fit than the second best.
        adults_only: datasets that hold adults only; a child of the same name is not taken for the account holder.
        adult_born_by: latest birthday of an adult, by the datasets' reference day; None when no dataset is named.
        training_blocks: pairs agreeing on these fields train the model by expectation maximisation.
        max_pairs: pairs sampled to learn how often two random people agree.
        seed: of that sample.
        threads: of the engine; the result does not depend on it.

    Thresholds were chosen on the invented population `uk_admin`, scored against its truth (research note
    "Record linkage", section 1, and `tests/tre/linkage`): precision first, because a false link gives one person
    another person's record.
    """

    use_nino: bool = True
    strong_bits: float = 6.0
    weak_bits: float = 6.0
    weak_margin_bits: float = 2.0
    adults_only: frozenset[str] = frozenset()
    adult_born_by: date | None = None
    training_blocks: tuple[tuple[str, ...], ...] = TRAINING_BLOCKS
    max_pairs: int = 1_000_000
    seed: int = 1
    threads: int = 2

    def __post_init__(self) -> None:
        for block in self.training_blocks:
            refuse_household_block(block)
        if self.adults_only and self.adult_born_by is None:
            raise BadInput(
                "linkage_no_adult_birthday",
                "Some datasets are declared to hold adults only, but not when an adult was born at the latest;"
                " give that day.",
            )

    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons of this run."""
        asked = (GIVEN_NAME, SURNAME, DATE_OF_BIRTH, SEX, ADDRESS)
        return (*asked, NINO) if self.use_nino else asked

    def candidate_blocks(self) -> tuple[str, ...]:
        """The conditions, over records `l` and `r`, under which a pair is scored."""
        return ("l.nino = r.nino", *CANDIDATE_BLOCKS) if self.use_nino else CANDIDATE_BLOCKS


def refuse_household_block(block: Iterable[str]) -> None:
    """Refuse a training block that two people meet by living together.

    Raises:
        BadInput: `training_block_unknown_field`, or `training_block_household` when no field in it tells members
            of one household apart.
    """
    fields = tuple(block)
    unknown = [field for field in fields if field not in FIELDS]
    if unknown:
        raise BadInput(
            "training_block_unknown_field",
            f"The training block names {', '.join(unknown)}, which the model does not know; use {', '.join(FIELDS)}.",
        )
    if TELLS_PEOPLE_APART.isdisjoint(fields):
        raise BadInput(
            "training_block_household",
            f"A training block on {', '.join(fields) or 'nothing'} would learn who lives together, not who is the same"
            f" person; add one of {', '.join(sorted(TELLS_PEOPLE_APART))}.",
        )

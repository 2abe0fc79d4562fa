"""The design of a noisy regression: which sums of products are needed, from formula and dictionary alone.

Each number is clamped to its public bounds and moved to the range -1 to 1 in steps of 1 / `STEPS`, so that one row
moves each sum of products of two of them by at most `STEPS` squared.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, TypeAlias

from disclosure.dp.dictionary import Dictionary
from disclosure.dp.levels import Kind, Level, identity_of
from disclosure.errors import DisclosureError
from disclosure.models import Model
from disclosure.models.coding import Part, parts_of
from disclosure.models.formula import Categories, Factor, Formula, Name, factor_text

STEPS: Final = 1_024
"""Steps from the middle of a variable's bounds to either end. Source: ours; rounding then adds a twelve-millionth of
the squared half-range to a variance, far below the noise, and ten million rows stay within 62 bits."""

MOST_COEFFICIENTS: Final = 100
"""Most coefficients of one noisy regression. Source: ours; the noise grows with their number."""

Picked: TypeAlias = frozenset[tuple[str, int]]
"""Levels that a row must have: columns with the position of a level."""

Entry: TypeAlias = tuple[Picked, tuple[str, ...]]
"""One sum over rows that have some levels: of ones, of a number, or of the product of two."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of the design: the product of some levels' indicators and at most one number.

    Attributes:
        label: its name, as the exact model prints it.
        picked: the levels that a row must have for the column not to be nought.
        number: the number that it holds, or None for one.
    """

    label: str
    picked: Picked
    number: str | None = None


@dataclass(frozen=True)
class Design:
    """A regression as sums of products.

    Attributes:
        model: what is asked.
        response: the column that is explained.
        variables: the columns that explain, the constant first.
        levels: per categorical column its levels, sorted as the exact model sorts them.
    """

    model: Model
    response: str
    variables: tuple[Variable, ...]
    levels: dict[str, tuple[Level, ...]]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numeric columns, the response last."""
        found = (each.number for each in self.variables if each.number is not None)
        return (*dict.fromkeys(found), self.response)

    @cached_property
    def entries(self) -> dict[Entry, int]:
        """Each sum that is needed, once, with its position: the vector that is noised."""
        explained = Variable("", frozenset(), self.response)
        everything = (*self.variables, explained)
        found = (entry_of(one, other) for place, one in enumerate(everything) for other in everything[place:])
        return {entry: index for index, entry in enumerate(dict.fromkeys(each for each in found if each))}

    def sensitivity(self, rows_per_unit: int) -> int:
        """Largest change (L2) of all sums together by one unit, in steps squared, rounded up.

        A row has one level of each column, so that of all sums that differ by levels alone it moves one.
        """
        moved = {(frozenset(column for column, _ in picked), numbers) for picked, numbers in self.entries}
        return rows_per_unit * (math.isqrt(len(moved) * STEPS**4 - 1) + 1)


def entry_of(one: Variable, other: Variable) -> Entry | None:
    """The sum that holds the product of two columns; None for two levels that no row has together."""
    picked = one.picked | other.picked
    if len({column for column, _ in picked}) < len(picked):
        return None
    return picked, tuple(sorted(each.number for each in (one, other) if each.number is not None))


def design_of(model: Model, dictionary: Dictionary) -> Design:
    """Lay out a regression.

    Raises:
        DisclosureError: `model` for anything but one plain least-squares formula with a constant; `no_keys`,
            `no_bounds`, `derived` or `shared` for a column that noise cannot use.
    """
    formula = _formula(model)
    factors = dict.fromkeys(factor for term in formula.terms for factor in term)
    response = _number(formula.response, dictionary)
    levels = {
        factor: _levels(factor, dictionary) for factor in factors if _is_categorical(factor, dictionary)
    }
    for factor in factors:
        if factor not in levels:
            _number(factor, dictionary)
    for term in formula.terms:
        if len(term) > 1 and not set(term) <= set(levels):
            raise _unsuitable("a product of numbers; interact categories only")
    made = _variables(parts_of([(), *formula.terms], frozenset(levels)), levels)
    if len(made) > MOST_COEFFICIENTS:
        raise _unsuitable(f"more than {MOST_COEFFICIENTS} coefficients; use coarser categories")
    return Design(model, response, made, {_column(factor): held for factor, held in levels.items()})


def _formula(model: Model) -> Formula:
    """The one formula of a model that sums of products answer."""
    plain = (model.kind, model.errors or "nonrobust", model.cluster, model.absorb)
    if plain != ("ols", "nonrobust", None, ()):
        raise _unsuitable("another estimator, or robust, clustered or absorbed errors; ask for plain ols")
    if len(model.formula) > 1:
        raise _unsuitable("several formulas; ask for each by itself")
    ((_, formula),) = model.equations
    if not formula.intercept:
        raise _unsuitable("no constant; take the 0 or -1 out of the formula")
    return formula


def _is_categorical(factor: Factor, dictionary: Dictionary) -> bool:
    """Is it categories: so written, or a column whose published levels are no numbers?"""
    if isinstance(factor, Categories):
        return True
    return (
        isinstance(factor, Name)
        and factor.name in dictionary.keys
        and dictionary.kind(factor.name) is not Kind.NUMBER
    )


def _number(factor: Factor, dictionary: Dictionary) -> str:
    """The column of a numeric factor."""
    if not isinstance(factor, Name):
        raise _unsuitable(f"{factor_text(factor)[:60]}; a number must be a column as it stands")
    if factor.name not in dictionary.bounds:
        raise DisclosureError(
            "no_bounds",
            f"Column {factor.name!r:.80} has no published bounds; use a column with bounds, or C() for levels.",
        )
    dictionary.refuse_unusable(factor.name)
    return factor.name


def _column(factor: Factor) -> str:
    """The column of a factor that is one."""
    return factor.name if isinstance(factor, Name | Categories) else ""


def _levels(factor: Factor, dictionary: Dictionary) -> tuple[Level, ...]:
    """Published levels of a categorical factor, sorted."""
    name = _column(factor)
    if name not in dictionary.keys:
        raise DisclosureError("no_keys", f"Column {name!r:.80} has no published levels; use another column.")
    dictionary.refuse_unusable(name)
    held = dictionary.keys[name]
    return tuple(
        sorted(held, key=lambda level: level if dictionary.kind(name) is Kind.NUMBER else str(level))
    )


def _variables(parts: tuple[Part, ...], levels: dict[Factor, tuple[Level, ...]]) -> tuple[Variable, ...]:
    """The columns of all parts, in order."""
    counts = {factor: len(held) for factor, held in levels.items()}
    reference = {factor: _reference(factor, held) for factor, held in levels.items()}
    found = [_variable(part, picked, levels) for part in parts for picked in part.picks(counts, reference)]
    return tuple(found)


def _variable(part: Part, places: tuple[int, ...], levels: dict[Factor, tuple[Level, ...]]) -> Variable:
    """One column of a part."""
    labels, picked, number = [], set(), None
    for factor, place in zip(part.factors, places, strict=True):
        name = _column(factor)
        if factor in levels:
            mark = "" if factor in part.full else "T."
            labels.append(f"{factor_text(factor)}[{mark}{levels[factor][place]}]")
            picked.add((name, place))
        else:
            labels.append(factor_text(factor))
            number = name
    return Variable(":".join(labels) or "Intercept", frozenset(picked), number)


def _reference(factor: Factor, levels: tuple[Level, ...]) -> int:
    """Position of the level without a column of its own."""
    wanted = factor.reference if isinstance(factor, Categories) else None
    if wanted is None:
        return 0
    places = [
        index
        for index, level in enumerate(levels)
        if identity_of(level) == identity_of(wanted) or str(level) == wanted
    ]
    if not places:
        raise DisclosureError("level", f"{factor_text(factor)[:80]} names a reference that is not published.")
    return places[0]


def midpoint(column: str, dictionary: Dictionary) -> float:
    """Middle of a column's bounds, in its own unit."""
    low, high = map(Fraction, dictionary.bounds[column])
    return float((low + high) / 2)


def half_range(column: str, dictionary: Dictionary) -> float:
    """Half of the distance between a column's bounds, in its own unit."""
    low, high = map(Fraction, dictionary.bounds[column])
    return float((high - low) / 2)


def _unsuitable(what: str) -> DisclosureError:
    return DisclosureError("model", f"A noisy regression cannot have {what}.")

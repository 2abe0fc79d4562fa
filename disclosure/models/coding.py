"""Which columns a formula's terms become: treatment coding that spans all that is asked and repeats nothing.

The coding is that of Chambers and Hastie, Statistical Models in S (1992), section 2.4, as R and patsy print it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from disclosure.models.formula import Factor, Term

Coded = frozenset[tuple[Factor, bool]]
"""Categorical factors, each with whether it has a column for every level, or for all but the reference."""


@dataclass(frozen=True, slots=True)
class Part:
    """A term, or part of one, with its coding.

    Attributes:
        term: the term.
        factors: its factors in order; a categorical one may be absent, when another part covers it.
        full: the categorical factors with a column for every level.
    """

    term: Term
    factors: tuple[Factor, ...]
    full: frozenset[Factor]

    def picks(self, levels: dict[Factor, int], reference: dict[Factor, int]) -> Iterator[tuple[int, ...]]:
        """Return per column the level of each factor, 0 for a number; the first factor's level changes fastest.

        Args:
            levels: the number of levels of each categorical factor.
            reference: the reference level of each categorical factor.
        """
        ranges = [
            [
                level
                for level in range(levels.get(factor, 1))
                if factor not in levels or factor in self.full or level != reference[factor]
            ]
            for factor in self.factors
        ]
        for picked in product(*reversed(ranges)):
            yield tuple(reversed(picked))


def parts_of(terms: Sequence[Term], categorical: frozenset[Factor]) -> tuple[Part, ...]:
    """Return the parts of all terms, in order of their columns.

    Args:
        terms: the terms; the constant is the empty one.
        categorical: the factors that are categories.
    """
    buckets: dict[frozenset[Factor], list[Term]] = {}
    for term in terms:
        buckets.setdefault(frozenset(term) - categorical, []).append(term)
    found: list[Part] = []
    for numbers in sorted(buckets, key=bool):
        covered: set[frozenset[Factor]] = set()
        for term in sorted(buckets[numbers], key=len):
            found.extend(_parts(term, categorical, covered))
    return tuple(found)


def _parts(term: Term, categorical: frozenset[Factor], covered: set[frozenset[Factor]]) -> Iterator[Part]:
    """Return what of a term earlier terms do not cover, with as few columns as do it."""
    categories = [factor for factor in term if factor in categorical]
    subsets = [
        frozenset(subset) for size in range(len(categories) + 1) for subset in combinations(categories, size)
    ]
    new = [frozenset((factor, False) for factor in subset) for subset in subsets if subset not in covered]
    covered.update(subsets)
    for coded in _merged(new):
        held = {factor for factor, _ in coded}
        factors = tuple(factor for factor in term if factor not in categorical or factor in held)
        yield Part(term, factors, frozenset(factor for factor, is_full in coded if is_full))


def _merged(coded: list[Coded]) -> list[Coded]:
    """Put a part into one that has one factor more: that factor then has a column for every level."""
    for short, one in enumerate(coded):
        for long in range(short + 1, len(coded)):
            more = coded[long] - one
            if len(more) == 1 and coded[long] >= one:
                absorbed = one | {(factor, True) for factor, _ in more}
                return _merged([*coded[:short], *coded[short + 1 : long], absorbed, *coded[long + 1 :]])
    return coded

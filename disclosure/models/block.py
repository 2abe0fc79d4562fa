"""Models in their table, who stands behind each of its rows, and what two models beside each other give away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

import numpy as np

from disclosure.grid import Key
from disclosure.models.design import Design
from disclosure.models.fit import Fit
from disclosure.models.formula import Formula, names_in
from disclosure.models.remark import Judged
from disclosure.models.units import Units
from disclosure.policy import Policy
from disclosure.result import Finding
from disclosure.sample import Behind, Positions, Sample
from disclosure.verdict import Verdict

MOST_PAIRS: Final = 20_000
"""Most pairs of categories that are compared between models side by side. Source: ours; a minute at a million rows."""
NOBODY: Final = np.zeros(0, dtype=np.intp)
"""No rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One model in one group, with its place in the table.

    Attributes:
        name: the model's name.
        group: the group's levels.
        formula: its formula.
        judged: the fitted model and its units.
        first: the position of its first row.
        opens: the rows of the group where this is the group's first model, else none.
    """

    name: str
    group: Key
    formula: Formula
    judged: Judged
    first: int
    opens: Positions

    @property
    def fit(self) -> Fit:
        """The fitted model."""
        return self.judged.fit

    @property
    def size(self) -> int:
        """How many rows of the table it has: its coefficients, then the facts on the whole."""
        return len(self.fit.estimate) + len(self.fit.facts)

    @property
    def places(self) -> tuple[int, ...]:
        """The positions of its rows."""
        return tuple(range(self.first, self.first + self.size))

    @property
    def response(self) -> str:
        """The columns of which its response is made, as one text."""
        return " ".join(sorted(set(names_in(self.formula.response))))


def differences_beside(blocks: Sequence[Block], sample: Sample, policy: Policy) -> Iterator[Finding]:
    """Find models of one response in one group whose samples, or categories, differ by few units.

    What the models say of the larger and of the smaller then says nearly as much of those few.
    """
    pairs = [
        (one, other)
        for one, other in combinations(blocks, 2)
        if one.group == other.group and one.response == other.response
    ]
    for one, other in pairs:
        if _is_close(one.fit.design.rows, other.fit.design.rows, sample, policy):
            yield _too_close(one, other, "samples", policy)
    sets = {block.first: tuple(_categories(block.fit.design).values()) for block in blocks}
    if sum(len(sets[one.first]) * len(sets[other.first]) for one, other in pairs) > MOST_PAIRS:
        sentence = (
            "The models have too many categories to compare with each other; ask for fewer side by side."
        )
        yield Finding("check_failed", (), sentence, Verdict.REVIEW)
        return
    for one, other in pairs:
        if any(_is_close(*both, sample, policy) for both in product(sets[one.first], sets[other.first])):
            yield _too_close(one, other, "categories", policy)


def behind(blocks: Sequence[Block], sample: Sample) -> Behind:
    """Say who stands behind each row, by what it may be compared with.

    A model's sample is compared with those of models of the same response, who differs from the rest in a column with
    the like, and the cells of a table of means with those of tables of the same column.
    """
    size = sum(block.size for block in blocks)
    rows = [NOBODY] * size
    more: dict[str, list[Positions]] = {}
    for block in blocks:
        rows[block.first] = block.opens
        found = {block.first: block.fit.design.rows}
        categories = {block.first + place: found for place, found in _categories(block.fit.design).items()}
        cells = dict(zip(block.places, _means(block.fit.design), strict=False))
        for name, sets in (
            (f"model of {block.response}", found),
            (f"category in a model of {block.response}", categories),
            (block.response, cells),
        ):
            named = more.setdefault(name, [NOBODY] * size) if sets else []
            for place, positions in sets.items():
                named[place] = positions
    return Behind(sample, tuple(rows), {name: tuple(found) for name, found in more.items()})


def _is_close(one: Positions, other: Positions, sample: Sample, policy: Policy) -> bool:
    """Whether two sets of rows differ, by fewer units than the policy asks."""
    apart = np.setxor1d(one, other, assume_unique=True)
    return bool(len(apart)) and Units.of(sample, apart).count < policy.min_units


def _too_close(one: Block, other: Block, what: str, policy: Policy) -> Finding:
    sentence = (
        f"The {what} of the models {one.name[:60]!r} and {other.name[:60]!r} differ by fewer than {policy.min_units} "
        f"{one.judged.noun}; use the same rows and categories in both."
    )
    return Finding("differencing", (*one.places, *other.places), sentence, Verdict.FAIL)


def _categories(design: Design) -> dict[int, Positions]:
    """Return per column of two values the rows that have the rarer one."""
    found = {}
    for place, column in enumerate(design.columns):
        if column.term and column.is_dummy:
            values = design.matrix[:, place]
            is_high = values == values.max()
            rare = is_high if 2 * np.count_nonzero(is_high) <= len(values) else ~is_high
            found[place] = design.rows[rare]
    return found


def _means(design: Design) -> Iterator[Positions]:
    """Return the rows of each cell whose mean a model of categories alone gives away."""
    codes = design.saturated
    if codes is not None:
        for cell in range(int(codes.max()) + 1):
            yield design.rows[codes == cell]

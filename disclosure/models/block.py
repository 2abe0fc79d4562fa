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
    categories = {block.first: _categories(block, policy) for block in blocks}
    sets = {first: tuple(found.values()) for first, (found, _) in categories.items()}
    count = sum(len(sets[one.first]) * len(sets[other.first]) for one, other in pairs)
    if count > MOST_PAIRS or not all(is_all for _, is_all in categories.values()):
        sentence = "The models have too many categories to compare with each other and later; ask for fewer."
        yield Finding("check_failed", (), sentence, Verdict.REVIEW)
    if count > MOST_PAIRS:
        return
    for one, other in pairs:
        if any(_is_close(*both, sample, policy) for both in product(sets[one.first], sets[other.first])):
            yield _too_close(one, other, "categories", policy)


def behind(blocks: Sequence[Block], sample: Sample, policy: Policy) -> Behind:
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
        categories, _ = _categories(block, policy)
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


def _categories(block: Block, policy: Policy) -> tuple[dict[int, Positions], bool]:
    """Return who has the rarer of two values, per column that has two, by place in the table; and whether that is all.

    Where moving a few units could make the other value the rarer one, who has that stands on a row to spare.
    """
    design, size = block.fit.design, len(block.fit.design.rows)
    often = max(int(np.bincount(codes).max()) for codes in block.judged.units.levels)
    found, others = {}, []
    for place, column in enumerate(design.columns):
        if column.term and column.is_dummy:
            values = design.matrix[:, place]
            is_high = values == values.max()
            count = np.count_nonzero(is_high)
            rare = is_high if 2 * count <= size else ~is_high
            found[block.first + place] = design.rows[rare]
            if abs(size - 2 * count) <= 2 * policy.min_units * often:
                others.append(design.rows[~rare])
    spare = [place for place in block.places if place not in found]
    found |= dict(zip(spare, others, strict=False))
    return found, len(others) <= len(spare)


def _means(design: Design) -> Iterator[Positions]:
    """Return the rows of each cell whose mean a model of categories alone gives away."""
    codes = design.saturated
    if codes is not None:
        for cell in range(int(codes.max()) + 1):
            yield design.rows[codes == cell]

"""The answer to models: a table of estimates, what the rules found, and who stands behind each row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from disclosure.grid import Key
from disclosure.models.columns import COLUMN_RULES
from disclosure.models.design import Design, design_of
from disclosure.models.estimate import estimate
from disclosure.models.fit import Fit
from disclosure.models.formula import Formula, names_in
from disclosure.models.means import MEAN_RULES
from disclosure.models.model import Model
from disclosure.models.remark import Judged, Remark
from disclosure.models.units import Units
from disclosure.policy import Policy
from disclosure.result import Finding
from disclosure.sample import Answer, Behind, Positions, Sample, sample_of
from disclosure.source import Data
from disclosure.statistic import Statistic
from disclosure.verdict import Verdict

_NUMBERS = ("estimate", "std_error", "statistic", "p_value", "low", "high")
NOBODY = np.zeros(0, dtype=np.intp)
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


def answer(stat: Statistic, data: Data, policy: Policy, *, key: str | None) -> Answer:
    """Fit each model in each group, judge it, and say who stands behind it.

    Raises:
        DisclosureError: as `sample_of`, `design_of` and `estimate`.
    """
    sample = sample_of(stat, data, key=key)
    blocks = tuple(_blocks(stat, sample))
    findings = tuple(finding for block in blocks for finding in _judged(block, policy, len(blocks)))
    model = _model(stat)
    cells = pd.concat([_table(stat, block, model.level) for block in blocks], ignore_index=True)
    return cells, (*findings, *_beside(blocks, sample, policy)), _behind(blocks, sample)


def _model(stat: Statistic) -> Model:
    if not isinstance(stat.asks, Model):
        raise TypeError("only a statistic of the kind model is answered here")
    return stat.asks


def _blocks(stat: Statistic, sample: Sample) -> Iterator[Block]:
    """Fit each model in each group."""
    model, first = _model(stat), 0
    noun = "units" if sample.units else "rows"
    for group, rows in sample.groups:
        opens = rows
        for name, formula in model.equations:
            design = design_of(model, formula, sample, rows)
            fit = estimate(model, design, model.errors_with(stat.weight))
            judged = Judged(model.kind, fit, Units.of(sample, design.rows), noun)
            block = Block(name, group, formula, judged, first, opens)
            yield block
            first, opens = first + block.size, NOBODY


def _table(stat: Statistic, block: Block, level: float) -> pd.DataFrame:
    """Return a model's rows of the table."""
    fit = block.fit
    columns = dict(zip(_NUMBERS, (fit.estimate, *fit.tests(level)), strict=True))
    facts = {"estimate": [fact.estimate for fact in fit.facts]}
    facts |= {name: [getattr(fact, name) for fact in fit.facts] for name in ("statistic", "p_value")}
    coefficients, whole = len(fit.estimate), len(fit.facts)
    numbers = {
        name: [*np.asarray(found, dtype=np.float64).tolist(), *facts.get(name, [np.nan] * whole)]
        for name, found in columns.items()
    }
    terms = [column.label for column in fit.design.columns] + [fact.term for fact in fit.facts]
    own = {
        "model": [block.name] * block.size,
        "part": ["coefficient"] * coefficients + ["fit"] * whole,
        "term": terms,
    }
    groups = {name: [level] * block.size for name, level in zip(stat.by, block.group, strict=True)}
    counts = {"n": [len(fit.design.rows)] * block.size, "units": [block.judged.units.count] * block.size}
    return pd.DataFrame(groups | own | numbers | counts)


def _judged(block: Block, policy: Policy, blocks: int) -> Iterator[Finding]:
    """Run every rule on one model."""
    subject = f"In the model {block.name[:60]!r}" if blocks > 1 else "In the model"
    for rule in (*MEAN_RULES, *COLUMN_RULES):
        for remark in rule(block.judged, policy):
            yield Finding(
                remark.rule, _places(block, remark), f"{subject}, {remark.sentence}.", remark.verdict
            )


def _places(block: Block, remark: Remark) -> tuple[int, ...]:
    if remark.columns is None:
        return block.places
    return tuple(block.first + column for column in remark.columns)


def _beside(blocks: Sequence[Block], sample: Sample, policy: Policy) -> Iterator[Finding]:
    """Find models of one response in one group whose samples differ by fewer units than the policy asks."""
    for index, one in enumerate(blocks):
        for other in blocks[index + 1 :]:
            if one.group != other.group or _response(one) != _response(other):
                continue
            apart = np.setxor1d(one.fit.design.rows, other.fit.design.rows)
            if len(apart) and Units.of(sample, apart).count < policy.min_units:
                sentence = (
                    f"Fewer than {policy.min_units} {one.judged.noun} are in only one of the models "
                    f"{one.name[:60]!r} and {other.name[:60]!r}; leave out rows that one of them lacks."
                )
                yield Finding("differencing", (*one.places, *other.places), sentence, Verdict.FAIL)


def _response(block: Block) -> str:
    """Return the columns of which a model's response is made, as one text."""
    return " ".join(sorted(set(names_in(block.formula.response))))


def _behind(blocks: Sequence[Block], sample: Sample) -> Behind:
    """Say who stands behind each row: a model's sample for its response, and each cell of a table of means.

    Samples are compared with those of models of the same response; cells also with those of tables of the same column.
    """
    size = sum(block.size for block in blocks)
    rows = [NOBODY] * size
    more: dict[str, list[Positions]] = {}
    for block in blocks:
        rows[block.first] = block.opens
        response = _response(block)
        behind = more.setdefault(f"model of {response}", [NOBODY] * size)
        behind[block.first] = block.fit.design.rows
        for place, cell in zip(block.places, _means(block.fit.design), strict=False):
            more.setdefault(response, [NOBODY] * size)[place] = cell
    return Behind(sample, tuple(rows), {name: tuple(found) for name, found in more.items()})


def _means(design: Design) -> Iterator[Positions]:
    """Return the rows of each cell whose mean a model of categories alone gives away."""
    if design.has_categories_only and not design.effects:
        distinct, rows = np.unique(design.matrix, axis=0, return_inverse=True)
        if len(distinct) == design.matrix.shape[1]:
            for cell in range(len(distinct)):
                yield design.rows[rows.reshape(-1) == cell]

"""The answer to models: a table of estimates, what the rules found, and who stands behind each row."""

from collections.abc import Iterator
from typing import cast

import numpy as np
import pandas as pd

from disclosure.models.block import NOBODY, Block, behind, differences_beside
from disclosure.models.columns import COLUMN_RULES
from disclosure.models.design import design_of
from disclosure.models.estimate import estimate
from disclosure.models.means import MEAN_RULES
from disclosure.models.model import NUMBERS, Model
from disclosure.models.remark import Judged, Remark
from disclosure.models.units import Units
from disclosure.policy import Policy
from disclosure.result import Finding
from disclosure.sample import Answer, Sample, sample_of
from disclosure.source import Data
from disclosure.statistic import Statistic


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
    return cells, (*findings, *differences_beside(blocks, sample, policy)), behind(blocks, sample, policy)


def _model(stat: Statistic) -> Model:
    return cast("Model", stat.asks)  # the kind was checked when the statistic was made


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
    columns = dict(zip(NUMBERS, (fit.estimate, *fit.tests(level)), strict=True))
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

"""An association computed from the filtered rows, its rules, and who stands behind it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from disclosure.association import groups, pairs, tables
from disclosure.association.asked import Association, Takes
from disclosure.association.outcome import Outcome
from disclosure.association.parts import (
    Coded,
    check_columns,
    coded,
    groups_of,
    pair_of,
    table_of,
    used_rows,
)
from disclosure.association.rules import RULES, Facts, Row
from disclosure.errors import DisclosureError
from disclosure.grid import Key
from disclosure.judgement import judged
from disclosure.policy import Policy
from disclosure.sample import Answer, Behind, Positions, Sample, sample_of
from disclosure.source import Data
from disclosure.statistic import Statistic

MOST_PARTS: Final = 100
"""Most groups or cells of a test whose people are remembered one by one. Source: ours; beyond, only all together."""


def answer(stat: Statistic, data: Data, policy: Policy, *, key: str | None) -> Answer:
    """Compute an association per group, of the rows in which both columns are present, and judge what it implies.

    Raises:
        DisclosureError: as `sample_of`; "not_numeric", "association": the columns do not suit the test;
            "too_many_cells".
    """
    asked = _asked(stat)
    sample = sample_of(stat, data, key=key)
    check_columns(asked, sample)
    used = used_rows(asked, sample)
    columns = coded(asked, sample, used)
    _check_size(columns, policy)
    found = [(key_found, rows[used[rows]]) for key_found, rows in sample.groups]
    found = [(key_found, rows) for key_found, rows in found if len(rows) or not stat.by]
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite becomes a finding
        rows = [
            replace(_row(asked, sample, positions, columns), is_repeated=sample.is_repeated(positions))
            for _, positions in found
        ]
    facts = Facts(
        test=asked.test,
        takes=asked.takes,
        rows=rows,
        sample=sample,
        noun="rows" if stat.unit is None else "units",
        empty=sample.empty + len(sample.groups) - len(found),
    )
    behind = Behind(sample, tuple(positions for _, positions in found), _more(rows))
    cells = _table(stat, asked, [key_found for key_found, _ in found], rows)
    return judged(stat, policy, (cells, behind), facts=facts, rules=RULES)


def _asked(stat: Statistic) -> Association:
    if not isinstance(stat.asks, Association):
        raise DisclosureError("kind", "This statistic asks for no association; use Statistic.association().")
    return stat.asks


def _check_size(columns: Sequence[Coded], policy: Policy) -> None:
    cells = 1
    for column in columns:
        cells *= max(len(column.levels), 1)
    if cells > policy.max_cells:
        raise DisclosureError(
            "too_many_cells",
            f"The test would compare more than {policy.max_cells} cells; use coarser levels.",
        )


def _row(asked: Association, sample: Sample, rows: Positions, columns: Sequence[Coded]) -> Row:
    """Compute the answer of one group."""
    units, size = sample.units_in(rows), len(rows)
    if not size:
        return Row(0, 0, (), None, Outcome(), 0, is_perfect=False)
    if asked.takes in {Takes.FOUR, Takes.TABLE}:
        table = table_of(sample, rows, columns)
        outcome = _of_levels(asked, table.counts)
        return Row(units, size, table.parts, table, outcome, 1, is_perfect=_is_told(table.counts))
    if asked.takes is Takes.PAIRS:
        parts = pair_of(asked, sample, rows)
        outcome = _of_pairs(asked, sample, rows)
        perfect = asked.test != "paired_t" and abs(outcome.estimate) > 1 - pairs.PERFECT
        return Row(units, size, parts, None, outcome, len(parts), is_perfect=perfect)
    parts = groups_of(asked.pair[0], sample, rows, columns[0])
    numbers = [part.values for part in parts]
    apart = groups.are_apart(numbers)
    return Row(units, size, parts, None, _of_groups(asked, numbers), len(parts), is_perfect=apart)


def _of_levels(asked: Association, counts: tables.Counts) -> Outcome:
    if asked.test == "chi2":
        seen = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        return tables.chi_squared(seen)
    if asked.test == "fisher":
        return tables.fisher(counts)
    compute = {
        "odds_ratio": tables.odds_ratio,
        "risk_ratio": tables.risk_ratio,
        "risk_difference": tables.risk_difference,
    }[asked.test]
    return compute(counts, asked.level)


def _of_groups(asked: Association, numbers: Sequence[groups.Reals]) -> Outcome:
    if asked.takes is Takes.TWO and asked.test != "mann_whitney":
        return groups.t_test(numbers, asked.level, pooled=asked.test == "t_test_pooled")
    return {"mann_whitney": groups.mann_whitney, "anova": groups.anova, "kruskal": groups.kruskal}[
        asked.test
    ](numbers)


def _of_pairs(asked: Association, sample: Sample, rows: Positions) -> Outcome:
    one, other = (sample.values[column][rows] for column in asked.pair)
    if asked.test in {"kendall", "wilcoxon"}:
        return {"kendall": pairs.kendall, "wilcoxon": pairs.wilcoxon}[asked.test](one, other)
    compute = {"pearson": pairs.pearson, "spearman": pairs.spearman, "paired_t": pairs.paired_t}[asked.test]
    return compute(one, other, asked.level)


def _is_told(counts: tables.Counts) -> bool:
    """Whether each level of one column occurs with one level of the other only, of several."""
    seen = counts > 0
    several = bool((seen.any(axis=0).sum() > 1) and (seen.any(axis=1).sum() > 1))
    return several and bool((seen.sum(axis=0) <= 1).all() or (seen.sum(axis=1) <= 1).all())


def _more(rows: Sequence[Row]) -> dict[str, tuple[Positions, ...]]:
    """Return who is in each group or cell that is compared, to be compared with those of other tests."""
    most = max((len(row.parts) for row in rows if _is_divided(row)), default=0)
    if most > MOST_PARTS:
        return {}
    nobody = np.zeros(0, dtype=np.intp)

    def people(row: Row, place: int) -> Positions:
        divided = _is_divided(row) and place < len(row.parts)
        return row.parts[place].rows if divided else nobody

    return {f"(part {place + 1})": tuple(people(row, place) for row in rows) for place in range(most)}


def _is_divided(row: Row) -> bool:
    """Whether the parts divide the rows, and are not columns of them."""
    return sum(len(part.rows) for part in row.parts) == row.size and len(row.parts) > 1


def _table(stat: Statistic, asked: Association, keys: Sequence[Key], rows: Sequence[Row]) -> pd.DataFrame:
    """Lay the answers out as a table up to `units`."""
    names = [*stat.by, *asked.contents()]
    lines = [(*key, asked.measure, *row.outcome.values()) for key, row in zip(keys, rows, strict=True)]
    columns = {
        name: pd.Series([line[index] for line in lines], dtype="object") for index, name in enumerate(names)
    }
    columns["n"] = pd.Series([row.size for row in rows], dtype="int64")
    columns["units"] = pd.Series([row.units for row in rows], dtype="int64")
    return pd.DataFrame(columns)

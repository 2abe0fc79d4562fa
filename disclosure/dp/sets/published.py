"""Which tables may be planned together. Decided by questions and dictionary alone."""

from collections.abc import Sequence
from typing import Final

from disclosure.dp.dictionary import Dictionary
from disclosure.dp.layout import Form, layout_of
from disclosure.dp.published import refuse_unanswerable
from disclosure.errors import DisclosureError
from disclosure.kind import Kind
from disclosure.statistic import Statistic

MOST_TABLES: Final = 1_000
"""Most tables of one set. Source: ours, a guard for time."""

NEGATIVES: Final = ("keep", "move")
"""What may be done with numbers below zero."""


def refuse_set(stats: Sequence[Statistic], dictionary: Dictionary, *, negatives: str) -> None:
    """Refuse tables that cannot be planned together.

    Raises:
        DisclosureError: `set`, `negatives` or `structural_zeros`; else as `refuse_unanswerable`.
    """
    if not 1 <= len(stats) <= MOST_TABLES:
        raise DisclosureError("set", f"A set has 1 to {MOST_TABLES} tables; give a list of them.")
    for stat in stats:
        refuse_unanswerable(stat, dictionary)
        _refuse_table(stat, dictionary)
    if len({_rows_of(stat) for stat in stats}) > 1:
        raise DisclosureError("set", "Tables of a set need one source and one filter; plan others apart.")
    if negatives not in NEGATIVES:
        raise DisclosureError("negatives", "negatives must be 'keep' or 'move'; choose one.")
    if negatives == "move":
        _refuse_moving(stats, dictionary)


def _refuse_table(stat: Statistic, dictionary: Dictionary) -> None:
    if stat.kind is not Kind.TABLE or stat.asks is not None:
        raise DisclosureError("set", "Only tables can be planned together; ask for this one by itself.")
    forms = {printed.form for printed in layout_of(stat, dictionary).printed}
    if not forms <= {Form.COUNT, Form.SUM}:
        raise DisclosureError(
            "set", "A set has counts and sums; ask for a sum and a count where a mean is wanted."
        )
    if any(set(zero) <= set(stat.by) for zero in dictionary.structural_zeros):
        raise DisclosureError(
            "structural_zeros",
            "A table with cells that cannot exist cannot be planned with others; ask for it by itself.",
        )


def _refuse_moving(stats: Sequence[Statistic], dictionary: Dictionary) -> None:
    counts = all(
        printed.form is Form.COUNT for stat in stats for printed in layout_of(stat, dictionary).printed
    )
    if not counts or any(len(stat.by) > 2 for stat in stats):
        raise DisclosureError(
            "negatives", "Only counts of at most two dimensions can be moved above zero; keep negatives."
        )


def _rows_of(stat: Statistic) -> tuple[str, str]:
    """What decides which rows a table speaks of."""
    kept = "" if stat.filter is None else stat.filter.canonical()
    return stat.source, kept

"""Rules on what a model says of totals: models of categories alone are tables, and every model tells a share."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from disclosure.models.design import Codes
from disclosure.models.formula import term_text
from disclosure.models.remark import Judged, Remark
from disclosure.policy import Policy
from disclosure.verdict import Verdict


def threshold(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Find models of fewer units than the policy asks, or of fewer with one of two outcomes.

    A response of two values is a count: its share follows from R-squared or the likelihood. A Cox model's sample is
    its events.
    """
    least, design, units = policy.min_units, judged.fit.design, judged.units
    if units.count < least:
        yield Remark("threshold", f"fewer than {least} {judged.noun} stand behind it")
    outcome = _outcome(judged)
    if design.event is not None:
        if units.within(design.event) < least:
            yield Remark("threshold", f"fewer than {least} {judged.noun} have an event")
    elif outcome is not None and min(units.within(outcome), units.within(~outcome)) < least:
        yield Remark("threshold", f"fewer than {least} {judged.noun} have one of the two outcomes")


def degrees(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Find models with few degrees of freedom left: of rows (or events), and of units beyond the coefficients."""
    fit = judged.fit
    behind = judged.units.count if fit.design.event is None else judged.units.within(fit.design.event)
    if min(fit.residual_degrees, behind - len(fit.estimate)) < policy.min_degrees:
        yield Remark("dof", f"fewer than {policy.min_degrees} degrees of freedom are left")


def perfect(judged: Judged, _policy: Policy) -> Iterator[Remark]:
    """Find models that compute each response from the columns, so that whoever knows these knows that."""
    response = judged.fit.design.response
    if judged.fit.design.event is None and bool((response == response[0]).all()):
        yield Remark("all_equal", "all values of what it explains are equal")
    elif judged.fit.is_perfect:
        yield Remark("design", "it computes what it explains without error")


def single(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Ask a person about models of one coefficient, unless a baseline or absorbed effects are withheld beside it."""
    design = judged.fit.design
    withheld = bool(design.effects) or design.event is not None
    if len(design.columns) < policy.min_estimates and not withheld:
        sentence = f"it prints fewer than {policy.min_estimates} coefficients"
        yield Remark("design", sentence, verdict=Verdict.REVIEW)


def means(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Judge models of categories alone as the tables that they are: cell by cell, as counts, totals and means.

    Where there are as many coefficients as combinations of levels in the data the model gives away the mean of each;
    otherwise the total of each level of each of its terms.
    """
    design = judged.fit.design
    cells = design.saturated
    if design.effects or (cells is None and not design.has_categories_only):
        return
    tables = [(term_text(term), codes) for term, codes in design.cells]
    named = {term for term, _ in design.cells}
    for column, values in zip(design.columns, design.matrix.T, strict=True):
        if column.term and column.term not in named and column.is_dummy:
            tables.append((term_text(column.term), np.unique(values, return_inverse=True)[1]))
    if cells is not None:
        tables.append(("all its categories", cells))
    for text, codes in tables:
        yield from _cells(judged, policy, text[:80], codes)


def _cells(judged: Judged, policy: Policy, text: str, codes: Codes) -> Iterator[Remark]:
    """Judge one table of cells."""
    design, units = judged.fit.design, judged.units
    outcome = design.event if design.event is not None else _outcome(judged)
    each = [codes == cell for cell in range(int(codes.max()) + 1)]
    if any(units.within(cell) < policy.min_units for cell in each):
        yield Remark("threshold", f"fewer than {policy.min_units} {judged.noun} are in a cell of {text}")
    if outcome is not None:
        sides = [cell & outcome for cell in each]
        sides += [] if design.event is not None else [cell & ~outcome for cell in each]
        if any(units.within(side) < policy.min_units for side in sides):
            sentence = f"fewer than {policy.min_units} {judged.noun} have an outcome in a cell of {text}"
            yield Remark("threshold", sentence)
        return
    totals = [total for cell in each for total in _contributions(judged, cell)]
    for rule, hit, sentence in (
        ("p_percent", _is_close, f"one contributor to a cell of {text} can estimate another"),
        ("dominance", _is_dominated, f"two contributors hold nearly all of a cell of {text}"),
    ):
        if any(hit(total, policy) for total in totals):
            yield Remark(rule, sentence)
    if any(bool((design.response[cell] == design.response[cell][0]).all()) for cell in each):
        verdict = Verdict.FAIL if policy.equal_values_unsafe else Verdict.REVIEW
        yield Remark("all_equal", f"all values in a cell of {text} are equal", verdict=verdict)


def _contributions(judged: Judged, cell: np.ndarray) -> Iterator[np.ndarray]:
    """Return per level of unit the absolute contributions to a cell's total, the largest first."""
    design = judged.fit.design
    weighted = design.response if design.weight is None else design.response * design.weight
    values = np.where(cell, weighted, 0.0)
    yield from (np.sort(np.abs(total))[::-1] for total in judged.units.totals(values))


def _is_close(total: np.ndarray, policy: Policy) -> bool:
    return bool(total[2:].sum() < policy.p_percent * total[0] or total[0] == 0)


def _is_dominated(total: np.ndarray, policy: Policy) -> bool:
    return bool(total.sum() > 0 and total[:2].sum() >= policy.dominance_share * total.sum())


def _outcome(judged: Judged) -> np.ndarray | None:
    """Return which rows have the larger of two values (for Poisson any count above nought); None for other numbers."""
    response = judged.fit.design.response
    if judged.kind == "poisson":
        return np.asarray(response > 0)
    if judged.kind == "cox":
        return None
    values = np.unique(response[:1000])
    if len(values) > 2 or len(values := np.unique(response)) != 2:
        return None
    return np.asarray(response == values[1])


MEAN_RULES: Final[tuple[Callable[[Judged, Policy], Iterator[Remark]], ...]] = (
    *(threshold, degrees, perfect, single, means),
)
"""The rules on a model's sample and response, in the order of their findings."""

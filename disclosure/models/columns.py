"""Rules on the columns of a design: few units that have a category, or on which a coefficient hangs."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from disclosure.models.design import Design
from disclosure.models.factors import Doubles
from disclosure.models.formula import Term, term_text
from disclosure.models.leverage import ALONE, basis_of, smallest_alone, unit_leverage
from disclosure.models.remark import Judged, Remark
from disclosure.policy import Policy
from disclosure.verdict import Verdict


def categories(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Find categories, and combinations of them, that fewer units have than the policy asks."""
    least, fit = policy.min_design_units, judged.fit
    for term, codes in fit.design.cells:
        few = int(np.count_nonzero(judged.units.per_group(codes) < least))
        if few:
            sentence = (
                f"fewer than {least} {judged.noun} have {_counted(few, 'level')} of {term_text(term)[:80]}"
            )
            yield Remark("design", sentence, _of_term(fit.design, term))


def columns(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Find columns in which all but a few units have one value: their coefficients are about those few."""
    least, design = policy.min_design_units, judged.fit.design
    for position, column in enumerate(design.columns):
        if not column.term:
            continue
        usual, values = _usual(design.matrix[:, position])
        apart = judged.units.within(usual) if values == 2 else least
        if min(judged.units.within(~usual), apart) < least:
            sentence = f"fewer than {least} {judged.noun} differ from the others in one column of {term_text(column.term)[:80]}"
            yield Remark("design", sentence, (position,))


def influence(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Find coefficients that a few units determine: the rest is below p% of the largest of them, as in a total.

    Ask a person where the effective number of units, one over the Herfindahl index of their squared weights, is that
    of a few: the coefficient then is about these, and the others are noise.
    """
    few = policy.min_design_units - 1
    found: dict[Verdict, list[int]] = {verdict: [] for verdict in Verdict}
    for position, weights in enumerate(weights_of(judged).T):
        verdicts = {_held(each, few, policy) for each in judged.units.totals(np.abs(weights))}
        found[max(verdicts, key=list(Verdict).index)].append(position)
    for verdict, word in ((Verdict.FAIL, "determine"), (Verdict.REVIEW, "nearly determine")):
        if found[verdict]:
            sentence = (
                f"fewer than {few + 1} {judged.noun} {word} {_counted(len(found[verdict]), 'coefficient')}"
            )
            yield Remark("design", sentence, tuple(found[verdict]), verdict)


def contributions(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Ask a person about coefficients of which the responses of two units make up nearly all: the dominance rule."""
    if judged.kind not in {"ols", "poisson"}:
        return
    fit = judged.fit
    response = fit.design.response / fit.deviations
    found = []
    for position, weights in enumerate(weights_of(judged).T):
        totals = [np.sort(each) for each in judged.units.totals(np.abs(weights * response))]
        if any(each[-2:].sum() >= policy.dominance_share * each.sum() > 0 for each in totals):
            found.append(position)
    if found:
        sentence = (
            f"the responses of two contributors make up nearly all of {_counted(len(found), 'coefficient')}"
        )
        yield Remark("dominance", sentence, tuple(found), Verdict.REVIEW)


def leverage(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Find units, and small groups of units, that the model fits on their own; ask a person about heavy ones."""
    basis = basis_of(judged.fit.working)
    lone, heavy, group = False, False, 0
    for codes in judged.units.levels:
        largest = float(unit_leverage(basis, codes, policy.leverage_share).max(initial=0.0))
        lone |= largest >= min(policy.dominance_share, ALONE)
        heavy |= largest >= policy.leverage_share
        group = max(group, smallest_alone(basis, codes, policy.min_design_units))
    if lone:
        yield Remark("design", "one of the units alone determines how it is fitted")
    elif group:
        yield Remark(
            "design", f"a group of fewer than {policy.min_design_units} {judged.noun} is fitted alone"
        )
    elif heavy:
        sentence = f"one of the units has a leverage of {policy.leverage_share:g} or more"
        yield Remark("design", sentence, verdict=Verdict.REVIEW)


def absorbed(judged: Judged, policy: Policy) -> Iterator[Remark]:
    """Ask a person about absorbed groups of few units, unless each is one unit: then changes within units are studied."""
    for codes in judged.fit.design.effects:
        units = judged.units.per_group(codes)
        few = int(np.count_nonzero(units < policy.min_design_units))
        if few and units.max() > 1:
            sentence = (
                f"fewer than {policy.min_design_units} {judged.noun} are in {_counted(few, 'absorbed group')}"
            )
            yield Remark("design", sentence, verdict=Verdict.REVIEW)


def _usual(column: Doubles) -> tuple[NDArray[np.bool_], int]:
    """Return where a column has its commonest value, and how many values it has."""
    values, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    return np.asarray(inverse == counts.argmax(), dtype=np.bool_), len(values)


def weights_of(judged: Judged) -> Doubles:
    """Return the weight that each coefficient gives to each row, its response measured in standard deviations."""
    fit = judged.fit
    inverse = np.linalg.pinv(fit.working.T @ fit.working, hermitian=True)
    weights = fit.working @ inverse
    weight = fit.design.weight
    return np.asarray(weights if weight is None else weights * np.sqrt(weight)[:, None], dtype=np.float64)


def _held(weights: Doubles, few: int, policy: Policy) -> Verdict:
    """Judge the absolute weights of units in one coefficient."""
    largest = np.sort(weights)[::-1]
    if not largest[0] or largest[few:].sum() < policy.p_percent * largest[0]:
        return Verdict.FAIL
    squares = (largest / largest[0]) ** 2
    effective = squares.sum() ** 2 / (squares**2).sum()
    return Verdict.REVIEW if effective < few else Verdict.PASS


def _of_term(design: Design, term: Term) -> tuple[int, ...]:
    """Return the columns of a term."""
    return tuple(position for position, column in enumerate(design.columns) if column.term == term)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


COLUMN_RULES: Final[tuple[Callable[[Judged, Policy], Iterator[Remark]], ...]] = (
    *(categories, columns, influence, contributions, leverage, absorbed),
)
"""The rules on a design, in the order of their findings."""

"""What a noisy table would cost and how good it would be, before anything is spent. From public facts only."""

from collections.abc import Mapping
from typing import Final

from disclosure import Statistic
from disclosure.dp import PRECISIONS, Plan
from disclosure.errors import DisclosureError
from tre.db.engine import Transaction
from tre.domain.people import Actor
from tre.services import projects, views
from tre.services.outputs.asking import Precision, exact_left, priced
from tre.services.outputs.facts import must_be_member
from tre.services.outputs.submit import price

View = dict[str, object]

CELL_SIZES: Final = (10, 30, 100, 300, 1_000, 10_000)
"""Cells, in people, for which the relative error is told. Source: ours; from the usual threshold to a large region."""


def prices(tx: Transaction, actor: Actor, project_id: str, text: str, *, precision: Precision) -> list[View]:
    """Price a statistic at one precision, or at every one of the menu where none is named; the data are not asked.

    Raises:
        Refused: `actor` is not an accredited researcher of an open project.
        BadInput, DisclosureError: the statistic or the precision cannot be used.
    """
    must_be_member(tx, actor, project_id)
    manifest, extract = projects.manifest_of(tx, project_id), projects.extract_of(tx, project_id)
    statistic = Statistic.from_json(text)
    menu: dict[str, int] = dict(PRECISIONS)
    if precision != Precision():
        menu = {precision.name or "chosen": precision.nano(manifest.linkage.population)}
    accounts = views.budget(tx, projects.accounts_of(manifest))
    return [
        {"precision": name, **outlook(price(extract, statistic, nano), accounts)}
        for name, nano in menu.items()
    ]


def outlook(plan: Plan, accounts: list[views.View]) -> View:
    """A plan's cost, its accuracy by size of cell, and what each account would have left."""
    left = {str(row["account"]): int(str(row["remaining"])) - plan.cost for row in accounts}
    return {
        **priced(plan),
        "relative_error_95": relative_errors(plan),
        "remaining_after": left,
        "exact_left": exact_left(accounts),
        "affordable": all(amount >= 0 for amount in left.values()),
    }


def relative_errors(plan: Plan) -> Mapping[str, Mapping[int, float]]:
    """Per count, sum and mean: half the 95% interval over the value, by how many people stand in the cell.

    The value of a sum or mean is taken at the middle of its published bounds, since the true one is not asked; where
    the middle is nought, and for quantiles and proportions, no relative error is told.
    """
    found = {each.name: _relative(plan, each.name) for each in plan.statistic.measures}
    if not plan.statistic.measures:
        found = {name: _count(plan.accuracy[name]) for name in plan.accuracy}
    return {name: errors for name, errors in found.items() if errors}


def _relative(plan: Plan, name: str) -> dict[int, float]:
    measure = next(each for each in plan.statistic.measures if each.name == name)
    column = measure.column or ""
    match measure.function:
        case "count":
            return _count(plan.accuracy[name])
        case "sum" if column in plan.dictionary.bounds:
            low, high = plan.dictionary.fixed_bounds(column)
            middle = abs(low + high) / 2
            return {size: plan.accuracy[name] / (size * middle) for size in CELL_SIZES if middle}
        case "mean" if column in plan.dictionary.bounds:
            return _mean(plan, name, column)
        case _:
            return {}


def _mean(plan: Plan, name: str, column: str) -> dict[int, float]:
    low, high = plan.dictionary.fixed_bounds(column)
    middle = abs(low + high) / 2 / plan.dictionary.scale_of(column)
    try:
        widest = {size: plan.mean_sigma(name, size) for size in CELL_SIZES}
    except DisclosureError:
        return {}
    quantile = plan.accuracy[name] / plan.sigma[name] if plan.sigma[name] else 0.0
    return {size: quantile * sigma / middle for size, sigma in widest.items() if middle}


def _count(half_width: float) -> dict[int, float]:
    return {size: half_width / size for size in CELL_SIZES}

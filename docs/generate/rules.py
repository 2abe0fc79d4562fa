"""The rule book: what each rule asks, why, by which thresholds, and where it is checked."""  # noqa: INP001  # run as a script

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from disclosure import Policy
from disclosure.assessment import assess
from disclosure.association import rules as associated
from disclosure.differencing import differences, protected_differences
from disclosure.models import block, columns, means
from disclosure.rules import RULES, counts, failed, failed_check, pointing, position, sameness, shape, sharing
from disclosure.rules.concentration import dominance, p_percent
from disclosure.survival import rules as survival
from docs.generate.writing import attributes, bullets, code, page, sentence, summary, table

Check = Callable[..., Any]  # Any: checks of tables, curves and models are called differently
EVERY: Final[tuple[Check, ...]] = (
    *RULES,
    *survival.RULES,
    *associated.RULES,
    *means.MEAN_RULES,
    *columns.COLUMN_RULES,
)
"""Every rule on tables, curves, associations and models, in the order in which each kind asks them."""
BESIDE: Final = frozenset({"name", "source"})
"""Fields of a policy that are no thresholds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of the book.

    Attributes:
        rule: its name in findings.
        asks: what it finds.
        because: what somebody could learn otherwise.
        example: a case that it finds.
        thresholds: the fields of the policy that it reads.
        checks: the functions that look for it.
    """

    rule: str
    asks: str
    because: str
    example: str
    thresholds: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


BOOK: Final = (
    Entry(
        "threshold",
        "A printed number, or a step of a Lorenz curve, with too few distinct units behind it; for a value, units that have one.",
        "Few people can be recognised, and each of them can take their own part away from the number.",
        "Three people rent from the council in the east: their count, and any mean of theirs, is unsafe.",
        ("min_units", "min_lorenz_units"),
        (
            counts.threshold,
            counts.numerator,
            sameness.commonest,
            sharing.curve,
            survival.threshold,
            survival.comparison,
            associated.threshold,
            means.threshold,
            means.means,
        ),
    ),
    Entry(
        "zero",
        "A cell in which nobody is.",
        "It says something of everyone: nobody of this region belongs to this class.",
        "No household of a village has gas heating.",
        ("zeros_unsafe",),
        (counts.zero, survival.zero, associated.zero),
    ),
    Entry(
        "p_percent",
        "A total from which the second largest contributor could estimate the largest too closely.",
        "Who knows their own part takes it away from the total; what is left bounds the largest part.",
        "Parts of 1,000, 500 and 60: the second learns the first to within 6%.",
        ("p_percent",),
        (p_percent, sharing.curve, survival.weights, associated.p_percent, means.means),
    ),
    Entry(
        "dominance",
        "A total, or an index of concentration, that one or two contributors nearly make up.",
        "The number is then nearly their own.",
        "Two firms hold 95% of the turnover in a cell of forty.",
        ("dominance_share", "single_share", "concentration_share"),
        (
            dominance,
            sharing.concentration,
            survival.weights,
            associated.dominance,
            columns.contributions,
            means.means,
        ),
    ),
    Entry(
        "all_equal",
        "A cell in which every value present is one value.",
        "A mean tells then what each of them has, however many they are.",
        "All 330 people of a ward receive the same benefit.",
        ("equal_values_unsafe",),
        (sameness.all_equal, associated.all_equal, means.perfect, means.means),
    ),
    Entry(
        "group",
        "A cell that holds everyone of its row or column, or a commonest value that nearly everyone has.",
        "Who knows that somebody is in the row knows their class as well.",
        "Every tenant in a street is in arrears.",
        ("mode_share",),
        (sameness.group, sameness.whole, sameness.commonest, survival.group, associated.group),
    ),
    Entry(
        "endpoint",
        "A least or greatest value, or the outer edge of a histogram, that is the value of a few units.",
        "It is somebody's own value, always.",
        "The highest income of a town.",
        ("min_units", "structural_ends"),
        (position.endpoint, position.edges),
    ),
    Entry(
        "quantile",
        "A quantile with too few units on one side, or that is one unit's own value.",
        "Near an end a quantile is an end, and an exact one is the value of a person.",
        "The 99th percentile among sixty people.",
        ("min_units", "lone_quantile_unsafe"),
        (position.quantile, survival.own_times),
    ),
    Entry(
        "dof",
        "A spread or estimate with too few residual degrees of freedom.",
        "With none left, the estimates are the data, written otherwise.",
        "A regression of twelve people on nine columns.",
        ("min_degrees",),
        (shape.dof, survival.comparison, associated.dof, means.degrees),
    ),
    Entry(
        "design",
        "A model of which a column, a combination or one row decides an estimate.",
        "Constant and coefficient of one person's dummy add up to that person's value.",
        "A dummy that is 1 for one person among 3,000.",
        ("min_design_units", "leverage_share", "min_estimates"),
        (
            associated.design,
            columns.categories,
            columns.columns,
            columns.influence,
            columns.leverage,
            columns.absorbed,
            means.perfect,
            means.single,
        ),
    ),
    Entry(
        "survival_step",
        "A step of a curve with too few events or departures, or that leaves too few at risk.",
        "A step for each event gives every person's own time.",
        "A curve in days with 134 steps for 134 deaths.",
        ("min_step_units",),
        (survival.survival_step, survival.curves),
    ),
    Entry(
        "differencing",
        "Cells that, together with what was released before, isolate a few people.",
        "Two tables that are safe each give the difference between their people.",
        "All adults by region, then all adults but those above ninety.",
        ("min_units",),
        (differences, protected_differences, block.differences_beside),
    ),
    Entry(
        "recoverable",
        "A withheld cell that can be computed, or narrowed too closely, from what is printed.",
        "Totals give back what was taken out of them.",
        "One cell of a row is withheld and the row's total printed.",
        ("count_protection", "coalition_units", "cell_key_variance"),
    ),
    Entry(
        "identifier",
        "A printed label that is a unit itself: a table by a level of unit.",
        "No count protects a name.",
        "A table of mean pay by firm where the firm is a level of unit, though hundreds of people stand behind each mean.",
        (),
        (pointing.identifier,),
    ),
    Entry(
        "check_failed",
        "A check that could not run; a person must look. A table of too many cells is refused before any check.",
        "What was not checked has not passed.",
        "Infinite values in a column of which the sum is asked.",
        ("max_cells",),
        (failed, failed_check, sharing.unshared, associated.computed),
    ),
)


def rules() -> dict[str, str]:
    """Return the rule book.

    Raises:
        LookupError: a threshold of the policy, or a rule on anything, stands in no entry.
    """
    _complete()
    return {
        "rules.md": page(
            "Rule book: every rule on an output",
            summary(assess) + " Findings name the rule; every "
            "threshold, with the stricter preset, is in the [policy](policy.md).",
            table(("Rule", "Finds"), ((f"[`{entry.rule}`](#{entry.rule})", entry.asks) for entry in BOOK)),
            "Of each kind of statistic these are asked, in this order.",
            table(("Statistic", "Checks"), _kinds()),
            *(part for entry in BOOK for part in _section(entry)),
            f"Thresholds are those of the preset `standard`. Rule book behind it: {Policy().source}.",
        )
    }


def _kinds() -> Iterable[tuple[str, str]]:
    """Yield per kind of statistic the rules that are asked of it, each linked to its entry."""
    homes: dict[Check, list[str]] = {}
    for entry in BOOK:
        for check in entry.checks:
            homes.setdefault(check, []).append(entry.rule)
    kinds = {
        "Tables, quantiles and histograms": RULES,
        "Survival curves": survival.RULES,
        "Associations and tests": associated.RULES,
        "Models": (*means.MEAN_RULES, *columns.COLUMN_RULES),
    }
    for kind, asked in kinds.items():
        named = dict.fromkeys(rule for check in asked for rule in homes.get(check, ()))
        yield kind, ", ".join(f"[`{rule}`](#{rule})" for rule in named)


def _section(entry: Entry) -> Iterable[str]:
    meanings, standard = attributes(Policy), Policy()
    rows = [(code(name), _default(getattr(standard, name)), meanings[name]) for name in entry.thresholds]
    yield f"## {entry.rule}"
    yield f"{entry.asks} **Why**: {entry.because} **Example**: {entry.example}"
    if rows:
        yield table(("Threshold", "Standard", "What it is, its unit and source"), rows)
    if entry.checks:
        yield bullets(f"{code(_place(check))}: {sentence(summary(check))}" for check in entry.checks)


def _place(check: Check) -> str:
    return f"{check.__module__}.{check.__qualname__}"


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value:,}"


def _complete() -> None:
    """Refuse a book in which something is missing."""
    told = {name for entry in BOOK for name in entry.thresholds}
    checked = {check for entry in BOOK for check in entry.checks}
    missing = [field.name for field in fields(Policy) if field.name not in told | BESIDE]
    missing += [_place(rule) for rule in EVERY if rule not in checked]
    if missing:
        raise LookupError(f"The rule book leaves out {', '.join(missing)}; add it to BOOK.")

"""Estimates that an author computed by another estimator, judged by the design that the author hands over with them.

Nothing here computes the estimates again: they stay claims, and a person looks at each of them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from disclosure.errors import DisclosureError
from disclosure.models.columns import columns, contributions, influence, leverage
from disclosure.models.design import (
    MAX_COLUMNS,
    MAX_NUMBERS,
    Column,
    Design,
    has_two_values,
)
from disclosure.models.factors import Doubles
from disclosure.models.fit import Fit
from disclosure.models.formula import Name
from disclosure.models.means import degrees, means, single, threshold
from disclosure.models.model import NUMBERS
from disclosure.models.rank import repeated, scales_of
from disclosure.models.remark import Judged, Remark
from disclosure.models.units import Units
from disclosure.naming import check_name
from disclosure.policy import Policy
from disclosure.result import Finding, unsafe_rules, worst
from disclosure.verdict import Verdict

FACTS: Final = ("r_squared", "adjusted_r_squared", "pseudo_r_squared", "log_likelihood", "aic", "bic")
"""What may be claimed of the whole model."""


@dataclass(frozen=True, slots=True, eq=False)
class Claimed:
    """Judged claims.

    Attributes:
        verdict: REVIEW or FAIL; a claim never passes by itself.
        findings: what was found.
        cells: the table of a model: part, term, the numbers claimed, n, units, unsafe, rules.
        units: the distinct units behind it, sorted, to compare with what was released before.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    cells: pd.DataFrame
    units: tuple[object, ...]


def judge_claims(  # noqa: PLR0913  all but three by keyword
    estimates: pd.DataFrame,
    design: pd.DataFrame,
    policy: Policy,
    *,
    unit: str,
    response: str | None = None,
    facts: dict[str, float] | None = None,
) -> Claimed:
    """Judge claimed coefficients by their design.

    Args:
        estimates: a row per coefficient: `term`, `estimate`, and any of the other `NUMBERS`.
        design: a row per row of the model: the unit, a column of numbers per term called as the term is, and the
            response where it is named.
        policy: the thresholds.
        unit: the column of the design that names each row's unit.
        response: the column of the design that holds what is explained; without it some rules cannot run.
        facts: numbers on the whole model, from `FACTS`.

    Raises:
        DisclosureError: "claims": another shape, a number that is none, terms without a column or columns without a
            term; "rank": columns repeat each other.
    """
    terms = _terms(estimates)
    _check_design(design, terms, unit, response)
    whole = _facts(facts)
    judged = _judged(design, terms, unit, response)
    findings = tuple(_findings(judged, policy, len(terms) + len(whole), has_response=response is not None))
    cells = _cells(estimates, whole, judged)
    names = unsafe_rules(findings, len(cells))
    cells = cells.assign(unsafe=[bool(found) for found in names], rules=pd.Series(names, dtype="object"))
    units = tuple(sorted(design[unit].unique().tolist()))
    return Claimed(worst(findings), findings, cells, units)


def _terms(estimates: pd.DataFrame) -> tuple[str, ...]:
    """Check the claimed numbers and return their terms."""
    names = list(estimates.columns)
    known = {"term", *NUMBERS}
    if len(set(names)) < len(names) or not {"term", "estimate"} <= set(names) <= known:
        raise _wrong(
            f"The estimates need the columns term and estimate, and may have {', '.join(NUMBERS[1:])}"
        )
    terms = tuple(estimates["term"].tolist())
    if not 1 <= len(terms) <= MAX_COLUMNS or len(set(map(str, terms))) < len(terms):
        raise _wrong(f"Claim 1 to {MAX_COLUMNS} coefficients, each term once")
    for term in terms:
        check_name(term, "term")
    for name in names:
        if name != "term":
            _check_numbers(_doubles(estimates[name], name), name)
    _check_intervals(estimates)
    return terms


def _check_numbers(values: Doubles, name: str) -> None:
    """Refuse numbers that no estimator gives."""
    if not np.isfinite(values).all():
        raise _wrong(f"The column {name} of the estimates holds something that is no finite number")
    if name == "std_error" and (values < 0).any():
        raise _wrong("A standard error is below nought")
    if name == "p_value" and ((values < 0) | (values > 1)).any():
        raise _wrong("A p-value is not between 0 and 1")


def _check_intervals(estimates: pd.DataFrame) -> None:
    for low, high in (("low", "estimate"), ("estimate", "high"), ("low", "high")):
        if {low, high} <= set(estimates.columns) and (estimates[low] > estimates[high]).any():
            raise _wrong("An interval does not hold its estimate")


def _check_design(design: pd.DataFrame, terms: Sequence[str], unit: str, response: str | None) -> None:
    """Refuse a design that is not that of the terms, row by row complete."""
    wanted = [unit, *terms, *([] if response is None else [response])]
    names = list(design.columns)
    if len(set(names)) < len(names) or len(set(wanted)) < len(wanted) or set(names) != set(wanted):
        raise _wrong("The design needs the unit, one column per term of the same name, and nothing else")
    if not 1 <= len(design) * len(terms) <= MAX_NUMBERS:
        raise _wrong("The design has no rows, or too many to look at")
    if design[unit].isna().any():
        raise _wrong("A row of the design names no unit")
    for name in wanted[1:]:
        if not np.isfinite(_doubles(design[name], name)).all():
            raise _wrong(f"The column {name[:60]!r} of the design holds something that is no finite number")


def _doubles(values: pd.Series, name: str) -> Doubles:
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        raise _wrong(f"The column {name[:60]!r} holds no numbers")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _facts(facts: dict[str, float] | None) -> dict[str, float]:
    """Check the numbers on the whole model."""
    found = {} if facts is None else dict(facts)
    for name, value in found.items():
        if name not in FACTS or type(value) not in {int, float} or not math.isfinite(value):
            raise _wrong(f"Of the whole model may be claimed {', '.join(FACTS)}, as finite numbers")
    return found


def _judged(design: pd.DataFrame, terms: Sequence[str], unit: str, response: str | None) -> Judged:
    """Return the claims' design in the form of a fitted model's."""
    size = len(design)
    matrix = np.column_stack([_doubles(design[term], term) for term in terms])
    plain = [bool((values == values[0]).all()) for values in matrix.T]
    described = tuple(
        Column(term, () if is_constant else (Name(term),), has_two_values(values))
        for term, values, is_constant in zip(terms, matrix.T, plain, strict=True)
    )
    explained = np.zeros(size) if response is None else _doubles(design[response], response)
    found = Design(
        rows=np.arange(size),
        response=explained,
        matrix=matrix,
        columns=described,
        cells=(),
        weight=None,
        effects=(),
        cluster=None,
        strata=None,
        event=None,
        exposure=None,
    )
    if size <= len(terms) or repeated(matrix, matrix):
        raise DisclosureError(
            "rank", "Columns of the design are mixtures of others, or rows are fewer; claim a simpler model."
        )
    fit = Fit(
        design=found,
        estimate=np.zeros(len(terms)),
        covariance=np.zeros((len(terms), len(terms))),
        degrees=None,
        residual_degrees=size - len(terms),
        facts=(),
        working=matrix / scales_of(matrix),
        deviations=np.ones(size),
    )
    return Judged("ols", fit, Units((pd.factorize(design[unit])[0],)), "units")


def _findings(judged: Judged, policy: Policy, rows: int, *, has_response: bool) -> Iterator[Finding]:
    """Run the rules that a design, and a response where there is one, allow."""
    sentence = "The estimates are claims: their design was checked, the estimator was not."
    yield Finding("check_failed", (), sentence, Verdict.REVIEW)
    rules = [degrees, single, columns, influence, leverage]
    if has_response:
        rules += [threshold, means, contributions]
    else:
        sentence = "Without the response, rare outcomes and dominant contributors could not be looked for."
        yield Finding("check_failed", (), sentence, Verdict.REVIEW)
        if judged.units.count < policy.min_units:
            remark = Remark("threshold", f"fewer than {policy.min_units} units stand behind it")
            yield _finding(remark, rows)
    for rule in rules:
        for remark in rule(judged, policy):
            yield _finding(remark, rows)


def _finding(remark: Remark, rows: int) -> Finding:
    places = tuple(range(rows)) if remark.columns is None else remark.columns
    return Finding(remark.rule, places, f"In the claimed model, {remark.sentence}.", remark.verdict)


def _cells(estimates: pd.DataFrame, facts: dict[str, float], judged: Judged) -> pd.DataFrame:
    """Return the claims as the table of a model; what is not claimed is not a number."""
    size, whole = len(estimates), len(facts)
    found: dict[str, list[object]] = {
        "part": [*["coefficient"] * size, *["fit"] * whole],
        "term": [*estimates["term"].tolist(), *facts],
    }
    for name in NUMBERS:
        claimed = estimates[name].astype("float64").tolist() if name in estimates.columns else [np.nan] * size
        found[name] = [*claimed, *(facts.values() if name == "estimate" else [np.nan] * whole)]
    counts = {"n": len(judged.fit.design.rows), "units": judged.units.count}
    return pd.DataFrame(found).assign(**counts)


def _wrong(fault: str) -> DisclosureError:
    return DisclosureError("claims", f"{fault}; correct the claims.")

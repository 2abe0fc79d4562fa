"""The numbers that a table adds up, and the fixed-point scale in which they are added."""

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from sqlglot import exp

from disclosure.errors import DisclosureError
from disclosure.expression.sql import Kind, column_node
from disclosure.measure import COUNTED, DIVIDED, SPREAD, Measure
from disclosure.source import Source, evidence_failed
from disclosure.statistic import Statistic

PRECISION: Final = 86
"""Bits kept of the largest value of a floating-point column; 41 more are left for 2**40 rows in 128 bits. Ours."""
MAX_EXPONENT: Final = 1000
"""Largest power of two used as a scale; doubles end at 2**1023."""


class Role(Enum):
    """What is added up of a column."""

    PRESENT = "present"
    VALUE = "value"
    WEIGHT = "weight"
    WEIGHTED = "weighted"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """One number per row.

    Attributes:
        column: the column that must not be missing; None for all rows.
        role: PRESENT is 1, VALUE the column, WEIGHT the weight, WEIGHTED the product of the two,
            SPREAD the column as a double, to be squared.
    """

    column: str | None
    role: Role


@dataclass(frozen=True, slots=True)
class Scale:
    """How a quantity becomes a whole number: times `factor`, cast to `type` if any; the fraction undoes it.

    Attributes:
        factor: a power of two, or None where nothing is to be multiplied.
        type: the engine's type in which sums are exact.
        numerator: of the value of one unit of the last place.
        denominator: of the value of one unit of the last place.
        is_signed: whether some value may be below nought.
    """

    factor: float | None = None
    type: str = "INT128"
    numerator: int = 1
    denominator: int = 1
    is_signed: bool = True

    def whole(self, found: int | Decimal) -> int:
        """Return a fetched number in units of the last place."""
        if isinstance(found, int):
            return found
        top, bottom = found.as_integer_ratio()
        return top * self.denominator // bottom

    def value(self, total: int) -> float:
        """Return a whole number of units of the last place as the nearest double.

        Raises:
            DisclosureError: "evidence_failed": no double is as large.
        """
        try:
            return total * self.numerator / self.denominator
        except OverflowError:
            raise evidence_failed() from None


def quantities_of(stat: Statistic) -> tuple[Quantity, ...]:
    """Return what must be added up to compute and to judge a table, each once, in order of need."""
    found: dict[Quantity, None] = {}
    for measure in stat.measures:
        roles = [Role.PRESENT if measure.function in COUNTED else Role.VALUE]
        roles.extend([Role.SPREAD] if measure.function in SPREAD else [])
        if stat.weight is not None:
            roles.append(Role.WEIGHT)
            roles.extend([] if measure.function in COUNTED else [Role.WEIGHTED])
        if measure.column is None:
            roles = [role for role in roles if role is Role.WEIGHT]
        for name in evidence_columns(measure):
            found.update(dict.fromkeys(Quantity(name, role) for role in roles))
    if stat.bins is not None:
        found[Quantity(stat.by[-1], Role.VALUE)] = None
    return tuple(found)


def evidence_columns(measure: Measure) -> tuple[str | None, ...]:
    """Return the columns of which a measure's evidence is gathered: its own, or the halves of a ratio."""
    return measure.halves if measure.function in DIVIDED else (measure.column,)


def check_numeric(stat: Statistic, source: Source) -> None:
    """Refuse sums of what is no number.

    Raises:
        DisclosureError: "not_numeric".
    """
    names = [name for m in stat.measures if m.function not in COUNTED for name in m.columns()]
    names += [] if stat.bins is None else [stat.by[-1]]
    for name in [*names, *([] if stat.weight is None else [stat.weight])]:
        check_addable(name, source)


def check_addable(name: str, source: Source) -> None:
    """Refuse a column of what is no number.

    Raises:
        DisclosureError: "not_numeric".
    """
    if source.kinds[name] not in {Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN}:
        raise DisclosureError(
            "not_numeric",
            f"The column {name[:60]!r} holds {source.kinds[name].value}, which cannot be added; count it instead.",
        )


def raw_node(quantity: Quantity, stat: Statistic, source: Source, *, is_clean: bool = False) -> exp.Expr:
    """Return a quantity as it stands in the data: possibly infinite, not a number or missing.

    Args:
        quantity: which one.
        stat: what is asked.
        source: the data.
        is_clean: leave "not a number" as it is, for it was looked for and not found, or is being looked for.
    """
    if quantity.role is Role.PRESENT:
        present = _number(str(quantity.column), source)
        return exp.Case(ifs=[exp.If(this=_is_not_null(present), true=exp.Literal.number(1))])
    if quantity.role is Role.VALUE:
        return _number(str(quantity.column), source, is_clean=is_clean)
    if quantity.column is None:
        return _weight(stat)
    value = _number(quantity.column, source, is_clean=is_clean and quantity.role is not Role.WEIGHT)
    if quantity.role is Role.SPREAD:
        return exp.cast(value, "DOUBLE")
    if quantity.role is Role.WEIGHT:
        return exp.Case(ifs=[exp.If(this=_is_not_null(value), true=_weight(stat))])
    return exp.Mul(this=_weight(stat), expression=exp.cast(value, "DOUBLE"))


def is_floating(quantity: Quantity, source: Source) -> bool:
    """Whether a quantity is computed in doubles."""
    if quantity.role in {Role.WEIGHT, Role.WEIGHTED, Role.SPREAD}:
        return True
    return quantity.role is Role.VALUE and source.types[str(quantity.column)] in {"FLOAT", "DOUBLE"}


def scale_of(quantity: Quantity, source: Source, largest: float) -> Scale:
    """Choose the scale of a quantity, given its largest absolute value.

    A sum of whole numbers does not depend on the order in which threads add them. Doubles are scaled by a power of
    two, so that the largest keeps all its bits and 33 more lie below them.
    """
    kind = source.types[str(quantity.column)] if quantity.role is Role.VALUE else ""
    if kind.startswith("DECIMAL"):
        places = int(kind.rstrip(")").split(",")[1])
        return Scale(type=f"DECIMAL(38, {places})", denominator=10**places)
    if not is_floating(quantity, source):
        return Scale()
    exponent = min(PRECISION - math.frexp(largest)[1], MAX_EXPONENT)
    factor = math.ldexp(1.0, exponent)
    if exponent < 0:
        return Scale(factor=factor, numerator=2**-exponent)
    return Scale(factor=factor, denominator=2**exponent)


def scaled_node(node: exp.Expr, scale: Scale) -> exp.Expr:
    """Return a quantity as a whole number, or as a decimal, of up to 38 digits."""
    if scale.factor is not None:
        factor = exp.cast(exp.Literal.string(repr(scale.factor)), "DOUBLE")
        node = exp.Mul(this=node, expression=factor)
    return exp.cast(node, scale.type)


def _weight(stat: Statistic) -> exp.Expr:
    return exp.cast(column_node(str(stat.weight)), "DOUBLE")


def _number(name: str, source: Source, *, is_clean: bool = False) -> exp.Expr:
    """Return a column in which NaN is missing, or as it is where that is clean."""
    node = column_node(name)
    if source.types[name] in {"FLOAT", "DOUBLE"}:
        if is_clean:
            return exp.cast(node, "DOUBLE")
        return exp.func("NULLIF", exp.cast(node, "DOUBLE"), exp.cast(exp.Literal.string("NaN"), "DOUBLE"))
    return exp.cast(node, "INT") if source.kinds[name] is Kind.BOOLEAN else node


def _is_not_null(node: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=node, expression=exp.Null()))

"""Numbers read exactly: a budget, a bound or a level means what a person wrote, not its nearest double."""

import math
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import Final, TypeAlias

Number: TypeAlias = int | float | Decimal | Fraction
"""How a number may be written. A float is read as its shortest decimal text: 0.005 is five thousandths."""

LARGEST_EXPONENT: Final = 308
"""Largest power of ten, either way, of a decimal that is read. Source: the range of a double (IEEE 754)."""


def exact(value: object) -> Fraction | None:
    """Exact value of a finite number; None for anything else (text, flags, NaN, infinity, decimals beyond a double)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return Fraction(int(value))
    if isinstance(value, float):
        return Fraction(repr(float(value))) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        # a decimal of a few characters can mean a number of a billion digits; a double ends at 308
        return Fraction(value) if value.is_finite() and abs(value.adjusted()) <= LARGEST_EXPONENT else None
    return value if isinstance(value, Fraction) else None

"""A run's parameters, checked against what its project declares before anything starts."""

import keyword
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tre.domain.errors import BadInput

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
LONGEST_TEXT: Final = 1000
"""Longest text value, in characters. Source: ours."""
LARGEST_INTEGER: Final = 2**53
"""Integers beyond plus or minus this lose digits in JSON readers. Source: RFC 8259 section 6."""

Value = bool | int | float | str


class ParameterType(StrEnum):
    """What kind of value a parameter takes."""

    INTEGER = "int"
    NUMBER = "float"
    TEXT = "str"
    BOOLEAN = "bool"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What one parameter may be.

    Attributes:
        type: the kind of value.
        minimum: smallest number allowed, or None.
        maximum: largest number allowed, or None.
        choices: the only values allowed; empty means any.
    """

    type: ParameterType
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] = ()


def checked_parameters(given: Mapping[str, object], schema: Mapping[str, Parameter]) -> dict[str, Value]:
    """Return the values in the schema's order.

    Raises:
        BadInput: a name is unknown, missing or no plain name; a value has another type or is out of range.
    """
    for name in (*schema, *given):
        _check_name(name)
    unknown, missing = sorted(set(given) - set(schema)), sorted(set(schema) - set(given))
    if unknown:
        raise BadInput(
            "parameter_unknown", f"The parameter {unknown[0]} is not declared; declare or remove it."
        )
    if missing:
        raise BadInput("parameter_missing", f"The parameter {missing[0]} is missing; give it a value.")
    return {name: _checked(name, given[name], declared) for name, declared in schema.items()}


def _check_name(name: str) -> None:
    """Refuse any name that could be more than a name: it becomes program text in the notebook."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise BadInput(
            "parameter_name",
            "A parameter's name has other signs than a-z, 0-9 and _, or is a word of Python; rename it.",
        )


def _checked(name: str, value: object, declared: Parameter) -> Value:
    plain = _typed(name, value, declared.type)
    if declared.choices and not any(plain == one and type(plain) is type(one) for one in declared.choices):
        raise BadInput("parameter_choice", f"The parameter {name} is not one of its declared choices.")
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        low, high = declared.minimum, declared.maximum
        if (low is not None and plain < low) or (high is not None and plain > high):
            raise BadInput("parameter_range", f"The parameter {name} is outside its declared range.")
    return plain


def _typed(name: str, value: object, kind: ParameterType) -> Value:
    if kind is ParameterType.BOOLEAN and isinstance(value, bool):
        return value
    if kind is ParameterType.TEXT and isinstance(value, str) and _is_plain_text(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER:
        if kind is ParameterType.INTEGER:
            return value
        if kind is ParameterType.NUMBER:
            return float(value)
    if kind is ParameterType.NUMBER and isinstance(value, float) and math.isfinite(value):
        return value
    raise BadInput("parameter_type", f"The parameter {name} is not a usable {kind.value}; give it one.")


def _is_plain_text(value: str) -> bool:
    return len(value) <= LONGEST_TEXT and value.isprintable()

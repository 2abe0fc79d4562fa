"""What is computed from a row's own columns inside I(), log() and their like."""

import math
from typing import Final

from disclosure.models.formula.reader import Reader
from disclosure.models.formula.tree import Call, Name, Number, Operation, Value, names_in
from disclosure.models.formula.words import Word, refusal

FUNCTIONS: Final = frozenset({"I", "exp", "log", "log1p", "sqrt"})
"""The functions of one value; I() is the value itself."""
MAX_POWER: Final = 9
"""Largest power. Source: ours; a higher one leaves little but the largest value."""


def read_call(reader: Reader) -> Call:
    """Read a function and its value.

    Raises:
        DisclosureError: "formula".
    """
    reader.operate()
    function = reader.take().text
    reader.enter()
    value = _sum(reader)
    reader.leave()
    return Call(function, value)


def read_factor_call(reader: Reader) -> Call:
    """Read a function that stands as a factor: it must look at a column.

    Raises:
        DisclosureError: "formula".
    """
    call = read_call(reader)
    if not any(True for _ in names_in(call)):
        raise refusal(f"holds {call.function}() without a column")
    return call


def read_name(reader: Reader) -> str:
    """Read a column's name: a plain word, or anything in backticks or in Q("").

    Raises:
        DisclosureError: "formula".
    """
    if _is_call(reader, {"Q"}):
        reader.take()
        reader.enter()
        if reader.word.kind != "text" or not reader.word.text:
            raise reader.surprise("a name in quotes")
        name = reader.take().text
        reader.leave()
        return name
    if reader.word.kind != "name":
        raise reader.surprise("a name")
    return reader.take().text


def is_function(reader: Reader) -> bool:
    """Whether a function of one value stands next."""
    return _is_call(reader, FUNCTIONS)


def is_categories(reader: Reader) -> bool:
    """Whether C( stands next."""
    return _is_call(reader, {"C"})


def number_of(word: Word) -> float:
    """Return a number as it was written: whole where it has neither point nor exponent.

    Raises:
        DisclosureError: "formula": no double is as large.
    """
    number = float(word.text)
    if not math.isfinite(number):
        raise refusal("holds a number that is too large")
    return int(word.text) if word.text.isdigit() and abs(number) < 2**53 else number


def _is_call(reader: Reader, functions: frozenset[str] | set[str]) -> bool:
    word, bracket = reader.word, reader.following
    is_word = word.kind == "name" and not word.is_quoted and word.text in functions
    return is_word and bracket.kind == "sign" and bracket.text == "("


def _sum(reader: Reader) -> Value:
    value = _product(reader)
    while (sign := reader.take_one_of("+", "-")) is not None:
        reader.operate()
        value = Operation(sign, value, _product(reader))
    return value


def _product(reader: Reader) -> Value:
    value = _signed(reader)
    while (sign := reader.take_one_of("*", "/")) is not None:
        reader.operate()
        value = Operation(sign, value, _signed(reader))
    return value


def _signed(reader: Reader) -> Value:
    if reader.take_one_of("-") is None:
        return _power(reader)
    value = _power(reader)
    return Number(-value.value) if isinstance(value, Number) else Operation("*", Number(-1), value)


def _power(reader: Reader) -> Value:
    value = _piece(reader)
    if reader.take_one_of("**") is None:
        return value
    power = number_of(reader.take()) if reader.word.kind == "number" else 0.5
    reader.operate()
    if power not in range(1, MAX_POWER + 1) or reader.is_sign("**"):
        raise refusal(f"holds a power that is no whole number from 1 to {MAX_POWER}")
    return Operation("**", value, Number(int(power)))


def _piece(reader: Reader) -> Value:
    """Read a number, a bracket, a function or a column."""
    if reader.word.kind == "number":
        return Number(number_of(reader.take()))
    if reader.is_sign("("):
        reader.enter()
        value = _sum(reader)
        reader.leave()
        return value
    if is_function(reader):
        return read_call(reader)
    name = read_name(reader)
    if reader.is_sign("("):
        raise refusal(f"calls {name[:40]!r}, which is no function here")
    return Name(name)

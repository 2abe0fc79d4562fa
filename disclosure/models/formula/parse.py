"""Read a formula by a small grammar of its own: nothing in it is ever run, and its cost is bounded by its length.

formula = factor "~" sum
sum     = ["-"] part {("+" | "-") part}      a part is a product, or 1 or 0 outside brackets
product = cross {"*" cross}
cross   = power {":" power}
power   = piece ["**" whole number]
piece   = "(" sum ")" | factor
factor  = name | "C(" name ["," "ref" "=" level] ")" | function "(" value ")"
"""

from typing import Final

from disclosure.errors import DisclosureError
from disclosure.models.formula.reader import Reader
from disclosure.models.formula.tree import Categories, Factor, Formula, Name, Term
from disclosure.models.formula.values import (
    is_categories,
    is_function,
    number_of,
    read_factor_call,
    read_name,
)
from disclosure.models.formula.words import refusal, words_of

MAX_TERMS: Final = 200
"""Most terms of a formula once its products are multiplied out. Source: ours."""
MAX_ORDER: Final = 4
"""Most factors of one term. Source: ours; beyond four ways every cell is small."""
Terms = dict[frozenset[Factor], Term]
"""Terms by the set of their factors, each as it was written first, in the order of their first appearance."""

_CONSTANT: Final[Terms] = {frozenset(): ()}


def parse_formula(text: object) -> Formula:
    """Read a formula such as "bill ~ age + C(region, ref='Wales') * log(income) + I(age**2)".

    Raises:
        DisclosureError: "formula", naming what cannot be read.
    """
    if not isinstance(text, str):
        raise refusal("is no text")
    reader = Reader(words_of(text))
    response = _factor(reader)
    reader.expect("~")
    terms = _sum(reader, _CONSTANT, may_be_constant=True)
    if reader.word.kind != "end":
        raise reader.surprise("its end")
    if not terms:
        raise refusal("explains nothing")
    explaining = tuple(term for term in terms.values() if term)
    return Formula(response, explaining, intercept=frozenset() in terms)


def _sum(reader: Reader, terms: Terms, *, may_be_constant: bool) -> Terms:
    """Read parts that are added to some terms, or taken away from them."""
    sign: str | None = reader.take_one_of("+", "-") or "+"
    while sign is not None:
        if may_be_constant and reader.word.kind == "number":
            part, adds = _CONSTANT, _is_one(reader) == (sign == "+")
        else:
            part, adds = _product(reader), sign == "+"
        terms = _merged(terms, part) if adds else {key: terms[key] for key in terms if key not in part}
        sign = reader.take_one_of("+", "-")
    return terms


def _is_one(reader: Reader) -> bool:
    """Read 1 or 0, which say whether there is a constant."""
    number = number_of(reader.take())
    if number not in {0, 1} or reader.is_sign("*", ":", "**"):
        raise refusal("holds a number other than 1 or 0 as a term; compute with numbers inside I()")
    return number == 1


def _product(reader: Reader) -> Terms:
    """Read a * b, which is a + b + a:b."""
    found = _cross(reader)
    while reader.take_one_of("*") is not None:
        other = _cross(reader)
        found = _merged(_merged(found, other), _crossed(found, other))
    return found


def _cross(reader: Reader) -> Terms:
    """Read a:b."""
    found = _power(reader)
    while reader.take_one_of(":") is not None:
        found = _crossed(found, _power(reader))
    return found


def _power(reader: Reader) -> Terms:
    """Read (a + b)**2, which is (a + b) * (a + b)."""
    found = _piece(reader)
    if reader.take_one_of("**") is None:
        return found
    power = number_of(reader.take()) if reader.word.kind == "number" else 0
    if power not in range(1, MAX_ORDER + 1) or reader.is_sign("**"):
        raise refusal(f"holds a power of terms that is no whole number from 1 to {MAX_ORDER}")
    crossed = found
    for _ in range(int(power) - 1):
        crossed = _merged(crossed, _crossed(crossed, found))
    return crossed


def _piece(reader: Reader) -> Terms:
    if reader.is_sign("("):
        reader.enter()
        found = _sum(reader, {}, may_be_constant=False)
        reader.leave()
        return found
    factor = _factor(reader)
    return {frozenset((factor,)): (factor,)}


def _factor(reader: Reader) -> Factor:
    """Read a column, categories, or a function of columns."""
    if is_function(reader):
        return read_factor_call(reader)
    if is_categories(reader):
        reader.take()
        reader.enter()
        name = read_name(reader)
        reference = _reference(reader)
        reader.leave()
        return Categories(name, reference)
    name = read_name(reader)
    if reader.is_sign("("):
        raise refusal(f"calls {name[:40]!r}, which is no function here")
    return Name(name)


def _reference(reader: Reader) -> str | float | None:
    """Read the level that stands after `ref=`, if any."""
    if reader.take_one_of(",") is None:
        return None
    if reader.word.kind != "name" or reader.take().text != "ref":
        raise refusal("gives C() something other than a name and ref=")
    reader.expect("=")
    if reader.word.kind == "text":
        return reader.take().text
    sign = -1 if reader.take_one_of("-") else 1
    if reader.word.kind != "number":
        raise reader.surprise("a level, in quotes or a number,")
    return sign * number_of(reader.take())


def _crossed(one: Terms, other: Terms) -> Terms:
    """Return each term of one set with each term of another, as one term; a factor stands once in a term."""
    if len(one) * len(other) > MAX_TERMS:
        raise _too_many()
    found: Terms = {}
    for left in one.values():
        for right in other.values():
            term = tuple(dict.fromkeys((*left, *right)))
            if len(term) > MAX_ORDER:
                raise refusal(f"multiplies more than {MAX_ORDER} factors")
            found.setdefault(frozenset(term), term)
    return found


def _merged(one: Terms, other: Terms) -> Terms:
    """Return the terms of one set, then those of the other; refuse what would take too long to multiply out."""
    found = one | {key: term for key, term in other.items() if key not in one}
    if len(found) > MAX_TERMS:
        raise _too_many()
    return found


def _too_many() -> DisclosureError:
    return refusal(f"multiplies out to more than {MAX_TERMS} terms")

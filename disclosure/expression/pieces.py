"""Small pieces of a syntax tree: literals, calls, and refusals that name what is not allowed."""

import ast
import math
from typing import Final, NoReturn, cast

from disclosure.errors import DisclosureError
from disclosure.expression.tree import Literal

MAX_INTEGER: Final = 2**63 - 1
"""Largest whole number, as a 64-bit integer of the engine holds it."""

ALLOWED: Final = (
    "column names (odd ones as col('any name') or in backquotes), numbers, texts, booleans, comparisons, `in` lists, and, or, "
    "not, + - * /, is_missing, days_between; in derived columns also `a if b else c`, band, count, sum, min, max, first, "
    "last, lag, exists"
)


def literal_of(node: ast.expr) -> Literal:
    """Read a number, text or boolean.

    Raises:
        DisclosureError: code "expression".
    """
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and is_number(node.operand):
        return Literal(-_sound_number(_constant(node.operand)))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Literal(_sound_text(node.value, node))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        return Literal(_sound_number(node.value))
    raise refusal(node)


def _sound_text(value: str, node: ast.expr) -> str:
    """Refuse what cannot be stored as UTF-8 or in a database."""
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise refusal(node, "a text may hold no NUL and no half characters")
    return value


def _sound_number(value: float) -> float:
    """Refuse numbers that the engine cannot hold; the number is not repeated, for it may be huge."""
    if (isinstance(value, int) and abs(value) > MAX_INTEGER) or value in {math.inf, -math.inf}:
        raise DisclosureError(
            "expression", "The filter holds a number too large to compare with; write a smaller one."
        )
    return value


def is_none(node: ast.expr) -> bool:
    """Whether a piece is None."""
    return isinstance(node, ast.Constant) and node.value is None


def is_number(node: ast.expr) -> bool:
    """Whether a piece is a number as it stands."""
    return isinstance(node, ast.Constant) and type(node.value) in {int, float}


def _constant(node: ast.expr) -> float:
    """Return the number that a node spells."""
    return cast("float", ast.literal_eval(node))  # _is_number was asked before


def called(node: ast.Call) -> str:
    """Return the name that is called, or nothing when it is not a plain name."""
    return node.func.id if isinstance(node.func, ast.Name) else ""


def only_argument(node: ast.Call) -> ast.expr:
    """Return the single positional argument of col() or is_missing().

    Raises:
        DisclosureError: code "expression".
    """
    if len(node.args) != 1 or node.keywords:
        raise refusal(node)
    return node.args[0]


def refusal(node: ast.expr, because: str = "") -> DisclosureError:
    """Return a refusal that names the piece as the author wrote it."""
    piece = ast.unparse(node)[:60]
    reason = f" ({because})" if because else ""
    return DisclosureError(
        "expression", f"The filter holds {piece!r}, which is not allowed{reason}: use {ALLOWED}."
    )


def refuse_size(fault: str) -> NoReturn:
    """Refuse a text for what is wrong with it as a whole."""
    raise DisclosureError("expression", f"The filter {fault}; write it shorter or split the question.")

"""From text to the frozen tree: a whitelist, so what is not named here is refused."""

import ast
import math
from typing import Final, NoReturn, cast

from disclosure.errors import DisclosureError
from disclosure.expression.tree import (
    MIRRORED,
    Arithmetic,
    Column,
    Comparison,
    Condition,
    Junction,
    Literal,
    Membership,
    Missing,
    Term,
    level_kind,
    term_columns,
)

MAX_CHARACTERS: Final = 50_000
"""Longest filter, in characters. Source: ours; a list of a thousand area codes fits five times."""
MAX_NODES: Final = 10_000
"""Most pieces of a filter, in nodes of Python's syntax tree. Source: ours, as above."""
MAX_DEPTH: Final = 40
"""Deepest nesting, in nodes of Python's syntax tree. Source: ours, far below Python's own recursion limit."""
MAX_INTEGER: Final = 2**63 - 1
"""Largest whole number, as a 64-bit integer of the engine holds it."""

ALLOWED: Final = (
    "column names (odd ones as col('any name') or in backquotes), numbers, texts, booleans, "
    "comparisons, `in` lists, and, or, not, + - * / and is_missing(column)"
)
_ARITHMETIC: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS: Final = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def parse_condition(text: str) -> Condition:
    """Read a filter.

    Raises:
        DisclosureError: code "expression": the text is too long, too deep or holds a piece that is not allowed.
    """
    return condition_of(syntax_of(text))


def condition_of(node: ast.expr) -> Condition:
    """Read something true, false or missing."""
    return _condition(node, positive=True)


def term_of(node: ast.expr) -> Term:
    """Read a column, a literal or arithmetic."""
    return _term(node)


def syntax_of(text: str) -> ast.expr:
    """Parse a text of sound size into Python's syntax tree; nothing of it is ever run.

    Raises:
        DisclosureError: code "expression": the text is too long, too deep or no expression.
    """
    if len(text) > MAX_CHARACTERS:
        _refuse_size(f"is longer than {MAX_CHARACTERS} characters")
    try:
        body = ast.parse(_without_backquotes(text).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise DisclosureError(
            "expression", f"The filter cannot be read as an expression; it may hold {ALLOWED}."
        ) from None
    _check_size(body)
    return body


def _without_backquotes(text: str) -> str:
    """Turn each `odd name` outside a quoted text into col("odd name")."""
    pieces: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        sign = text[position]
        if quote and sign == "\\":
            pieces.append(text[position : position + 2])
            position += 2
            continue
        if not quote and sign == "`":
            end = text.find("`", position + 1)
            if end < 0:
                _refuse_size("has a backquote without its partner")
            pieces.append(f"col({text[position + 1 : end]!r})")
            position = end + 1
            continue
        if sign in {"'", '"'}:
            quote = sign if not quote else "" if quote == sign else quote
        pieces.append(sign)
        position += 1
    return "".join(pieces)


def _check_size(body: ast.expr) -> None:
    """Refuse trees that are too large or too deep, without recursion."""
    level: list[ast.AST] = [body]
    nodes = depth = 0
    while level:
        nodes += len(level)
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if nodes > MAX_NODES:
        _refuse_size(f"has more than {MAX_NODES} pieces")
    if depth > MAX_DEPTH:
        _refuse_size(f"is nested deeper than {MAX_DEPTH} levels")


def _condition(node: ast.expr, *, positive: bool) -> Condition:
    """Read something true, false or missing; a negation is carried down to the leaves (Kleene's logic)."""
    if isinstance(node, ast.BoolOp):
        both = isinstance(node.op, ast.And) == positive
        parts = tuple(_condition(value, positive=positive) for value in node.values)
        return Junction("and" if both else "or", parts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _condition(node.operand, positive=not positive)
    if isinstance(node, ast.Compare):
        return _chain(node, positive=positive)
    if isinstance(node, ast.Call) and _called(node) == "is_missing":
        return Missing(_with_column(_term(_only_argument(node)), node), negated=not positive)
    if isinstance(node, ast.Name) or (isinstance(node, ast.Call) and _called(node) == "col"):
        return Comparison(_term(node), "==", Literal(positive))
    raise _refusal(node)


def _chain(node: ast.Compare, *, positive: bool) -> Condition:
    """Read `18 <= age < 65` as two comparisons."""
    operands = [node.left, *node.comparators]
    links = [
        _link(operands[index], operator, operands[index + 1], positive=positive)
        for index, operator in enumerate(node.ops)
    ]
    return links[0] if len(links) == 1 else Junction("and" if positive else "or", tuple(links))


def _link(left: ast.expr, operator: ast.cmpop, right: ast.expr, *, positive: bool) -> Condition:
    """Read one comparison."""
    if isinstance(operator, ast.In | ast.NotIn):
        return _membership(left, right, negated=isinstance(operator, ast.In) != positive)
    if _is_none(right) or _is_none(left):
        return _missing(left, operator, right, positive=positive)
    if type(operator) not in _COMPARISONS:
        raise _refusal(left)
    sign = _COMPARISONS[type(operator)]
    sign = sign if positive else _OPPOSITE[sign]
    return _checked(Comparison(_term(left), sign, _term(right)), left)


def _checked(comparison: Comparison, node: ast.expr) -> Comparison:
    """Refuse comparisons without a column, orders of booleans and arithmetic against text."""
    if not term_columns(comparison.left) | term_columns(comparison.right):
        raise _refusal(node, "each comparison needs a column")
    for literal, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if not isinstance(literal, Literal):
            continue
        kind = level_kind(literal.value)
        if kind != "number" and isinstance(other, Arithmetic):
            raise _refusal(node, "arithmetic can be compared with numbers only")
        if kind == "boolean" and comparison.operator not in {"==", "!="}:
            raise _refusal(node, "booleans have no order")
    if isinstance(comparison.left, Literal):
        return Comparison(comparison.right, MIRRORED[comparison.operator], comparison.left)
    return comparison


def _missing(left: ast.expr, operator: ast.cmpop, right: ast.expr, *, positive: bool) -> Condition:
    """Read a comparison with None as a test for missing."""
    node = left if _is_none(right) else right
    if isinstance(operator, ast.Eq | ast.Is):
        return Missing(_with_column(_term(node), node), negated=not positive)
    if isinstance(operator, ast.NotEq | ast.IsNot):
        return Missing(_with_column(_term(node), node), negated=positive)
    raise _refusal(node, "None has no order")


def _membership(left: ast.expr, right: ast.expr, *, negated: bool) -> Membership:
    """Read an `in` list of one or more levels of one kind."""
    if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
        raise _refusal(right, "write the levels as a list such as ('a', 'b')")
    levels = tuple(_literal(element) for element in right.elts)
    if len({level_kind(level.value) for level in levels}) > 1:
        raise _refusal(right, "a list holds numbers, texts or booleans, not a mixture")
    term = _with_column(_term(left), left)
    if isinstance(term, Arithmetic) and level_kind(levels[0].value) != "number":
        raise _refusal(left, "arithmetic can be compared with numbers only")
    return Membership(term, levels, negated=negated)


def _term(node: ast.expr) -> Term:
    """Read a column, a literal or arithmetic."""
    if isinstance(node, ast.Name):
        return Column(node.id)
    if isinstance(node, ast.Call) and _called(node) == "col":
        name = _literal(_only_argument(node)).value
        if isinstance(name, str):
            return Column(name)
        raise _refusal(node)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        sides = (_number_term(node.left), _number_term(node.right))
        return Arithmetic(_ARITHMETIC[type(node.op)], *sides)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not _is_number(node.operand):
        return Arithmetic("-", Literal(0), _number_term(node.operand))
    return _literal(node)


def _number_term(node: ast.expr) -> Term:
    """Read a side of arithmetic."""
    term = _term(node)
    if isinstance(term, Literal) and level_kind(term.value) != "number":
        raise _refusal(node, "arithmetic is for numbers")
    return term


def _literal(node: ast.expr) -> Literal:
    """Read a number, text or boolean."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and _is_number(node.operand):
        return Literal(-_sound_number(_constant(node.operand)))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Literal(_sound_text(node.value, node))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        return Literal(_sound_number(node.value))
    raise _refusal(node)


def _sound_text(value: str, node: ast.expr) -> str:
    """Refuse what cannot be stored as UTF-8 or in a database."""
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise _refusal(node, "a text may hold no NUL and no half characters")
    return value


def _sound_number(value: float) -> float:
    """Refuse numbers that the engine cannot hold; the number is not repeated, for it may be huge."""
    if (isinstance(value, int) and abs(value) > MAX_INTEGER) or value in {math.inf, -math.inf}:
        raise DisclosureError(
            "expression", "The filter holds a number too large to compare with; write a smaller one."
        )
    return value


def _with_column(term: Term, node: ast.expr) -> Term:
    """Refuse a term that looks at no column."""
    if term_columns(term):
        return term
    raise _refusal(node, "a column is needed here")


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in {int, float}


def _constant(node: ast.expr) -> float:
    """Return the number that a node spells."""
    return cast("float", ast.literal_eval(node))  # _is_number was asked before


def _called(node: ast.Call) -> str:
    """Return the name that is called, or nothing when it is not a plain name."""
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _only_argument(node: ast.Call) -> ast.expr:
    """Return the single positional argument of col() or is_missing()."""
    if len(node.args) != 1 or node.keywords:
        raise _refusal(node)
    return node.args[0]


def _refusal(node: ast.expr, because: str = "") -> DisclosureError:
    """Return a refusal that names the piece as the author wrote it."""
    piece = ast.unparse(node)[:60]
    reason = f" ({because})" if because else ""
    return DisclosureError(
        "expression", f"The filter holds {piece!r}, which is not allowed{reason}: use {ALLOWED}."
    )


def _refuse_size(fault: str) -> NoReturn:
    raise DisclosureError("expression", f"The filter {fault}; write it shorter or split the question.")

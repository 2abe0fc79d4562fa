"""From text to the frozen tree: a whitelist, so what is not named here is refused."""

import ast
from typing import Final

from disclosure.errors import DisclosureError
from disclosure.expression.pieces import (
    called,
    is_none,
    is_number,
    literal_of,
    only_argument,
    refusal,
)
from disclosure.expression.syntax import syntax_of
from disclosure.expression.tree import (
    AGGREGATES,
    MIRRORED,
    ORDERED,
    Aggregate,
    Arithmetic,
    Column,
    Comparison,
    Condition,
    Elapsed,
    Junction,
    Literal,
    Membership,
    Missing,
    Term,
    aggregates_in,
    leaves,
    level_kind,
    term_columns,
    terms,
)

MAX_STEPS: Final = 100
"""Most places before a row at which `lag` may look. Source: ours."""
_ARITHMETIC: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS: Final = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_BETWEEN: Final = {"days_between": "day", "months_between": "month", "years_between": "year"}
_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def parse_condition(text: str) -> Condition:
    """Read a filter.

    Raises:
        DisclosureError: code "expression": the text is too long, too deep or holds a piece that is not allowed.
    """
    found = condition_of(syntax_of(text))
    if any(aggregates_in(term) for leaf in leaves(found) for term in terms(leaf)):
        raise DisclosureError(
            "expression",
            "The filter looks at other rows of the unit; write that as a derived column and compare the column.",
        )
    return found


def condition_of(node: ast.expr) -> Condition:
    """Read something true, false or missing."""
    return _condition(node, positive=True)


def term_of(node: ast.expr) -> Term:
    """Read a column, a literal or arithmetic."""
    return _term(node)


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
    if isinstance(node, ast.Call) and called(node) == "is_missing":
        return Missing(_with_column(_term(only_argument(node)), node), negated=not positive)
    if isinstance(node, ast.Name) or (isinstance(node, ast.Call) and called(node) in {"col", "exists"}):
        return Comparison(_term(node), "==", Literal(positive))
    raise refusal(node)


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
    if is_none(right) or is_none(left):
        return _missing(left, operator, right, positive=positive)
    if type(operator) not in _COMPARISONS:
        raise refusal(left)
    sign = _COMPARISONS[type(operator)]
    sign = sign if positive else _OPPOSITE[sign]
    return _checked(Comparison(_term(left), sign, _term(right)), left)


def _checked(comparison: Comparison, node: ast.expr) -> Comparison:
    """Refuse comparisons without a column, orders of booleans and arithmetic against text."""
    if not any(map(_looks, (comparison.left, comparison.right))):
        raise refusal(node, "each comparison needs a column")
    for literal, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if not isinstance(literal, Literal):
            continue
        kind = level_kind(literal.value)
        if kind != "number" and isinstance(other, Arithmetic | Elapsed):
            raise refusal(node, "arithmetic can be compared with numbers only")
        if kind == "boolean" and comparison.operator not in {"==", "!="}:
            raise refusal(node, "booleans have no order")
    if isinstance(comparison.left, Literal):
        return Comparison(comparison.right, MIRRORED[comparison.operator], comparison.left)
    return comparison


def _missing(left: ast.expr, operator: ast.cmpop, right: ast.expr, *, positive: bool) -> Condition:
    """Read a comparison with None as a test for missing."""
    node = left if is_none(right) else right
    if isinstance(operator, ast.Eq | ast.Is):
        return Missing(_with_column(_term(node), node), negated=not positive)
    if isinstance(operator, ast.NotEq | ast.IsNot):
        return Missing(_with_column(_term(node), node), negated=positive)
    raise refusal(node, "None has no order")


def _membership(left: ast.expr, right: ast.expr, *, negated: bool) -> Membership:
    """Read an `in` list of one or more levels of one kind."""
    if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
        raise refusal(right, "write the levels as a list such as ('a', 'b')")
    levels = tuple(literal_of(element) for element in right.elts)
    if len({level_kind(level.value) for level in levels}) > 1:
        raise refusal(right, "a list holds numbers, texts or booleans, not a mixture")
    term = _with_column(_term(left), left)
    if isinstance(term, Arithmetic | Elapsed) and level_kind(levels[0].value) != "number":
        raise refusal(left, "arithmetic can be compared with numbers only")
    return Membership(term, levels, negated=negated)


def _term(node: ast.expr) -> Term:
    """Read a column, a literal or arithmetic."""
    if isinstance(node, ast.Name):
        return Column(node.id)
    if isinstance(node, ast.Call) and called(node) == "col":
        name = literal_of(only_argument(node)).value
        if isinstance(name, str):
            return Column(name)
        raise refusal(node)
    if isinstance(node, ast.Call) and called(node) in (*_BETWEEN, *AGGREGATES):
        return _elapsed(node) if called(node) in _BETWEEN else _aggregate(node)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        sides = (_number_term(node.left), _number_term(node.right))
        return Arithmetic(_ARITHMETIC[type(node.op)], *sides)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not is_number(node.operand):
        return Arithmetic("-", Literal(0), _number_term(node.operand))
    return literal_of(node)


def _number_term(node: ast.expr) -> Term:
    """Read a side of arithmetic."""
    term = _term(node)
    if isinstance(term, Literal) and level_kind(term.value) != "number":
        raise refusal(node, "arithmetic is for numbers")
    return term


def _with_column(term: Term, node: ast.expr) -> Term:
    """Refuse a term that looks at no column."""
    if _looks(term):
        return term
    raise refusal(node, "a column is needed here")


def _looks(term: Term) -> bool:
    """Whether a term looks at the data."""
    return bool(term_columns(term) or aggregates_in(term))


def _elapsed(node: ast.Call) -> Elapsed:
    """Read days_between(start, end) and its like."""
    if len(node.args) != 2 or node.keywords:
        raise refusal(node, "write two dates, the earlier first")
    start, end = map(_date, node.args)
    found = Elapsed(_BETWEEN[called(node)], start, end)
    _with_column(found, node)
    return found


def _date(node: ast.expr) -> Term:
    """Read a date: a column, an aggregate or a text."""
    term = _term(node)
    if isinstance(term, Column | Aggregate) or (isinstance(term, Literal) and isinstance(term.value, str)):
        return term
    raise refusal(node, "a date is a column or a text such as '2024-01-31'")


def _aggregate(node: ast.Call) -> Aggregate:
    """Read an aggregate over the unit's own rows, such as sum(wage, where=year == 2020)."""
    function, given = called(node), {word.arg: word.value for word in node.keywords}
    words = {"where", *(["order"] if function in ORDERED else []), *(["steps"] if function == "lag" else [])}
    words = set() if function == "exists" else words
    if set(given) - words or len(given) < len(node.keywords):
        raise refusal(node, f"by name it takes {' and '.join(sorted(words)) or 'nothing'}")
    if len(node.args) != 1 and (node.args or function != "count"):
        raise refusal(node, "it takes one condition" if function == "exists" else "it takes one value")
    if function == "exists":
        return _whole(Aggregate("exists", None, condition_of(node.args[0])), node)
    value = _with_column(_term(node.args[0]), node.args[0]) if node.args else None
    where = condition_of(given["where"]) if "where" in given else None
    order = _order(node, given.get("order")) if function in ORDERED else None
    return _whole(Aggregate(function, value, where, order, _steps(node, given.get("steps"))), node)


def _whole(found: Aggregate, node: ast.Call) -> Aggregate:
    """Refuse an aggregate of an aggregate."""
    inner = [] if found.where is None else [term for leaf in leaves(found.where) for term in terms(leaf)]
    inner += [] if found.value is None else [found.value]
    if any(map(aggregates_in, inner)):
        raise refusal(node, "derive the inner one in a column of its own first")
    return found


def _order(node: ast.Call, given: ast.expr | None) -> Column:
    """Read the column that orders a unit's rows."""
    term = None if given is None else _term(given)
    if isinstance(term, Column):
        return term
    raise refusal(node, "say by which column the rows are ordered, such as order=year")


def _steps(node: ast.Call, given: ast.expr | None) -> int:
    """Read how far a lag looks back."""
    if given is None:
        return 1
    steps = literal_of(given).value
    if type(steps) is int and 1 <= steps <= MAX_STEPS:
        return steps
    raise refusal(node, f"steps is a whole number from 1 to {MAX_STEPS}")

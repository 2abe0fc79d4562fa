"""No text reaches SQL: whatever is typed is refused, or answers as an independent evaluation does."""

import ast
import operator

import duckdb
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.errors import DisclosureError
from disclosure.expression import parse
from disclosure.expression.sql import Kind

COLUMNS = ("x", "y", "label", "select")
KINDS = dict.fromkeys(("x", "y"), Kind.NUMBER) | {"label": Kind.TEXT, "select": Kind.TEXT}
SIGNS = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
SUMS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}

number = st.sampled_from(["0", "1", "2", "3.5", "-1", "10"])
text = st.sampled_from(
    ["'a'", "'b'", '"it\'s"', "'; DROP TABLE t; --'", "'é🙂'", "'a\\\\b'", "'line\\nbreak'"]
)
arithmetic = st.recursive(
    st.one_of(st.sampled_from(["x", "y", "col('x')", "`y`"]), number),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
    max_leaves=4,
)
sign = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
leaf = st.one_of(
    st.builds("{} {} {}".format, arithmetic, sign, arithmetic),
    st.builds("{} {} {}".format, st.sampled_from(["label", "`select`"]), sign, text),
    st.builds("{} {} ({}, {})".format, st.just("label"), st.sampled_from(["in", "not in"]), text, text),
    st.builds("{} {} ({}, {})".format, st.just("x"), st.sampled_from(["in", "not in"]), number, number),
    st.builds("is_missing({})".format, st.sampled_from([*COLUMNS[:3], "x / y"])),
    st.builds("{} <= {} < {}".format, number, st.just("y"), number),
)
condition = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=6,
)
scraps = st.sampled_from([*"()[]'\"`,;.=<>!+-*/ \\\n#", "x", "label", "and", "or", "not", "in", "1", "is_missing", "col", "--", "/*", "SELECT", "OR 1=1", "0x", "1e", "None", "is"])  # fmt: skip
noise = st.lists(scraps, max_size=14).map("".join)
cell = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0, 3.5, -1.0]))
label = st.one_of(
    st.none(), st.sampled_from(["a", "b", "it's", "; DROP TABLE t; --", "é🙂", "a\\b", "line\nbreak"])
)
rows = st.lists(st.tuples(cell, cell, label, label), min_size=1, max_size=5)


def answers(sql, found):
    frame = pd.DataFrame(
        {
            "x": pd.array([row[0] for row in found], dtype="Float64"),
            "y": pd.array([row[1] for row in found], dtype="Float64"),
            "label": pd.Series([row[2] for row in found], dtype="object"),
            "select": pd.Series([row[3] for row in found], dtype="object"),
        }
    )
    with duckdb.connect() as connection:
        connection.register("t", frame)
        types = 'SELECT x::DOUBLE AS x, y::DOUBLE AS y, label::VARCHAR AS label, "select"::VARCHAR AS "select" FROM t'
        return [row[0] for row in connection.execute(f"SELECT {sql} FROM ({types})").fetchall()]


def meaning(node, row):  # noqa: PLR0911  one return per kind of node
    """Evaluate Python's own syntax tree on one row, with Kleene's logic: None is missing."""
    if isinstance(node, ast.BoolOp):
        parts = [meaning(value, row) for value in node.values]
        decided = isinstance(node.op, ast.Or)
        return decided if decided in parts else (None if None in parts else not decided)
    if isinstance(node, ast.UnaryOp):
        inner = meaning(node.operand, row)
        return None if inner is None else (not inner if isinstance(node.op, ast.Not) else -inner)
    if isinstance(node, ast.BinOp):
        sides = (meaning(node.left, row), meaning(node.right, row))
        if None in sides or (isinstance(node.op, ast.Div) and sides[1] == 0):
            return None
        return sides[0] / sides[1] if isinstance(node.op, ast.Div) else SUMS[type(node.op)](*sides)
    if isinstance(node, ast.Compare):
        return compared(node, row)
    if isinstance(node, ast.Call):
        argument = node.args[0]
        return row[argument.value] if node.func.id == "col" else meaning(argument, row) is None
    return row[node.id] if isinstance(node, ast.Name) else node.value


def compared(node, row):
    result = True
    left = meaning(node.left, row)
    for sign_node, right_node in zip(node.ops, node.comparators, strict=True):
        if isinstance(sign_node, ast.In | ast.NotIn):
            inside = None if left is None else left in [meaning(item, row) for item in right_node.elts]
            link = inside if inside is None or isinstance(sign_node, ast.In) else not inside
        elif isinstance(right_node, ast.Constant) and right_node.value is None:
            link = (left is None) == isinstance(sign_node, ast.Is | ast.Eq)
        else:
            right = meaning(right_node, row)
            link = None if left is None or right is None else SIGNS[type(sign_node)](left, right)
            left = right
        result = False if False in (result, link) else (None if None in (result, link) else True)
    return result


def expected(filter_text, found):
    tree = ast.parse(filter_text.replace("`y`", "y").replace("`select`", "select").strip(), mode="eval").body
    return [meaning(tree, dict(zip(COLUMNS, row, strict=True))) for row in found]


@settings(max_examples=250, deadline=None)
@given(condition, rows)
def test_a_filter_answers_as_an_independent_evaluation_does(filter_text, found):
    try:
        expression = parse(filter_text)
    except DisclosureError:
        return
    for kinds in (KINDS, None):
        try:
            sql = expression.to_sql(kinds).sql(dialect="duckdb")
        except DisclosureError:
            assert kinds is None
            continue
        assert answers(sql, found) == expected(filter_text, found)


@settings(max_examples=150, deadline=None)
@given(condition, rows)
def test_the_canonical_text_asks_the_same_question(filter_text, found):
    try:
        expression = parse(filter_text)
    except DisclosureError:
        return
    again = parse(expression.canonical())
    assert again.canonical() == expression.canonical()
    assert again.columns() == expression.columns()
    sides = [side.to_sql(KINDS).sql(dialect="duckdb") for side in (expression, again)]
    assert answers(sides[0], found) == answers(sides[1], found)


@settings(max_examples=400, deadline=None)
@given(st.one_of(noise, st.text(max_size=30), st.builds("{}{}".format, condition, noise)))
def test_any_text_is_refused_or_stays_one_condition(typed):
    try:
        sql = parse(typed).to_sql(KINDS).sql(dialect="duckdb")
    except DisclosureError:
        return
    found = answers(sql, [(1.0, None, "a", "b")])
    assert len(found) == 1
    assert found[0] in {True, False, None}


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_any_level_comes_back_from_sql_as_it_was(level):
    expression = parse(f"label == {level!r}")
    sql = expression.to_sql(KINDS).sql(dialect="duckdb")
    assert answers(sql, [(None, None, level, None), (None, None, level + "x", None)]) == [True, False]


PANDAS = st.lists(st.tuples(st.integers(-3, 9), st.integers(-3, 9)), min_size=1, max_size=6)
pandas_leaf = st.builds("{} {} {}".format, st.sampled_from(["x", "y", "x + y", "x * 2 - y"]), sign, number)
pandas_filter = st.recursive(
    pandas_leaf,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(pandas_filter, PANDAS)
def test_a_filter_on_complete_data_answers_as_pandas_does(filter_text, found):
    frame = pd.DataFrame(found, columns=["x", "y"])
    by_pandas = frame.eval(filter_text)
    with duckdb.connect() as connection:
        connection.register("t", frame)
        sql = parse(filter_text).to_sql({"x": Kind.INTEGER, "y": Kind.INTEGER}).sql(dialect="duckdb")
        ours = [row[0] for row in connection.execute(f"SELECT {sql} FROM t").fetchall()]
    assert ours == by_pandas.tolist()

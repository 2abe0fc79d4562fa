"""Rooms stay small enough to be read in one sitting. Source of the limits: docs/decisions and CONTRIBUTING."""

import ast
import statistics
from collections.abc import Iterator, Mapping

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
LONGEST_MEDIAN = 10
LONGEST_FIXTURES = 150
LONGEST_TEMPLATE = 80
MOST_POSITIONAL = 4
NOBODYS_NAMES = {"utils", "util", "common", "misc", "base", "helpers", "helper"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines(function: Function) -> int:
    """Count from `def` to the last line, docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def long_functions(trees: Mapping[str, ast.AST]) -> list[str]:
    return [
        f"{name}:{function.lineno} {function.name} has {lines(function)} lines"
        for name, tree in trees.items()
        for function in functions(tree)
        if lines(function) >= LONGEST_FUNCTION
    ]


def crowded_functions(trees: Mapping[str, ast.AST]) -> list[str]:
    """Return the functions that can be called with more than four arguments by position."""
    found = []
    for name, tree in trees.items():
        for function in functions(tree):
            taken = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
            taken = [argument for argument in taken if argument not in {"self", "cls"}]
            if len(taken) > MOST_POSITIONAL:
                found.append(f"{name}:{function.lineno} {function.name} takes {len(taken)}")
    return found


def nobodys_modules(names: list[str]) -> list[str]:
    """Return the modules and packages named after nothing in particular."""
    return [
        name
        for name in names
        if name.endswith(".py") and NOBODYS_NAMES & {part.removesuffix(".py") for part in name.split("/")}
    ]


def test_every_python_file_is_shorter_than_300_lines(texts):
    long = [
        f"{name} has {len(text.splitlines())} lines"
        for name, text in texts.items()
        if name.endswith(".py") and len(text.splitlines()) >= LONGEST_FILE
    ]
    assert not long, "\n".join(long)


def test_every_function_is_shorter_than_40_lines(trees):
    found = long_functions(trees)
    assert not found, "\n".join(found)


def test_half_of_all_functions_are_shorter_than_10_lines(house):
    lengths = [lines(function) for tree in house.values() for function in functions(tree)]
    assert statistics.median(lengths) < LONGEST_MEDIAN


def test_functions_take_at_most_four_positional_arguments(house):
    found = crowded_functions(house)
    assert not found, "\n".join(found)


def test_fixtures_and_templates_stay_short(texts):
    limits = {"conftest.py": LONGEST_FIXTURES, ".html": LONGEST_TEMPLATE, ".jinja": LONGEST_TEMPLATE}
    long = [
        f"{name} has {len(text.splitlines())} lines"
        for name, text in texts.items()
        for ending, limit in limits.items()
        if name.endswith(ending) and len(text.splitlines()) >= limit
    ]
    assert not long, "\n".join(long)


def test_no_module_is_named_after_nothing_in_particular(files):
    found = nobodys_modules(files)
    assert not found, "\n".join(found)


def test_the_counters_find_what_they_look_for():
    body = "\n".join(f"    a{number} = 1" for number in range(LONGEST_FUNCTION - 1))
    bad = {
        "bad.py": ast.parse(f"def long():\n{body}\ndef crowded(a, b, c, d, e): pass\ndef fine(a, *, b): pass")
    }
    assert len(long_functions(bad)) == 1
    assert crowded_functions(bad) == ["bad.py:41 crowded takes 5"]
    assert nobodys_modules(["tre/utils.py", "tre/common/a.py", "tre/baseline.py"]) == [
        "tre/utils.py",
        "tre/common/a.py",
    ]

"""From text to Python's syntax tree, of a sound size; nothing of it is ever run."""

import ast
from typing import Final

from disclosure.errors import DisclosureError
from disclosure.expression.pieces import ALLOWED, refuse_size

MAX_CHARACTERS: Final = 50_000
"""Longest filter, in characters. Source: ours; a list of a thousand area codes fits five times."""
MAX_NODES: Final = 10_000
"""Most pieces of a filter, in nodes of Python's syntax tree. Source: ours, as above."""
MAX_DEPTH: Final = 40
"""Deepest nesting, in nodes of Python's syntax tree. Source: ours, far below Python's own recursion limit."""


def syntax_of(text: str) -> ast.expr:
    """Parse a text of sound size into Python's syntax tree; nothing of it is ever run.

    Raises:
        DisclosureError: code "expression": the text is too long, too deep or no expression.
    """
    if len(text) > MAX_CHARACTERS:
        refuse_size(f"is longer than {MAX_CHARACTERS} characters")
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
                refuse_size("has a backquote without its partner")
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
        refuse_size(f"has more than {MAX_NODES} pieces")
    if depth > MAX_DEPTH:
        refuse_size(f"is nested deeper than {MAX_DEPTH} levels")

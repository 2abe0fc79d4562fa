"""The expression trees that gather evidence: quoted names and literal nodes only.

Every tree reads `ROWS`, a common table expression with short names of our own: d0, d1 … for dimensions, u for the
unit, q0, q1 … for quantities. So a hostile column name occurs once, quoted, and a hostile label never.
"""

from disclosure.query.cells import cells_tree, contributors_tree, flags_tree, holdings_tree
from disclosure.query.order import order_tree
from disclosure.query.rows import MISSING, Question, levels_tree, question_of, scan_tree
from disclosure.query.squares import square_of, squares_tree

__all__ = [
    "MISSING",
    "Question",
    "cells_tree",
    "contributors_tree",
    "flags_tree",
    "holdings_tree",
    "levels_tree",
    "order_tree",
    "question_of",
    "scan_tree",
    "square_of",
    "squares_tree",
]

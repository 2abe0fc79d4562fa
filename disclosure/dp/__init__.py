"""Noise that is really private: a public dictionary, bounded integer aggregates, OpenDP's samplers, zCDP budgets.

Names are found on first use, so that importing this package loads neither DuckDB, pandas nor OpenDP.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from disclosure.dp.accountant import NANO, delta_for, epsilon_of, pure_cost, rho_for, to_nano
    from disclosure.dp.answer import Answer
    from disclosure.dp.dictionary import Dictionary
    from disclosure.dp.drawing import aggregate, draw, materialise, release
    from disclosure.dp.planning import PRECISIONS, Plan, plan, price

__all__ = [
    "NANO",
    "PRECISIONS",
    "Answer",
    "Dictionary",
    "Plan",
    "aggregate",
    "delta_for",
    "draw",
    "epsilon_of",
    "materialise",
    "plan",
    "price",
    "pure_cost",
    "release",
    "rho_for",
    "to_nano",
]

# No module here may bear the name of a public function: importing it would hide the function.
_HOMES: Final = {
    **dict.fromkeys(("NANO", "delta_for", "epsilon_of", "pure_cost", "rho_for", "to_nano"), "accountant"),
    "Answer": "answer",
    "Dictionary": "dictionary",
    **dict.fromkeys(("aggregate", "draw", "materialise", "release"), "drawing"),
    **dict.fromkeys(("PRECISIONS", "Plan", "plan", "price"), "planning"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

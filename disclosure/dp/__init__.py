"""Noise that is really private: a public dictionary, bounded integer aggregates, OpenDP's samplers, zCDP budgets.

Names are found on first use, so that importing this package loads neither DuckDB, pandas nor OpenDP.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from disclosure.dp.accountant import (
        ATTO,
        NANO,
        composed,
        delta_for,
        epsilon_of,
        pure_cost,
        rho_for,
        to_nano,
    )
    from disclosure.dp.answer import Answer
    from disclosure.dp.dictionary import Dictionary
    from disclosure.dp.discovery import KeyPlan, Keys, plan_keys, release_keys
    from disclosure.dp.drawing import aggregate, draw, materialise, release
    from disclosure.dp.planning import PRECISIONS, Plan, plan, price
    from disclosure.dp.practice import Practice, simulate
    from disclosure.dp.printing import outline
    from disclosure.dp.ranking import top
    from disclosure.dp.sets.drawing import SetAnswer, aggregate_set, draw_set, release_set
    from disclosure.dp.sets.planning import SetPlan, plan_set

__all__ = [
    "ATTO",
    "NANO",
    "PRECISIONS",
    "Answer",
    "Dictionary",
    "KeyPlan",
    "Keys",
    "Plan",
    "Practice",
    "SetAnswer",
    "SetPlan",
    "aggregate",
    "aggregate_set",
    "composed",
    "delta_for",
    "draw",
    "draw_set",
    "epsilon_of",
    "materialise",
    "outline",
    "plan",
    "plan_keys",
    "plan_set",
    "price",
    "pure_cost",
    "release",
    "release_keys",
    "release_set",
    "rho_for",
    "simulate",
    "to_nano",
    "top",
]

# No module here may bear the name of a public function: importing it would hide the function.
_HOMES: Final = {
    **dict.fromkeys(
        ("ATTO", "NANO", "composed", "delta_for", "epsilon_of", "pure_cost", "rho_for", "to_nano"),
        "accountant",
    ),
    "Answer": "answer",
    "Dictionary": "dictionary",
    **dict.fromkeys(("KeyPlan", "Keys", "plan_keys", "release_keys"), "discovery"),
    **dict.fromkeys(("aggregate", "draw", "materialise", "release"), "drawing"),
    **dict.fromkeys(("PRECISIONS", "Plan", "plan", "price"), "planning"),
    **dict.fromkeys(("Practice", "simulate"), "practice"),
    "outline": "printing",
    "top": "ranking",
    **dict.fromkeys(("SetAnswer", "aggregate_set", "draw_set", "release_set"), "sets.drawing"),
    **dict.fromkeys(("SetPlan", "plan_set"), "sets.planning"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

"""The data of each case, made alike for both tools, and what ACRO answers; runs in ACRO's own environment.

`python acro_cases.py` prints one JSON object: case to outcome. It needs pandas, numpy and acro 1.0.2, nothing of ours.
"""

import contextlib
import io
import json
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

COUNTS = {"x": [3, 40, 35], "y": [30, 45, 35]}
"""Rows per cell of the sixty shapes: the cell of three is the secret."""
SECRETS = (3.0, 777.0, 2331.0)
"""What gives the cell of three away: its count, the value that its members have, and their sum."""
LEVELS = {
    "str": ["x", "y"],
    "int": [1, 2],
    "float": [0.5, 1.5],
    "bool": [False, True],
    "category": ["x", "y"],
    "datetime": [pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")],
}
SHAPES = (
    "crosstab count",
    "pivot values",
    "pivot list of values",
    "pivot list of functions",
    "crosstab list of functions",
)
HOSTILE = {"a quote": 'a"b', "a condition": 'x") or (g == "y'}


def shaped(levels: list[object], *, category: bool = False) -> pd.DataFrame:
    """Return 188 people in six cells, one of them of three."""
    rows = [
        (g, h) for g, counts in enumerate(COUNTS.values()) for h, n in enumerate(counts) for _ in range(n)
    ]
    data = pd.DataFrame(rows, columns=["g", "h"])
    secret = (data["g"] == 0) & (data["h"] == 0)
    named = pd.Series([levels[g] for g in data["g"]])
    data["g"] = named.astype("category") if category else named
    data["h"] = data["h"].map({0: "p", 1: "q", 2: "r"})
    data["money"] = np.where(secret, 777.0, 50.0 + np.arange(188) % 17)
    data["person"] = np.arange(188)
    return data


def sparse() -> pd.DataFrame:
    """Return two groups of 330 people; in the first only one has a value."""
    value = np.where(np.arange(660) < 330, np.nan, 20.0 + np.arange(660) % 23)
    value[7] = 46.0
    return _halves(value)


def equal() -> pd.DataFrame:
    """Return two groups of 330 people; in the first all have one value."""
    value = np.where(np.arange(660) < 330, 42.0, 20.0 + np.arange(660) % 23)
    return _halves(value)


def distinct() -> pd.DataFrame:
    """Return two groups of 330 people, each with a value of their own."""
    return _halves(1000.0 + 1.5 * np.arange(660))


def lone_dummy() -> pd.DataFrame:
    """Return 3,000 people, one of whom a dummy names."""
    chance = np.random.default_rng(1)
    x = chance.normal(size=3000)
    data = pd.DataFrame({"x": x, "y": 2 * x + chance.normal(size=3000), "person": np.arange(3000)})
    data["me"] = (data["person"] == 17).astype(float)
    return data


def _halves(value: np.ndarray) -> pd.DataFrame:
    """Return 660 people in two groups of one category."""
    return pd.DataFrame({"g": ["a"] * 330 + ["b"] * 330, "h": "all", "v": value, "person": np.arange(660)})


def gives_away(numbers: object) -> bool:
    """Whether one of the secrets stands among some numbers."""
    found = pd.to_numeric(pd.Series(np.asarray(numbers, dtype=object).ravel()), errors="coerce").dropna()
    return any(abs(value - secret) < 1e-9 for value in found for secret in SECRETS)


def _asked_of_acro(acro: object, data: pd.DataFrame, shape: str, *, margins: bool) -> pd.DataFrame:
    """Ask ACRO for one of the five shapes."""
    if shape == "crosstab count":
        return acro.crosstab(data["g"], data["h"], margins=margins)
    if shape == "crosstab list of functions":
        return acro.crosstab(
            data["g"], data["h"], values=data["money"], aggfunc=["count", "sum"], margins=margins
        )
    values = {"pivot values": "money", "pivot list of values": ["money"]}.get(shape, "money")
    functions = ["sum", "mean"] if shape == "pivot list of functions" else "mean"
    return acro.pivot_table(
        data, values=values, index=["g"], columns=["h"], aggfunc=functions, margins=margins
    )


Tool = Callable[..., object]
"""Makes a session of ACRO: `tool(suppress=True)`."""


def _shape(tool: Tool, dtype: str, shape: str, *, margins: bool) -> str:
    """Have one of the sixty shapes suppressed."""
    data = shaped(LEVELS[dtype], category=dtype == "category")
    return _secret_in(_asked_of_acro(tool(suppress=True), data, shape, margins=margins))


def _hostile(tool: Tool, label: str) -> str:
    """Have a table with a hostile label suppressed."""
    data = shaped([label, "y"])
    return _secret_in(tool(suppress=True).crosstab(data["g"], data["h"]))


def _secret_in(shown: pd.DataFrame) -> str:
    return "shows the cell of three" if gives_away(shown.to_numpy()) else "withholds it"


def _statuses(session: object, asks: list[Callable[[object], object]]) -> str:
    """Ask one session several things and return what it says of each."""
    for ask in asks:
        ask(session)
    return " then ".join(session.results.get_index(place).status for place in range(len(asks)))


def _tabled(tool: Tool, data: pd.DataFrame, function: str) -> str:
    """Ask for one function of a column, per group."""
    ask = {"values": data["v"], "aggfunc": function}
    return _statuses(tool(suppress=False), [lambda session: session.crosstab(data["g"], data["h"], **ask)])


def _totals(tool: Tool) -> str:
    """Have a table suppressed, then ask for its totals."""
    data = shaped(["x", "y"])
    return _statuses(
        tool(suppress=True),
        [
            lambda session: session.crosstab(data["g"], data["h"]),
            lambda session: session.pivot_table(data, values="money", index=["g"], aggfunc="count"),
        ],
    )


def _two_sums(tool: Tool) -> str:
    """Ask for two sums, the second without one person."""
    data = shaped(["x", "y"])[["h", "money"]]
    asks = [
        lambda session, rows=rows: session.pivot_table(rows, values="money", index=["h"], aggfunc="sum")
        for rows in (data, data.iloc[1:])
    ]
    return _statuses(tool(suppress=False), asks)


def _model(tool: Tool) -> str:
    """Ask for a model in which a dummy names one person."""
    return _statuses(tool(suppress=False), [lambda session: session.olsr("y ~ x + me", lone_dummy())])


def acro_answers() -> dict[str, str]:
    """Run every case through ACRO."""
    import acro  # noqa: PLC0415  only here: the other tool has no need of it

    def tool(*, suppress: bool) -> object:
        return acro.ACRO(suppress=suppress)

    answers: dict[str, Callable[[], str]] = {
        f"E1 {dtype}, {name}, margins {margins}": partial(_shape, tool, dtype, name, margins=margins)
        for dtype in LEVELS
        for name in SHAPES
        for margins in (False, True)
    }
    answers |= {f"E2 {name}": partial(_hostile, tool, label) for name, label in HOSTILE.items()}
    answers["E3 a protected table, then its totals"] = partial(_totals, tool)
    answers["E4 two sums that differ by one person"] = partial(_two_sums, tool)
    for name in ("median", "max", "count"):
        answers[f"E5 {name} of one value among 330"] = partial(_tabled, tool, sparse(), name)
    for name in ("min", "max"):
        answers[f"E6 {name} per cell"] = partial(_tabled, tool, distinct(), name)
    answers["E7 mean of 330 equal values"] = partial(_tabled, tool, equal(), "mean")
    answers["E9 model with a dummy for one person"] = partial(_model, tool)
    return {name: _tried(ask) for name, ask in answers.items()}


def _tried(ask: Callable[[], str]) -> str:
    """Return an outcome, or how the tool stopped; what it prints is not asked for."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return ask()
    except Exception as error:  # noqa: BLE001  whatever another tool raises is its outcome
        return f"stops with {type(error).__name__}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(acro_answers()))

"""Statements and prices as their templates take them."""

from collections.abc import Mapping, Sequence

from disclosure.dp import Dictionary
from tre.services import statement_page
from tre.services.outputs.pricing import CELL_SIZES
from tre.web.rendering import number

Shown = dict[str, object]
Rows = list[list[dict[str, str]]]


def statement(record: Mapping[str, object]) -> Shown:
    """Heads and rows of a statement's two tables."""
    return {
        "account_heads": _heads(statement_page.ACCOUNT_HEADS),
        "account_rows": _rows(statement_page.account_rows(record)),
        "line_heads": _heads(statement_page.LINE_HEADS),
        "line_rows": _rows(statement_page.line_rows(record)),
    }


def choices(dictionary: Dictionary) -> Shown:
    """What the price form offers: published dimensions, and what may be measured with noise."""
    dimensions = [{"value": name, "text": name} for name in sorted(dictionary.keys)]
    measured = [
        {"value": f"{function} {column}", "text": f"{function} of {column}"}
        for column in sorted(dictionary.bounds)
        for function in ("sum", "mean")
    ]
    return {
        "dimensions": dimensions,
        "more_dimensions": [{"value": "", "text": "none"}, *dimensions],
        "measures": [{"value": "", "text": "number of people"}, *measured],
    }


def prices(quotes: Sequence[Mapping[str, object]]) -> Shown:
    """One row per precision: cost, interval, relative error by size of cell, and what is left on each account."""
    accounts = list(_map(quotes[0]["remaining_after"])) if quotes else []
    costs = [
        [
            str(quote["precision"]),
            _whole(quote["nano_rho"]),
            number(float(str(quote["epsilon"]))),
            *(_whole(amount) for amount in _map(quote["remaining_after"]).values()),
            "yes" if quote["affordable"] else "no",
        ]
        for quote in quotes
    ]
    errors = [
        [
            f"{quote['precision']}: {name}",
            f"plus or minus {number(float(str(half_width)))}",
            *(_share(_map(_map(quote["relative_error_95"]).get(name)), size) for size in CELL_SIZES),
        ]
        for quote in quotes
        for name, half_width in _map(quote["half_width_95"]).items()
    ]
    left = [f"Left of {account}" for account in accounts]
    return {
        "cost_heads": _heads(["Precision", "Nano-rho", "Epsilon", *left, "Enough left"]),
        "cost_rows": _rows(costs),
        "error_heads": _heads(
            ["Precision and column", "95% interval", *(f"{size:,} people" for size in CELL_SIZES)]
        ),
        "error_rows": _rows(errors),
    }


def _share(errors: Mapping[object, object], size: int) -> str:
    return f"{float(str(errors[size])):.1%}" if size in errors else "not told"


def _map(value: object) -> Mapping[object, object]:
    return value if isinstance(value, Mapping) else {}


def _whole(value: object) -> str:
    return f"{int(str(value)):,}"


def _heads(texts: Sequence[str]) -> list[dict[str, str]]:
    return [{"text": text} for text in texts]


def _rows(rows: Sequence[Sequence[str]]) -> Rows:
    return [[{"text": text} for text in row] for row in rows]

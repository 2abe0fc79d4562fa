"""A platform that is a plain function behind the real channel: it answers by the shapes of the wire."""

from __future__ import annotations

import json

from disclosure import dp
from tre import wire
from tre.domain.errors import Refused

HOSTILE = "<script>alert('1')</script>"
TABLES = {
    "project": "fuel",
    "tables": [
        {
            "name": "linked",
            "file": "linked.parquet",
            "unit": "study_id",
            "columns": [{"name": "region", "type": "VARCHAR", "description": HOSTILE}],
        }
    ],
}
CHECK = {
    "verdict": "FAIL",
    "findings": [{"rule": "threshold", "sentence": f"Fewer than 10: {HOSTILE}.", "cells": [[HOSTILE]]}],
    "columns": ["region", "n", "units", "unsafe", "rules"],
    "rows": [[HOSTILE, 3, 3, True, "threshold"], ["Wales", 30, 30, False, ""], [None, 33, 33, False, ""]],
}
DRAWN = {"svg": '<svg xmlns="http://www.w3.org/2000/svg"></svg>', "alternative": "Bar chart."}
DICTIONARY = json.loads(
    dp.Dictionary(
        unit="study_id", rows_per_unit=1, keys={"region": ["London", "Wales"]}, bounds={}, population=20_000
    ).to_json()
)
BUDGET = {
    "accounts": [{"kind": "project", "name": "fuel", "cap": 100, "spent": 10, "reserved": 5, "remaining": 85}]
}
PRICE = {
    "precision": "standard",
    "rho": 5_000_000,
    "epsilon": 0.6,
    "delta": 1e-6,
    "half_widths": {"n": 19.6},
    "remaining": {"project": 95_000_000},
}


class Platform:
    """Answers by the shapes of the wire, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, wire.Shape]] = []
        self.state = "SUBMITTED"

    def __call__(self, verb: str, payload: dict[str, object]) -> dict[str, object]:
        takes, gives = wire.SHAPES[wire.Verb(verb)]
        request = wire.read(takes, payload)
        self.asked.append((verb, request))
        return wire.written(wire.read(gives, self._answer(verb, request)))

    def _answer(self, verb: str, request: wire.Shape) -> dict[str, object]:
        match request:
            case wire.RegisterRequest():
                return {"name": request.name}
            case wire.Named():
                return {"name": request.name, "dictionary": DICTIONARY}
            case wire.SubmitRequest() if request.mode == "exact" and request.reason is None:
                raise Refused("reason_missing", "An exact release needs a reason.")
            case wire.SubmitRequest():
                return {"id": "7", "title": request.title, "state": self.state}
            case wire.RequestReference():
                self.state = "WITHDRAWN" if verb == "withdraw" else self.state
                return {"id": request.id, "title": "T", "state": self.state}
        drawn = {"drawn": DRAWN} if isinstance(request, wire.CheckRequest) and request.chart else {}
        return {"tables": TABLES, "budget": BUDGET, "check": CHECK | drawn, "price": PRICE}[verb]

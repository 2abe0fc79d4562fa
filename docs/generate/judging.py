"""The pages for whoever judges outputs: thresholds, ledger, audit events."""  # noqa: INP001  # run as a script

import ast
from dataclasses import fields
from pathlib import Path
from typing import Final

from disclosure import DisclosureError, Policy
from disclosure.dp import PRECISIONS
from docs.generate.writing import attributes, code, codes, diagram, page, table
from tre.domain.audit import Event, Record
from tre.domain.ledger import (
    CHARGE_STEPS,
    DEFAULT_CAPS,
    DEFAULT_EXACT_CELLS,
    DEFAULT_EXACT_RELEASES,
    NANO,
    Balance,
    ChargeState,
    ExactReason,
)

PRESETS: Final = ("standard", "strict")
TEXTS: Final = frozenset({"name", "source"})
PLATFORM: Final = Path(__file__).resolve().parents[2] / "tre"


def policy() -> dict[str, str]:
    """Return the page of thresholds."""
    meanings, presets = attributes(Policy), [Policy.preset(name) for name in PRESETS]
    rows = [
        (code(field.name), *(_value(getattr(each, field.name)) for each in presets), _stricter(field.name),
         meanings[field.name])
        for field in fields(Policy)
        if field.name not in TEXTS
    ]  # fmt: skip
    return {
        "policy.md": page(
            "Disclosure policy: every threshold",
            "A project starts from a preset, named in its manifest, and may make thresholds stricter, never looser. "
            "Where several policies meet, the strictest counts, threshold by threshold.",
            table(("Threshold", *map(code, PRESETS), "Stricter is", "What it is, its unit and source"), rows),
            f"Rule book of the presets: {presets[0].source}.",
        )
    }


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _stricter(name: str) -> str:
    """Find out from the policy itself which way a threshold may be moved."""
    loosest = Policy()
    value = getattr(loosest, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "fewer"
    try:
        loosest.tightened(**{name: value + 1 if isinstance(value, int) else (value + 1) / 2})
    except DisclosureError:
        return "smaller"
    return "larger"


def ledger() -> dict[str, str]:
    """Return the page of the ledger."""
    held = {name: text for name, text in attributes(Balance).items() if name != "account"}
    return {
        "ledger.md": page(
            "The ledger",
            f"Every release is charged before it leaves: a noisy one in nano-rho (1 rho = {NANO:,} nano-rho of "
            "zero-concentrated differential privacy), an exact one in releases and cells on the exact account. All "
            "are integers. Postings are added, never changed or deleted; `tre audit verify` adds them up again.",
            "## Accounts",
            "A release is charged to every account concerned, or to none. A question that has been paid for once is answered "
            "from store and costs nothing again.",
            table(("Account", "Cap where nothing else is set, nano-rho"), _caps()),
            f"Where nothing else is set, an account allows {DEFAULT_EXACT_RELEASES:,} exact releases and "
            f"{DEFAULT_EXACT_CELLS:,} exact cells.",
            table(("An account holds", "Meaning"), ((code(name), text) for name, text in held.items())),
            "## Precision",
            "What a noisy table costs, at the precisions that have a name, where each person has one row.",
            table(("Precision", "Nano-rho", "Standard deviation of the noise on a count"), _precisions()),
            "## States of a charge",
            diagram(
                [f"[*] --> {ChargeState.RESERVED}", *(f"{one} --> {other}" for one, other in CHARGE_STEPS)]
            ),
            "What was spent stays spent: nothing goes back from CHARGED. VOID gives a reservation back.",
            "## Why a release is exact",
            f"A closed list, so that exact releases can be counted by reason: {codes(ExactReason)}.",
        )
    }


def _caps() -> list[tuple[str, str]]:
    return [(code(kind), f"{cap:,} (rho {cap / NANO:g})") for kind, cap in DEFAULT_CAPS.items()]


def _precisions() -> list[tuple[str, str, str]]:
    # One row per person moves one count by 1, so rho = 1 / (2 sigma squared): Bun and Steinke, 2016, proposition 6.
    return [
        (code(name), f"{cost:,}", f"{(NANO / (2 * cost)) ** 0.5:.0f}") for name, cost in PRECISIONS.items()
    ]


def events() -> dict[str, str]:
    """Return the page of audit events."""
    places = _recorded_in()
    line = ((code(name), text) for name, text in attributes(Record).items())
    return {
        "events.md": page(
            "Audit events",
            "What is done is recorded in the same transaction, what is refused in one of its own; nothing is changed or "
            "deleted. The meaning of an event never changes: a new meaning is a new event. `tre audit verify` checks the "
            "log.",
            "## One line",
            table(("Part", "Meaning"), line),
            "## Kinds of event",
            "Where the second column is empty the kind is kept for what is not built yet.",
            table(
                ("Event", "Recorded by"),
                ((code(event), codes(places.get(event.name, ()))) for event in Event),
            ),
        )
    }


def _recorded_in() -> dict[str, list[str]]:
    """Return the modules that record each event."""
    found: dict[str, list[str]] = {}
    for path in sorted(PLATFORM.rglob("*.py")):
        module = ".".join(path.relative_to(PLATFORM.parent).with_suffix("").parts).removesuffix(".__init__")
        for name in _handed_on(ast.parse(path.read_text())):
            found.setdefault(name, []).append(module)
    return found


def _handed_on(tree: ast.Module) -> set[str]:
    """Return the events that a module names, but for those that it only compares with."""
    compared = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.Compare) for part in node.comparators
    }
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id == "Event" and id(node) not in compared
    }

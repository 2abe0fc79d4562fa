"""The pages of what people declare: the manifest of a project, the contract of a source."""  # noqa: INP001  # run as a script

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from docs.generate.recording import Key, keys_read
from docs.generate.writing import attributes, code, codes, page, sentence, summary, table, uncapitalised
from tre.domain.contracts import Contract, Derived, Payload, Rule, parse_contract
from tre.domain.contracts.model import READS
from tre.domain.manifest import parse_manifest
from tre.domain.manifest.model import (
    Budget,
    Linkage,
    LinkedColumn,
    Manifest,
    Parameter,
    ProjectDataset,
    RunLimits,
)
from tre.domain.manifest.parse import LONGEST_ID
from tre.domain.projects import GATEWAYS
from tre.domain.published import Bounds

WORKED: Final = Path(__file__).resolve().parents[2] / "projects" / "fuel-poverty"
EXAMPLES: Final = Path(__file__).parent
BOUNDS: Final = {
    **attributes(Bounds),
    "source": "Where levels or range are published; never the data themselves.",
}

MANIFEST: Final[dict[str, Mapping[str, str]]] = {
    "": {
        **attributes(Manifest),
        "start": attributes(Manifest)["starts"],
        "end": attributes(Manifest)["ends"],
        "title": "What people call it.",
        "id": f"{attributes(Manifest)['id']} At most {LONGEST_ID} characters.",
        "datasets": "The datasets that it may use, and no others.",
        "linkage": sentence(summary(Linkage)),
        "people": "People and their roles. One must be the lead.",
        "approvals": "References of what was approved.",
        "disclosure": "The disclosure policy of the project.",
        "run": sentence(summary(RunLimits)),
    },
    "approvals": {**attributes(Manifest), "gateway": "Code of the legal gateway, one of those below."},
    "people[]": {
        "person": "The person's identifier on the platform.",
        "role": "What they are to the project.",
    },
    "datasets[]": {
        **attributes(ProjectDataset),
        "name": "Name of the dataset, as in its contract.",
        "gateway": "Code of the legal gateway for this dataset in this project, where it is not the project's.",
    },
    "linkage": {**attributes(Linkage), "columns": "Its columns besides study_id."},
    "linkage.columns": {"NAME": "One column of the linked table, under its name there."},
    "linkage.columns.NAME": {
        **attributes(LinkedColumn),
        **{name: f"After reduction: {uncapitalised(text)}" for name, text in BOUNDS.items()},
        "absent": "The value for a person about whom no source says anything; else it stays missing.",
        "from": "Columns as `dataset.column`, or with `exists` datasets. "
        + attributes(LinkedColumn)["sources"],
        "upper": f"After reduction: {uncapitalised(BOUNDS['upper'])} A sum must declare it, with its source.",
    },
    "planned_outputs[]": {
        "title": "What checkers compare a request's title with.",
        "kind": "What it will be.",
        "description": "What it will show, and of whom.",
    },
    "disclosure": {
        "preset": attributes(Manifest)["preset"],
        "stricter": attributes(Manifest)["tightened"],
    },
    "disclosure.stricter": {"THRESHOLD": "A threshold of [the policy](policy.md) and its stricter value."},
    "budget": attributes(Budget),
    "run": {**attributes(RunLimits), "parameters": "Parameters of the project's notebooks."},
    "run.parameters": {"NAME": "One parameter, a plain Python name."},
    "run.parameters.NAME": {
        **attributes(Parameter),
        "least": "Of a number: the smallest allowed.",
        "most": "Of a number: the largest allowed.",
        "choices": "Of a text: those allowed.",
    },
}
CONTRACT: Final[dict[str, Mapping[str, str]]] = {
    "": {
        **attributes(Contract),
        "title": "What people call it.",
        "columns": "Every column of the source. A column that is not declared is refused.",
    },
    "columns": {"NAME": "One column, under its name at the source."},
    "columns.NAME": {
        **BOUNDS,
        "class": "Where it may go: to the linkage half, to the payload half, or nowhere.",
        "kind": "Of an identifier: what it says about a person.",
        "type": attributes(Payload)["type"],
        "because": "Of a refused column: why it stays with the owner.",
        "levels": "Of a text: its closed list of values, in the order in which tables show them.",
        "treatment": "Of a date: it travels as its month.",
        "first": "Of a date: the first month that may occur.",
        "last": "Of a date: the last month that may occur.",
        "top_code": "Of a number: largest value kept; larger ones become it.",
        "band": "Of a number: rising lower edges of the upper bands, in the column's own unit.",
        "round": "Of a number: values become multiples of this, in the column's own unit.",
        "lower": f"Of a number: {uncapitalised(BOUNDS['lower'])}",
        "upper": f"Of a number: {uncapitalised(BOUNDS['upper'])}",
        "scale": f"Of a number: {uncapitalised(BOUNDS['scale'])}",
    },
    "derived": {"NAME": "One payload column made from an identifier, under its new name."},
    "derived.NAME": {
        "rule": attributes(Derived)["rule"],
        "band": attributes(Derived)["edges"],
        "source": "Where its levels are published; never the data themselves.",
    },
}


def manifest() -> dict[str, str]:
    """Return the page of the manifest."""
    texts = [(WORKED / "project.toml").read_text() + (EXAMPLES / "more_manifest.toml").read_text()]
    names = {"linkage.columns": "NAME", "run.parameters": "NAME", "disclosure.stricter": "THRESHOLD"}
    gateways = (
        (code(each.code), each.law, "yes" if each.is_research else "no") for each in GATEWAYS.values()
    )
    return {
        "manifest.md": page(
            "The manifest: `project.toml`",
            "What a project declares about itself, as it was approved. An unknown key is a fault; all faults are told "
            "at once. [A worked one](../../projects/fuel-poverty/project.toml). `tre project plan` shows what a change "
            "would do.",
            *_tables(keys_read(parse_manifest, texts, names), MANIFEST),
            "## Gateways",
            "The closed list of legal gateways. Only those for research or statistics open a workspace.",
            table(("Code", "Law", "Opens a workspace"), gateways),
        )
    }


def contract() -> dict[str, str]:
    """Return the page of the data contract."""
    texts = [path.read_text() for path in sorted((WORKED / "contracts").glob("*.toml"))]
    texts.append((EXAMPLES / "more_contract.toml").read_text())
    names = {"columns": "NAME", "derived": "NAME"}
    rules = ((code(rule), code(READS[rule])) for rule in Rule)
    return {
        "contract.md": page(
            "The data contract of a source",
            "Written by the data owner; applied where the source is split, and checked again at ingest. An unknown key "
            "is a fault; all faults are told at once. [Worked ones](../../projects/fuel-poverty/contracts).",
            *_tables(keys_read(parse_contract, texts, names), CONTRACT),
            "## Rules of derived columns",
            table(("Rule", "Reads an identifier of kind"), rules),
        )
    }


def _tables(keys: list[Key], meanings: dict[str, Mapping[str, str]]) -> list[str]:
    heads = ("Key", "Value", "Default", "Meaning")
    parts = []
    for place, found in groupby(keys, key=lambda key: key.table):
        rows = [(code(key.name), _value(key), _default(key), meanings[place][key.name]) for key in found]
        parts.append(f"## {_heading(place)}\n\n{table(heads, rows)}")
    return parts


def _heading(place: str) -> str:
    if not place:
        return "At the top"
    return code(f"[[{place.removesuffix('[]')}]]" if place.endswith("[]") else f"[{place}]")


def _value(key: Key) -> str:
    return codes(key.choices) if key.choices else key.value


def _default(key: Key) -> str:
    if key.name.isupper():
        return "any number"
    if key.required:
        return "required" if key.always else "required where it applies"
    return code(key.default) if key.default else "may be absent"

"""The pages for whoever runs the platform: settings, and the database roles."""  # noqa: INP001  # run as a script

from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from docs.generate.writing import attributes, code, codes, page, sentence, summary, table
from tre.db import tables
from tre.db.address import LOGIN_ROLES, Role
from tre.db.roles import GRANTS, Grant, Privilege
from tre.db.tables import APPEND_ONLY, Table
from tre.domain.errors import BadInput
from tre.settings import PREFIX, Mode, Settings, read_settings

WORDS: Final = {str: "text", int: "integer", Path: "path", SecretStr: "text, secret"}
LETTERS: Final = {
    Privilege.SELECT: "read",
    Privilege.INSERT: "add",
    Privilege.UPDATE: "change",
    Privilege.DELETE: "delete",
}
SEPARATED: Final = {
    "identifiers": ("linkage.delivery",),
    "payload": ("extract.delivery",),
    "keys": ("pseudonyms.project_key", "pseudonyms.population_key"),
}
"""What no role may read two of. Source: Research Code of Practice, separation of functions; keys are ours."""


def settings() -> dict[str, str]:
    """Return the page of settings."""
    meanings = attributes(Settings)
    rows = [
        (
            code(PREFIX + name.upper()),
            _values(field.annotation),
            _default(field.default),
            meanings[name].replace("None", "unset"),
        )
        for name, field in Settings.model_fields.items()
    ]
    return {
        "settings.md": page(
            "Settings",
            "The operator decides by environment variables, read once at start. An empty variable counts as unset. An "
            f"unknown variable that begins with {code(PREFIX)} stops the start, so that no mistyped one goes unseen.",
            table(("Variable", "Value", "Default", "Meaning"), rows),
            "## Refused where real data may be",
            f"With `TRE_MODE={Mode.PRODUCTION}` and nothing else right, the platform says, and does not start:",
            f"> {_production_refusal()}",
        )
    }


def _values(annotation: Any) -> str:  # Any: whatever a field is annotated with
    kinds = [each for each in getattr(annotation, "__args__", ()) or (annotation,) if each is not type(None)]
    if issubclass(kinds[0], StrEnum):
        return " or ".join(map(code, kinds[0]))
    return WORDS[kinds[0]]


def _default(value: object) -> str:
    return "unset" if value is None else code(value)


def _production_refusal() -> str:
    """Ask the settings themselves what they refuse."""
    try:
        read_settings({"TRE_MODE": str(Mode.PRODUCTION), "TRE_FAILPOINT": "any"})
    except BadInput as refused:
        return refused.sentence
    raise LookupError("Production settings refuse nothing any more; mend this page.")


def roles() -> dict[str, str]:
    """Return the page of database roles."""
    granted = dict.fromkeys(grant.table for grant in GRANTS if not grant.table.startswith("jobs."))
    rows = [
        (code(name), *(_granted(role, name) for role in LOGIN_ROLES), _held_in(name))
        for name in sorted(granted)
    ]
    return {
        "roles.md": page(
            "Database roles",
            "Each role is a database account and a process with a folder of its own. A test reads PostgreSQL's "
            f"catalogue and fails when it says anything else than this page. {code(Role.OWNER)} owns every table and "
            "cannot log in; only a migration acts as it.",
            "## What is kept apart",
            "Who can read each of the three, on any column. No role stands in two lines.",
            table(("Kept apart", "Tables", "Read by"), map(_apart, SEPARATED)),
            "## Grants",
            "A column in brackets means that only these columns are granted. The tables of the job queue are for "
            f"{code(Role.APPLICATION)} alone.",
            table(("Table", *map(code, LOGIN_ROLES), "What it holds"), rows),
            "## Append-only",
            f"No role may change or delete a row of these, and a trigger refuses it as well: {codes(APPEND_ONLY)}.",
        )
    }


def _apart(what: str) -> tuple[str, str, str]:
    """Return one line of what is kept apart.

    Raises:
        LookupError: somebody may read two of the three, so that the page would not be true.
    """
    readers = _readers(what)
    if any(readers & _readers(other) for other in SEPARATED if other != what):
        raise LookupError(f"A role that can read {what} can read more; mend the grants, not this page.")
    return what, codes(SEPARATED[what]), codes(sorted(readers))


def _readers(what: str) -> set[Role]:
    return {
        grant.role
        for grant in GRANTS
        if grant.table in SEPARATED[what] and Privilege.SELECT in grant.privileges
    }


def _granted(role: Role, name: str) -> str:
    return "; ".join(_words(grant) for grant in GRANTS if grant.role is role and grant.table == name)


def _words(grant: Grant) -> str:
    columns = f" ({', '.join(grant.columns)})" if grant.columns else ""
    return ", ".join(LETTERS[each] for each in Privilege if each in grant.privileges) + columns


def _held_in(name: str) -> str:
    models = (getattr(tables, each) for each in tables.__all__)
    known = {
        str(model.__table__): sentence(summary(model))
        for model in models
        if isinstance(model, type) and issubclass(model, Table) and model is not Table
    }
    return known[name]

"""The page of commands, from the command line's own help."""  # noqa: INP001  # run as a script

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import typer

from docs.generate.writing import code, codes, page, table
from tre.cli import app

WORDS: Final = {str: "text", int: "integer", float: "number", Path: "path", bool: ""}
EXITS: Final = (
    ("0", "Done; also when a verdict is FAIL, for it was computed."),
    ("1", "Refused, failed, or a check could not run. One sentence on stderr says what to do next."),
    ("2", "Called wrongly."),
)
Command = Any  # Typer's own command class stands in a private module

INTRODUCTION: Final = (
    "`tre NOUN VERB`. Data go to stdout, words to stderr; `--json` prints data for programs. A verb that acts for a "
    "person takes that person from the token in `TRE_TOKEN`, which `tre login` prints. `--as` names a person on a "
    "demonstration platform only."
)


def commands() -> dict[str, str]:
    """Return the page of commands."""
    root = typer.main.get_command(app)
    found = list(walk(root, "tre"))
    index = ((f"[{code(name)}](#{name.replace(' ', '-')})", _help(each)) for name, each in found)
    return {
        "cli.md": page(
            "Commands",
            INTRODUCTION,
            table(("Exit code", "Meaning"), EXITS),
            table(("Command", "What it does"), index),
            *(_section(name, each) for name, each in found),
        )
    }


def walk(command: Command, name: str) -> Iterator[tuple[str, Command]]:
    """Walk from a group to each verb below it, with its full name."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for verb, each in below.items():
        yield from walk(each, f"{name} {verb}")


def _section(name: str, command: Command) -> str:
    arguments = [each for each in command.params if not _is_option(each)]
    options = [each for each in command.params if _is_option(each)]
    line = " ".join([name, *(_shown(each) for each in arguments), *(["[OPTIONS]"] if options else [])])
    rows = [(_name(each), _values(each), _default(each), each.help or "") for each in command.params]
    heads = ("Argument or option", "Value", "Default", "Meaning")
    return "\n\n".join([f"## {name}", _help(command), f"    {line}", table(heads, rows) if rows else ""])


def _help(command: Command) -> str:
    return " ".join(str(command.help).split())


def _is_option(parameter: Command) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _shown(argument: Command) -> str:
    name = argument.metavar or argument.name.upper()
    several = "..." if argument.nargs == -1 and not name.endswith("...") else ""
    return f"{name}{several}" if argument.required else f"[{name}{several}]"


def _name(parameter: Command) -> str:
    return codes(parameter.opts) if _is_option(parameter) else code(_shown(parameter))


def _values(parameter: Command) -> str:
    if parameter.metavar and _is_option(parameter):
        return code(parameter.metavar)
    return _words(parameter.type_descriptor.annotation)


def _words(annotation: Any) -> str:  # Any: whatever a parameter is annotated with
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return codes(annotation)
    if annotation in WORDS:
        return WORDS[annotation]
    return f"{_words(annotation.__args__[0])}; several"


def _default(parameter: Command) -> str:
    if parameter.required:
        return "required"
    if parameter.default is None or parameter.default is False:
        return ""
    return code(parameter.default)

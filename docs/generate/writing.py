"""Small pieces of Markdown, and reading of docstrings in the house's form."""  # noqa: INP001  # run as a script

import re
from collections.abc import Iterable, Sequence
from typing import Final

FOOT: Final = "Written by `python -m docs.generate` from the code; `--check` fails when the two differ."
_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.*)$")


def page(title: str, *parts: str) -> str:
    """Return a whole page: its title, its parts, and who wrote it."""
    return "\n\n".join([f"# {title}", *(part.strip() for part in parts if part.strip()), FOOT]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar inside a cell does not end it."""
    lines = [list(heads), ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def bullets(items: Iterable[str]) -> str:
    """Return a list, one line each."""
    return "\n".join(f"- {item}" for item in items)


def code(text: object) -> str:
    """Return a text as code."""
    return f"`{text}`"


def codes(texts: Iterable[object]) -> str:
    """Return several texts as code, with commas."""
    return ", ".join(map(code, texts))


def diagram(lines: Iterable[str]) -> str:
    """Return a Mermaid state diagram."""
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"])


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring.

    Raises:
        LookupError: it has none.
    """
    text = (thing.__doc__ or "").strip()
    if not text:
        raise LookupError(f"{thing!r} has no docstring; write one.")
    return " ".join(text.split("\n\n")[0].split())


def attributes(thing: type) -> dict[str, str]:
    """Return what the section `Attributes` of a class's docstring says of each, as a sentence."""
    found: dict[str, str] = {}
    name = ""
    _, _, section = (thing.__doc__ or "").partition("Attributes:\n")
    for line in section.splitlines():
        begins = _ATTRIBUTE.match(line.replace("\t", "    ")[4:])
        if begins:
            name = begins[1]
            found[name] = begins[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return {each: sentence(text) for each, text in found.items()}


def sentence(text: str) -> str:
    """Return a text with a capital at its start and a full stop at its end."""
    full = text if text.endswith((".", "?")) else f"{text}."
    return full[0].upper() + full[1:] if not full.startswith("`") else full


def uncapitalised(text: str) -> str:
    """Return a sentence as it reads after a colon."""
    return text[0].lower() + text[1:]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())

"""Write each role's README from its argument specification and its defaults.

Use: `python ansible/describe.py` writes them, `python ansible/describe.py --check` only says which are out of date.
"""  # noqa: INP001  # a script beside the playbook, never imported

import sys
from pathlib import Path
from typing import Final

import yaml

ROLES: Final = Path(__file__).parent / "roles"
LONGEST_SHOWN: Final = 60
"""Longest default shown in the table, in characters; a longer one stands in defaults/main.yml."""


def shown(value: object) -> str:
    """Return a default as the table shows it: YAML on one line, or where to find it."""
    text = (
        value or '""'
        if isinstance(value, str)
        else yaml.safe_dump(value, default_flow_style=True, width=10_000)
    )
    text = text.removesuffix("...\n").strip()
    if len(text) > LONGEST_SHOWN:
        return "see `defaults/main.yml`"
    return "`" + text.replace("|", "\\|") + "`"


def row(name: str, option: dict[str, object], defaults: dict[str, object]) -> str:
    """Return one line of the table of variables."""
    kind = f"{option['type']} of {option['elements']}" if "elements" in option else str(option["type"])
    choices = option.get("choices", [])
    either = (
        f" One of {', '.join(f'`{choice}`' for choice in choices)}."
        if isinstance(choices, list) and choices
        else ""
    )
    default = shown(defaults[name]) if name in defaults else "**required**"
    return f"| `{name}` | {kind} | {default} | {option['description']}{either} |"


def readme(role: Path) -> str:
    """Return the README of one role.

    Raises:
        KeyError: the role's specification lacks a part that the page shows.
    """
    specification = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    rows = [row(name, option, defaults) for name, option in specification["options"].items()]
    return "\n\n".join(
        [
            f"# {role.name}: {specification['short_description'][0].lower()}{specification['short_description'][1:]}",
            *specification["description"],
            "## Variables",
            "\n".join(["| Variable | Type | Default | Meaning |", "|---|---|---|---|", *rows]),
            "Written by `ansible/describe.py` from `meta/argument_specs.yml` and `defaults/main.yml`.\n",
        ]
    )


def main(arguments: list[str]) -> int:
    """Write or check every README; return 1 where a check finds one out of date."""
    stale = 0
    for role in sorted(ROLES.iterdir()):
        page, text = role / "README.md", readme(role)
        if page.exists() and page.read_text() == text:
            continue
        stale += 1
        if "--check" in arguments:
            print(f"{page} is out of date: run python ansible/describe.py", file=sys.stderr)  # noqa: T201
        else:
            page.write_text(text)
    return int("--check" in arguments and stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

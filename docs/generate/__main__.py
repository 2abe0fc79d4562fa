"""Write the reference pages from the code, so that they cannot say anything else than the code does.

Use: `python -m docs.generate` writes them, `python -m docs.generate --check` only says which are out of date.
"""  # noqa: INP001  # a script, never imported

import sys
from pathlib import Path
from typing import Final

from docs.generate.commands import commands
from docs.generate.declarations import contract, manifest
from docs.generate.judging import events, ledger, policy
from docs.generate.operating import roles, settings
from docs.generate.request_states import states
from docs.generate.rules import rules

FOLDER: Final = Path(__file__).resolve().parents[1] / "reference"
WRITERS: Final = (states, policy, rules, ledger, roles, events, manifest, contract, commands, settings)


def main(arguments: list[str]) -> int:
    """Write or check every page; return 1 where a check finds one out of date, or one too many."""
    pages: dict[str, str] = {}
    for write in WRITERS:
        pages |= write()
    stale = [name for name, text in pages.items() if _text_of(FOLDER / name) != text]
    surplus = sorted(path.name for path in FOLDER.glob("*.md") if path.name not in pages)
    if "--check" in arguments:
        for name in [*stale, *surplus]:
            print(f"docs/reference/{name} is out of date: run python -m docs.generate", file=sys.stderr)  # noqa: T201
        return int(bool(stale or surplus))
    for name in stale:
        (FOLDER / name).write_text(pages[name], encoding="utf-8")
    for name in surplus:
        (FOLDER / name).unlink()
    return 0


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

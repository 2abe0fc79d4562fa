"""What mutmut found: one record per change that it tried."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

KILLED = frozenset({1, 3})
"""Exit codes of a run of which a test failed, or that could not even begin."""
TIMED_OUT = frozenset({36, 24, -24, 152, 255})
"""Exit codes of a run that went on for longer than ever without the change."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes:
        file: the file that was changed.
        name: what mutmut calls it.
        exit_code: how the run of the tests ended; None where it never began.
        before: the line as it was; known only where no test noticed.
        after: the line as it was changed.
    """

    file: str
    name: str
    exit_code: int | None
    before: str = ""
    after: str = ""

    @property
    def is_noticed(self) -> bool:
        """Whether the tests failed, or never came to an end."""
        return self.exit_code in KILLED | TIMED_OUT


def results_of(mutmut: Path, tree: Path) -> list[Mutant]:
    """Return all changes, file by file; those that nobody noticed with the lines that were changed."""
    found = []
    for path in sorted((tree / "mutants").rglob("*.py.meta")):
        file = str(path.relative_to(tree / "mutants"))[: -len(".meta")]
        codes: dict[str, int | None] = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        for name, code in codes.items():
            mutant = Mutant(file, name.replace("__init__.", ""), code)
            found.append(mutant if mutant.is_noticed else _shown(mutmut, tree, mutant))
    return found


def _shown(mutmut: Path, tree: Path, mutant: Mutant) -> Mutant:
    """Look up which lines were changed."""
    words = [str(mutmut), "show", mutant.name]
    shown = subprocess.run(words, cwd=tree, check=True, capture_output=True, text=True).stdout.splitlines()
    first = next(place for place, line in enumerate(shown) if line.startswith("+++"))
    changed = {
        sign: " ".join(line[1:].strip() for line in shown[first + 1 :] if line.startswith(sign))
        for sign in "-+"
    }
    return Mutant(mutant.file, mutant.name, mutant.exit_code, changed["-"], changed["+"])

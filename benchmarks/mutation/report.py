"""The report on which changes of the rules the tests notice."""

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.mutation.results import KILLED, TIMED_OUT, Mutant

HEAD = """# Mutation testing of the rules

A rule that is tested only where it is right may be wrong elsewhere. So each rule is changed in every small way that a mistake
could change it (`<` to `<=`, `and` to `or`, a number by one, a text, an argument left out), one change at a time, and the
tests are run against each. A change that they do not notice is a gap in the tests, or changes nothing that anyone can see.

Counted on {day} on the rules of commit `{commit}` with {tool} and the tests in {tests}; `make mutate` counts again.

| file | changes | tests fail | tests never end | unnoticed | of these equivalent | noticed | noticed of those that matter |
|---|---|---|---|---|---|---|---|
"""
NOTES = """
A change after which the tests never end counts as noticed. The last column leaves out equivalent changes. Tables at the top of
a module, properties and the defaults of a class are not changed by the tool; `tests/disclosure/rules` and
`tests/disclosure/test_policy.py` pin those by themselves: which rules are run, which of them count units, what each threshold is.
"""
REASONS = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text(encoding="utf-8")).get(
    "change", []
)
"""Changes that change nothing: file, before, after (a start of each is enough) and why."""


def report_of(mutants: Sequence[Mutant], *, commit: str, day: date, tests: Sequence[str], tool: str) -> str:
    """Return the report as Markdown.

    Args:
        mutants: all changes that were tried.
        commit: what was changed.
        day: when.
        tests: what had to notice.
        tool: what made the changes.

    Raises:
        SystemExit: some change was never tried.
    """
    untried = [mutant.name for mutant in mutants if mutant.exit_code is None]
    if untried or not mutants:
        raise SystemExit(f"{len(untried)} changes were not tried; run it again.")
    named = " and ".join(f"`{test}`" for test in tests)
    head = HEAD.format(day=day.isoformat(), commit=commit, tool=tool.replace("==", " "), tests=named)
    files = dict.fromkeys(mutant.file for mutant in mutants)
    rows = [_row(f"`{file}`", [mutant for mutant in mutants if mutant.file == file]) for file in files]
    rows.append(_row("all", mutants))
    return head + "\n".join(rows) + "\n" + NOTES + _unnoticed(mutants)


def reason_of(mutant: Mutant) -> str | None:
    """Return why a change changes nothing, or None where that is not so."""
    for entry in REASONS:
        same = mutant.before.startswith(entry["before"]) and mutant.after.startswith(entry["after"])
        if same and mutant.file == entry["file"]:
            return str(entry["reason"])
    return None


def _row(name: str, mutants: Sequence[Mutant]) -> str:
    killed = sum(mutant.exit_code in KILLED for mutant in mutants)
    endless = sum(mutant.exit_code in TIMED_OUT for mutant in mutants)
    unnoticed = [mutant for mutant in mutants if not mutant.is_noticed]
    equivalent = sum(reason_of(mutant) is not None for mutant in unnoticed)
    noticed, size = killed + endless, len(mutants)
    shares = f"{noticed / size:.1%} | {noticed / (size - equivalent):.1%}"
    return f"| {name} | {size} | {killed} | {endless} | {len(unnoticed)} | {equivalent} | {shares} |"


def _unnoticed(mutants: Sequence[Mutant]) -> str:
    """List what was not noticed, with the reason where there is one."""
    found = [(mutant, reason_of(mutant)) for mutant in mutants if not mutant.is_noticed]
    parts = (
        ("Equivalent changes", [(mutant, reason) for mutant, reason in found if reason is not None]),
        (
            "Changes that the tests should notice",
            [(mutant, "") for mutant, reason in found if reason is None],
        ),
    )
    text = ""
    for title, entries in parts:
        text += f"\n## {title}\n\n" if entries else ""
        lines = dict.fromkeys(_line(mutant, reason or "") for mutant, reason in entries)
        text += "".join(f"{line}\n" for line in lines)
    return text


def _line(mutant: Mutant, reason: str) -> str:
    said = f"- `{mutant.file}`: `{mutant.before}` to `{mutant.after}`"
    return f"{said}: {reason}" if reason else f"{said} (`{mutant.name}`)"

"""ACRO 1.0.2 and this library on the same cases, side by side; writes docs/acro.md.

`python benchmarks/beside_acro.py` asks both and writes the page; ACRO runs in an environment of its own that is made when
it is missing. With no way to make it, nothing is written and the reason is printed.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.evidence import acro_python
from benchmarks.peers import acro_cases as cases
from disclosure import Policy, Report, Statistic, assess, protect

PAGE = Path(__file__).resolve().parents[1] / "docs" / "acro.md"
STANDARD = Policy.preset("standard")
MEASURES: Mapping[str, dict[str, tuple[str, str]] | None] = {
    "crosstab count": None,
    "pivot values": {"m": ("mean", "money")},
    "pivot list of values": {"m": ("mean", "money")},
    "pivot list of functions": {"s": ("sum", "money"), "m": ("mean", "money")},
    "crosstab list of functions": {"c": ("count", "money"), "s": ("sum", "money")},
}
HEAD = """# Beside ACRO

Both tools on the same data and questions, by `python benchmarks/beside_acro.py`: ACRO 1.0.2, the tool of the field, in an
environment of its own, and `disclosure` with its standard policy. Case numbers are those of the conformance suite in
`tests/disclosure/conformance`; here they run on invented data.

"""


def asked(data: pd.DataFrame, by: list[str], **words: object) -> Report:
    """Assess a table of people."""
    return assess(Statistic.table("d", by=by, unit="person", **words), data, STANDARD)


def withheld(data: pd.DataFrame, shape: str = "crosstab count", *, margins: bool = False) -> str:
    """Protect one of the shapes and look for the cell of three in what would leave."""
    table = protect(asked(data, ["g", "h"], measures=MEASURES[shape], margins=margins)).table
    shown = table.drop(columns=["g", "h"]).to_numpy()
    return "shows the cell of three" if cases.gives_away(shown) else "withholds it"


def verdict(report: Report) -> str:
    """Return a verdict with the rules behind it."""
    rules = dict.fromkeys(finding.rule for finding in report.findings)
    return f"{report.verdict.name} ({', '.join(rules)})" if rules else report.verdict.name


def totals() -> str:
    """Protect a table, then ask for the totals that give it away."""
    data = cases.shaped(["x", "y"])
    safe = protect(asked(data, ["g", "h"], margins=False))
    stat = Statistic.table("d", by=["g"], unit="person", margins=False)
    after = assess(stat, data, STANDARD, released=[safe.released("first")])
    return f"{verdict(safe.report)} then {verdict(after)}"


def two_sums() -> str:
    """Ask for two sums, the second without one person."""
    data = cases.shaped(["x", "y"])
    stat = Statistic.table("d", by=["h"], measures={"s": ("sum", "money")}, unit="person", margins=False)
    before = assess(stat, data, STANDARD)
    after = assess(stat, data.iloc[1:], STANDARD, released=[before.released("first")])
    return f"{verdict(before)} then {verdict(after)}"


def our_answers() -> dict[str, str]:
    """Run every case through this library."""
    answers = {
        f"E1 {dtype}, {shape}, margins {margins}": withheld(
            cases.shaped(levels, category=dtype == "category"), shape, margins=margins
        )
        for dtype, levels in cases.LEVELS.items()
        for shape in cases.SHAPES
        for margins in (False, True)
    }
    answers |= {f"E2 {name}": withheld(cases.shaped([label, "y"])) for name, label in cases.HOSTILE.items()}
    answers["E3 a protected table, then its totals"] = totals()
    answers["E4 two sums that differ by one person"] = two_sums()
    for function in ("median", "max", "count"):
        report = asked(cases.sparse(), ["g"], measures={"v": (function, "v")}, margins=False)
        answers[f"E5 {function} of one value among 330"] = verdict(report)
    for function in ("min", "max"):
        report = asked(cases.distinct(), ["g"], measures={"v": (function, "v")}, margins=False)
        answers[f"E6 {function} per cell"] = verdict(report)
    answers["E7 mean of 330 equal values"] = verdict(
        asked(cases.equal(), ["g"], measures={"v": ("mean", "v")}, margins=False)
    )
    model = Statistic.model("d", formula="y ~ x + me", unit="person")
    answers["E9 model with a dummy for one person"] = verdict(assess(model, cases.lone_dummy(), STANDARD))
    return answers


def page(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Write the page: the sixty shapes counted and listed, then the other cases."""
    shapes = [name for name in ours if name.startswith("E1 ")]
    counted = [Counter(each[name] for name in shapes)["shows the cell of three"] for each in (theirs, ours)]
    sixty = "E1, sixty shapes of one table with a cell of three, to be suppressed"
    lines = ["| Case | ACRO 1.0.2 | disclosure |\n|---|---|---|\n"]
    lines.append(f"| {sixty} | shows it in {counted[0]} | shows it in {counted[1]} |\n")
    lines += [f"| {name} | {theirs[name]} | {ours[name]} |\n" for name in ours if name not in shapes]
    lines.append("\n## The sixty shapes\n\n| Shape | ACRO 1.0.2 | disclosure |\n|---|---|---|\n")
    lines += [f"| {name.removeprefix('E1 ')} | {theirs[name]} | {ours[name]} |\n" for name in shapes]
    return HEAD + "".join(lines)


def main() -> None:
    """Ask both and write the page."""
    try:
        command = [str(acro_python()), str(Path(cases.__file__))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"ACRO: skipped, for its environment could not be made or run ({type(error).__name__})")
        return
    theirs, ours = json.loads(done.stdout), our_answers()
    PAGE.write_text(page(theirs, ours), encoding="utf-8")
    print(f"wrote {PAGE.name}: {len(ours)} cases")


if __name__ == "__main__":
    main()

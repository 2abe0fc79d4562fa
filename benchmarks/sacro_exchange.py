"""Folders exchanged with ACRO 1.0.2 itself: what it writes is read here, and what is written here it loads.

ACRO runs in an environment of its own that is made when it is missing; with no way to make it, the reason is printed.
`python benchmarks/sacro_exchange.py` prints one line per direction and fails where the two do not understand each other.
"""

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.evidence import acro_python
from benchmarks.peers import acro_cases as cases
from disclosure import Verdict, crosstab, protect, sacro

SCRIPT = Path(__file__).resolve().parent / "peers" / "acro_folder.py"
FLAGGED = {"MinimumThresholdCheck": ((0, 0),)}
"""The cell of three in ACRO's first table."""


def acro(python: Path, verb: str, folder: Path, work: Path) -> str:
    """Run ACRO in a working folder."""
    command = [str(python), str(SCRIPT), verb, str(folder)]
    return subprocess.run(command, cwd=work, check=True, capture_output=True, text=True).stdout


def theirs_read_here(python: Path, work: Path) -> str:
    """Read what ACRO finalised."""
    acro(python, "write", work / "theirs", work)
    claims = sacro.read(work / "theirs")
    named = {claim.uid: claim for claim in claims.outputs}
    first = named["output_0"]
    assert claims.tool == "ACRO"
    assert first.status is Verdict.FAIL
    assert {check: cells for check, cells in first.files[0].flagged.items() if cells} == FLAGGED
    assert (first.comments, first.exception) == (("looked at",), "please")
    assert named["output_2"].kind == "regression"
    assert all(file.is_as_summed for claim in claims.outputs for file in claim.files)
    return f"ACRO's folder, read here: {len(named)} outputs of version {claims.version}, as claims"


def ours_loaded_there(python: Path, work: Path) -> str:
    """Let ACRO load what is written here."""
    report = crosstab(cases.shaped(["x", "y"]), "g", "h", unit="person").report
    outputs = [sacro.Output(report, comments=("ours",)), sacro.Output(protect(report), uid="protected")]
    sacro.write(outputs, work / "ours", at=datetime(2026, 1, 1, tzinfo=UTC))
    seen = json.loads(acro(python, "load", work / "ours", work))
    assert seen["output_0"]["status"] == "fail"
    assert seen["output_0"]["columns"] == ["g", "h", "n"]
    assert seen["output_0"]["rows"] == len(report.cells)
    assert seen["output_0"]["not ok"] == int(report.cells["unsafe"].sum())
    assert seen["output_0"]["comments"] == ["ours"]
    assert seen["protected"]["status"] == "review"
    return (
        f"our folder, loaded by ACRO: {len(seen)} outputs, {seen['output_0']['not ok']} unsafe cells marked"
    )


def main() -> None:
    """Exchange in both directions."""
    try:
        python = acro_python()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"ACRO: skipped, for its environment could not be made ({type(error).__name__})")
        return
    with tempfile.TemporaryDirectory() as work:
        print(theirs_read_here(python, Path(work)))
        print(ours_loaded_there(python, Path(work)))


if __name__ == "__main__":
    main()

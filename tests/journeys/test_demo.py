"""`tre demo`: seven raw source files in, verified releases out, and everything that must be refused is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import ROOT, House, environment

pytestmark = [pytest.mark.timeout(900), pytest.mark.sandbox]
SOURCES = {
    *("civil_births", "civil_deaths", "dwp_benefits", "energy_accounts"),
    *("government_debts", "school_census", "tax_records"),
}


@pytest.fixture(scope="module")
def summary(demo: House) -> Any:  # JSON
    return json.loads((demo.home / "demo" / "summary.json").read_text())


@pytest.fixture
def bundle(summary: Any, tmp_path: Path) -> Path:
    """A copy of the first bundle, for the test to spoil."""
    return Path(shutil.copytree(summary["bundle"], tmp_path / "bundle"))


def stand_alone(path: Path, key: Path) -> subprocess.CompletedProcess[str]:
    """Verify with the one script that others get, in an interpreter that knows nothing of this house."""
    return subprocess.run(
        [sys.executable, "-P", str(ROOT / "verifier" / "verify.py"), str(path), "--key", str(key)],
        capture_output=True,
        cwd=path.parent,
        env=environment(path.parent),
        text=True,
        check=False,
    )


def test_summary_tells_stages_refusals_request_bundle_and_receipt(summary: Any) -> None:
    assert {"stages", "refusals", "request", "bundle", "receipt"} <= summary.keys()
    assert len(summary["stages"]) >= 8
    for stage in summary["stages"]:
        assert {"name", "seconds", "counts"} <= stage.keys()
        assert stage["seconds"] >= 0
        assert stage["counts"], stage["name"]
    assert set(summary["stages"][0]["counts"]) == SOURCES
    assert all(rows > 0 for rows in summary["stages"][0]["counts"].values())
    assert Path(summary["receipt"]) == Path(summary["bundle"]) / "receipt.json"


def test_summary_tells_what_was_refused_and_why(summary: Any) -> None:
    said = {refusal["code"]: refusal["sentence"] for refusal in summary["refusals"]}
    assert {"over_budget", "own_request"} <= said.keys()
    failed = [sentence for sentence in said.values() if "fails its disclosure check" in sentence]
    assert len(failed) == 1
    assert "threshold" in failed[0]
    assert all(sentence.endswith((".", ")")) for sentence in said.values())


def test_terminal_shows_each_stage_each_refusal_and_where_the_bundle_lies(demo: House, summary: Any) -> None:
    words = " ".join((demo.home / "demo" / "said").read_text().split())
    for stage in summary["stages"]:
        assert stage["name"].split(",")[0][:30] in words
    for refusal in summary["refusals"]:
        assert refusal["sentence"] in words
    assert summary["bundle"] in words


def test_one_noisy_and_one_exact_release_each_with_its_charge(summary: Any) -> None:
    modes = {}
    for bundle in summary["releases"].values():
        record = json.loads(Path(bundle, "disclosure.json").read_text())
        receipt = json.loads(Path(bundle, "receipt.json").read_text())
        mode = {item["mode"] for item in record["items"]}
        assert len(mode) == 1
        modes[mode.pop()] = {charge["unit"] for charge in receipt["body"]["charges"]}
        for item in record["items"]:
            assert Path(bundle, item["file"]).stat().st_size > 0
    assert modes == {"noisy": {"nano_rho"}, "exact": {"releases", "cells"}}


def test_every_receipt_verifies_with_tre_and_with_the_stand_alone_script(demo: House, summary: Any) -> None:
    key = demo.home / "keys" / "receipts.vkey"
    for bundle in summary["releases"].values():
        demo.must("receipt", "verify", bundle)
        demo.must("receipt", "verify", f"{bundle}/receipt.json", "--key", key)
        done = stand_alone(Path(bundle), key)
        assert done.returncode == 0, done.stderr


def test_changing_any_byte_of_a_bundle_makes_both_verifiers_fail(demo: House, bundle: Path) -> None:
    key = demo.home / "keys" / "receipts.vkey"
    assert stand_alone(bundle, key).returncode == 0
    for file in sorted(bundle.iterdir()):
        whole = file.read_bytes()
        file.chmod(0o600)
        for place in sorted({0, len(whole) // 3, len(whole) // 2, len(whole) - 1}):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert demo.tre("receipt", "verify", bundle).code == 1, (file.name, place)
        file.write_bytes(whole[:-1])
        assert stand_alone(bundle, key).returncode != 0, file.name
        file.write_bytes(whole)
    demo.must("receipt", "verify", bundle)


def test_every_single_byte_of_the_receipt_matters(demo: House, bundle: Path) -> None:
    from tre.services.records import receipt_faults

    key, receipt = demo.home / "keys" / "receipts.vkey", bundle / "receipt.json"
    whole = receipt.read_bytes()
    receipt.chmod(0o600)
    assert receipt_faults(bundle, key) == []
    for place in range(len(whole)):
        receipt.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert receipt_faults(bundle, key), f"byte {place} may be changed unseen"


@pytest.mark.parametrize("spoil", ["extra", "missing", "renamed", "link"])
def test_a_bundle_holds_exactly_the_files_of_its_receipt(demo: House, bundle: Path, spoil: str) -> None:
    table = next(bundle.glob("*.csv"))
    match spoil:
        case "extra":
            (bundle / "notes.txt").write_text("hello")
        case "missing":
            table.unlink()
        case "renamed":
            table.rename(bundle / "other.csv")
        case _:
            (bundle.parent / "elsewhere.csv").write_bytes(table.read_bytes())
            table.unlink()
            table.symlink_to(bundle.parent / "elsewhere.csv")
    said = demo.tre("receipt", "verify", bundle)
    assert said.code == 1
    assert said.out == ""
    assert said.err.strip().endswith(".")
    assert stand_alone(bundle, demo.home / "keys" / "receipts.vkey").returncode != 0


def test_a_key_from_the_bundle_proves_nothing(demo: House, bundle: Path) -> None:
    shutil.copy(demo.home / "keys" / "receipts.vkey", bundle / "key")
    said = demo.tre("receipt", "verify", bundle, "--key", bundle / "key")
    assert said.code == 1
    assert "proves nothing" in said.err


def test_log_ledger_objects_and_bundles_of_the_demo_are_whole(demo: House) -> None:
    demo.must("audit", "verify")
    assert demo.data("fsck") == []


def test_released_tables_show_no_more_people_than_there_are_and_no_study_id(summary: Any) -> None:
    for bundle in summary["releases"].values():
        for table in Path(bundle).glob("*.csv"):
            text = table.read_text()
            assert "study_id" not in text.splitlines()[0]
            assert len(text.splitlines()) < 500


def test_demo_cut_off_by_a_kill_and_told_again_goes_on_and_pays_once_for_the_same_noise(
    demo: House, summary: Any
) -> None:
    demo.stop()
    again = demo.copy()
    demo.start()
    again.start()
    try:
        before = {name: (row["spent"], row["reserved"]) for name, row in again.budget().items()}
        cut = again.program("demo", TRE_FAILPOINT="sealed")
        assert cut.returncode == 1
        assert "tre worker --until-idle" in cut.stderr
        done = again.program("demo")
        assert done.returncode == 0, done.stderr
        told = json.loads((again.home / "demo" / "summary.json").read_text())
        assert {refusal["code"] for refusal in told["refusals"]} >= {"over_budget", "own_request"}
        assert {name: (row["spent"], row["reserved"]) for name, row in again.budget().items()} == before
        released = again.rows("SELECT count(*), count(DISTINCT request_id) FROM core.release")[0]
        assert released == (6, 6)
        again.must("audit", "verify")
        assert again.data("fsck") == []
        assert noisy_table(told) == noisy_table(summary, again.home)
    finally:
        again.remove()


def noisy_table(told: Any, home: Path | None = None) -> bytes:
    """The bytes of the noisy table that a demo released."""
    for bundle in told["releases"].values():
        folder = Path(bundle) if home is None else home / "releases" / Path(bundle).name
        record = json.loads((folder / "disclosure.json").read_text())
        if record["items"][0]["mode"] == "noisy":
            return (folder / record["items"][0]["file"]).read_bytes()
    raise AssertionError("no noisy release")

"""What is written for SACRO Viewer reads back as claims that hold, and edited claims are found out."""

import hashlib
import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Statistic, Verdict, assess, crosstab, ols, protect, sacro
from tests.disclosure.frame.people import people, with_few

STANDARD = Policy.preset("standard")
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
FEW = with_few(7)
FAILED = crosstab(FEW, "region", "tenure", unit="person")
SAFE = protect(FAILED.report)


def written(folder, *outputs):
    path = sacro.write(outputs, folder, at=AT)
    return json.loads(path.read_text())


def test_a_folder_has_what_the_viewer_asks_for(tmp_path):
    record = written(tmp_path / "out", sacro.Output(FAILED.report, chart=FAILED.chart(draft=True)))
    assert record["version"] >= "0.4"
    (result,) = record["results"].values()
    assert set(result) == {*sacro.incoming._RESULT, "fair"}
    assert (result["status"], result["type"], result["timestamp"]) == ("fail", "table", AT.isoformat())
    names = [file["name"] for file in result["files"]]
    assert names == ["output_0_0.csv", "output_0_1.svg", "output_0_2.png"]
    for name in (*names, "results.json", "config.json"):
        content = (tmp_path / "out" / name).read_bytes()
        assert (tmp_path / "out" / "checksums" / f"{name}.txt").read_text() == hashlib.sha256(
            content
        ).hexdigest()
    assert json.loads((tmp_path / "out" / "config.json").read_text())["safe_threshold"] == 10


def test_a_flag_points_at_the_cell_of_the_file_that_is_unsafe(tmp_path):
    record = written(tmp_path / "out", sacro.Output(FAILED.report))
    (file,) = record["results"]["output_0"]["files"]
    table = pd.read_csv(tmp_path / "out" / file["name"])
    flagged = {(row, column) for cells in file["sdc"]["cells"].values() for row, column in cells}
    unsafe = FAILED.report.cells.query("unsafe").index
    assert {row for row, _ in flagged} == set(unsafe)
    for row, column in flagged:
        assert table.columns[column + 1] == "n"  # beside the first column
        assert table.iloc[row, column + 1] == FAILED.report.cells["n"][row]
    outcome = record["results"]["output_0"]["outcome"]["n"]
    assert {int(row) for row, said in outcome.items() if said != "ok"} == set(unsafe)
    assert len(outcome) == len(table)


def test_what_is_written_reads_back_as_claims_that_hold(tmp_path):
    model = ols("bill ~ x + C(region)", people(), unit="person").report
    lone = assess(
        Statistic.table("d", by=[], measures={"m": ("mean", "bill")}, unit="person"), people(), STANDARD
    )
    outputs = [
        sacro.Output(FAILED.report, comments=("why <b>",), exception="agreed"),
        sacro.Output(SAFE, uid="protected"),
        sacro.Output(model, command="ols(...)"),
        sacro.Output(lone),
    ]
    written(tmp_path / "out", *outputs)
    claims = sacro.read(tmp_path / "out")
    assert [claim.uid for claim in claims.outputs] == ["output_0", "protected", "output_2", "output_3"]
    assert [claim.status for claim in claims.outputs] == [each.report.verdict for each in outputs]
    assert [claim.mitigation for claim in claims.outputs] == ["none", "suppress", "none", "none"]
    assert claims.outputs[0].comments == ("why <b>",)
    assert claims.outputs[0].exception == "agreed"
    assert claims.outputs[2].kind == "regression"
    for claim, output in zip(claims.outputs[:3], outputs, strict=False):
        assert claim.statistic == output.report.statistic
        assert claim.disagreements(output.source) == ()
        assert all(file.is_as_summed for file in claim.files)
        again = assess(claim.statistic, FEW if claim.uid == "output_0" else people(), STANDARD)
        if claim.uid == "output_0":
            assert again.verdict is claim.status


@pytest.mark.parametrize("method", ["suppress", "drop_records", "round", "controlled_round"])
def test_a_withheld_number_is_in_no_file_of_the_folder(tmp_path, method):
    safe = protect(FAILED.report, method)
    chart = FAILED.protect(method).chart(draft=safe.report.verdict is Verdict.FAIL)
    record = written(tmp_path / "out", sacro.Output(safe, chart=chart))
    table = (tmp_path / "out" / "output_0_0.csv").read_text()
    assert "Isle,own,7\n" not in table
    assert "Isle,own," in table
    mitigation = record["results"]["output_0"]["properties"]["mitigation"]
    assert mitigation == {"suppress": "suppress", "drop_records": "suppress"}.get(method, "round")


def test_an_edited_claim_is_found_out_by_checking_again(tmp_path):
    """A status and flags that were edited, with checksums that were written again: the attacks T1 and T2."""
    written(tmp_path / "out", sacro.Output(FAILED.report))
    path = tmp_path / "out" / "results.json"
    edited = path.read_text().replace('"status": "fail"', '"status": "pass"', 1)
    path.write_text(edited)
    (tmp_path / "out" / "checksums" / "results.json.txt").write_text(
        hashlib.sha256(edited.encode()).hexdigest()
    )
    (claim,) = sacro.read(tmp_path / "out").outputs
    assert claim.status is Verdict.PASS  # it is only said
    assert claim.disagreements(FAILED.report) == ("It claims PASS, and the check says FAIL.",)
    table = tmp_path / "out" / "output_0_0.csv"
    table.write_text(table.read_text().replace(",7\n", ",70\n"))
    (tmp_path / "out" / "checksums" / "output_0_0.csv.txt").write_text(
        hashlib.sha256(table.read_bytes()).hexdigest()
    )
    (claim,) = sacro.read(tmp_path / "out").outputs
    assert claim.files[0].is_as_summed
    assert "Its table is not the one that was checked." in claim.disagreements(FAILED.report)
    other = crosstab(FEW, "region", unit="person").report
    assert "The claim is not about this statistic." in claim.disagreements(other)


def test_labels_are_text_in_every_file(tmp_path):
    data = people().assign(region="=1+1")
    report = crosstab(data, "region", "tenure", unit="person", title="</script>").report
    record = written(tmp_path / "out", sacro.Output(report))
    assert "'=1+1," in (tmp_path / "out" / "output_0_0.csv").read_text()
    assert record["results"]["output_0"]["command"].startswith("count() of data by region, tenure")


@pytest.mark.parametrize("uids", [(), ("a", "a"), ("../x",), ("a.b",), ("x" * 61,), ("output_1", "")])
def test_names_are_plain_and_each_its_own(tmp_path, uids):
    with pytest.raises(DisclosureError) as caught:
        written(tmp_path / "out", *(sacro.Output(FAILED.report, uid=uid) for uid in uids))
    assert caught.value.code == "sacro"
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(DisclosureError):
        written(tmp_path, sacro.Output(FAILED.report))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_curve_says_in_its_command_what_was_asked(tmp_path):
    stat = Statistic.survival("people", "months", "ill", unit="person")
    report = assess(stat, people(), STANDARD)
    (output,) = written(tmp_path / "out", sacro.Output(report))["results"].values()
    assert stat.asks is not None
    assert stat.asks.sentence() in output["command"]


def test_a_file_beside_the_table_that_nobody_checked_is_said(tmp_path):
    drawn = FAILED.chart(draft=True)
    written(tmp_path / "out", sacro.Output(FAILED.report, chart=drawn))
    (claim,) = sacro.read(tmp_path / "out").outputs
    assert claim.disagreements(FAILED.report, drawn) == ()
    assert claim.disagreements(FAILED.report) == ("It holds another file, which no check of ours looked at.",)


def test_a_file_is_no_folder_to_write_into(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(DisclosureError, match="no empty folder"):
        written(tmp_path / "out", sacro.Output(FAILED.report))

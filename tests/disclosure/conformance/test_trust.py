"""The conformance suite of the research: E11's closed last bin, and T1 to T5, what an author may change after a check."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, Policy, Report, Statistic, Verdict, assess, protect
from disclosure.released import Released

STANDARD = Policy.preset("standard")
DATA = pd.DataFrame(
    {"id": range(203), "area": ["a"] * 100 + ["b"] * 100 + ["c"] * 3, "pay": np.arange(203) * 10.0}
)
FAILED = assess(Statistic.table("d", by=["area"], unit="id"), DATA, STANDARD)


def test_e11_the_last_bin_is_closed_so_that_twenty_in_each_bin_pass():
    data = pd.DataFrame({"id": range(200), "v": np.repeat(np.arange(1, 11), 20)})
    report = assess(
        Statistic.histogram("d", "v", bins=range(1, 11), unit="id", margins=False), data, STANDARD
    )
    inner = report.cells[report.cells["n"] > 0]
    assert inner["n"].tolist() == [20] * 8 + [40]
    assert not inner["unsafe"].any()


def test_t1_a_verdict_that_was_edited_in_the_text_is_refused_and_a_forged_report_is_no_evidence():
    record = json.loads(FAILED.to_json())
    assert record["verdict"] == "fail"
    with pytest.raises(DisclosureError):
        Report.from_json(json.dumps(record | {"verdict": "pass"}))
    forged = Report.from_json(json.dumps(record | {"verdict": "pass", "findings": []}))
    for use in (lambda: forged.released("r"), lambda: protect(forged)):
        with pytest.raises(DisclosureError) as caught:
            use()
        assert caught.value.code == "no_evidence"


def test_t2_a_stored_release_of_which_one_byte_was_edited_is_refused():
    stored = FAILED.released("r").to_bytes()
    assert Released.from_bytes(stored).digest == FAILED.released("r").digest
    for place in (25, len(stored) // 2, len(stored) - 1):
        edited = stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
        with pytest.raises(DisclosureError):
            Released.from_bytes(edited)


def test_t3_thresholds_cannot_be_lowered_for_a_check_and_put_back():
    policy = Policy.preset("standard")
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.min_units = 1  # type: ignore[misc]  # the assignment is the attack
    with pytest.raises(DisclosureError):
        policy.tightened(min_units=1)
    lenient = assess(FAILED.statistic, DATA, dataclasses.replace(policy, min_units=1, zeros_unsafe=False))
    assert json.loads(lenient.to_json())["policy"]["min_units"] == 1


def test_t4_a_verdict_is_not_assigned():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FAILED.verdict = Verdict.PASS  # type: ignore[misc]  # the assignment is the attack
    assert FAILED.verdict is Verdict.FAIL


def test_t5_raw_rows_are_no_statistic_that_passes():
    report = assess(
        Statistic.table("d", by=["id", "area", "pay"], unit="id", margins=False), DATA.head(20), STANDARD
    )
    assert report.verdict is Verdict.FAIL
    assert report.cells["unsafe"].all()
    assert {"identifier", "threshold"} <= {finding.rule for finding in report.findings}

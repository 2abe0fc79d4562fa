"""An estimator that the platform does not have: its coefficients leave a trusted run as claims, judged by their design."""

from pathlib import Path

import nbformat
import pandas as pd
import pytest

from tests.journeys.house import AUTHOR, House

pytestmark = [pytest.mark.timeout(900), pytest.mark.sandbox]
FIT = """
import statsmodels.api as sm
import tre
project = tre.project()
linked = project.table("linked").to_pandas().drop_duplicates("study_id")
design = linked[["study_id"]].assign(const=1.0, prepayment=(linked["prepayment"] == True).astype(float))
design["pay"] = linked["annual_pay"].fillna(0) / 1000
design["use"] = linked["annual_kwh"].fillna(0)
"""
ASK = """
terms = [name for name in design.columns if name not in ("study_id", "use")]
result = sm.QuantReg(design["use"], design[terms]).fit(q=0.5)
claims = project.estimates(result, design, response="use", title="Median use")
said = claims.check()
assert said.verdict == VERDICT, said.verdict
if VERDICT == "REVIEW":
    project.submit([claims], title="Median use", context="A median regression.", mode="exact", reason="method_check")
"""


def run(house: House, folder: Path, *cells: str) -> None:
    path = folder / "estimates.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    house.must("run", path, "--project", "fuel-poverty", "--as", AUTHOR)


def test_claims_leave_through_two_votes_as_claims(demo: House, tmp_path: Path) -> None:
    run(demo, tmp_path, FIT, f'VERDICT = "REVIEW"\n{ASK}')
    demo.worked()
    request = next(
        each["id"] for each in demo.data("request", "list", "--project", "fuel-poverty", "--as", AUTHOR)
        if each["title"] == "Median use"
    )  # fmt: skip
    (item,) = demo.data("request", "show", request)["items"]
    assert item["verdict"] == "REVIEW"
    assert "claims" in str(item["findings"])
    demo.vote(request)
    demo.worked()
    (path,) = demo.bundle(request).rglob("*.csv")
    table = pd.read_csv(path)
    assert table["term"].tolist() == ["const", "prepayment", "pay"]
    assert table["estimate"].notna().all()
    assert not {"unsafe", "rules", "units"} & set(table.columns)


def test_claims_whose_design_points_at_one_person_fail(demo: House, tmp_path: Path) -> None:
    lone = "design['lone'] = (design['study_id'] == design['study_id'].min()).astype(float)"
    run(demo, tmp_path, FIT, lone, f'VERDICT = "FAIL"\n{ASK}')

"""Coefficients of any estimator, as a notebook hands them over."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError
from tests.tre.client.answering import Platform
from tre.client import ClientError, Project
from tre.client.estimates import estimates_of

DESIGN = pd.DataFrame(
    {"study_id": ["a", "b", "c"], "const": 1.0, "x": [1, 2, 3], "y": [2, 4, 7], "secret": [9, 9, 9]}
)


def test_a_fitted_result_is_read_with_all_that_stands_beside_it() -> None:
    params = pd.Series({"const": 1.5, "x": np.float64(2)})
    limits = pd.DataFrame({0: params - 1, 1: params + 1})
    result = SimpleNamespace(
        params=params, bse=params / 10, tvalues=params, pvalues=params * 0, conf_int=lambda: limits
    )
    first, second = estimates_of(result)
    assert first == {
        "term": "const",
        "estimate": 1.5,
        "std_error": 0.15,
        "statistic": 1.5,
        "p_value": 0,
        "low": 0.5,
        "high": 2.5,
    }
    assert second["estimate"] == 2.0
    json.dumps(second)


@pytest.mark.parametrize(
    "result",
    [
        SimpleNamespace(params=pd.Series({"const": 1.5, "x": 2.0})), {"const": np.float64(1.5), "x": 2.0},
        pd.DataFrame({"term": ["const", "x"], "estimate": [1.5, 2.0]}),
    ],
)  # fmt: skip
def test_other_forms_say_the_same(result: object) -> None:
    assert estimates_of(result) == [{"term": "const", "estimate": 1.5}, {"term": "x", "estimate": 2.0}]


@pytest.mark.parametrize("result", [None, [1, 2], SimpleNamespace(params=[1, 2]), "x"])
def test_what_holds_no_estimates_is_refused(result: object) -> None:
    with pytest.raises(ClientError) as refused:
        estimates_of(result)
    assert refused.value.code == "no_estimates"


def test_the_design_is_registered_with_the_columns_it_needs_and_no_other(
    project: Project, platform: Platform
) -> None:
    table = project.estimates({"const": 1.5, "x": 2.0}, DESIGN, response="y", title="Claims")
    registered = next(request for verb, request in platform.asked if verb == "register")
    assert registered.columns == ("study_id", "const", "x", "y")  # type: ignore[attr-defined]  # a RegisterRequest
    stat = table.to_statistic()
    assert stat.source == "design"
    assert stat.unit == "study_id"
    assert stat.kind.value == "claims"
    assert repr(table) == "Table(Claimed estimates of y (2 coefficients) from design)"


def test_a_term_without_its_column_is_named(project: Project) -> None:
    with pytest.raises(ClientError) as refused:
        project.estimates({"const": 1.5, "z": 2.0}, DESIGN)
    assert refused.value.code == "design"
    assert "'z'" in refused.value.sentence
    with pytest.raises(DisclosureError):
        project.estimates({}, DESIGN)


def test_a_ratio_is_asked_in_one_line(project: Project) -> None:
    table = project.ratio("arrears", "bill", by=["region"], derive={"bill": "pay * 2"})
    assert repr(table) == "Table(ratio of arrears to bill by region from linked)"
    assert table.to_statistic().columns() == ("arrears", "pay", "region", "study_id")

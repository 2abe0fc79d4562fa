"""What a model asks is read strictly, written stably, and equal for equal questions."""

import json
import subprocess
import sys

import pytest

from disclosure import DisclosureError, Policy, Report, Statistic, assess, protect
from tests.disclosure.models.people import STANDARD, model, people

ASKED = [
    {"formula": "y ~ x"},
    {"formula": ["y ~ x", "y ~ x + C(a)"]},
    {"formula": {"plain": "y ~ x", "more": "y ~ x + z"}, "errors": "HC3"},
    {"formula": "y ~ x", "weights": "w", "cluster": "g", "absorb": ["h", "k"], "level": 0.9},
    {"formula": "e ~ x", "kind": "logit", "by": ["b"], "unit": "id", "where": "id > 3"},
    {"formula": "t ~ x", "kind": "cox", "event": "died", "strata": ["b"], "ties": "breslow"},
    {"formula": "c ~ x", "kind": "poisson", "exposure": "w", "errors": "HC0"},
]


@pytest.mark.parametrize("asked", ASKED)
def test_json_reads_back_as_the_same_question(asked):
    stat = Statistic.model("d", **asked)
    again = Statistic.from_json(stat.to_json())
    assert again == stat
    assert (again.digest, again.fingerprint) == (stat.digest, stat.fingerprint)
    assert stat.asks.sentence()


@pytest.mark.parametrize("asked", ASKED)
def test_a_report_reads_back_and_its_release_too(asked):
    report = assess(Statistic.model("d", **asked), people(), STANDARD)
    again = Report.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert (
        list(report.cells.columns)[-11:]
        == [
            *("part", "term", "estimate", "std_error", "statistic", "p_value"),
            *("low", "high", "n", "units", "unsafe", "rules"),
        ][-11:]
    )
    assert report.cells["n"].gt(0).all()


def test_all_columns_that_a_model_reads_are_its_columns():
    stat = Statistic.model(
        "d", formula=["y ~ x", "y ~ C(a):log(z)"], weights="w", cluster="g", absorb=["h"], unit="id", by=["b"]
    )
    assert stat.columns() == ("a", "b", "g", "h", "id", "w", "x", "y", "z")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"formula": "y ~ x + z"}, {"formula": "y~z+x"}),
        ({"formula": {"a": "y ~ x"}}, {"formula": "y ~ x"}),
        ({"formula": "y ~ x", "absorb": ["g", "h"]}, {"formula": "y ~ x", "absorb": ["h", "g"]}),
        ({"formula": "y ~ x"}, {"formula": "y ~ x", "title": "another"}),
    ],
)
def test_equal_questions_have_one_fingerprint(one, other):
    assert Statistic.model("d", **one).fingerprint == Statistic.model("d", **other).fingerprint


@pytest.mark.parametrize(
    "change",
    [{"formula": "y ~ z"}, {"kind": "poisson"}, {"errors": "HC1"}, {"weights": "w"}, {"absorb": ["g"]}],
)
def test_another_question_has_another_fingerprint(change):
    plain = Statistic.model("d", formula="y ~ x")
    assert Statistic.model("d", **{"formula": "y ~ x", **change}).fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"kind": "lasso"}, "model"),
        ({"kind": None}, "json"),
        ({"kind": 3}, "model"),
        ({"kind": ["ols"]}, "model"),
        ({"errors": "HC9"}, "model"),
        ({"errors": "cluster"}, "model"),
        ({"errors": "HC1", "cluster": "g"}, "model"),
        ({"errors": "HC3", "absorb": ["g", "h"]}, "model"),
        ({"errors": "HC2", "kind": "logit"}, "model"),
        ({"errors": "HC1", "kind": "cox", "event": "died"}, "model"),
        ({"errors": "nonrobust", "kind": "logit", "weights": "w"}, "model"),
        ({"kind": "cox"}, "model"),
        ({"kind": "cox", "event": "died", "weights": "w"}, "weight"),
        ({"kind": "cox", "event": "died", "formula": "y ~ 1"}, "model"),
        ({"kind": "cox", "event": "died", "formula": "log(y) ~ x"}, "model"),
        ({"event": "died"}, "model"),
        ({"strata": ["g"]}, "model"),
        ({"ties": "efron"}, "model"),
        ({"ties": "exact", "kind": "cox", "event": "died"}, "model"),
        ({"exposure": "w"}, "model"),
        ({"absorb": ["g"], "kind": "logit"}, "model"),
        ({"absorb": ["g", "g"]}, "model"),
        ({"absorb": list("abcde")}, "model"),
        ({"absorb": 3}, "model"),
        ({"absorb": [3]}, "name"),
        ({"cluster": ""}, "name"),
        ({"cluster": 3}, "name"),
        ({"level": 1.0}, "model"),
        ({"level": 95}, "model"),
        ({"formula": []}, "model"),
        ({"formula": None}, "json"),
        ({"formula": 3}, "model"),
        ({"formula": [3]}, "formula"),
        ({"formula": [("a", "b", "c")]}, "model"),
        ({"formula": {"": "y ~ x"}}, "name"),
        ({"formula": [["m", "y ~ x"], ["m", "y ~ z"]]}, "model"),
        ({"formula": ["y ~ x"] * 21}, "model"),
        ({"formula": "C(y) ~ x"}, "model"),
        ({"formula": "y ~ x + y"}, "model"),
        ({"formula": "y ~ __import__('os')"}, "formula"),
        ({"by": ["term"]}, "name_clash"),
        ({"by": ["estimate"]}, "name_clash"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked, code):
    with pytest.raises(DisclosureError) as refused:
        Statistic.model("d", **{"formula": "y ~ x", **asked})
    assert refused.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"formula": None},
        {"absorb": "g"},
        {"level": None},
        {"kind": {"ols": 1}},
        {"formula": {"a": ["y ~ x"]}},
        {"formula": [["a"]]},
    ],
)
def test_another_shape_of_json_is_refused_or_means_the_same(change):
    record = json.loads(Statistic.model("d", formula="y ~ x").to_json())
    record["asks"] |= change
    try:
        stat = Statistic.from_json(json.dumps(record))
    except DisclosureError as refused:
        assert refused.code in {"json", "model", "formula"}  # noqa: PT017  either is right
    else:
        assert Statistic.from_json(stat.to_json()) == stat


def test_a_model_needs_its_kind_and_formula():
    record = json.loads(Statistic.model("d", formula="y ~ x").to_json())
    for name in ("kind", "formula"):
        lacking = {key: value for key, value in record["asks"].items() if key != name}
        with pytest.raises(DisclosureError) as refused:
            Statistic.from_json(record | {"asks": lacking})
        assert refused.value.code == "json"


def test_a_model_cannot_be_suppressed():
    with pytest.raises(DisclosureError):
        protect(model(people(), "y ~ x"), method="suppress")


def test_too_many_estimates_are_refused():
    with pytest.raises(DisclosureError) as refused:
        model(people(), "y ~ x", policy=Policy(max_cells=3))
    assert refused.value.code == "too_many_cells"


def test_asking_loads_no_estimator():
    program = (
        "import sys\nfrom disclosure import Statistic\n"
        "Statistic.model('d', formula='y ~ x*C(g)').to_json()\n"
        "assert not {'statsmodels', 'scipy', 'patsy'} & set(sys.modules), sorted(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_estimating_runs_no_formula_as_code():
    program = (
        "import sys\nimport pandas as pd\nfrom disclosure import Policy, Statistic, assess\n"
        "data = pd.DataFrame({'y': range(100), 'x': [v % 7 for v in range(100)], 'g': list('ab') * 50})\n"
        "stat = Statistic.model('d', formula='y ~ x + C(g)')\n"
        "import statsmodels.regression.linear_model, patsy\n"
        "def never(*arguments, **named): raise SystemExit(3)\n"
        "patsy.highlevel.dmatrices = patsy.highlevel.dmatrix = patsy.eval.EvalEnvironment.eval = never\n"
        "assess(stat, data, Policy())"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

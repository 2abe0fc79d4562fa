"""The design matrix is the one that patsy builds, column by column, without running anything."""

import numpy as np
import pandas as pd
import patsy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Statistic
from disclosure.models.design import design_of
from disclosure.sample import sample_of
from tests.disclosure.models.people import coefficients, model, people

DATA = people(200)


def design(data, formula, **rest):
    stat = Statistic.model("d", formula=formula, **rest)
    sample = sample_of(stat, data, key=None)
    return design_of(stat.asks, stat.asks.equations[0][1], sample, sample.groups[0][1])


def ordered(matrix):
    """Sort rows, for a sample is sorted by what it reads."""
    return matrix[np.lexsort(matrix.T[::-1])]


FORMULAS = [
    *("y~x", "y~a", "y~a+b", "y~a*b", "y~a:b", "y~0+a", "y~0+a:b", "y~0+a+b", "y~x:a", "y~x*a", "y~0+x:a"),
    *("y~a*b*C(k)", "y~a:b+x", "y~x+a:x+b", "y~C(k)+flag", "y~flag:a", "y~0+flag", "y~log(z)+I(x**2)"),
    *("y~a:b:C(k)", "y~a+a:b", "y~b:x+a:b", "y~(a+b+x)**2", "y~a*b-a", "y~x:z+x*z+a:z", "y~1", "y~0+a:x+a"),
    *("y~b:a+x:b:a", "y~k", "y~I(x-z/2+1)", "y~sqrt(z)+exp(x)+log1p(z)", "y~I(-x)", "log(y)~a", "I(y*2)~x"),
    *("y~x:z:a+b:x", "y~0+a*b", "y~0+b+a:b+x:a", "y~a-1", "y~b:(a+x)", "y~C(a)"),
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_columns_are_patsys(formula):
    plain = formula
    for function in ("log1p", "log(", "sqrt", "exp"):
        plain = plain.replace(function, f"np.{function}")
    response, matrix = patsy.dmatrices(plain, DATA)
    ours = design(DATA, formula)
    assert ours.matrix.shape == matrix.shape
    both = np.column_stack([ours.response, ours.matrix])
    assert np.allclose(ordered(both), ordered(np.column_stack([response, matrix])), rtol=1e-12)
    labels = [column.label.replace(" ", "") for column in ours.columns]
    if not any(sign in formula for sign in ("I(", "log", "exp", "sqrt")):
        assert labels == [name.replace(" ", "") for name in matrix.design_info.column_names]


PIECES = st.lists(st.sampled_from(["a", "b", "C(k)", "x", "z"]), min_size=1, max_size=3, unique=True)


@settings(max_examples=20, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=4), st.booleans())
def test_any_mixture_of_products_has_patsys_columns(products, has_constant):
    formula = "y ~ " + ("1" if has_constant else "0") + "".join(" + " + ":".join(piece) for piece in products)
    response, matrix = patsy.dmatrices(formula, DATA)
    ours = design(DATA, formula)
    assert ours.matrix.shape == matrix.shape
    both = np.column_stack([ours.response, ours.matrix])
    assert np.allclose(ordered(both), ordered(np.column_stack([response, matrix])), rtol=1e-12)


@pytest.mark.parametrize(("reference", "label"), [("ref='q'", "q"), ('ref="r"', "r")])
def test_the_author_names_the_reference(reference, label):
    columns = [column.label for column in design(DATA, f"y ~ C(a, {reference})").columns]
    kept = [level for level in "pqr" if level != label]
    assert columns == ["Intercept", *(f"C(a, ref={label!r})[T.{level}]" for level in kept)]


@pytest.mark.parametrize("reference", ["2", "2.0", "'2'"])
def test_a_number_may_be_the_reference(reference):
    labels = [column.label.split("[")[1] for column in design(DATA, f"y ~ C(k, ref={reference})").columns[1:]]
    assert labels == ["T.1]", "T.3]"]


@pytest.mark.parametrize("reference", ["'s'", "7", "''", "1.5"])
def test_a_reference_that_nobody_has_is_refused(reference):
    with pytest.raises(DisclosureError) as refused:
        design(DATA, f"y ~ C(k, ref={reference})")
    assert refused.value.code == "level"


def test_every_sort_of_column_can_be_categories():
    data = people(60).assign(
        half=lambda table: table["k"] / 2,
        day=lambda table: pd.Timestamp("2020-01-01") + pd.to_timedelta(table["k"], unit="D"),
        kind=lambda table: table["a"].astype("category"),
    )
    labels = {
        name: [column.label for column in design(data, f"y ~ C({name})").columns[1:]]
        for name in ("half", "day", "kind", "flag", "k")
    }
    assert labels["half"] == ["C(half)[T.1.0]", "C(half)[T.1.5]"]
    assert labels["day"] == ["C(day)[T.2020-01-03 00:00:00]", "C(day)[T.2020-01-04 00:00:00]"]
    assert labels["kind"] == ["C(kind)[T.q]", "C(kind)[T.r]"]
    assert labels["flag"] == ["C(flag)[T.True]"]
    assert labels["k"] == ["C(k)[T.2]", "C(k)[T.3]"]
    assert [column.label for column in design(data, "y ~ day").columns[1:]] == [
        "day[T.2020-01-03 00:00:00]",
        "day[T.2020-01-04 00:00:00]",
    ]


def test_a_row_is_used_when_nothing_that_the_model_reads_is_missing():
    data = people(100).assign(spare=np.nan)
    data.loc[:4, "x"] = np.nan
    data.loc[3:9, "a"] = None
    data.loc[10, "y"] = np.nan
    data.loc[11, "w"] = np.nan
    data.loc[12, "w"] = 0
    assert len(design(data, "y ~ x").rows) == 94
    assert len(design(data, "y ~ x + a").rows) == 89
    assert len(design(data, "y ~ x + a", weights="w").rows) == 87
    with pytest.raises(DisclosureError) as refused:
        design(data, "y ~ x + spare")
    assert refused.value.code == "no_rows"


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("y ~ log(x)", "transform"),
        ("y ~ sqrt(x)", "transform"),
        ("y ~ I(x / (k - 1))", "transform"),
        ("y ~ exp(exp(exp(z)))", "transform"),
        ("y ~ I((x * 1e60)**9)", "transform"),
        ("y ~ I(x * 1e101)", "transform"),
        ("y ~ I(x / 1e103)", "transform"),
        ("I(y * 1e150) ~ x", "transform"),
        ("log(x) ~ y", "transform"),
        ("y ~ log(a)", "not_numeric"),
        ("y ~ I(a + 1)", "not_numeric"),
        ("a ~ x", "not_numeric"),
        ("y ~ C(x):C(z)", "too_many_columns"),
        ("y ~ nobody", "unknown_column"),
    ],
)
def test_what_cannot_be_computed_is_refused_without_a_value_of_the_data(formula, code):
    with pytest.raises(DisclosureError) as refused:
        design(DATA, formula)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "name", ["two words", 'say "x"', "it's", "a`b", "'; DROP TABLE d; --", "日本", "x ~ y", "1"]
)
def test_hostile_names_and_labels_are_data(name):
    hostile = ['"', "'); --", "[T.x]:", "\n", "😀", "a" * 10_000]
    data = pd.DataFrame(
        {name: np.arange(240) % 7 + np.arange(240) / 100, "g": hostile * 40, "y": np.arange(240.0) % 11}
    )
    quoted = "`" + name.replace("`", "``") + "`"
    report = model(data, f"y ~ {quoted} + g")
    assert coefficients(report)["estimate"].notna().all()
    plain = model(data.rename(columns={name: "v"}).assign(g=data["g"].map(hostile.index)), "y ~ v + C(g)")
    ours, theirs = coefficients(report), coefficients(plain)
    assert ours["estimate"].iloc[-1] == pytest.approx(theirs["estimate"].iloc[-1], rel=1e-9)
    assert report.verdict is plain.verdict


def test_columns_that_repeat_others_are_named_by_term_not_by_level():
    data = people(100).assign(twice=lambda table: 2 * table["x"] + 1, secret="Ann Smith")
    for formula, term in (("y ~ x + twice", "twice"), ("y ~ x + secret", "secret"), ("y ~ a + C(a)", "a")):
        with pytest.raises(DisclosureError) as refused:
            model(data, formula)
        assert refused.value.code == "rank"
        assert term in refused.value.sentence
        assert "Ann" not in refused.value.sentence


def test_a_year_and_its_square_are_two_columns():
    data = people(200).assign(year=lambda table: 2000 + table["g"])
    assert coefficients(model(data, "y ~ year + I(year**2)"))["estimate"].notna().all()


def test_a_report_shows_hostile_labels_as_text():
    data = people(200).assign(
        g=lambda table: np.where(table["flag"], "<script>alert(1)</script>", "&amp;<b>")
    )
    page = model(data, {"<i>name</i>": "y ~ x + g"})._repr_html_()
    assert "<script>" not in page
    assert "<i>" not in page
    assert "&lt;script&gt;" in page
    assert "coefficient" in page

"""What may not leave is not in a chart: not in its picture, its words, its data or its table."""

import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from disclosure import DisclosureError, Report, Verdict, crosstab, kaplan_meier, ols, protect
from disclosure.chart import KINDS, chart, render
from disclosure.safe import WITHHELD
from tests.disclosure.frame.people import people, with_few

FEW = with_few(7)
FAILED = crosstab(FEW, "region", "tenure", values="bill", aggfunc="sum", unit="person").report


def refused(source, kind=None, **rest):
    with pytest.raises(DisclosureError) as caught:
        chart(source, kind, **rest)
    return caught.value.code


@pytest.mark.parametrize("kind", ["bar", "line", "heatmap", None])
def test_a_failed_check_is_not_drawn(kind):
    assert refused(FAILED, kind) == "not_clean"


def test_a_verdict_that_its_cells_or_findings_do_not_give_is_not_believed():
    assert refused(replace(FAILED, verdict=Verdict.PASS)) == "not_clean"
    assert refused(replace(FAILED, verdict=Verdict.PASS, findings=())) == "not_clean"
    safe_cells = FAILED.cells.assign(unsafe=False)
    assert refused(replace(FAILED, verdict=Verdict.PASS, cells=safe_cells)) == "not_clean"


@pytest.mark.parametrize("source", [None, pd.DataFrame({"n": [1]}), {"n": 3}])
def test_what_was_not_checked_is_not_drawn(source):
    assert refused(source) == "chart"


def everything(drawn):
    return "\n".join(
        [drawn.svg, drawn.alt, json.dumps(drawn.spec), drawn.table.to_csv(), drawn._repr_html_()]
    )


@pytest.mark.parametrize("kind", ["bar", "line", "heatmap"])
@pytest.mark.parametrize("is_protected", [True, False])
def test_a_withheld_number_stands_nowhere(kind, is_protected):
    shown = protect(FAILED) if is_protected else FAILED
    drawn = chart(shown, kind, draft=not is_protected)
    secret = FAILED.cells.query("region == 'Isle' and tenure == 'own'")["bill_sum"].item()
    whole = everything(drawn)
    for spelled in (repr(secret), f"{secret:,.4g}", f"{secret:,.6g}", f"{secret:,.0f}", f"{secret:.2f}"):
        assert spelled not in whole
    assert WITHHELD in drawn.svg
    assert "withheld" in drawn.alt
    rows = [row for rows in drawn.spec["datasets"].values() for row in rows] or drawn.spec["data"]["values"]
    isle = [row for row in rows if row["label"] == "Isle"]
    assert len(isle) == 3
    assert {(row["value"], row["text"]) for row in isle} == {(None, WITHHELD)}


def test_a_true_zero_is_a_zero_and_no_gap():
    data = people().query("region != 'East' or tenure != 'own'")
    drawn = chart(crosstab(data, "region", "tenure", unit="person").report, "bar", draft=True)
    assert WITHHELD in drawn.svg  # the standard policy withholds zeros
    safe = protect(crosstab(data, "region", "tenure", unit="person").report, "round", base=10)
    drawn = chart(safe, "bar", draft=safe.report.verdict is Verdict.FAIL)
    assert WITHHELD not in drawn.svg
    assert "East 0" in drawn.alt


def test_a_draft_says_so_in_picture_and_words():
    draft, clean = chart(FAILED, draft=True), chart(protect(FAILED))
    assert draft.is_draft
    assert ">DRAFT<" in draft.svg
    assert "Draft, not for release." in draft.alt
    assert "Draft, not for release." in json.dumps(draft.spec)
    assert "DRAFT" not in clean.svg
    assert "Draft" not in clean.alt
    assert not clean.is_draft


def test_the_watermark_is_in_the_png():
    clean = chart(protect(FAILED))
    same = render.svg_of(clean.spec, clean.alt, is_draft=False)
    marked = render.svg_of(clean.spec, clean.alt, is_draft=True)
    assert same == clean.svg
    assert render.png_of(marked) != clean.png


HOSTILE = [
    "<script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    '"><image href="http://127.0.0.1:9/x"/>',
    "&lt;b&gt; &#60;i&#62; ]]> <!--",
    "a\x01b\x1b[31m\u202ec\ufffe\n\tz",
    'datum.value; signal(\'x\') {"signal": "width"}',
    "🙂 " + "y" * 300,
    "y" * 300,
]
ALLOWED = {"svg", "g", "path", "text", "rect", "line", "desc", "defs", "clipPath"}


def parsed(svg):
    root = ET.fromstring(svg)  # noqa: S314  our own drawing
    assert {element.tag.split("}")[1] for element in root.iter()} <= ALLOWED
    assert not any("href" in name or name.startswith("on") for e in root.iter() for name in e.attrib)
    return root


@pytest.mark.parametrize(
    ("kind", "title"), [*(("bar", title) for title in HOSTILE), ("line", HOSTILE[0]), ("heatmap", HOSTILE[1])]
)
def test_labels_names_and_titles_cannot_become_markup(kind, title):
    data = pd.DataFrame({title: [name for name in HOSTILE[:6] for _ in range(24)]})
    data["x.y[0]"] = ["one", "two"] * 72
    drawn = chart(crosstab(data, "x.y[0]", title).report, kind, title=title)
    root = parsed(drawn.svg)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == drawn.alt
    assert any(element.text and "alert(1)" in element.text for element in root.iter())
    assert not set("\x01\x1b\u202e\ufffe\n") & set(drawn.alt)
    assert drawn.png.startswith(b"\x89PNG")
    assert "<script" not in drawn._repr_html_()


def test_terms_and_groups_cannot_become_markup():
    data = people().rename(columns={"region": "a<b>", "months": "<i>t"})
    data["a<b>"] += "<script>"
    curve = kaplan_meier(data, "<i>t", "ill", by="a<b>", at=[5, 10], unit="person").chart()
    parsed(curve.svg)
    data["g"] = data["a<b>"]
    parsed(ols("bill ~ x + C(g)", data, unit="person").chart().svg)


@pytest.mark.parametrize(
    "svg",
    [
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g onclick="x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text href="x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><g x:href="x"/></svg>',
        "<svg",
    ],
)
def test_a_drawing_with_more_than_shapes_and_text_is_refused(svg):
    with pytest.raises(DisclosureError) as caught:
        render.size_of(svg)
    assert caught.value.code == "chart"


def test_a_picture_that_asks_for_something_from_elsewhere_is_refused():
    spec = chart(protect(FAILED)).spec | {"data": {"url": "http://127.0.0.1:9/x.json"}}
    with pytest.raises(ValueError, match="127"):
        render.svg_of(spec, "", is_draft=False)


def test_long_labels_that_begin_alike_stay_apart():
    data = pd.DataFrame({"g": ["y" * 100 + "1"] * 20 + ["y" * 100 + "2"] * 30})
    drawn = chart(crosstab(data, "g").report)
    assert "(2) 30" in drawn.alt
    assert " 20" in drawn.alt
    assert "50" not in drawn.alt


def test_a_loaded_report_is_drawn_like_the_one_it_was():
    clean = crosstab(people(), "region", unit="person").report
    assert chart(Report.from_json(clean.to_json())).png == chart(clean).png


DRAW = """
import sys
from disclosure.chart import chart
from disclosure import Report
import altair
altair.theme.enable("dark")
sys.stdout.write(chart(Report.from_json(sys.stdin.read()), title="T").svg)
"""


def test_the_bytes_are_the_same_in_another_process_with_another_theme():
    clean = crosstab(people(), "region", "tenure", unit="person").report
    again = subprocess.run(
        [sys.executable, "-c", DRAW], input=clean.to_json(), capture_output=True, text=True, check=True
    )
    assert again.stdout == chart(clean, title="T").svg


def test_every_kind_is_declared():
    assert set(KINDS) == {"bar", "line", "histogram", "heatmap", "forest", "survival"}

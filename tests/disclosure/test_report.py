"""A report survives JSON, reads without colour, and never shows a label as anything but text."""

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from disclosure import DisclosureError, Policy, Report, Statistic, Verdict, assess

STANDARD = Policy.preset("standard")
DATA = pd.DataFrame(
    {
        "g": ["a"] * 12 + ["b"] * 3 + [None] * 12,
        "year": [2020, 2021, 2022] * 9,
        "v": [*range(12), np.nan, *range(14)],
        "w": [1.5] * 27,
        "u": range(27),
    }
)
MEASURES = {"t": ("sum", "v"), "m": ("mean", "v"), "k": ("count", None), "kv": ("count", "v")}


def report_of(**rest):
    asked = {"by": ["g", "year"], "measures": MEASURES, "unit": "u"} | rest
    return assess(Statistic.table("people", **asked), DATA, STANDARD)


@pytest.mark.parametrize("rest", [{}, {"weight": "w"}, {"measures": None}, {"by": []}, {"where": "g == 'z'"}])
def test_a_report_survives_json_without_its_evidence(rest):
    report = report_of(**rest)
    again = Report.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert_frame_equal(again.cells, report.cells)
    assert (again.verdict, again.findings) == (report.verdict, report.findings)
    assert (again.statistic, again.policy, again.key) == (report.statistic, report.policy, report.key)
    assert again.evidence is None


def test_a_loaded_report_cannot_stand_in_for_its_evidence():
    loaded = Report.from_json(report_of().to_json())
    with pytest.raises(DisclosureError) as caught:
        loaded.released("R1")
    assert caught.value.code == "no_evidence"


RECORD = json.loads(report_of().to_json())
FINDING = RECORD["findings"][0]


@pytest.mark.parametrize(
    "changed",
    [
        [],
        RECORD | {"extra": 1},
        RECORD | {"verdict": "pass"},
        RECORD | {"verdict": "review"},
        RECORD | {"findings": []},
        RECORD | {"findings": {}},
        RECORD | {"findings": [5]},
        RECORD | {"findings": [FINDING | {"cells": [10_000]}]},
        RECORD | {"findings": [FINDING | {"cells": [-1]}]},
        RECORD | {"findings": [FINDING | {"cells": 5}]},
        RECORD | {"findings": [FINDING | {"rule": 5}]},
        RECORD | {"findings": [FINDING | {"sentence": None}]},
        RECORD | {"findings": [FINDING | {"verdict": ["fail"]}]},
        RECORD | {"findings": [FINDING | {"more": 1}]},
        RECORD | {"cells": {}},
        RECORD | {"cells": [5]},
        RECORD | {"cells": [[1, 2]]},
        RECORD | {"statistic": "x"},
        RECORD | {"policy": None},
        RECORD | {"key": 5},
    ],
)
def test_a_report_of_another_shape_is_refused(changed):
    with pytest.raises(DisclosureError):
        Report.from_json(json.dumps(changed))


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, [1]), (2, -1), (2, 1.5), (2, True), (4, "1"), (-2, 1), (-1, "threshold"), (-1, [5])],
)
def test_a_cell_of_another_type_is_refused(column, value):
    cells = [list(row) for row in RECORD["cells"]]
    cells[0][column] = value
    with pytest.raises(DisclosureError):
        Report.from_json(json.dumps(RECORD | {"cells": cells}))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_text_that_is_no_json_is_refused(text):
    with pytest.raises(DisclosureError):
        Report.from_json(text)


def test_a_text_beyond_the_cap_is_not_read(monkeypatch):
    monkeypatch.setattr("disclosure.result.MAX_JSON", 10)
    with pytest.raises(DisclosureError):
        Report.from_json(report_of().to_json())


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_the_table_says_in_words_what_is_unsafe():
    report = report_of()
    page = Page(report._repr_html_())
    rows = [attributes for tag, attributes in page.tags if tag == "tr"][1:]
    shaded = [bool(attributes.get("style")) for attributes in rows]
    assert shaded == report.cells["unsafe"].tolist()
    words = [word for word in page.words if word.startswith(("unsafe: ", "safe"))]
    assert [word.startswith("unsafe") for word in words] == shaded
    assert "people by g, year: FAIL" in page.words
    assert any(word.startswith("FAIL: Fewer than 10 units") for word in page.words)


def test_the_table_has_a_caption_and_scopes():
    page = Page(report_of()._repr_html_())
    assert [tag for tag, _ in page.tags].count("caption") == 1
    heads = [attributes["scope"] for tag, attributes in page.tags if tag == "th"]
    assert set(heads) == {"col", "row"}
    assert "total" in page.words
    assert "none" in page.words


def test_labels_names_and_titles_are_escaped_and_cut():
    hostile = "<script>alert('x')</script><img src=x onerror=y>"
    data = pd.DataFrame({hostile: [hostile] * 12 + ["y" * 10_000] * 12, "v": range(24)})
    stat = Statistic.table(hostile, by=[hostile], measures={f"{hostile}2": ("sum", "v")}, title=hostile)
    text = assess(stat, data, STANDARD)._repr_html_()
    assert {tag for tag, _ in Page(text).tags} <= {
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "p",
    }
    assert hostile in Page(text).words
    assert "y" * 201 not in text


def test_a_long_table_says_how_much_is_not_shown():
    data = pd.DataFrame({"g": [f"{index:03}" for index in range(250) for _ in range(10)]})
    report = assess(Statistic.table("d", by=["g"]), data, STANDARD)
    assert report.verdict is Verdict.PASS
    text = report._repr_html_()
    assert "51 more cells" in text
    assert "<ul>" not in text


def test_a_table_without_dimensions_has_a_caption():
    assert "people by nothing" in report_of(by=[])._repr_html_()

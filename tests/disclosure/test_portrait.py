"""A report as HTML: unsafe rows are shaded, say why on hover and in words, and hold nothing unescaped, for every kind."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import Policy, Report, Statistic, assess
from disclosure.portrait import MAX_ROWS, Remark, portrait

STANDARD = Policy.preset("standard")
TAGS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "li", "p", "code"}
ATTRIBUTES = {"scope", "style", "title"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.attributes, self.inside = [], [], set(), False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.inside = tag in {"td", "th"}
        if tag == "tr":
            self.rows.append((dict(attrs), []))
        elif self.inside:
            self.rows[-1][1].append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][1][-1] += data


def data():
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "t": random.exponential(30, 120).round(),
            "e": random.integers(0, 2, 120),
            "v": random.normal(0, 1, 120),
        }
    )
    frame["g"] = ["a"] * 112 + ["b"] * 8
    return frame


STATISTICS = {
    "table": Statistic.table("d", by=["g"], measures={"m": ("mean", "v")}),
    "curve": Statistic.survival("d", "t", "e", by=["g"], at=[5, 30], test="logrank"),
    "test": Statistic.association("d", "t_test", ("v", "e"), by=["g"]),
}


@pytest.mark.parametrize("stat", STATISTICS.values(), ids=STATISTICS)
def test_an_unsafe_row_says_why_on_hover_and_in_words_and_a_safe_one_does_not(stat):
    report = assess(stat, data(), STANDARD)
    page = Page(report._repr_html_())
    shown = page.rows[1:]
    assert [bool(attributes) for attributes, _ in shown] == report.cells["unsafe"].tolist()
    assert any(attributes for attributes, _ in shown)
    for place, (attributes, cells) in enumerate(shown):
        rules = report.cells["rules"][place]
        assert cells[-1].split(";")[0] == (f"unsafe: {', '.join(rules)}" if rules else "safe")
        if rules:
            assert {"style", "title"} == set(attributes)
            sentences = [
                finding.sentence
                for finding in report.findings
                if place in finding.cells and finding.verdict.name == "FAIL"
            ]
            assert all(sentence in attributes["title"] for sentence in sentences)
            assert "bold" in attributes["style"]
    again = Report.from_json(report.to_json())
    assert again._repr_html_() == report._repr_html_()


def test_what_a_person_must_look_at_is_said_in_words():
    lives = pd.DataFrame({"t": [5.0] * 30 + [99.0] * 40, "e": [1] * 30 + [0] * 40})
    report = assess(Statistic.survival("d", "t", "e", at=[10]), lives, STANDARD)
    page = Page(report._repr_html_())
    assert [cells[-1] for _, cells in page.rows[1:]] == ["safe", "safe; to look at: group", "safe"]
    assert not any(attributes for attributes, _ in page.rows[1:])


def test_labels_of_a_kind_head_its_rows_and_the_caption_says_what_is_asked():
    text = assess(STATISTICS["curve"], data(), STANDARD)._repr_html_()
    page = Page(text)
    assert page.rows[1][1][:2] == ["a", "start"]
    assert page.rows[-1][1][:2] == ["total", "logrank"]
    assert "Kaplan-Meier survival in t until e, at 5, 30, with a log-rank test, of d by g: FAIL" in text
    titled = Statistic.survival("d", "t", "e", at=[5], title="Lives")
    assert "Lives: " in assess(titled, data(), STANDARD)._repr_html_()


ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, st.booleans())
@settings(max_examples=150, deadline=None)
def test_nothing_is_ever_unescaped(label, name, rule, sentence, unsafe):
    hostile = "\"'><script>x</script><img src=x onerror=y>&" + label
    head = name + "<b>"
    cells = pd.DataFrame(
        {
            head: [hostile, None],
            "word": [hostile, "x"],
            "n": [1, 2],
            "m": [1.5, np.nan],
            "unsafe": [unsafe, False],
            "rules": [(rule + "<i>",) if unsafe else (), ()],
        }
    )
    remarks = [
        Remark("FAIL", rule + "<i>", hostile + sentence, (0, 5), unsafe),
        Remark("REVIEW", "<u>", hostile, (1,), False),
    ]
    page = Page(portrait(cells, hostile, remarks, [head]))
    assert set(page.tags) <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert len(page.rows) == 3
    if unsafe:
        assert page.rows[1][0]["title"] == hostile + sentence


def test_rows_beyond_those_shown_are_counted():
    cells = pd.DataFrame({"g": [f"x{n}" for n in range(MAX_ROWS + 3)], "n": 20, "unsafe": False})
    cells["rules"] = [()] * len(cells)
    text = portrait(cells, "c", [Remark("FAIL", "zero", "s", (MAX_ROWS + 1,), True)], ["g"])
    assert "3 more cells" in text
    assert Page(text).rows[-1][1][0] == f"x{MAX_ROWS - 1}"

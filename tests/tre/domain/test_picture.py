"""A chart is stated in a few printable words, or refused."""

import pytest

from disclosure.chart import KINDS
from tre.domain.errors import BadInput
from tre.domain.outputs import ChartKind, Picture


def test_the_kinds_are_those_that_the_library_draws() -> None:
    assert set(ChartKind) == set(KINDS)


@pytest.mark.parametrize("measure", [None, "bill_mean", "two words", "'quoted'"])
@pytest.mark.parametrize("kind", list(ChartKind))
def test_what_is_written_is_read_again(kind: ChartKind, measure: str | None) -> None:
    picture = Picture(kind, measure)
    assert Picture.from_text(picture.to_text()) == picture


@pytest.mark.parametrize(
    ("kind", "measure"),
    [
        ("pie", None),
        ("", None),
        ("BAR", None),
        ("bar", ""),
        ("bar", "x" * 201),
        ("bar", "a\nb"),
        ("bar", "\u202e"),
    ],
)
def test_what_is_no_chart_is_refused(kind: str, measure: str | None) -> None:
    with pytest.raises(BadInput) as caught:
        Picture.asked(kind, measure)
    assert caught.value.code == "chart"


def test_a_text_with_a_space_and_no_measure_is_refused() -> None:
    with pytest.raises(BadInput):
        Picture.from_text("bar ")

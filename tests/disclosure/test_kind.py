"""Quantiles and histograms are statistics of their own, and refuse what they cannot show."""

import json

import pytest

from disclosure import DisclosureError, Statistic
from disclosure.statistic import Kind


def test_quantiles_are_called_by_their_hundredths():
    stat = Statistic.quantiles("people", "bill", q=(0.05, 0.5, 0.975), by=["region"], unit="person")
    assert stat.kind is Kind.QUANTILES
    assert [measure.name for measure in stat.measures] == ["q5", "q50", "q97.5"]
    assert Statistic.from_json(stat.to_json()) == stat
    assert [measure.name for measure in Statistic.quantiles("people", "bill").measures] == [
        "q25",
        "q50",
        "q75",
    ]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"q": ()}, "measure"),
        ({"q": (0.5, 0.5)}, "name_clash"),
        ({"q": (1,)}, "measure"),
        ({"q": ("0.5",)}, "measure"),
        ({"by": "region"}, "dimension"),
    ],
)
def test_wrong_quantiles_are_refused(asked, code):
    with pytest.raises(DisclosureError) as caught:
        Statistic.quantiles("people", "bill", **asked)
    assert caught.value.code == code


def test_quantiles_of_two_columns_are_not_one_statistic():
    record = json.loads(Statistic.quantiles("people", "bill").to_json())
    record["measures"][0][2] = "income"
    with pytest.raises(DisclosureError):
        Statistic.from_json(record)


def test_a_histogram_bands_its_last_dimension():
    stat = Statistic.histogram("people", "age", bins=[0, 18, 65.5], by=["region"], where="age >= 0")
    assert (stat.kind, stat.by, stat.bins) == (Kind.HISTOGRAM, ("region", "age"), (0.0, 18.0, 65.5))
    assert stat.columns() == ("age", "region")
    assert Statistic.from_json(stat.to_json()) == stat
    whole = json.loads(stat.to_json()) | {"bins": [0, 18, 65.5]}
    assert Statistic.from_json(whole).digest == stat.digest
    other = Statistic.histogram("people", "age", bins=[0, 18, 66], by=["region"], where="age >= 0")
    assert other.fingerprint != stat.fingerprint


@pytest.mark.parametrize(
    "bins",
    [
        [],
        [1],
        [2, 1],
        [1, 1],
        [0, float("nan")],
        [0, float("inf")],
        [0, 10**400],
        [False, True],
        ["0", "1"],
        range(1_002),
        5,
        "01",
    ],
)
def test_bins_that_are_no_rising_edges_are_refused(bins):
    if not isinstance(bins, int):
        with pytest.raises(DisclosureError) as caught:
            Statistic.histogram("people", "age", bins=bins)
        assert caught.value.code == "bins"
    record = json.loads(Statistic.histogram("people", "age", bins=[0, 1]).to_json())
    with pytest.raises(DisclosureError):
        Statistic.from_json(record | {"bins": list(bins) if isinstance(bins, range) else bins})


@pytest.mark.parametrize(
    "changed", [{"measures": [["total", "sum", "inc"]]}, {"by": []}, {"weight": "w"}, {"kind": "table"}]
)
def test_a_histogram_counts_and_does_nothing_else(changed):
    record = json.loads(Statistic.histogram("people", "age", bins=[0, 1]).to_json())
    with pytest.raises(DisclosureError):
        Statistic.from_json(record | changed)

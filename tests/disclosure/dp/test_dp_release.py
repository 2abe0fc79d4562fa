import copy
import json
import math
import pickle
import traceback

import numpy as np
import pytest

from disclosure import dp
from disclosure.dp.printing import printed
from disclosure.errors import DisclosureError

SUM = {"total": ("sum", "bill")}
MEAN = {"average": ("mean", "bill")}
EXACT = 100  # rho at which a count's standard deviation is 0.07, so that tests can compare with the truth


def test_an_answer_says_what_it_cost_and_how_sure_it_is(people, dictionary, ask):
    answer = dp.release(ask(measures=SUM | {"people": ("count", None)}), people, dictionary, rho=0.005)
    assert answer.spend == 5_000_000
    assert type(answer.spend) is int
    assert list(answer.table.columns) == ["region", "n", "total", "people"]
    assert answer.table.dtypes[["n", "total", "people"]].tolist() == [np.int64] * 3
    assert answer.accuracy["people"] == 28
    assert answer.accuracy["total"] == math.ceil(1.959963984540054 * answer.sigma["total"])
    assert answer.mechanism == "gaussian"
    assert answer.statistic == ask(measures=SUM | {"people": ("count", None)})


@pytest.mark.parametrize("price", [{"rho": EXACT}, {"epsilon": 14, "mechanism": "laplace"}])
def test_with_hardly_any_noise_the_answer_is_the_truth(people, dictionary, ask, price):
    table = dp.release(ask(by=["region", "tenure"], where="age >= 18"), people, dictionary, **price).table
    grown = people[people.age >= 18]
    for row in table.itertuples():
        true = ((grown.region == row.region) & (grown.tenure == row.tenure)).sum()
        assert abs(row.n - true) <= 1


def test_sums_are_in_fixed_point_and_means_in_the_columns_unit(people, dictionary, ask):
    table = dp.release(ask(measures=SUM | MEAN), people, dictionary, rho=EXACT).table
    north = people[people.region == "North"].bill
    assert table.total[0] == pytest.approx(north.sum() * 100, rel=0.01)
    assert table.average[0] == pytest.approx(north.mean(), rel=0.01)
    assert table.average.dtype == np.float64


def test_margins_are_sums_of_the_noisy_cells(people, dictionary, ask):
    table = dp.release(
        ask(by=["region", "tenure"], measures=SUM | MEAN, margins=True), people, dictionary, rho=0.005
    ).table
    cells = table[table.region.notna() & table.tenure.notna()]
    assert len(cells) == 8
    assert table.iloc[:8].equals(cells)
    assert [*zip(table.region[8:], table.tenure[8:], strict=True)] == [
        ("North", None), ("South", None), ("East", None), ("West", None), (None, "own"), (None, "rent"), (None, None),
    ]  # fmt: skip
    for row in table[8:].itertuples():
        inside = cells[
            ((cells.region == row.region) | (row.region is None))
            & ((cells.tenure == row.tenure) | (row.tenure is None))
        ]
        assert (row.n, row.total) == (inside.n.sum(), inside.total.sum())


def test_margins_cost_nothing_and_none_are_added_unasked(people, dictionary, ask):
    with_margins, without = (
        dp.release(ask(margins=margins), people, dictionary, rho=0.005) for margins in (True, False)
    )
    assert with_margins.spend == without.spend
    assert with_margins.sigma == without.sigma
    assert (len(with_margins.table), len(without.table)) == (5, 4)


@pytest.mark.parametrize("margins", [True, False])
def test_a_question_without_dimensions_has_one_row(people, dictionary, ask, margins):
    table = dp.release(ask(by=[], measures=MEAN, margins=margins), people, dictionary, rho=EXACT).table
    assert len(table) == 1
    assert abs(table.n[0] - 4_000) <= 1


def test_three_dimensions_have_all_their_margins(people, describe_people, ask):
    facts = describe_people(keys={"region": ["North", "South"], "tenure": ["own"], "age": [1, 2, 3]})
    table = dp.release(ask(by=["region", "tenure", "age"], margins=True), people, facts, rho=0.005).table
    assert len(table) == 3 * 2 * 4
    assert not table.duplicated(["region", "tenure", "age"]).any()


def test_structural_zeros_are_exact_and_data_there_is_ignored(people, describe_people, ask):
    facts = describe_people(structural_zeros=[{"region": "North", "tenure": "own"}, {"region": "West"}])
    stat = ask(by=["region", "tenure"], measures=SUM | MEAN, margins=True)
    for _ in range(5):
        table = dp.release(stat, people, facts, rho=0.005).table.set_index(["region", "tenure"])
        for cell in (("North", "own"), ("West", "own"), ("West", "rent")):
            assert table.loc[cell, ["n", "total"]].tolist() == [0, 0]
            assert math.isnan(table.loc[cell, "average"])
        assert table.n.iloc[1] > 0
        west = table.iloc[11]
        assert west.n == 0
        assert math.isnan(west.average)


def test_a_structural_zero_of_a_finer_table_does_not_touch_a_coarser_one(people, describe_people, ask):
    facts = describe_people(structural_zeros=[{"region": "North", "tenure": "own"}])
    assert dp.release(ask(), people, facts, rho=EXACT).table.n[0] > 1_000


def test_h05_true_zero_cells_are_unbiased_and_go_below_zero(people, dictionary, ask):
    plan = dp.plan(ask(), dictionary, rho=0.005)
    exact = dp.aggregate(plan, people)
    west = np.array([dp.draw(plan, exact).table.n[3] for _ in range(300)])
    assert abs(west.mean()) < 7 * 10 / math.sqrt(300)
    assert (west < 0).mean() > 0.25  # 0.48 expected, with a spread of 0.03


def test_h16_exact_vectors_cannot_be_seen_copied_or_stored(people, dictionary, ask):
    plan = dp.plan(ask(), dictionary, rho=0.005)
    exact = dp.aggregate(plan, people)
    counts = [str(value) for value in exact.of(plan)[0] if value]
    assert not any(value in repr(exact) + str(exact) + f"{[exact]}" for value in counts)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be copied"):
            attempt(exact)
    with pytest.raises(TypeError):
        json.dumps(exact)


def test_vectors_of_one_plan_cannot_be_drawn_with_the_noise_of_another(people, dictionary, ask):
    exact = dp.aggregate(dp.plan(ask(measures=SUM), dictionary, rho=0.005), people)
    with pytest.raises(DisclosureError) as refusal:
        dp.draw(dp.plan(ask(), dictionary, rho=0.005), exact)
    assert refusal.value.code == "plan"


def test_a_failing_draw_is_the_constant_error(people, dictionary, ask):
    plan = dp.plan(ask(), dictionary, rho=0.005)
    exact = dp.aggregate(plan, people)
    object.__setattr__(exact, "_exact", (np.array([2.5, "secret"], dtype=object),))
    with pytest.raises(DisclosureError) as failure:
        dp.draw(plan, exact)
    assert failure.value.code == "mechanism_failed"
    assert "secret" not in "".join(traceback.format_exception(failure.value))


def test_two_draws_differ_and_each_is_a_release(people, dictionary, ask):
    plan = dp.plan(ask(), dictionary, rho=0.005)
    exact = dp.aggregate(plan, people)
    assert len({dp.draw(plan, exact).to_json() for _ in range(5)}) > 1  # all the same once in 1e20 runs


@pytest.mark.parametrize("measures", [None, SUM, SUM | MEAN])
def test_h08_a_stored_answer_gives_the_same_bytes(people, describe_people, ask, measures):
    facts = describe_people(
        structural_zeros=[{"region": "West"}], keys={"region": ["North", "West"], "year": [1, 2.5]}
    )
    for by in ([], ["region"], ["region", "year"]):
        answer = dp.release(
            ask(by=by, measures=measures, margins=True), people.assign(year=1), facts, rho=0.005
        )
        stored = dp.Answer.from_json(answer.to_json())
        assert stored.to_json() == answer.to_json()
        assert stored.table.equals(answer.table)
        assert list(stored.table.dtypes) == list(answer.table.dtypes)
        assert (stored.spend, stored.mechanism, stored.plan_digest) == (
            answer.spend,
            answer.mechanism,
            answer.plan_digest,
        )


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 100_000], ids=lambda text: text[:5])
def test_a_text_that_is_no_answer_is_refused(text):
    with pytest.raises(DisclosureError) as refusal:
        dp.Answer.from_json(text)
    assert refusal.value.code == "answer"


@pytest.mark.parametrize(
    "change",
    [{"spend": "many"}, {"rows": [[1]]}, {"rows": 3}, {"extra": 1}, {"mechanism": "none"}, {"statistic": 3}],
)
def test_an_answer_that_was_changed_in_form_is_refused(people, dictionary, ask, change):
    record = json.loads(dp.release(ask(), people, dictionary, rho=0.005).to_json()) | change
    with pytest.raises(DisclosureError):
        dp.Answer.from_json(json.dumps(record, sort_keys=True, separators=(",", ":")))


def test_h16_an_answer_holds_nothing_exact(people, dictionary, ask):
    plan = dp.plan(ask(measures=SUM | {"people": ("count", None)}), dictionary, rho=0.005)
    exact = dp.aggregate(plan, people)
    texts = [answer.to_json() + repr(answer) for answer in (dp.draw(plan, exact) for _ in range(3))]
    sums = {str(value) for value in exact.of(plan)[0] if value}
    assert sums
    assert min(map(len, sums)) > 7
    assert not any(
        all(value in text for text in texts) for value in sums
    )  # noise may be nought, not three times


def test_refusals_do_not_depend_on_the_data(people, dictionary, ask):
    sentences = set()
    for data in (people, people.head(0), people.iloc[::-1], "/nowhere.parquet", None):
        with pytest.raises(DisclosureError) as refusal:
            dp.release(ask(where="age > 17"), data, dictionary, rho=0.005)
        sentences.add((refusal.value.code, refusal.value.sentence))
    assert len(sentences) == 1


def test_h17_no_foreign_plan_code_or_pickle_is_read_as_a_question(people, dictionary, ask):
    for foreign in (
        "select 1",
        b"\x80\x04N.",
        {"__module__": "opendp.measurements"},
        "/etc/passwd",
        lambda: 1,
        ask().to_json(),
        None,
    ):
        for attempt in (
            lambda value: dp.release(value, people, dictionary, rho=0.005),
            lambda value: dp.simulate(value, people, dictionary, rho=0.005),
            lambda value: dp.release_keys(value, people, dictionary, rho=0.005, delta=1e-9),
            lambda value: dp.release(ask(), people, value, rho=0.005),
            lambda value: dp.release_keys(ask(), people, value, rho=0.005, delta=1e-9),
        ):
            with pytest.raises(DisclosureError) as refusal:
                attempt(foreign)
            assert refusal.value.code == "kind"
    with pytest.raises(DisclosureError):
        dp.Plan.from_json(json.dumps({"__function__": "make_gaussian", "__module__": "measurements"}))


def test_a_margin_of_large_cells_is_added_up_exactly(describe_people, ask):
    plan = dp.plan(ask(margins=True), describe_people(), rho=0.005)
    cells = (np.array([2**53 + 1, 1, -(2**40), 0], dtype=np.int64),)
    assert printed(plan, cells).table.n.tolist() == [2**53 + 1, 1, -(2**40), 0, 2**53 + 2 - 2**40]


def test_an_empty_table_is_answered_like_a_full_one(people, dictionary, ask):
    answer = dp.release(ask(measures=SUM | MEAN, margins=True), people.head(0), dictionary, rho=0.005)
    assert len(answer.table) == 5
    assert answer.spend == 5_000_000

"""Tables of a set agree exactly, cost what was said, and are as far off as was said."""

import itertools
import pickle

import duckdb
import numpy as np
import pandas as pd
import pytest

from disclosure import DisclosureError, dp
from disclosure.dp.sets.marginals import closure
from disclosure.dp.sets.planning import SetPlan

KEY = b"k" * 32


def exact(plan: SetPlan, data, **how):
    return dp.aggregate_set(plan, data, projection_key=KEY, **how).of(plan)


def shared_margins(answer):
    """Every margin that several tables hold, as each of them adds up to it."""
    found: dict[tuple[str, ...], list[pd.Series]] = {}
    for each in answer.answers:
        cells = each.table.dropna()
        for size in range(1, len(each.statistic.by) + 1):
            for names in itertools.combinations(sorted(each.statistic.by), size):
                found.setdefault(names, []).append(cells.groupby(list(names))["n"].sum())
        found.setdefault((), []).append(pd.Series([cells["n"].sum()]))
    return found


@pytest.mark.parametrize("negatives", ["keep", "move"])
@pytest.mark.parametrize("rho", [0.0002, 0.02])
def test_tables_agree_exactly_on_all_that_they_share(people, dictionary, pairs, rho, negatives):
    answer = dp.release_set(pairs, people, dictionary, rho=rho, negatives=negatives)
    margins = shared_margins(answer)
    assert max(map(len, margins.values())) == len(pairs)
    for held in margins.values():
        assert all((each.to_numpy() == held[0].to_numpy()).all() for each in held)


def test_tables_of_three_dimensions_and_one_agree_with_their_margins(people, dictionary, table):
    asked = [table("abc", margins=True), table("bcd"), table("ca"), table("b"), table("")]
    answer = dp.release_set(asked, people, dictionary, rho=0.001)
    for held in shared_margins(answer).values():
        assert all((each.to_numpy() == held[0].to_numpy()).all() for each in held)
    wide = answer.answers[0].table
    cells = wide.dropna()
    for _, row in wide[wide.isna().any(axis=1)].iterrows():
        kept = [name for name in "abc" if row[name] is not None]
        same = (cells[kept] == row[kept]).all(axis=1) if kept else slice(None)
        assert cells.loc[same, "n"].sum() == row["n"]


def test_cells_print_in_the_order_of_the_dictionary_and_the_question(people, dictionary, table):
    (answer,) = dp.release_set([table("cb")], people, dictionary, rho=90).answers
    assert list(map(tuple, answer.table[["c", "b"]].to_numpy())) == list(
        itertools.product(range(4), range(5))
    )
    truth = people.groupby(["c", "b"]).size().reindex(itertools.product(range(4), range(5)), fill_value=0)
    assert np.abs(answer.table["n"].to_numpy() - truth.to_numpy()).max() <= 3


def test_sums_agree_and_come_near_the_truth(people, dictionary, table):
    measures = {"rows": ("count", None), "total": ("sum", "bill")}
    answer = dp.release_set(
        [table(pair, measures=measures) for pair in ("ab", "bc")], people, dictionary, rho=50
    )
    one, other = (each.table.groupby("b")["total"].sum() for each in answer.answers)
    assert (one == other).all()
    truth = people.assign(bill=people["bill"].clip(-50, 800) * 10).groupby("b")["bill"].sum()
    width = answer.answers[0].sigma["total"] * 8 * np.sqrt(2)
    assert np.abs(one.reindex(truth.index) - truth).max() < width


def test_errors_are_as_large_as_was_said(people, dictionary, pairs, table):
    asked = [*pairs, table("abe")]
    plan = dp.plan_set(asked, dictionary, rho=0.005)
    vectors = dp.aggregate_set(plan, people)
    truths = [truth_of(people, stat, dictionary) for stat in asked]
    off = [[] for _ in asked]
    for _ in range(150):
        for place, answer in enumerate(dp.draw_set(plan, vectors).answers):
            off[place].append(answer.table["n"].to_numpy() - truths[place])
    # Each bound is seven times the spread of what 150 draws show, or more; half the noise would be 0.5 of sigma.
    for errors, sigma, half in zip(map(np.concatenate, off), plan.sigma, plan.accuracy, strict=True):
        assert np.sqrt((errors**2).mean()) == pytest.approx(sigma["n"], rel=0.18)
        assert abs(errors.mean()) < 0.5 * sigma["n"]
        assert 0.90 <= (np.abs(errors) <= half["n"]).mean() <= 0.998
    whole = np.concatenate([np.concatenate(each) for each in off[:-1]])
    said = [error["n"] for error in plan.mean_error[:-1]]
    assert np.abs(whole).mean() == pytest.approx(
        np.average(said, weights=[len(truth) for truth in truths[:-1]]), rel=0.07
    )


def truth_of(people, stat, dictionary):
    levels = list(itertools.product(*(dictionary.keys[column] for column in stat.by)))
    counts = people.groupby(list(stat.by)).size()
    return np.array([counts.get(level if len(level) > 1 else level[0], 0) for level in levels])


def test_numbers_below_zero_are_kept_or_moved_as_asked(people, dictionary, pairs):
    kept = dp.release_set(
        pairs, people.head(0), dictionary, rho=0.0002
    )  # half of its 71 cells are below zero
    moved = dp.release_set(pairs, people, dictionary, rho=0.0002, negatives="move")
    assert min(each.table["n"].min() for each in kept.answers) < 0
    assert min(each.table["n"].min() for each in moved.answers) >= 0


@pytest.mark.parametrize("rows", [1, 3])
def test_one_unit_more_moves_no_vector_beyond_its_sensitivity(describe, pairs, table, rows):
    random = np.random.default_rng(5)
    dictionary = describe(rows_per_unit=rows)
    asked = [*pairs, table("abc", measures={"rows": ("count", None), "total": ("sum", "bill")})]
    plan = dp.plan_set(asked, dictionary, rho=0.005)
    noises = [contrast.noise for quantity in plan.quantities for contrast in quantity.contrasts]
    for trial in range(4):
        data = crowd(random, 200)
        one = crowd(random, 20).assign(person_id=-1, bill=(-1e9, 1e9, np.nan, np.inf)[trial])
        before, after = (exact(plan, each) for each in (data, pd.concat([data, one])))
        for noise, without, with_one in zip(noises, before, after, strict=True):
            assert sum(int(each) ** 2 for each in with_one - without) <= noise.sensitivity**2


def test_a_unit_with_all_its_rows_in_one_cell_uses_its_sensitivity_fully(describe, table):
    dictionary = describe(rows_per_unit=2)
    plan = dp.plan_set([table("bc")], dictionary, rho=0.005)
    nobody = pd.DataFrame({"person_id": [0], "b": [None], "c": [None]})
    somebody = pd.DataFrame({"person_id": [0, 1, 1, 1], "b": [None, 1, 1, 1], "c": [None, 2, 2, 2]})
    before, after = (exact(plan, each) for each in (nobody, somebody))
    for contrast, without, with_one in zip(plan.quantities[0].contrasts, before, after, strict=True):
        moved = float(np.sqrt(((with_one - without).astype(float) ** 2).sum()))
        assert 0.998 * contrast.noise.sensitivity < moved <= contrast.noise.sensitivity


def crowd(random, size):
    return pd.DataFrame(
        {
            "person_id": random.integers(0, 90, size),
            **{name: random.integers(0, levels + 1, size) for name, levels in (("a", 2), ("b", 5))},
            **{name: random.integers(0, levels + 1, size) for name, levels in (("c", 4), ("d", 3))},
            "bill": random.normal(300, 400, size),
        }
    )


def test_a_row_without_a_published_level_is_in_no_table(dictionary, table):
    plan = dp.plan_set([table("ab"), table("c")], dictionary, rho=0.005)
    rows = {"person_id": [1, 2, 3, 4], "a": [0, 1, 9, None], "b": [0] * 4, "c": [0.0, np.nan, 1, 1]}
    found = exact(plan, pd.DataFrame(rows))
    alone = exact(plan, pd.DataFrame({name: held[:1] for name, held in rows.items()}))
    assert all((one == other).all() for one, other in zip(found, alone, strict=True))


def test_poisoned_data_are_answered_in_the_same_shape(people, dictionary, pairs, table):
    asked = [*pairs, table("ab", measures={"total": ("sum", "bill")})]
    poison = people.astype(object).copy()
    poison.loc[::3, "bill"] = "1e400"
    poison.loc[::5, "a"] = "x'; drop table source; --"
    poison.loc[::7, "person_id"] = None
    clean, bad = (dp.release_set(asked, data, dictionary, rho=0.005) for data in (people, poison))
    empty = dp.release_set(asked, people.head(0), dictionary, rho=0.005)
    for one, *others in zip(clean.answers, bad.answers, empty.answers, strict=True):
        for other in others:
            assert one.table.drop(columns=value_columns(one)).equals(
                other.table.drop(columns=value_columns(other))
            )
            assert list(one.table.dtypes) == list(other.table.dtypes)
    assert clean.spend == bad.spend == empty.spend == 5_000_000


def value_columns(answer):
    return [name for name in answer.table.columns if name not in answer.statistic.by]


def test_data_far_beyond_the_declared_population_wrap_nothing(describe, table):
    dictionary = describe(rows_per_unit=1, population=10, bounds={"bill": (0, 2**40)}, scale={})
    plan = dp.plan_set([table("bc", measures={"t": ("sum", "bill")})], dictionary, rho=0.5)
    size = 60_000
    many = pd.DataFrame({"person_id": np.arange(size), "b": 1, "c": 1, "bill": 2**40})
    before, after = (exact(plan, each) for each in (many.head(size - 1), many))
    for contrast, less, more in zip(plan.quantities[0].contrasts, before, after, strict=True):
        moved = sum(int(each) ** 2 for each in more - less)
        assert moved <= contrast.noise.sensitivity**2
        assert max(abs(int(each)) for each in more) <= 2**62


def test_a_relation_and_a_bounded_edition_give_the_same_vectors(people, dictionary, pairs, tmp_path):
    plan = dp.plan_set(pairs, dictionary, rho=0.005)
    dp.materialise(people, dictionary, tmp_path / "edition.parquet", projection_key=KEY)
    held = [
        exact(plan, people),
        exact(plan, duckdb.from_df(people)),
        exact(plan, tmp_path / "edition.parquet", bounded=True),
    ]
    for each in held[1:]:
        assert all((one == other).all() for one, other in zip(held[0], each, strict=True))


def test_only_rows_that_pass_the_filter_are_in_the_tables(people, dictionary, table):
    asked = [table(pair, where="d == 1") for pair in ("ab", "bc")]
    answer = dp.release_set(asked, people, dictionary, rho=90)
    assert abs(int(answer.answers[0].table["n"].sum()) - int((people["d"] == 1).sum())) <= 3


def test_vectors_of_a_set_are_closed_and_bound_to_their_plan(people, dictionary, pairs):
    plan = dp.plan_set(pairs, dictionary, rho=0.005)
    vectors = dp.aggregate_set(plan, people)
    assert "not shown" in repr(vectors)
    with pytest.raises(TypeError):
        pickle.dumps(vectors)
    with pytest.raises(DisclosureError) as refusal:
        dp.draw_set(dp.plan_set(pairs, dictionary, rho=0.5), vectors)
    assert refusal.value.code == "plan"


def test_a_column_that_is_not_there_is_the_constant_error(people, dictionary, pairs):
    with pytest.raises(DisclosureError) as refusal:
        dp.release_set(pairs, people.drop(columns="d"), dictionary, rho=0.005)
    assert refusal.value.code == "mechanism_failed"
    assert "'d'" not in str(refusal.value)


def test_an_answer_says_what_it_cost_once_and_holds_intervals(people, dictionary, table):
    answer = dp.release_set([table("ab", margins=True), table("bc")], people, dictionary, rho=0.005)
    assert answer.spend == 5_000_000
    assert [each.spend for each in answer.answers] == [0, 0]
    for each in answer.answers:
        assert dp.Answer.from_json(each.to_json()).to_json() == each.to_json()
        assert (each.intervals["n_low"] < each.table["n"]).all()
        assert (each.intervals["n_high"] > each.table["n"]).all()
    again = dp.SetAnswer.from_json(answer.to_json())
    assert again.to_json() == answer.to_json()
    assert (again.spend, again.plan_digest) == (answer.spend, answer.plan_digest)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"answers": [], "spend": "much", "plan": ""}', "[" * 100_000]
)
def test_what_is_no_answer_is_refused(text):
    with pytest.raises(DisclosureError) as refusal:
        dp.SetAnswer.from_json(text)
    assert refusal.value.code == "answer"


def test_a_changed_answer_is_refused(people, dictionary, table):
    text = dp.release_set([table("ab")], people, dictionary, rho=0.005).to_json()
    for changed in (
        text.replace('"spend":0', '"spend": 0'),
        text.replace('"plan":', '"plans":', 1),
        text + " ",
    ):
        with pytest.raises(DisclosureError) as refusal:
            dp.SetAnswer.from_json(changed)
        assert refusal.value.code == "answer"


def test_two_draws_differ(people, dictionary, pairs):
    plan = dp.plan_set(pairs, dictionary, rho=0.005)
    vectors = dp.aggregate_set(plan, people)
    one, other = (dp.draw_set(plan, vectors).to_json() for _ in range(2))
    assert one != other


def test_marginals_close_under_taking_parts():
    assert closure([(0, 2), (1,)]) == ((), (0,), (1,), (2,), (0, 2))


def test_levels_of_text_and_flags_are_found_and_are_never_code(describe, table):
    names = ["it's", 'a "quote"', "x'; drop table source; --", "naïve"]
    keys = {"a": names, "b": [True, False]}
    dictionary = describe(keys=keys, bounds={}, scale={}, population=8)
    rows = pd.DataFrame(
        {
            "person_id": range(8),
            "a": [*names, *names],
            "b": [True, False, None, True, True, False, True, True],
        }
    )
    plan = dp.plan_set([table("ab"), table("b")], dictionary, rho=90)
    (whole,) = dp.release_set([table("ab")], rows, dictionary, rho=90).answers
    assert list(whole.table["a"]) == [name for name in names for _ in range(2)]
    total = int(exact(plan, rows)[0][0]) // plan.quantities[0].contrasts[0].multiple
    assert total == rows["b"].notna().sum() == 7


def test_a_table_asked_twice_costs_no_accuracy_and_is_the_same_twice(people, dictionary, table):
    one, twice = (dp.plan_set([table("bc")] * times, dictionary, rho=0.005) for times in (1, 2))
    assert twice.sigma == one.sigma * 2
    answers = dp.draw_set(twice, dp.aggregate_set(twice, people)).answers
    assert answers[0].table.equals(answers[1].table)

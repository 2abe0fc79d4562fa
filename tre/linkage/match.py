"""Link identifier halves into persons: Splink scores pairs, the household rules join them.

The only file that imports Splink.
"""

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.blocking_rule_library import CustomRule
from splink.comparison_level_library import CustomLevel, ElseLevel
from splink.comparison_library import CustomComparison

from tre.domain.errors import BadInput
from tre.linkage.household import cluster
from tre.linkage.model import Comparison, Level, LinkageSettings
from tre.linkage.normalise import load_records

LEAST_BITS: Final = 0.0
"""Pairs below this weight, in bits, are not kept: less likely than not to be one person."""

ANCHOR: Final = ("given_name", "surname", "dob")
"""Pairs that agree on all of these are taken as one person when the share of true pairs is estimated."""

ANCHOR_RECALL: Final = 0.65
"""Share of true pairs that agree on every anchor, 0 to 1. Measured on `uk_admin`: .66 of tax-to-benefits pairs."""

LEAST_PAIRS: Final = 100
"""Pairs that each training block must find. Splink leaves a level untrained below this count of its own sample."""

LEAST_SHARE: Final = 0.001
"""Least share, 0 to 1, of one person's records at any level. A disagreement that training never met is rare, not
impossible: without a floor its weight is minus infinity and nobody could change their name."""

LEAST_CHANCE: Final = 1e-6
"""The same for two random people, who are met in a sample of about a million pairs."""

MOST_OTHER_NAMES: Final = 0.25
"""Largest share, 0 to 1, of pairs taken as one person whose given names have nothing in common. A model that has
learned "same household" says more than half; on `uk_admin` the household-safe one says .02."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that has been trained, fit to be stored and used again.

    Attributes:
        design: digest of the comparisons it was trained for; it is refused for any other.
        parameters: Splink's own JSON. It holds shares of agreement, no value of any record.
    """

    design: str
    parameters: str


@dataclass(frozen=True, slots=True)
class Linkage:
    """What a linkage run found. Nothing in it is an identifier, a weight or a record number.

    Attributes:
        clusters: Arrow table `dataset, row_key, cluster`; the cluster number means nothing outside this run.
        model: the model used.
        records: records read.
        pairs: pairs scored at or above even odds.
        pairs_by_bits: for each whole number of bits, how many pairs had that weight.
    """

    clusters: pa.Table
    model: TrainedModel
    records: int
    pairs: int
    pairs_by_bits: tuple[tuple[int, int], ...]


def link(
    sources: Mapping[str, Path], settings: LinkageSettings, *, model: TrainedModel | None = None
) -> Linkage:
    """Find which records, within and across `sources`, are of one person.

    Args:
        sources: for each dataset its identifier half: Parquet with `row_key` and identifier columns named by kind.
        settings: how; see there.
        model: a model trained before, or None to train one on these sources.

    Raises:
        BadInput: a half that cannot be used, a model of another design, or too few records to train on.
    """
    connection = duckdb.connect(config={"threads": settings.threads})
    try:
        records = load_records(connection, sources, adults_only=settings.adults_only)
        with _silence():
            trained = model or _train(connection, settings)
            _score(connection, _trained_linker(connection, settings, trained))
        cluster(connection, settings)
        bands = connection.execute(
            "select cast(floor(bits) as int), count(*) from pairs group by 1 order by 1"
        ).fetchall()
        return Linkage(
            clusters=_clusters(connection),
            model=trained,
            records=records,
            pairs=sum(count for _, count in bands),
            pairs_by_bits=tuple((int(bits), int(count)) for bits, count in bands),
        )
    finally:
        connection.close()


def _clusters(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    return connection.sql(
        "select dataset, row_key, cluster from records join member using (rid) order by dataset, row_key"
    ).to_arrow_table()


def design_of(settings: LinkageSettings) -> str:
    """Digest of what a model is trained for: the comparisons, and the pairs it scores."""
    return sha256(repr((settings.comparisons(), settings.candidate_blocks())).encode()).hexdigest()


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Splink's log and its warnings out of ours, for this call only: both may quote values."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _trained_linker(
    connection: duckdb.DuckDBPyConnection, settings: LinkageSettings, model: TrainedModel
) -> Linker:
    if model.design != design_of(settings):
        raise BadInput(
            "linkage_model_of_other_design",
            "The stored linkage model was trained for other comparisons; train a new one with these settings.",
        )
    return _linker(connection, json.loads(model.parameters))


def _untrained_linker(connection: duckdb.DuckDBPyConnection, settings: LinkageSettings) -> Linker:
    creator = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=[_comparison(comparison) for comparison in settings.comparisons()],
        blocking_rules_to_generate_predictions=[CustomRule(rule) for rule in settings.candidate_blocks()],
        retain_matching_columns=False,
    )
    return _linker(connection, creator)


def _linker(connection: duckdb.DuckDBPyConnection, design: SettingsCreator | dict[str, Any]) -> Linker:
    # Any: Splink's JSON
    table = DuckDBAPI(connection=connection).register("records", dataset_display_name="records")
    return Linker(table, design, log_level="CRITICAL")


def _comparison(comparison: Comparison) -> CustomComparison:
    levels = [_level(level) for level in comparison.levels]
    return CustomComparison(output_column_name=comparison.name, comparison_levels=levels)


def _level(level: Level) -> Any:  # Splink's level creators share no public base class
    if level.condition is None:
        creator: Any = ElseLevel()  # as above
    else:
        creator = CustomLevel(level.condition)
    if level.is_null:
        return creator.configure(is_null_level=True)
    return creator.configure(
        m_probability=level.match,
        u_probability=level.chance,
        fix_m_probability=level.is_fixed,
        fix_u_probability=level.is_fixed,
        **({"tf_adjustment_column": level.frequency} if level.frequency else {}),
    )


def _train(connection: duckdb.DuckDBPyConnection, settings: LinkageSettings) -> TrainedModel:
    for block in (ANCHOR, *settings.training_blocks):
        _check_pairs(connection, block)
    linker = _untrained_linker(connection, settings)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on(*ANCHOR)], recall=ANCHOR_RECALL)
    training.estimate_u_using_random_sampling(max_pairs=settings.max_pairs, seed=settings.seed)
    for block in settings.training_blocks:
        training.estimate_parameters_using_expectation_maximisation(
            block_on(*block), estimate_without_term_frequencies=True
        )
    learned = linker.misc.save_model_to_json(None)
    _check_learned(learned)
    _raise_to_floor(learned)
    return TrainedModel(design_of(settings), json.dumps(learned, sort_keys=True))


def _check_pairs(connection: duckdb.DuckDBPyConnection, block: tuple[str, ...]) -> None:
    """Refuse to train where a block finds too few pairs: what it learned would be chance."""
    present = " and ".join(f"{field} is not null" for field in block)
    pairs = connection.execute(
        "select coalesce(sum(held * (held - 1) / 2), 0) from"  # noqa: S608 - field names of the model
        f" (select count(*) as held from records where {present} group by {', '.join(block)})"
    ).fetchall()[0][0]
    if pairs < LEAST_PAIRS:
        raise BadInput(
            "linkage_too_few_pairs",
            f"Fewer than {LEAST_PAIRS} pairs of records agree on {', '.join(block)}, too few to train the linkage model;"
            " link with more sources at once or with a model trained before.",
        )


def _check_learned(learned: dict[str, Any]) -> None:  # Any: Splink's JSON
    """Refuse a model that takes a household for a person."""
    given_name = next(each for each in learned["comparisons"] if each["output_column_name"] == "given_name")
    if given_name["comparison_levels"][-1]["m_probability"] > MOST_OTHER_NAMES:
        raise BadInput(
            "linkage_learned_household",
            "The linkage model has learned who lives together, not who is the same person, and is not used;"
            " train on fields in which members of a household differ.",
        )


def _raise_to_floor(learned: dict[str, Any]) -> None:  # Any: Splink's JSON
    for comparison in learned["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level") and not level.get("fix_m_probability"):
                level["m_probability"] = max(level["m_probability"], LEAST_SHARE)
                level["u_probability"] = max(level["u_probability"], LEAST_CHANCE)


def _score(connection: duckdb.DuckDBPyConnection, linker: Linker) -> None:
    """Make `pairs(rid_l, rid_r, bits)`. Weights are rounded: the last bits of a sum depend on the order of threads."""
    scored = linker.inference.predict(threshold_match_weight=LEAST_BITS)
    connection.execute(
        f'create or replace table pairs as select rid_l, rid_r, round(match_weight, 6) as bits from "{scored.physical_name}"'  # noqa: S608
    )

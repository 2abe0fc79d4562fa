"""How good a linkage is: scored against truth where there is one, and described where there is none.

Every number here is an aggregate for the linkage unit and the data committee. Bias by sex, age and region matters more
to research than the average: people whose links are missed are missing from every table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from tre.domain.errors import BadInput
from tre.domain.regions import NOT_KNOWN, REGION_OF_AREA
from tre.linkage.normalise import load_records

TRAITS: Final = ("sex", "age_band", "region")
"""By what bias is reported."""


@dataclass(frozen=True, slots=True)
class PairScore:
    """Pairs of records, scored against truth. A pair that no block found counts as missed.

    Attributes:
        predicted: pairs that the linkage put together.
        true: pairs that are of one person.
        both: pairs that are both.
    """

    predicted: int
    true: int
    both: int

    @property
    def precision(self) -> float:
        """Share of predicted pairs that are true, 0 to 1; 1 where nothing was predicted."""
        return self.both / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """Share of true pairs that were predicted, 0 to 1; 1 where there was nothing to find."""
        return self.both / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1."""
        return 2 * self.both / (self.predicted + self.true) if self.predicted + self.true else 1.0


@dataclass(frozen=True, slots=True)
class GroupRate:
    """How often records of one group were linked to another source.

    Attributes:
        dataset: whose records.
        trait: sex, age_band or region.
        level: of the trait.
        records: of this group in the dataset.
        linked: those of a person who also has a record in another dataset.
    """

    dataset: str
    trait: str
    level: str
    records: int
    linked: int

    @property
    def rate(self) -> float:
        """Share linked, 0 to 1."""
        return self.linked / self.records


@dataclass(frozen=True, slots=True)
class MissedRate:
    """How many true links between two datasets were missed for one group, by truth.

    Attributes:
        trait: sex, age_band or region, of the record in the first dataset.
        level: of the trait.
        true: true pairs.
        missed: those not found.
    """

    trait: str
    level: str
    true: int
    missed: int

    @property
    def rate(self) -> float:
        """Share missed, 0 to 1."""
        return self.missed / self.true


@dataclass(frozen=True, slots=True)
class Quality:
    """Description of a linkage that needs no truth.

    Attributes:
        persons: found.
        sizes: for each number of records, how many persons have it.
        linked: for each dataset, records and those of a person who also has a record in another dataset.
        groups: the same by sex, age band and region: where the rates differ, so does what research will miss.
    """

    persons: int
    sizes: tuple[tuple[int, int], ...]
    linked: Mapping[str, tuple[int, int]]
    groups: tuple[GroupRate, ...]


def score(clusters: pa.Table, truth: pa.Table, *, between: tuple[str, str] | None = None) -> PairScore:
    """Score record pairs: of two datasets when `between` names them (or of one, named twice), else of all.

    Args:
        clusters: `dataset, row_key, cluster`.
        truth: `dataset, row_key, person_id`, for every row of the datasets scored.
        between: two dataset names.

    Raises:
        BadInput: a row of these datasets has no truth.
    """
    with duckdb.connect() as connection:
        _load_truth(connection, clusters, truth)
        names = [str(row[0]) for row in connection.execute("select distinct dataset from told").fetchall()]
        chosen = names if between is None else list(between)
        _check_truth(connection, chosen)
        predicted, true, both = (
            _pairs(connection, key, chosen=between) for key in ("cluster", "person_id", "cluster, person_id")
        )
        return PairScore(predicted, true, both)


def describe(clusters: pa.Table, traits: pa.Table) -> Quality:
    """Describe a linkage by what is known without truth.

    Args:
        clusters: `dataset, row_key, cluster`.
        traits: `dataset, row_key, sex, age_band, region`, as `traits_of` answers it.
    """
    with duckdb.connect() as connection:
        connection.register("given", clusters)
        connection.register("trait", traits)
        connection.execute(_DESCRIBE)
        sizes = connection.execute(
            "select records, count(*) from (select count(*) as records from given group by cluster) group by 1 order by 1"
        ).fetchall()
        linked = connection.execute(
            "select dataset, count(*), count(*) filter (is_linked) from row group by 1 order by 1"
        ).fetchall()
        groups = [
            GroupRate(str(dataset), trait, str(level), int(records), int(found))
            for trait in TRAITS
            for dataset, level, records, found in connection.execute(
                f"select dataset, {trait}, count(*), count(*) filter (is_linked) from row group by 1, 2 order by 1, 2"  # noqa: S608 - names above
            ).fetchall()
        ]
        return Quality(
            persons=sum(int(persons) for _, persons in sizes),
            sizes=tuple((int(records), int(persons)) for records, persons in sizes),
            linked={str(dataset): (int(records), int(found)) for dataset, records, found in linked},
            groups=tuple(groups),
        )


def missed_links(
    clusters: pa.Table, truth: pa.Table, traits: pa.Table, *, between: tuple[str, str]
) -> tuple[MissedRate, ...]:
    """Say which true links between two datasets were missed, by the traits of the first dataset's records."""
    with duckdb.connect() as connection:
        _load_truth(connection, clusters, truth)
        _check_truth(connection, list(between))
        connection.register("trait", traits)
        connection.execute(
            "create table pair as select trait.*, l.cluster is distinct from r.cluster as is_missed"
            " from told l join told r using (person_id) join trait on trait.dataset = l.dataset and"
            " trait.row_key = l.row_key where l.dataset = $first and r.dataset = $second",
            {"first": between[0], "second": between[1]},
        )
        return tuple(
            MissedRate(trait, str(level), int(true), int(missed))
            for trait in TRAITS
            for level, true, missed in connection.execute(
                f"select {trait}, count(*), count(*) filter (is_missed) from pair group by 1 order by 1"  # noqa: S608 - names above
            ).fetchall()
        )


def traits_of(sources: Mapping[str, Path], *, today: date) -> pa.Table:
    """Sex, ten-year age band and region of each record, from the identifier halves, for use inside the linkage unit."""
    with duckdb.connect() as connection:
        load_records(connection, sources)
        connection.execute("create table area (letters varchar primary key, region varchar)")
        connection.execute(
            "insert into area select unnest($letters), unnest($regions)",
            {"letters": list(REGION_OF_AREA), "regions": list(REGION_OF_AREA.values())},
        )
        return connection.sql(
            _TRAITS, params={"today": today.isoformat(), "unknown": NOT_KNOWN}
        ).to_arrow_table()


_TRAITS: Final = """
with told as (
    select dataset, row_key, sex, regexp_extract(postcode, '^[A-Z]+') as letters,
        date_sub('year', cast(dob as date), cast($today as date)) // 10 * 10 as decade
    from records
)
select dataset, row_key, coalesce(sex, $unknown) as sex,
    case when decade between 0 and 119 then decade || ' to ' || decade + 9 else $unknown end as age_band,
    coalesce(region, $unknown) as region
from told left join area using (letters) order by dataset, row_key
"""

_DESCRIBE: Final = """
create table row as
with persons as (select cluster, count(distinct dataset) as datasets from given group by cluster)
select given.dataset, persons.datasets > 1 as is_linked, sex, age_band, region
from given join persons using (cluster) join trait using (dataset, row_key)
"""


def _load_truth(connection: duckdb.DuckDBPyConnection, clusters: pa.Table, truth: pa.Table) -> None:
    connection.register("given", clusters)
    connection.register("truth", truth)
    connection.execute(
        "create table told as select given.dataset, given.row_key, cluster, person_id"
        " from given left join truth using (dataset, row_key)"
    )


def _check_truth(connection: duckdb.DuckDBPyConnection, datasets: list[str]) -> None:
    untold = connection.execute(
        "select 1 from told where person_id is null and list_contains($datasets, dataset) limit 1",
        {"datasets": datasets},
    ).fetchall()
    if untold:
        raise BadInput(
            "quality_no_truth",
            "Some rows have no true person, so nothing can be scored; score only what truth covers.",
        )


def _pairs(connection: duckdb.DuckDBPyConnection, key: str, *, chosen: tuple[str, str] | None) -> int:
    """Count pairs that share `key`, from group sizes: no pair is ever written out."""
    if chosen is None or chosen[0] == chosen[1]:
        asked = "" if chosen is None else "where dataset = $first"
        query = f"select sum(held * (held - 1) // 2) from (select count(*) as held from told {asked} group by {key})"  # noqa: S608 - names above
        return _whole(connection, query, {} if chosen is None else {"first": chosen[0]})
    query = (
        "select sum(l * r) from (select count(*) filter (dataset = $first) as l,"  # noqa: S608 - names above
        f" count(*) filter (dataset = $second) as r from told group by {key})"
    )
    return _whole(connection, query, {"first": chosen[0], "second": chosen[1]})


def _whole(connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, str]) -> int:
    return int(connection.execute(query, values).fetchall()[0][0] or 0)

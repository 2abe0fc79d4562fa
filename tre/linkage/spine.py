"""The spine: which row of which dataset is of which person. It knows no identifier and no payload.

A person's id is random. It is never a cluster number (which is a record's number in disguise), so the spine tells
nothing about a record to those who see it without its row keys.
"""

import os
from dataclasses import dataclass
from uuid import UUID

import duckdb
import pyarrow as pa

from tre.domain.errors import BadInput


@dataclass(frozen=True, slots=True)
class SpineChange:
    """A spine, and what became of the persons of the one before.

    Attributes:
        spine: Arrow table `dataset, row_key, person_id`, one line for each row that was linked.
        kept: persons who keep their id.
        new: persons who were given one.
        merged: ids that are no longer used because their rows now belong to another person.
        split: persons of whom some rows now belong to another person.
    """

    spine: pa.Table
    kept: int
    new: int
    merged: tuple[str, ...]
    split: tuple[str, ...]


def build_spine(clusters: pa.Table) -> pa.Table:
    """Give each cluster a random person id; answer `dataset, row_key, person_id`.

    Args:
        clusters: Arrow table `dataset, row_key, cluster`, as `link` answers it.

    Raises:
        BadInput: no rows, or a row that stands twice.
    """
    return extend(clusters, None).spine


def extend(clusters: pa.Table, previous: pa.Table | None) -> SpineChange:
    """Build the spine of a new linkage run, keeping the person ids of the run before.

    A person keeps their id in the cluster that holds most of their rows; where several persons claim one cluster the
    one with most rows in it keeps the id, and the others are merged into it. An id that is given up is never used
    again. The answer covers the rows of `clusters` and no others: rows whose identifiers were destroyed leave with them.
    """
    with duckdb.connect() as connection:
        connection.register("given", clusters)
        connection.execute("create table row as select dataset, row_key, cluster from given")
        connection.execute("create table known (dataset varchar, row_key varchar, person_id varchar)")
        if previous is not None:
            connection.register("before", previous)
            connection.execute("insert into known select dataset, row_key, person_id from before")
        _check_rows(connection)
        connection.execute(_KEEP)
        fresh = _number(connection, "select count(distinct cluster) from row anti join kept using (cluster)")
        connection.register(
            "fresh", pa.table({"place": pa.array(range(fresh), pa.int64()), "person_id": random_ids(fresh)})
        )
        connection.execute(_ASSIGN)
        return SpineChange(
            spine=connection.sql(
                "select dataset, row_key, person_id from row join person using (cluster) order by dataset, row_key"
            ).to_arrow_table(),
            kept=_number(connection, "select count(*) from kept"),
            new=fresh,
            merged=_ids(connection, _MERGED),
            split=_ids(connection, _SPLIT),
        )


def random_ids(count: int) -> pa.Array:
    """Return `count` random version 4 UUIDs as text (RFC 9562), from the operating system's generator."""
    bits = os.urandom(16 * count)
    return pa.array(
        (str(UUID(bytes=bits[at : at + 16], version=4)) for at in range(0, len(bits), 16)), pa.string()
    )


# Of all claims, those in which cluster and person name each other first. Ties go to the lower id: stable, and blind.
_KEEP = """
create table claim as
select cluster, person_id, count(*) as rows from row join known using (dataset, row_key) group by all;
create table kept as
with ranked as (
    select cluster, person_id,
        row_number() over (partition by cluster order by rows desc, person_id) as for_cluster,
        row_number() over (partition by person_id order by rows desc, cluster) as for_person
    from claim
)
select cluster, person_id from ranked where for_cluster = 1 and for_person = 1;
"""

_ASSIGN = """
create table person as
with unknown as (
    select cluster, row_number() over (order by cluster) - 1 as place
    from (select distinct cluster from row) anti join kept using (cluster)
)
select cluster, person_id from kept
union all
select cluster, person_id from unknown join fresh using (place);
"""

_MERGED = "select distinct person_id from claim anti join kept using (person_id) order by 1"
_SPLIT = "select person_id from claim group by person_id having count(*) > 1 order by 1"


def _check_rows(connection: duckdb.DuckDBPyConnection) -> None:
    rows, different = connection.execute(
        "select count(*), count(distinct (dataset, row_key)) from row"
    ).fetchall()[0]
    if rows == 0:
        raise BadInput(
            "spine_empty", "No row was linked, so there is no spine; link at least one delivery first."
        )
    if rows != different:
        raise BadInput("spine_row_twice", "A row stands twice among the linked rows; run the linkage again.")


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def _ids(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[str, ...]:
    return tuple(str(row[0]) for row in connection.execute(query).fetchall())

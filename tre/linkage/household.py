"""From scored pairs to persons, without chaining two people of one household together.

Three steps, each a few rounds of set operations in SQL:

1. Records with a full given name and a date of birth are joined by mutual best: in each round every cluster names
   the cluster it fits best, and those that name each other become one. A pair of clusters of which any two members
   contradict each other (twins: same birthday, other name; father and son: same name, other birthday; two different
   National Insurance numbers) is never joined, however well another two members fit.
2. A record that lacks name or birthday (an energy account) is attached to one person only, and only when that person
   fits clearly better than the next. It never brings two persons together.
3. What is left is joined among itself as in step 1.
"""

from typing import Final

import duckdb

from tre.linkage.model import (
    DAY_MONTH_SWAPPED,
    INITIAL,
    SIMILAR_GIVEN_NAME,
    SWAPPED,
    TWO_PARTS_OF_THREE,
    YEAR_WITH_DEFAULT_DAY,
    LinkageSettings,
)

OTHER_NAME: Final = (
    "(given_name_l is not null and given_name_r is not null"
    f" and not coalesce({SWAPPED}, false) and not {INITIAL} and not {SIMILAR_GIVEN_NAME})"
)
OTHER_BIRTHDAY: Final = (
    "(dob_l is not null and dob_r is not null and damerau_levenshtein(dob_l, dob_r) > 1"
    f" and not {DAY_MONTH_SWAPPED} and not {TWO_PARTS_OF_THREE} and not {YEAR_WITH_DEFAULT_DAY})"
)
SAME_NUMBER: Final = "coalesce(nino_l = nino_r, false)"
OTHER_NUMBER: Final = (
    "(nino_l is not null and nino_r is not null and damerau_levenshtein(nino_l, nino_r) > 2)"
)
_COMPARED: Final = ("given_name", "given_root", "surname", "dob", "nino", "is_adult")


def contradiction(settings: LinkageSettings) -> str:
    """SQL that holds when two records cannot be of one person.

    A National Insurance number that agrees forgives a changed name or a wrong birthday, but not both: people do
    write their partner's number.
    """
    too_young = _too_young(settings)
    if not settings.use_nino:
        return f"({too_young} or {OTHER_NAME} or {OTHER_BIRTHDAY})"
    return (
        f"({too_young} or {OTHER_NUMBER} or ({OTHER_NAME} and {OTHER_BIRTHDAY})"
        f" or (not {SAME_NUMBER} and ({OTHER_NAME} or {OTHER_BIRTHDAY})))"
    )


def _too_young(settings: LinkageSettings) -> str:
    """SQL that holds when one record is of a source of adults, and the other's birthday is a child's."""
    if settings.adult_born_by is None:
        return "false"
    latest = f"'{settings.adult_born_by.isoformat()}'"
    return f"((is_adult_l and coalesce(dob_r > {latest}, false)) or (is_adult_r and coalesce(dob_l > {latest}, false)))"


def cluster(connection: duckdb.DuckDBPyConnection, settings: LinkageSettings) -> None:
    """Make `member(rid, cluster)` from `records` and `pairs(rid_l, rid_r, bits)`.

    A cluster's number is its least record number: fit for use inside this run only, never for a spine.
    """
    connection.execute(
        "create or replace table member as select rid, rid as cluster,"
        " coalesce(length(given_name) > 1 and dob is not null, false) as is_strong from records"
    )
    clash = contradiction(settings)
    _join_by_mutual_best(connection, clash, among="is_strong", bits=settings.strong_bits)
    _attach_weak(connection, clash, settings)
    _join_by_mutual_best(
        connection, clash, among="not is_strong and rid not in (from attached)", bits=settings.weak_bits
    )


def _clashes(clash: str, *, proposals: str) -> str:
    """SQL for those of `proposals(left_cluster, right_cluster)` of which any two members contradict each other."""
    left = ", ".join(f"l.{field} as {field}_l" for field in _COMPARED)
    right = ", ".join(f"r.{field} as {field}_r" for field in _COMPARED)
    return (
        f"select distinct left_cluster, right_cluster from (select left_cluster, right_cluster, {left}, {right}"  # noqa: S608
        f" from {proposals} join member ml on ml.cluster = left_cluster join records l on l.rid = ml.rid"
        f" join member mr on mr.cluster = right_cluster join records r on r.rid = mr.rid) where {clash}"
    )


def _join_by_mutual_best(
    connection: duckdb.DuckDBPyConnection, clash: str, *, among: str, bits: float
) -> None:
    """Join clusters of the records in `among` until no two clusters name each other best."""
    connection.execute(f"create or replace temp table chosen as select rid from member where {among}")  # noqa: S608
    connection.execute(
        "create or replace temp table edge as select rid_l as a, rid_r as b, bits from pairs"
        " where bits >= $bits and rid_l in (from chosen) and rid_r in (from chosen)",
        {"bits": bits},
    )
    while _one_round(connection, clash):
        pass


def _one_round(connection: duckdb.DuckDBPyConnection, clash: str) -> bool:
    """One round of proposals; answer whether there was any. Each round joins or strikes out at least one pair."""
    connection.execute(_CONTRACT)
    connection.execute(_PROPOSE)
    if not connection.execute("select 1 from proposal limit 1").fetchall():
        return False
    connection.execute(f"create or replace temp table refused as {_clashes(clash, proposals='proposal')}")
    connection.execute(
        "delete from edge where exists (from refused where left_cluster = a and right_cluster = b)"
    )
    connection.execute(
        "update member set cluster = left_cluster from proposal"
        " where cluster = right_cluster and not exists (from refused where"
        " refused.left_cluster = proposal.left_cluster and refused.right_cluster = proposal.right_cluster)"
    )
    return True


# Edges between records become edges between their clusters, the best standing for all; lower number first.
_CONTRACT: Final = """
create or replace temp table edge as
select least(ma.cluster, mb.cluster) as a, greatest(ma.cluster, mb.cluster) as b, max(bits) as bits
from edge join member ma on ma.rid = edge.a join member mb on mb.rid = edge.b
where ma.cluster <> mb.cluster group by all
"""

# Two windows, not a graph search: linear in the edges. Ties go to the lower number, so the answer is the same each time.
_PROPOSE: Final = """
create or replace temp table proposal as
with both_ways as (select a, b, bits from edge union all select b, a, bits from edge),
best as (select a, b from both_ways
         qualify row_number() over (partition by a order by bits desc, least(a, b), greatest(a, b)) = 1)
select l.a as left_cluster, l.b as right_cluster
from best l join best r on l.a = r.b and l.b = r.a where l.a < l.b
"""


def _attach_weak(connection: duckdb.DuckDBPyConnection, clash: str, settings: LinkageSettings) -> None:
    """Attach each weak record to the one person that fits it clearly best, if there is one."""
    connection.execute(
        """
        create or replace temp table candidate as
        with both_ways as (select rid_l as a, rid_r as b, bits from pairs union all select rid_r, rid_l, bits from pairs)
        select a as left_cluster, person.cluster as right_cluster, max(bits) as bits
        from both_ways join member weak on weak.rid = a and not weak.is_strong
        join member person on person.rid = b and person.is_strong
        where bits >= $least group by all
        """,
        # A runner-up may lie below the threshold and still be too near the best.
        {"least": settings.weak_bits - settings.weak_margin_bits},
    )
    connection.execute(f"create or replace temp table refused as {_clashes(clash, proposals='candidate')}")
    connection.execute(
        """
        create or replace temp table attached as
        with ranked as (
            select left_cluster as rid, right_cluster as cluster, bits,
                row_number() over (partition by left_cluster order by bits desc, right_cluster) as place,
                lead(bits) over (partition by left_cluster order by bits desc, right_cluster) as runner_up
            from candidate anti join refused using (left_cluster, right_cluster)
        )
        select rid, cluster from ranked
        where place = 1 and bits >= $bits and (runner_up is null or bits - runner_up >= $margin)
        """,
        {"bits": settings.weak_bits, "margin": settings.weak_margin_bits},
    )
    connection.execute(
        "update member set cluster = attached.cluster from attached where member.rid = attached.rid"
    )
    connection.execute("alter table attached drop column cluster")

"""The pseudonyms role: spine and keys in, study ids out. It never sees identifiers or payload."""

from psycopg import sql
from sqlalchemy import delete

from tre.db.bulk import copy_in, copy_out
from tre.db.engine import Transaction
from tre.db.tables import PopulationKey, ProjectKey, StudyMap
from tre.domain.audit import Event
from tre.domain.errors import NotFound
from tre.linkage import pseudonyms
from tre.services import audit
from tre.services.separated.delivery import Answer, Arguments, actor_of


def make_pseudonyms(tx: Transaction, arguments: Arguments) -> Answer:
    """Make the study ids and audit keys of one project, and leave them for the extract to fetch."""
    project = arguments["project"]
    keys = _keys(tx, project, arguments["population"])
    wanted = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(name), sql.Literal(edition))
        for name, edition in arguments["editions"].items()
    )
    columns = ("dataset", "row_key", "person_id")
    query = sql.SQL(
        "SELECT dataset, replace(row_key::text, '-', ''), person_id::text FROM linkage.spine WHERE (dataset, edition) IN ({})"
    )
    spine = copy_out(tx, query.format(wanted), columns)
    mapped = pseudonyms.study_map(spine, *keys)
    tx.execute(delete(StudyMap).where(StudyMap.project_id == project))
    copy_in(tx, "pseudonyms.study_map", mapped.append_column("project_id", [[project] * mapped.num_rows]))
    audit.record(tx, actor_of(arguments), Event.PSEUDONYMS_MADE, f"project:{project}", rows=mapped.num_rows)
    return {"rows": mapped.num_rows}


def forget_pseudonyms(tx: Transaction, arguments: Arguments) -> Answer:
    """Drop the study ids that were left for an extract which could not be built."""
    tx.execute(delete(StudyMap).where(StudyMap.project_id == arguments["project"]))
    return {}


def _keys(
    tx: Transaction, project: str, population: str
) -> tuple[pseudonyms.ProjectKey, pseudonyms.PopulationKey]:
    mine, shared = tx.get(ProjectKey, project), tx.get(PopulationKey, population)
    if mine is None:
        mine = ProjectKey(project_id=project, key=pseudonyms.new_project_key().secret)
        tx.add(mine)
    if shared is None:
        shared = PopulationKey(population=population, key=pseudonyms.new_population_key().secret)
        tx.add(shared)
    if mine.key is None:
        raise NotFound(
            "project_key_destroyed", f"The key of project '{project}' has been destroyed; it is closed."
        )
    tx.flush()
    return pseudonyms.ProjectKey(mine.key), pseudonyms.PopulationKey(shared.key)

"""What the roles may really do, read from the server's catalogue, against what `tre.db.roles` says."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection, Row, text

from tre.db.address import LOGIN_ROLES, Role
from tre.db.roles import GRANTS, Privilege, schemas_of
from tre.db.tables.posting import FUNCTIONS


class Held(NamedTuple):
    """One privilege that one role has, by whatever way: granted, inherited or given to everybody.

    Attributes:
        role: the role's name.
        thing: what it is about, for example `core.vote`, `core.person(name)` or `schema core`.
        privilege: PostgreSQL's word for it.
    """

    role: str
    thing: str
    privilege: str


_OURS: Final = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
_TABLES: Final = text(f"""
    SELECT role, nspname || '.' || relname, privilege
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace, unnest(CAST(:roles AS text[])) role, unnest(CAST(:privileges AS text[])) privilege
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname {_OURS}
    AND has_table_privilege(role, pg_class.oid, privilege)
""")  # noqa: S608  a constant of this file
_COLUMNS: Final = text(f"""
    SELECT role, nspname || '.' || relname || '(' || attname || ')', privilege
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped,
    unnest(CAST(:roles AS text[])) role, unnest(CAST(:column_privileges AS text[])) privilege
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname {_OURS}
    AND has_column_privilege(role, pg_class.oid, attnum, privilege)
    AND NOT has_table_privilege(role, pg_class.oid, privilege)
""")  # noqa: S608  a constant of this file
_ROUTINES: Final = text("""
    SELECT role, 'routine ' || nspname || '.' || proname, 'EXECUTE'
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace, unnest(CAST(:roles AS text[])) role
    WHERE nspname = 'core' AND has_function_privilege(role, pg_proc.oid, 'EXECUTE')
""")
_SCHEMAS: Final = text(f"""
    SELECT role, 'schema ' || nspname, privilege
    FROM pg_namespace, unnest(CAST(:roles AS text[])) role, unnest(ARRAY['USAGE', 'CREATE']) privilege
    WHERE nspname {_OURS} AND has_schema_privilege(role, pg_namespace.oid, privilege)
""")  # noqa: S608  a constant of this file
_DATABASE: Final = text("""
    SELECT role, 'database', privilege
    FROM unnest(CAST(:roles AS text[])) role, unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) privilege
    WHERE has_database_privilege(role, current_database(), privilege)
""")
_POWERS: Final = text("""
    SELECT rolname, 'server', power
    FROM pg_roles, LATERAL (VALUES
        ('SUPERUSER', rolsuper), ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb),
        ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls), ('LOGIN', rolcanlogin)
    ) has(power, held)
    WHERE held AND rolname = ANY(CAST(:roles AS text[]) || CAST(:owner AS text))
""")
_MEMBERS: Final = text("""
    SELECT member.rolname, 'role ' || granted.rolname, 'MEMBER'
    FROM pg_auth_members
    JOIN pg_roles member ON member.oid = pg_auth_members.member
    JOIN pg_roles granted ON granted.oid = roleid
    WHERE member.rolname = ANY(CAST(:roles AS text[]) || CAST(:owner AS text))
""")


def held(connection: Connection) -> frozenset[Held]:
    """Return everything that the roles of the house may do in this database."""
    values = {
        "roles": [role.value for role in LOGIN_ROLES],
        "owner": Role.OWNER.value,
        "privileges": [*Privilege, "TRUNCATE", "REFERENCES", "TRIGGER"],
        "column_privileges": ["SELECT", "INSERT", "UPDATE", "REFERENCES"],
    }
    found: list[Row[tuple[str, str, str]]] = []
    for question in (_TABLES, _COLUMNS, _ROUTINES, _SCHEMAS, _DATABASE, _POWERS, _MEMBERS):
        needed = {name: values[name] for name in question.compile().params}
        found.extend(connection.execute(question, needed))
    return frozenset(Held(*map(str, row)) for row in found)


def intended() -> frozenset[Held]:
    """Return everything that `tre.db.roles` lets the roles do."""
    return frozenset(_intended())


def differences(connection: Connection) -> tuple[str, ...]:
    """Say each privilege that is too much or missing; nothing when catalogue and table agree."""
    real, wanted = held(connection), intended()
    surplus = (
        f"{one.role} may {one.privilege} on {one.thing}, but should not" for one in sorted(real - wanted)
    )
    missing = (
        f"{one.role} may not {one.privilege} on {one.thing}, but should" for one in sorted(wanted - real)
    )
    return (*surplus, *missing)


def _intended() -> Iterator[Held]:
    for grant in GRANTS:
        things = [f"{grant.table}({column})" for column in grant.columns] or [grant.table]
        for thing in things:
            yield from (Held(grant.role, thing, privilege) for privilege in grant.privileges)
    for routine in FUNCTIONS:
        yield Held(Role.APPLICATION, f"routine {routine}", "EXECUTE")
    for role in LOGIN_ROLES:
        yield Held(role, "database", "CONNECT")
        yield Held(role, "server", "LOGIN")
        yield from (Held(role, f"schema {schema}", "USAGE") for schema in schemas_of(role))

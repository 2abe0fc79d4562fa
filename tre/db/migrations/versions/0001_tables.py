"""The tables of the house, each schema in its own file of SQL beside this one."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for schema in ("core", "linkage", "pseudonyms", "extract"):
        script = Path(__file__).with_name(f"0001_{schema}.sql").read_text(encoding="utf-8")
        connection.exec_driver_sql(script, execution_options={"no_parameters": True})

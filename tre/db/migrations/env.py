"""What Alembic runs: our migrations, in the transaction that the caller opened."""

from alembic import context

from tre.db.migrations import VERSION_SCHEMA
from tre.db.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    version_table_schema=VERSION_SCHEMA,
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()

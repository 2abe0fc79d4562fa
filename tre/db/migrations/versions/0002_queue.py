"""The job queue's own tables and functions, in their own schema.

They are the queue library's, and change only when it does: a newer one is a new migration, after its guide.
"""

import hashlib
from typing import Final

from alembic import op
from procrastinate.schema import SchemaManager

from tre.domain.errors import TreError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SHA-256 of the schema of procrastinate 3.10.0, the one that this migration was written for.
_EXPECTED: Final = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


def upgrade() -> None:
    schema = SchemaManager.get_schema()
    if hashlib.sha256(schema.encode()).hexdigest() != _EXPECTED:
        raise TreError(
            "queue_schema", "The installed procrastinate brings other tables: install the locked version."
        )
    connection = op.get_bind()
    connection.exec_driver_sql("CREATE SCHEMA jobs")
    connection.exec_driver_sql("SET LOCAL search_path = jobs")
    connection.exec_driver_sql(schema, execution_options={"no_parameters": True})

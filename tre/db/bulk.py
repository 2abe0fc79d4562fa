"""Moving whole Arrow tables in and out of the database by COPY."""

import io

import pyarrow as pa
from psycopg import Connection as Driver
from psycopg import sql
from pyarrow import csv
from sqlalchemy.orm import Session

from tre.domain.errors import TreError

CHUNK = 1 << 20
"""Bytes handed to the driver at once."""


def copy_in(transaction: Session, table: str, rows: pa.Table) -> int:
    """Append an Arrow table to `schema.table`, columns by name; return how many rows.

    Raises:
        TreError: the database does not speak psycopg.
    """
    buffer = io.BytesIO()
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    with _driver(transaction).cursor() as cursor, cursor.copy(statement) as copy:
        data = buffer.getbuffer()
        for start in range(0, len(data), CHUNK):
            copy.write(data[start : start + CHUNK])
    return int(rows.num_rows)


def copy_out(transaction: Session, query: sql.Composed, columns: tuple[str, ...]) -> pa.Table:
    """Read a query whose columns are all text into an Arrow table with these column names.

    Raises:
        TreError: the database does not speak psycopg.
    """
    buffer = io.BytesIO()
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(query)
    with _driver(transaction).cursor() as cursor, cursor.copy(statement) as copy:
        for piece in copy:
            buffer.write(piece)
    buffer.seek(0)
    text = {name: pa.string() for name in columns}
    if not buffer.getbuffer().nbytes:
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    return csv.read_csv(
        buffer,
        csv.ReadOptions(column_names=list(columns)),
        convert_options=csv.ConvertOptions(column_types=text),
    )


def _driver(transaction: Session) -> Driver[tuple[object, ...]]:
    driver = transaction.connection().connection.driver_connection
    if not isinstance(driver, Driver):
        raise TreError("database_driver", "The database address must use the psycopg driver: correct it.")
    return driver

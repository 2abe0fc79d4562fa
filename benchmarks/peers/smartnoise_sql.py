"""Noisy count, sum and mean per group by SmartNoise SQL: python smartnoise_sql.py FILE GROUPS ROUNDS.

Over an SQLite file, which is its faster way for large tables, made before time is taken and with the bound on rows per
person promised rather than enforced. Prints seconds, one per line.
"""

import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import snsql

SCHEMA = """
"":
  main:
    data:
      rows: {rows}
      max_ids: 5
      sample_max_ids: False
      censor_dims: False
      person_id: {{type: int, private_id: True}}
      g: {{type: int}}
      v: {{type: int, lower: 0, upper: 5000}}
"""


def stored(path: str, where: Path) -> int:
    """Copy the rows into SQLite; return how many there are."""
    source = pq.ParquetFile(path)
    with sqlite3.connect(where) as connection:
        connection.execute("create table data (person_id integer, g integer, v integer)")
        for batch in source.iter_batches(200_000, columns=["person_id", "g", "v"]):
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            connection.executemany("insert into data values (?, ?, ?)", rows)
    return source.metadata.num_rows


def main() -> None:
    path, groups, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "data.sqlite"
        schema = Path(folder) / "schema.yaml"
        schema.write_text(SCHEMA.format(rows=stored(path, where)))
        connection = sqlite3.connect(where)
        for _ in range(rounds):
            privacy = snsql.Privacy(epsilon=1.0, delta=1e-6)
            reader = snsql.from_connection(connection, engine="sqlite", privacy=privacy, metadata=str(schema))
            before = time.perf_counter()
            answer = reader.execute(
                "select g, count(*) as n, sum(v) as s, avg(v) as m from main.data group by g"
            )
            assert len(answer) > 0.9 * groups
            print(time.perf_counter() - before, flush=True)


if __name__ == "__main__":
    main()

"""The payload halves of the two small sources, as files."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.tre.linkage.extracts import BENEFITS, ENERGY


@pytest.fixture
def payloads(tmp_path: Path) -> dict[str, Path]:
    paths = {}
    for dataset, table in (("energy", ENERGY), ("benefits", BENEFITS)):
        paths[dataset] = tmp_path / f"{dataset}-payload.parquet"
        pq.write_table(table, paths[dataset])
    return paths

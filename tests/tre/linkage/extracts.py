"""Two small sources about four people, the map of their study ids, and a plan that joins them."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from tre.domain.manifest import Linkage, LinkedColumn, Reduction, SourceColumn
from tre.linkage.extract import ExtractPlan, ExtractReport, build_extract

ENERGY = pa.table(
    {
        "row_key": ["e1", "e2", "e3", "e4"],
        "region": ["Wales", None, "London", "Wales"],
        "kwh": pa.array([100, 200, 300, 400], pa.int64()),
        "secret_note": ["x", "y", "z", "w"],
    }
)
BENEFITS = pa.table(
    {
        "row_key": ["b1", "b2", "b3", "b4"],
        "weekly": [10.1, 0.2, None, 99.0],
        "region": ["Scotland", "Scotland", "Scotland", "Scotland"],
    }
)
# Ann has two accounts and two benefits, Bob one account and a benefit without amount, Cyd an account, Dai a benefit.
PEOPLE = {
    "e1": "ann",
    "e2": "bob",
    "e3": "cyd",
    "e4": "ann",
    "b1": "ann",
    "b2": "ann",
    "b3": "bob",
    "b4": "dai",
}
MAP = pa.table(
    {
        "dataset": ["energy" if key.startswith("e") else "benefits" for key in PEOPLE],
        "row_key": list(PEOPLE),
        "study_id": [f"s-{person}" for person in PEOPLE.values()],
        "audit_key": [f"a-{person}" for person in PEOPLE.values()],
    }
)


def column(
    name: str, reduce: Reduction, *sources: str, absent: str | float | bool | None = None
) -> LinkedColumn:
    parts = [source.partition(".") for source in sources]
    return LinkedColumn(
        name, reduce, tuple(SourceColumn(dataset, name or None) for dataset, _, name in parts), absent, None
    )


LINKAGE = Linkage(
    base="energy",
    table="linked",
    population=100,
    population_source="invented",
    columns=(
        column("region", Reduction.FIRST, "energy.region", "benefits.region", absent="not known"),
        column("kwh", Reduction.SUM, "energy.kwh"),
        column("largest", Reduction.MAX, "energy.kwh"),
        column("weekly", Reduction.SUM, "benefits.weekly", absent=0.0),
        column("on_benefit", Reduction.EXISTS, "benefits", absent=False),
    ),
)
PLAN = ExtractPlan(LINKAGE, {"energy": ("region", "kwh"), "benefits": ("weekly", "region")})


def build(
    payloads: Mapping[str, Path], folder: Path, *, plan: ExtractPlan = PLAN, study_map: pa.Table = MAP
) -> ExtractReport:
    return build_extract(
        payloads, study_map, plan, out=folder / "out", audit=folder / "vault" / "audit.parquet"
    )

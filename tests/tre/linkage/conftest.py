"""Hand-made people: a seeded background crowd to learn from, and room to add a household that is meant to deceive."""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tre.linkage.match import TrainedModel, link
from tre.linkage.model import LinkageSettings

Record = dict[str, str | None]
Sources = Mapping[str, list[Record]]
Halves = Callable[[Sources], dict[str, Path]]
Models = Callable[[LinkageSettings], TrainedModel]

GIVEN = [
    "ALICE",
    "BRIAN",
    "CERYS",
    "DEREK",
    "EDITH",
    "FERGUS",
    "GRETA",
    "HAMISH",
    "INGRID",
    "JASPER",
    "KEITH",
    "LORNA",
    "MURIEL",
    "NIGEL",
    "OSCAR",
    "PRIYA",
    "QUENTIN",
    "RHONA",
    "SELWYN",
    "TARIQ",
    "URSULA",
    "VIOLET",
    "WINSTON",
    "XANTHE",
    "YUSUF",
    "ZELDA",
    "BRONWEN",
    "CLAUDE",
    "DELIA",
    "ESMOND",
]
START = ["ASH", "BECK", "CRAN", "DUN", "ELM", "FEN", "GRAY", "HOLM", "IRON", "KIRK", "LANG", "MOOR"]
END = ["BURY", "CROFT", "DALE", "FIELD", "GATE", "HAM", "LEY", "MERE", "RIDGE", "STOW", "TON", "WORTH"]


def person(draw: Random) -> Record:
    """One invented adult who lives alone."""
    return {
        "given_name": draw.choice(GIVEN),
        "surname": draw.choice(START) + draw.choice(END),
        "sex": draw.choice("MF"),
        "dob": f"{draw.randint(1940, 1990)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        "postcode": f"{draw.choice(['LS', 'CF', 'EH', 'BS'])}{draw.randint(1, 29)} {draw.randint(1, 9)}{draw.choice('ABDEFG')}{draw.choice('HJLNPQ')}",
        "house_number": str(draw.randint(1, 150)),
        "street": f"{draw.choice(['STATION', 'CHURCH', 'MILL'])} {draw.choice(['ROAD', 'LANE'])}",
        "nino": f"{draw.choice('ABCE')}{draw.choice('ABCE')}{draw.randint(0, 999999):06}{draw.choice('ABCD')}",
    }


def blurred(record: Record, draw: Random) -> Record:
    """The same person as another source writes them."""
    other = dict(record)
    given_name, surname = str(record["given_name"]), str(record["surname"])
    kind = draw.randrange(12)
    if kind == 0:
        other["given_name"] = given_name[0]
    elif kind == 1:
        other["given_name"] = given_name[:2] + "X" + given_name[3:]
    elif kind == 2:
        other["surname"] = surname[:-1]
    elif kind == 3:
        other["dob"] = str(record["dob"])[:-2] + f"{draw.randint(1, 28):02}"
    elif kind == 4:
        other |= {field: person(draw)[field] for field in ("postcode", "house_number", "street")}
    elif kind == 5:
        other["surname"] = person(draw)["surname"]
    return other


@pytest.fixture(scope="session")
def crowd() -> dict[str, list[Record]]:
    """1,500 people, seen by tax and by benefits."""
    draw = Random(20)  # noqa: S311 - invented people, not keys
    people = [person(draw) for _ in range(1500)]
    return {"tax": [dict(each) for each in people], "benefits": [blurred(each, draw) for each in people]}


def write_halves(folder: Path, sources: Sources) -> dict[str, Path]:
    """Write identifier halves; a record's row key is its dataset and place."""
    paths = {}
    for dataset, records in sources.items():
        fields = list(dict.fromkeys(field for record in records for field in record))
        columns: dict[str, pa.Array] = {
            field: pa.array([record.get(field) for record in records], pa.string()) for field in fields
        }
        keys = pa.array([f"{dataset}-{place}" for place in range(len(records))], pa.string())
        paths[dataset] = folder / f"{dataset}.parquet"
        pq.write_table(pa.table({"row_key": keys} | columns), paths[dataset])
    return paths


@pytest.fixture
def halves(tmp_path: Path) -> Halves:
    """Writes identifier halves into the test's own folder."""
    return lambda sources: write_halves(tmp_path, sources)


@pytest.fixture(scope="session")
def models(crowd: Sources, tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Models trained on the crowd, once for each design: with and without the National Insurance number."""
    trained: dict[bool, TrainedModel] = {}

    def model(settings: LinkageSettings) -> TrainedModel:
        if settings.use_nino not in trained:
            paths = write_halves(tmp_path_factory.mktemp("crowd"), crowd)
            trained[settings.use_nino] = link(paths, settings).model
        return trained[settings.use_nino]

    return model

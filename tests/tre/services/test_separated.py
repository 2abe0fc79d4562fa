"""The separated roles at work: deliveries that are cut off, repeated or changed, and time that a stage may take."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from tests.journeys.house import ADMIN, CONTRACTS, EDITION, PROJECT, House, people_of
from tre.db.address import Role
from tre.db.engine import engine_for, patient, transaction
from tre.db.tables import SpineRow
from tre.domain.contracts import parse_contract
from tre.domain.errors import BadInput, NotFound
from tre.domain.people import PersonId
from tre.linkage.split import split
from tre.sandbox.bubblewrap import prove
from tre.services import data, people, stages
from tre.services.data import Delivery
from tre.services.platform import Platform, opened
from tre.settings import read_settings
from tre.synthesis import parse_recipe, synthesise

DATASETS = ("school_census", "tax_records", "dwp_benefits")


@dataclass(frozen=True, slots=True)
class Place:
    """A platform without data, and the halves that owners have split."""

    platform: Platform
    house: House
    folder: Path

    def delivery(self, name: str) -> Delivery:
        """One delivery, split when it is asked for first."""
        out = self.folder / "halves" / name
        if not out.exists():
            contract = next(path for path in CONTRACTS if path.stem == name)
            split(self.folder / "sources" / f"{name}.parquet", parse_contract(contract.read_text()), out)
        return Delivery(name, EDITION, out / "identifiers.parquet", out / "payload.parquet")

    def split_anew(self, name: str) -> Delivery:
        """The same source under new row keys: other bytes."""
        shutil.rmtree(self.folder / "halves" / name, ignore_errors=True)
        return self.delivery(name)

    def ingest(self, *deliveries: Delivery) -> data.Answer:
        """Hand deliveries over as an admin does."""
        with transaction(self.platform.application) as tx:
            work = data.ingest(tx, people.actor_of(tx, PersonId(ADMIN)), deliveries)
        return data.carry_out(self.platform, work)

    def kept(self, name: str) -> tuple[int, int]:
        """How many deliveries of a dataset the linkage and the extract role hold."""
        counts = [
            self.house.rows(f"SELECT count(*) FROM {schema}.delivery WHERE dataset = %(name)s", name=name)
            for schema in ("linkage", "extract")
        ]
        return counts[0][0][0], counts[1][0][0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if faults := prove():
        pytest.skip("machine: " + "; ".join(f"{fault.sentence} {fault.mend}" for fault in faults))
    folder = tmp_path_factory.mktemp("owners")
    synthesise(600, 5, folder / "sources", parse_recipe((PROJECT / "synthetic.toml").read_text()))
    home = Path(tempfile.mkdtemp(prefix="tre-"))
    people_of(home, project=True)
    with opened(read_settings({"TRE_HOME": str(home)})) as platform:
        yield Place(platform, House(home), folder)
    House(home).remove()


@pytest.mark.sandbox
def test_a_delivery_cut_off_between_the_two_roles_is_taken_up_again(place: Place) -> None:
    delivery = place.delivery("school_census")
    with transaction(place.platform.application) as tx:
        work = data.ingest(tx, people.actor_of(tx, PersonId(ADMIN)), [delivery])
    stages.run(place.platform, next(stage for stage in work.rounds[1] if stage.role is Role.LINKAGE))
    assert place.kept("school_census") == (1, 0)
    answer = place.ingest(delivery)
    assert answer["rows"]
    assert place.kept("school_census") == (1, 1)
    assert received(place, "school_census") == 2


def received(place: Place, name: str) -> int:
    """How many halves of a dataset the audit log says have come."""
    query = (
        "SELECT count(*) FROM core.audit_event WHERE event = 'delivery_received' AND subject = %(subject)s"
    )
    return int(place.house.rows(query, subject=f"dataset:{name}@{EDITION}")[0][0])


@pytest.mark.sandbox
def test_an_edition_is_taken_once_and_never_replaced(place: Place) -> None:
    place.ingest(place.delivery("tax_records"))
    place.ingest(place.delivery("tax_records"))
    assert place.kept("tax_records") == (1, 1)
    assert received(place, "tax_records") == 2
    before = sealed(place)
    with pytest.raises(BadInput) as caught:
        place.ingest(place.split_anew("tax_records"))
    assert caught.value.code == "delivered_already"
    assert place.kept("tax_records") == (1, 1)
    assert sealed(place) == before


def sealed(place: Place) -> dict[str, bytes]:
    """Every sealed file of the two receiving roles."""
    files = [
        path for role in (Role.LINKAGE, Role.EXTRACT) for path in place.platform.role_folder(role).iterdir()
    ]
    return {str(path): path.read_bytes() for path in files}


@pytest.mark.sandbox
def test_of_several_deliveries_all_or_none_are_kept(place: Place) -> None:
    good, bad = place.delivery("dwp_benefits"), place.split_anew("tax_records")
    before = sealed(place)
    with pytest.raises(BadInput):
        place.ingest(good, bad)
    assert place.kept("dwp_benefits") == (0, 0)
    assert sealed(place) == before


@pytest.mark.sandbox
def test_deliveries_lie_sealed_and_no_name_or_value_can_be_read_from_the_vault(place: Place) -> None:
    place.ingest(place.delivery("dwp_benefits"))
    for content in sealed(place).values():
        assert content.startswith(b"TRESEAL1")
        for word in (b"PAR1", b"given_name", b"weekly_amount", b"row_key"):
            assert word not in content


@pytest.mark.sandbox
def test_an_extract_that_cannot_be_built_leaves_no_study_ids_and_no_files(place: Place) -> None:
    place.ingest(place.delivery("dwp_benefits"))
    with transaction(place.platform.application) as tx:
        admin = people.actor_of(tx, PersonId(ADMIN))
        building = data.extract(tx, place.platform, admin, "fuel-poverty")
    linkage = engine_for(place.platform.database, Role.LINKAGE)
    with transaction(linkage) as tx:
        tx.add(SpineRow(dataset="dwp_benefits", edition=EDITION, row_key=uuid4(), person_id=uuid4()))
    linkage.dispose()
    stages.run(place.platform, building.rounds[0][0])
    assert place.house.rows("SELECT count(*) > 0 FROM pseudonyms.study_map") == [(True,)]
    with pytest.raises(NotFound) as caught:
        data.carry_out(place.platform, building)
    assert caught.value.code == "no_delivery"
    assert place.house.rows("SELECT count(*) FROM pseudonyms.study_map") == [(0,)]
    assert not list((place.platform.extracts).rglob("*.parquet"))


def test_a_stage_may_take_its_time_and_nobody_else(engine_as: Callable[[Role], Engine]) -> None:
    shown = text(
        "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
    )
    with transaction(engine_as(Role.LINKAGE)) as tx:
        assert "0" not in tx.execute(shown).one()
        patient(tx)
        assert tx.execute(shown).one() == ("0", "0")
    with transaction(engine_as(Role.LINKAGE)) as tx:
        assert "0" not in tx.execute(shown).one()

"""A price before anything is spent: cost, what is left at three levels, the interval, the relative error by size of cell."""

from __future__ import annotations

import pytest

from disclosure import Statistic
from disclosure.dp import PRECISIONS
from tests.builders import AUTHOR, COLLEAGUE, CONTRACT, STRANGER, House, counts, manifest
from tre.db.address import Role
from tre.db.engine import engine_for, transaction
from tre.db.tables import Extract
from tre.domain.errors import BadInput, Refused
from tre.domain.outputs import Mode
from tre.domain.people import WORKER
from tre.services import projects
from tre.services.outputs import pricing
from tre.services.outputs.admission import default_mode
from tre.services.outputs.asking import Precision
from tre.worker.workspace import workspace_of


def prices(house: House, text: str, person: str = AUTHOR, **chosen: object) -> list[pricing.View]:
    return house.act(person, pricing.prices, "bills", text, precision=Precision(**chosen))


def bills(function: str) -> str:
    measures = {"m": (function, "bill")}
    return Statistic.table("linked", by=["region"], measures=measures, unit="study_id").to_json()


def test_every_precision_of_the_menu_is_priced_and_nothing_is_spent(house: House) -> None:
    found = prices(house, counts())
    assert {one["precision"]: one["nano_rho"] for one in found} == dict(PRECISIONS)
    (standard,) = [one for one in found if one["precision"] == "standard"]
    assert standard["half_width_95"]["n"] == 20  # 1.96 standard deviations of 10, in whole people
    assert standard["relative_error_95"]["n"] == {
        10: 2.0,
        30: 20 / 30,
        100: 0.2,
        300: 20 / 300,
        1_000: 0.02,
        10_000: 0.002,
    }
    assert standard["remaining_after"] == {
        "edition:accounts@2016": 495_000_000,
        "population:residents": 1_995_000_000,
        "project:bills": 95_000_000,
    }
    assert set(house.books().values()) == {(0, 0, 0, 0)}


def test_sums_and_means_are_set_against_the_middle_of_their_published_bounds(house: House) -> None:
    (total,) = prices(house, bills("sum"), name="standard")
    assert total["relative_error_95"]["m"][100] == pytest.approx(total["half_width_95"]["m"] / (100 * 2_500))
    (mean,) = prices(house, bills("mean"), name="standard")
    errors = mean["relative_error_95"]["m"]
    assert errors[10] == pytest.approx(10 * errors[100])
    (median,) = prices(house, bills("count"), name="fine")
    assert median["affordable"]


def test_a_price_that_no_account_can_pay_says_so(house: House) -> None:
    (found,) = prices(house, counts(), rho=0.2)
    assert found["precision"] == "chosen"
    assert not found["affordable"]
    assert found["remaining_after"]["project:bills"] == -100_000_000


def test_only_the_projects_researchers_ask_for_prices(house: House) -> None:
    assert prices(house, counts(), COLLEAGUE)
    with pytest.raises(Refused, match="no researching role"):
        prices(house, counts(), STRANGER)
    with pytest.raises(BadInput, match="one of rho, epsilon and precision"):
        prices(house, counts(), rho=0.1, epsilon=1.0)


def test_a_workspace_is_told_the_same(house: House, tmp_path) -> None:
    workspace = workspace_of(house.platform, "run", "bills", tmp_path)
    told = workspace("price", {"statistic": counts(), "precision": "standard"})
    (found,) = prices(house, counts(), name="standard")
    assert told["rho"] == found["nano_rho"]
    assert told["remaining"] == found["remaining_after"]
    assert told["relative_errors"]["n"] == {str(k): v for k, v in found["relative_error_95"]["n"].items()}
    assert workspace("price", {"statistic": counts(), "rho": 0.001})["rho"] == 1_000_000


def with_words(old: str, new: str) -> str:
    return manifest().replace(old, new)


def test_a_project_of_the_menu_takes_no_other_amount(house: House) -> None:
    house.do(projects.apply, WORKER, with_words("[budget]", "[budget]\nmenu_only = true"))
    with pytest.raises(Refused, match="precisions of the menu only"):
        house.submit(house.noisy(nano_rho=5_000_001))
    house.submit(house.noisy(nano_rho=PRECISIONS["fine"]))


def test_what_leaves_with_noise_only_is_refused_exact_and_the_ledger_does_not_move(house: House) -> None:
    house.do(
        projects.apply, WORKER, with_words('clearance = "none"', 'clearance = "none"\nregime = "noisy-only"')
    )
    with pytest.raises(Refused, match="accounts leaves with noise only") as refused:
        house.submit(house.noisy(), house.exact())
    assert refused.value.code == "noisy_only"
    with pytest.raises(Refused):
        house.submit(house.protected("round"))
    assert set(house.books().values()) == {(0, 0, 0, 0)}
    assert house.submit(house.noisy())
    assert house.do(default_mode, "bills") is Mode.NOISY


def test_where_every_dataset_is_released_exact_that_is_how_an_item_leaves_unless_its_author_says_otherwise(
    house: House,
) -> None:
    exact = 'regime = "exact"\n' + CONTRACT.replace('dataset = "accounts"', 'dataset = "open_list"')
    house.do(projects.register_dataset, WORKER, exact, "2016")
    assert house.do(default_mode, "bills") is Mode.NOISY
    extract = house.put_extract()
    engine = engine_for(house.platform.database, Role.EXTRACT, pool_size=1)
    for editions, mode in (
        ({"open_list": "2016"}, Mode.EXACT),
        ({"open_list": "2016", "accounts": "2016"}, Mode.NOISY),
    ):
        with transaction(engine) as tx:
            tx.get_one(Extract, extract.id).editions = editions
        assert house.do(default_mode, "bills") is mode
    engine.dispose()

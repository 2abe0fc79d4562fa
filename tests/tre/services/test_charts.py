"""A chart goes with its table: drawn on the trusted side, voted on, and released as SVG and PNG with its words."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from disclosure import DisclosureError, Statistic
from disclosure.dp import Answer
from tests.builders import DICTIONARY, House, counts
from tests.verifier.releases import SCRIPT
from tre.domain.errors import BadInput
from tre.domain.ledger import ExactReason
from tre.domain.outputs import ChartKind, Mode, Picture, State
from tre.services import records
from tre.services.outputs.drawing import Drawn, drawn, stated
from tre.services.outputs.files import noisy_content
from tre.services.outputs.submit import Ask

BAR = Picture(ChartKind.BAR)
SMALL = (40, 7, 20, 30)
"""A region with seven people is below the threshold."""


def charted(ask: Ask, picture: Picture = BAR) -> Ask:
    return replace(ask, picture=picture)


def released(house: House, *asks: Ask) -> Path:
    request = house.approved(*asks)
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED, house.request(request).problem
    return house.bundle(request)


def table(bundle: Path, stem: str = "01-bills") -> dict[str, str]:
    rows = csv.DictReader(io.StringIO((bundle / f"{stem}.csv").read_text()))
    return {row["region"]: row["n"] for row in rows}


def alternative(bundle: Path, place: int = 0) -> str:
    item = json.loads((bundle / "disclosure.json").read_text())["items"][place]
    root = ET.fromstring((bundle / item["files"][3]).read_text())  # noqa: S314  our own drawing
    assert root.attrib["aria-label"] == item["chart"]["alternative"]
    return str(item["chart"]["alternative"])


def size_of_png(content: bytes) -> tuple[int, int]:
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    return int(width), int(height)


def test_a_charted_table_leaves_in_every_form_and_both_verifiers_accept_it(house: House) -> None:
    house.put_extract()
    bundle = released(house, charted(house.exact()), charted(house.noisy("With noise")))
    stems = ("01-bills", "02-with-noise")
    forms = [f"{stem}.{ending}" for stem in stems for ending in ("csv", "png", "svg", "tex", "xlsx")]
    names = sorted(path.name for path in bundle.iterdir())
    assert names == [*forms, "disclosure.json", "receipt.json"]
    receipt = json.loads((bundle / "receipt.json").read_text())
    assert [file["name"] for file in receipt["body"]["files"]] == names[:-1]
    key = house.platform.public_key
    assert records.receipt_faults(bundle, key) == []
    command = [sys.executable, "-I", SCRIPT, bundle, "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for stem in stems:
        svg = ET.fromstring((bundle / f"{stem}.svg").read_text())  # noqa: S314  our own drawing
        doubled = (2 * float(svg.attrib["width"]), 2 * float(svg.attrib["height"]))
        assert size_of_png((bundle / f"{stem}.png").read_bytes()) == pytest.approx(doubled, abs=2)
    assert "East 40, North 30, South 20, West 30." in alternative(bundle)
    noisy = {region: f"{int(n):,}" for region, n in table(bundle, "02-with-noise").items()}
    for region in ("East", "North", "South", "West"):
        assert f"{region} {noisy[region]}" in alternative(bundle, 1)
    assert "Noise was added to every number." in alternative(bundle, 1)
    picture = bundle / "01-bills.png"
    picture.write_bytes(picture.read_bytes()[:-1] + b"x")
    assert records.receipt_faults(bundle, key) != []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1


def test_a_withheld_number_is_in_no_file_and_its_place_says_so(house: House) -> None:
    house.put_extract(sizes=SMALL)
    bundle = released(house, charted(house.protected("suppress")))
    withheld = [region for region, n in table(bundle).items() if n == "[c]"]
    assert "North" in withheld
    assert len(withheld) >= 2
    said = alternative(bundle)
    for region in withheld:
        assert f"{region} withheld" in said
    texts = (bundle / "01-bills.svg").read_text() + (bundle / "01-bills.tex").read_text()
    assert "[c]" in texts
    assert not re.search(r"[>{ ]7[<}. ]", texts)
    assert re.search(r"[>{ ]97[<}. ]", texts)  # the total, which is published, is found so


def test_a_failed_table_is_sent_back_and_its_draft_is_not_kept(house: House) -> None:
    house.put_extract(sizes=SMALL)
    request = house.reviewed(charted(house.exact()))
    (item,) = house.items(request)
    assert (house.state(request), item.verdict, item.picture_digest) == (State.RETURNED, "FAIL", None)


def test_what_is_voted_on_names_the_chart(house: House) -> None:
    house.put_extract()
    asks = [
        house.exact(),
        charted(house.exact()),
        charted(house.exact(), Picture(ChartKind.LINE)),
        charted(house.exact(), Picture(ChartKind.BAR, "n")),
    ]
    digests = {house.request(house.submit(ask)).manifest_digest for ask in asks}
    assert len(digests) == len(asks)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    "picture", [Picture(ChartKind.FOREST), Picture(ChartKind.HEATMAP), Picture(ChartKind.BAR, "bill_mean")]
)
def test_a_chart_that_cannot_show_its_table_is_refused_before_anything_is_reserved(
    house: House, mode: Mode, picture: Picture
) -> None:
    house.put_extract()
    before = house.books()
    with pytest.raises(DisclosureError) as caught:
        house.submit(charted(house.exact() if mode is Mode.EXACT else house.noisy(), picture))
    assert caught.value.code == "chart"
    assert house.books() == before


def test_a_chart_that_only_the_table_shows_not_to_fit_goes_back_to_its_author(house: House) -> None:
    house.put_extract(sizes=(210, 30, 20, 30))
    ask = Ask(counts(by=["bill"]), "Bills", Mode.EXACT, reason=ExactReason.LEGAL_DUTY, picture=BAR)
    request = house.reviewed(ask)
    assert house.state(request) is State.RETURNED, house.request(request).problem
    assert "200 numbers" in (house.request(request).problem or "")


def test_a_chart_of_too_many_noisy_numbers_is_refused_by_the_dictionary_alone() -> None:
    many = replace(DICTIONARY, keys={"region": [f"r{number}" for number in range(300)]})
    from disclosure.dp import plan

    made = plan(Statistic.from_json(counts()), many, rho=0.005)
    with pytest.raises(DisclosureError) as caught:
        stated(BAR, counts(), made.to_json())
    assert caught.value.code == "chart"


def answer_of(sizes: tuple[int, ...]) -> Answer:
    import pandas as pd

    from disclosure import dp

    regions = [
        region for region, size in zip(DICTIONARY.keys["region"], sizes, strict=True) for _ in range(size)
    ]
    people = pd.DataFrame({"study_id": range(len(regions)), "region": regions, "bill": 100})
    return dp.release(Statistic.from_json(counts()), people, DICTIONARY, rho=0.05)


def test_a_stored_answer_always_gives_the_same_chart_and_the_chart_holds_nothing_else() -> None:
    stored = answer_of((400, 300, 200, 300)).to_json().encode()
    asked = Statistic.from_json(counts())
    one, other = (noisy_content(stored, asked, BAR, "Bills") for _ in range(2))
    assert one.forms("Bills") == other.forms("Bills")
    assert one.drawn is not None
    shown = {row["region"]: row["n"] for row in csv.DictReader(io.StringIO(one.csv.decode()))}
    numbers = re.findall(r"(\w+) (-?[\d,]+)[,.]", one.drawn.alternative)
    assert {region: n.replace(",", "") for region, n in numbers} == {
        region: n for region, n in shown.items() if region != "Total"
    }


def test_an_answer_that_is_paid_for_leaves_though_its_chart_cannot_be_drawn() -> None:
    stored = answer_of((400, 300, 200, 300)).to_json().encode()
    content = noisy_content(stored, Statistic.from_json(counts()), Picture(ChartKind.FOREST), "Bills")
    assert content.drawn is None
    assert set(content.forms("Bills")) == {"csv", "xlsx", "tex"}
    assert "estimates" in str(content.record["chart_not_drawn"])


def test_a_kept_chart_reads_back_and_a_wrong_measure_is_no_chart() -> None:
    made = drawn(BAR, answer_of((40, 30, 20, 30)), "</text><script>")
    assert Drawn.from_bytes(made.to_bytes()) == made
    assert "<script" not in made.svg
    with pytest.raises(BadInput):
        Picture.asked("bar", "a\0b")

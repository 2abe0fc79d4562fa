"""A chart on the page of its request: shown to who may see its table, by itself inert, and described in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.builders import AUDITOR, AUTHOR, CHECKERS, STRANGER, House
from tests.tre.web.test_browser import sign_in
from tests.tre.web.visiting import Visitor, words
from tre.domain.outputs import ChartKind, Picture
from tre.web.guards import origin_of

CHROMIUM = Path("/usr/bin/chromium")
BAR = Picture(ChartKind.BAR)
SignedIn = Callable[[str], Visitor]


def charted_request(house: House) -> str:
    house.put_extract(sizes=(40, 7, 20, 30))
    protected = replace(house.protected("suppress"), title="Bills <b>by</b> region", picture=BAR)
    return house.reviewed(protected, replace(house.noisy("With noise"), picture=BAR))


def test_a_chart_is_shown_beside_its_table_to_who_may_see_it(house: House, signed_in: SignedIn) -> None:
    request = charted_request(house)
    for person in (CHECKERS[0], AUTHOR):
        visitor = signed_in(person)
        page = visitor.get(f"/requests/{request}")
        (image,) = page.iter("img")  # the noisy item has none: nothing of it is drawn yet
        assert "North withheld" in image.get("alt", "")
        answer = visitor.raw("GET", image.get("src", ""))
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
        assert "script" not in answer.headers["content-security-policy"]
        svg = ET.fromstring(answer.text)  # noqa: S314  our own drawing
        assert svg.attrib["aria-label"] == image.get("alt")
        assert "<b>by" not in answer.text
        assert (
            "With it goes a bar chart, which the platform draws of the noisy numbers after the draw."
            in words(page)
        )


def test_who_may_not_see_the_numbers_sees_no_chart(house: House, signed_in: SignedIn) -> None:
    request = charted_request(house)
    item, noisy = (each.id for each in house.items(request))
    link = f"/requests/{request}/items/{item}/chart.svg"
    assert signed_in(CHECKERS[0]).raw("GET", link).status_code == 200  # the door is there
    auditor = signed_in(AUDITOR)
    page = auditor.get(f"/requests/{request}")
    assert list(page.iter("img")) == []
    assert "With it goes a bar chart" in words(page)
    assert auditor.raw("GET", link).status_code == 404
    assert signed_in(STRANGER).raw("GET", link).status_code == 404
    checker = signed_in(CHECKERS[0])
    for wrong in (noisy, "another", f"{item}x", "..%2f.."):
        assert checker.raw("GET", f"/requests/{request}/items/{wrong}/chart.svg").status_code == 404


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="machine: Chromium is not installed")
def test_a_browser_draws_the_chart_and_it_fits_a_narrow_screen(house: House) -> None:
    request = charted_request(house)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=origin_of(house.platform.settings).text, viewport={"width": 320, "height": 640}
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        sign_in(page, CHECKERS[0])
        page.goto(f"/requests/{request}")
        image = page.get_by_role("img", name="Bar chart of count by region")
        expect(image).to_be_visible(timeout=60_000)
        image.scroll_into_view_if_needed()
        drawn = page.wait_for_function("document.querySelector('figure img').naturalWidth", timeout=60_000)
        assert int(drawn.json_value()) > 300
        box = image.bounding_box()
        assert box is not None
        assert box["width"] <= 320
        assert refused == []
        browser.close()

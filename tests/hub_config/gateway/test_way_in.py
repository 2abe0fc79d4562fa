"""Who gets in: a member, signed in by the hub, in the portal's frame; nobody else, and nobody for longer than that."""
import pytest
from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.standing import BASE, HUB, PORTAL, Standing


def test_a_member_enters_through_the_hub_and_lands_on_the_portals_page(standing: Standing) -> None:
    browser = standing.browser()
    asked = browser.window("enter")
    assert (asked.header("Location") or "").startswith(f"{HUB}/hub/api/oauth2/authorize?")
    back = browser.window(standing.hub.authorize(asked.header("Location") or ""))
    assert back.header("Location") == f"{PORTAL}/projects/bills/workspace"
    assert browser.frame().status == 200
    assert browser.fetch("api/status").status == 200

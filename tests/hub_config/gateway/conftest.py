"""The gateway and what stands around it: one of each for a module, put back in order before each test."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.hub_config.gateway.browser import Browser
from tests.hub_config.gateway.loop import Loop
from tests.hub_config.gateway.standing import Standing, plain, stand


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def everything(loop: Loop) -> Iterator[Standing]:
    with TemporaryDirectory() as folder:
        context = stand(Path(folder))
        yield loop.enter(context)
        loop.leave(context)


@pytest.fixture
def standing(everything: Standing) -> Standing:
    """The workspace freshly registered, everybody honest, nobody signed in."""
    everything.platform.__dict__.update(allowed=True, takes_alarms=True, nonsense=None)
    everything.platform.alarms.clear()
    everything.hub.__dict__.update(person="ada", kind="user", broken=False)
    everything.workspace.say = plain
    everything.register()
    return everything


@pytest.fixture
def clock(everything: Standing) -> Iterator[list[float]]:
    """Seconds by which the clocks of sessions and membership run ahead."""
    ahead = [0.0]
    real = everything.clock.now
    everything.clock.now = lambda: real() + ahead[0]
    yield ahead
    everything.clock.now = real


@pytest.fixture
def browser(standing: Standing) -> Browser:
    return standing.signed_in()

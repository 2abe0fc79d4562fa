"""Whole platforms, made once for all journeys: each starts from raw source files."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from disclosure import Statistic
from tests.journeys.house import ADMIN, PROJECT, House, Spec
from tre.sandbox.bubblewrap import prove


@pytest.fixture(scope="session")
def sandboxed() -> None:
    """Skips where no sandbox can be had: every separated role and every notebook runs in one."""
    if faults := prove():
        pytest.skip("machine: " + "; ".join(f"{fault.sentence} {fault.mend}" for fault in faults))


@pytest.fixture(scope="session")
def demo(sandboxed: None) -> Iterator[House]:
    """What `tre demo` leaves on an empty machine, with its database at work."""
    house = House(Path(tempfile.mkdtemp(prefix="tre-")))
    done = house.program("demo")
    (house.home / "demo" / "said").write_text(done.stderr)
    assert done.returncode == 0, done.stderr
    house.start()
    yield house
    house.remove()


@pytest.fixture(scope="session")
def second(demo: House) -> str:
    """A second project on the demo's data, whose runs have little time; its name."""
    text = (PROJECT / "project.toml").read_text().replace('id = "fuel-poverty"', 'id = "cold-homes"')
    text = text.replace("wall_seconds = 300", "wall_seconds = 12")
    (demo.home / "second.toml").write_text(text)
    demo.must("project", "apply", demo.home / "second.toml", "--as", ADMIN)
    demo.must("data", "extract", "--project", "cold-homes", "--as", ADMIN)
    return "cold-homes"


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """Writes a table of the linked data as SPEC.json."""

    def write(*by: str, measures: dict[str, tuple[str, str]] | None = None, name: str = "spec") -> Path:
        path = tmp_path / f"{name}.json"
        statistic = Statistic.table("linked", by=list(by), measures=measures, unit="study_id")
        path.write_text(statistic.to_json())
        return path

    return write


@pytest.fixture(scope="session")
def approved(demo: House) -> Iterator[House]:
    """A copy of the demo with one noisy and one exact request approved, and the worker not yet at it."""
    demo.stop()
    house = demo.copy()
    demo.start()
    house.start()
    paths = [house.home / f"{by}.json" for by in ("deceased", "benefit_any", "region")]
    for path in paths:
        path.write_text(Statistic.table("linked", by=[path.stem], unit="study_id").to_json())
    noisy = house.submit(paths[0], paths[1], "--title", "Noisy", "--rho", "0.001")
    exact = house.submit(paths[2], "--title", "Exact", "--mode", "exact", "--reason", "method_check")
    house.worked()
    for request in (noisy, exact):
        house.vote(request)
        assert house.data("request", "show", request)["state"] == "APPROVED"
    (house.home / "approved.json").write_text(json.dumps({"noisy": noisy, "exact": exact}))
    house.stop()
    yield house
    house.remove()

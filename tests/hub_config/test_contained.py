"""What a researcher's own programs can do in a workspace: much to themselves, nothing to anybody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.hub_config.conftest import Whole
from tests.hub_config.kernels import platform, run
from tests.world import AUTHOR
from tre.services import workspaces

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1200)]
BASE = f"/user/{AUTHOR}/heating/"
Inside = Callable[[str], str]


@pytest.fixture
def inside(whole: Whole) -> Iterator[Inside]:
    """Runs code in a kernel of the workspace, which is started where it does not run."""
    with platform(workspaces.runtime(whole.house.platform)) as desk:
        started = desk.put(f"/servers/{AUTHOR}/heating")
        assert started.status_code == 200, started.text
        yield lambda code: run(started.json()["target"], BASE, code)


def is_running(whole: Whole) -> bool:
    with platform(workspaces.runtime(whole.house.platform)) as desk:
        return desk.get(f"/servers/{AUTHOR}/heating").json()["running"] is True


def test_a_kernel_knows_its_project_and_no_name_or_token(inside: Inside) -> None:
    said = inside(
        "import tre, os\np = tre.project()\nprint(p.name, p.tables(), [n for n in os.environ if 'TOKEN' in n])"
    )
    assert said == "heating ('linked',) []"


def test_two_projects_of_one_researcher_see_nothing_of_each_other(whole: Whole, inside: Inside) -> None:
    other = workspaces.folders(whole.house.platform, AUTHOR, "bills").home
    (other / "mark-of-bills").write_text("x")
    said = inside(
        "import os\nfound = [f for base, folders, files in os.walk('/') if not base.startswith(('/proc', '/usr', '/opt'))"
        " for f in files if 'bills' in f]\nprint(found, os.listdir('/run'), sorted(os.listdir('/home')))"
    )
    assert (other / "mark-of-bills").exists()
    assert said.startswith("[] ['tre']"), said


def test_a_fork_bomb_ends_at_the_limit_and_the_workspace_goes_on(inside: Inside) -> None:
    said = inside(
        "import os, time\nchildren = []\ntry:\n  while True:\n    child = os.fork()\n    if not child:\n"
        "      time.sleep(60); os._exit(0)\n    children.append(child)\nexcept OSError as error:\n"
        "  print(error.errno, len(children) < 300)\nfor child in children: os.kill(child, 9); os.waitpid(child, 0)"
    )
    assert said == "11 True"
    assert inside("print(6 * 7)") == "42"


def test_memory_without_end_is_an_error_in_the_cell_or_ends_the_kernel_alone(inside: Inside) -> None:
    assert inside("x = bytearray(64 << 30)") == "MemoryError"
    assert inside("print(6 * 7)") == "42"


def test_a_large_file_and_a_full_temporary_folder_are_errors_in_the_cell(inside: Inside) -> None:
    code = (
        "import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ndef fill(path):\n  try:\n"
        "    with open(path, 'wb') as f:\n      while True: f.write(bytes(1 << 20))\n  except OSError as e: print(e.errno)\n"
        "  os.unlink(path)\nfill('/home/large'); fill('/tmp/large')"
    )
    assert set(inside(code).split()) <= {"27", "28"}


def test_there_is_no_network_and_no_way_to_the_platform_but_the_channel(whole: Whole, inside: Inside) -> None:
    ports = [whole.settings.portal_port, whole.settings.hub_port]
    said = inside(
        "import socket\nfor port in "
        + json.dumps(ports)
        + ":\n  for host in ('127.0.0.1', '169.254.169.254'):\n"
        "    s = socket.socket(); s.settimeout(3)\n    try: s.connect((host, port)); print('open')\n"
        "    except OSError as e: print(e.errno)"
    )
    assert set(said.split()) <= {"101", "111"}, said
    import socket

    for port in ports:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()  # a control: reachable from outside


def test_data_is_read_only_and_nothing_of_the_system_can_be_changed(inside: Inside) -> None:
    said = inside(
        "import os\nfor place in ('/data/x', '/usr/x', '/opt/tre/venv/x', '/etc/x', '/x', '/opt/tre/jupyter/config/x'):\n"
        "  try: open(place, 'w'); print('written', place)\n  except OSError as e: print(e.errno)"
    )
    assert set(said.split()) <= {"13", "30"}, said

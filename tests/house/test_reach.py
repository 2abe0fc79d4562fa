"""Who may reach what: the environment, the commit, the noise, the linkage engine, randomness."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
NOT_IN_BASE_INSTALL = {
    "alembic", "fastapi", "jupyterhub", "opendp", "procrastinate", "psycopg", "splink", "sqlalchemy", "starlette",
    "typer", "uvicorn",
}  # fmt: skip

Finder = Callable[[ast.AST], Iterator[ast.AST]]


def reads_environment(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in ENVIRONMENT:
                yield node
            case ast.ImportFrom(module="os", names=names) if ENVIRONMENT & {alias.name for alias in names}:
                yield node


def commits(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield node


def asserts(tree: ast.AST) -> Iterator[ast.AST]:
    """Find `assert`, which vanishes under `python -O`."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Assert))


def imports(*packages: str) -> Finder:
    """Return a finder of imports of any of these packages."""

    def find(tree: ast.AST) -> Iterator[ast.AST]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            if any(f"{name}.".startswith(f"{package}.") for name in names for package in packages):
                yield node

    return find


def numpy_random(tree: ast.AST) -> Iterator[ast.AST]:
    yield from imports("numpy.random", "random")(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random"):
                yield node


def offenders(trees: Mapping[str, ast.AST], find: Finder, *, allowed: str = "") -> list[str]:
    """Say where `find` finds something outside the one file or folder that may."""
    return [
        f"{name}:{getattr(node, 'lineno', 0)}"
        for name, tree in trees.items()
        if not (allowed and name.startswith(allowed))
        for node in find(tree)
    ]


def test_only_settings_and_the_notebooks_channel_read_the_environment(house):
    # The client runs in the researcher's process and knows no settings; it reads the number of its one descriptor.
    inside = {name: tree for name, tree in house.items() if name != "tre/client/channel.py"}
    found = offenders(inside, reads_environment, allowed="tre/settings.py")
    assert not found, "\n".join(found)


def test_only_the_engine_commits(house):
    found = offenders(house, commits, allowed="tre/db/engine.py")
    assert not found, "\n".join(found)


def test_only_the_noise_primitive_imports_opendp(house):
    found = offenders(house, imports("opendp"), allowed="disclosure/dp/mechanism.py")
    assert not found, "\n".join(found)


def test_only_matching_imports_splink(house):
    found = offenders(house, imports("splink"), allowed="tre/linkage/match.py")
    assert not found, "\n".join(found)


def test_only_the_directory_imports_keycloak(house):
    found = offenders(house, imports("keycloak"), allowed="tre/directory")
    assert not found, "\n".join(found)


def test_noise_never_comes_from_a_seeded_generator(house):
    noise = {name: tree for name, tree in house.items() if name.startswith("disclosure/dp/")}
    assert noise
    found = offenders(noise, numpy_random)
    assert not found, "\n".join(found)


def test_the_rules_know_neither_clock_nor_chance(house):
    rules = {name: tree for name, tree in house.items() if name.startswith("tre/domain/")}
    found = offenders(rules, imports("random", "secrets", "time", "uuid", "os", "pathlib", "socket"))
    assert not found, "\n".join(found)


def test_no_check_is_an_assert(trees):
    outside = {name: tree for name, tree in trees.items() if not name.startswith(("tests/", "benchmarks/"))}
    found = offenders(outside, asserts)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("statement", ["import tre; tre.project", "import disclosure", "import tre.wire"])
def test_the_base_install_loads_no_server_code(statement, project):
    script = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert NOT_IN_BASE_INSTALL & set(done.stdout.split()) == set()


def test_the_floors_hold(project):
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(program), "--no-cache"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("find", "code"),
    [
        (reads_environment, "import os\nos.environ['A']"),
        (reads_environment, "from os import getenv"),
        (commits, "session.commit()"),
        (asserts, "assert checked"),
        (imports("opendp"), "def later():\n    import opendp.prelude"),
        (imports("opendp"), "from opendp import measurements"),
        (numpy_random, "import numpy as np\nnp.random.default_rng(1)"),
        (numpy_random, "from numpy import random"),
        (numpy_random, "import random"),
    ],
)
def test_each_finder_finds_what_it_looks_for(find, code):
    assert offenders({"tre/other.py": ast.parse(code)}, find, allowed="tre/settings.py")


def test_finders_let_pass_what_only_looks_alike():
    fine = {"tre/other.py": ast.parse("import opendpx\nfrom . import random\ncommit()\nself.environ")}
    for find in (reads_environment, commits, imports("opendp"), numpy_random, asserts):
        found = offenders(fine, find)
        assert not found, "\n".join(found)

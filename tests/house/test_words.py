"""What stands in the files: docstrings on public names, and nothing of the machine they were written on."""

import ast
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

# One letter of each word stands in brackets, so that this file is clean by its own rules.
UNFINISHED = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X|HA[C]K)\b")
MACHINE = re.compile(
    r"(?<![\w.}])/(?:wor[k]/(?:main|shared)|roo[t]/\.?\w|User[s]/\w|hom[e]/\w+/\.\w|opt/wheel[s]|tmp/brie[f])"
)
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|(?:deb|security)\.debian\.org|repo1?\.maven|"
    r"proxy\.golang\.org|(?<!emit-)\bindex-ur[l]|find-link[s]|\"resolve[d]\": *\"http"
)
INDEX_VARIABLES = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "npm_config_registry",
)
GENERATED = "tre/db/migrations/"

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(node: ast.AST, inside: str) -> Iterator[tuple[str, Documented]]:
    """Walk modules and classes, not functions, for the names that others may use."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If | ast.Try):
            yield from public(child, inside)
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = {
            mark.id if isinstance(mark, ast.Name) else getattr(mark, "attr", "")
            for mark in child.decorator_list
        }
        if child.name.startswith("_") or marks & {"overload", "setter", "deleter"}:
            continue
        yield f"{inside}.{child.name}", child
        if isinstance(child, ast.ClassDef):
            yield from public(child, f"{inside}.{child.name}")


def undocumented(trees: Mapping[str, ast.Module]) -> list[str]:
    return [
        f"{name}:{getattr(node, 'lineno', 1)} {title}"
        for name, tree in trees.items()
        for title, node in [(name, tree), *public(tree, name)]
        if not (ast.get_docstring(node) or "").strip()
    ]


def matches(texts: Mapping[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number} {line.strip()[:80]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def own_hosts() -> list[str]:
    """Return the hosts that this very machine installs from."""
    urls = [part for variable in INDEX_VARIABLES for part in os.environ.get(variable, "").split()]
    return sorted({host for url in urls if (host := urlsplit(url).hostname)})


def test_every_public_name_has_a_docstring(house):
    written = {name: tree for name, tree in house.items() if not name.startswith(GENERATED)}
    found = undocumented(written)
    assert not found, "\n".join(found)


def test_nothing_is_left_for_later_in_a_comment(texts):
    found = matches(texts, UNFINISHED)
    assert not found, "\n".join(found)


def test_no_file_names_a_place_on_the_machine_it_was_written_on(texts, project):
    found = matches(texts, MACHINE)
    assert not found, "\n".join(found)
    here = re.compile(re.escape(f"{project}/"))
    found = matches(texts, here)
    assert not found, "\n".join(found)


def test_no_file_names_a_package_registry(texts):
    found = matches(texts, REGISTRY)
    assert not found, "\n".join(found)
    hosts = own_hosts()
    found = matches(texts, re.compile("|".join(map(re.escape, hosts)) or r"(?!)"))
    assert not found, "\n".join(found)


def test_no_cache_or_written_data_is_part_of_the_repository(files):
    litter = re.compile(
        r"(^|/)(__pycache__|\.venv|var|node_modules|\.ipynb_checkpoints)/|\.(pyc|whl|parquet|duckdb)$"
    )
    found = [name for name in files if litter.search(name)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        (UNFINISHED, ["# TO", "DO: later"]),
        (MACHINE, ["open('/wo", "rk/main/x')"]),
        (MACHINE, ["/ro", "ot/.cache"]),
        (REGISTRY, ["https://files.python", "hosted.org/packages/x.whl"]),
        (REGISTRY, ["--index", "-url https://mirror.example.org/simple"]),
        (REGISTRY, ['"resolved"', ': "https://mirror.example.org/x.tgz"']),
    ],
)
def test_each_pattern_finds_what_it_looks_for(pattern, parts):
    assert matches({"bad": "".join(parts)}, pattern)


def test_missing_docstrings_are_found_in_classes_and_under_conditions():
    code = '"""Doc."""\nclass A:\n    """Doc."""\n    def b(self): ...\n    def _c(self): ...\nif True:\n    def d(): ...'
    assert [entry.split()[1] for entry in undocumented({"x": ast.parse(code)})] == ["x.A.b", "x.d"]


def test_the_project_folder_is_found_wherever_it_lies(project):
    assert Path(project, "pyproject.toml").is_file()

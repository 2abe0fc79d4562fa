"""The table against Jupyter's own routes: each is named in it, allowed or refused; nothing is left to chance."""

import re
from collections.abc import Iterator

import jupyterlab.labapp
import pytest
from jupyter_server.serverapp import ServerApp
from tornado.routing import RuleRouter
from tornado.web import RequestHandler

from hub_config.gateway.endpoint import Kind
from hub_config.gateway.endpoints import BULK, DOWNLOAD, NOTHING, TABLE, UNKNOWN, row_of

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
KERNEL = "6a1f0c7e-93d2-4f7c-8e0e-2f4a0d5b7c11"
# What stands in for each group of a route; a new kind of group fails the walk, so that somebody looks at it.
GROUPS = {
    r"(?P<path>(?:(?:/[^/]+)+|/?))": "/folder/a.txt",
    r"(?P<path>.*)": "logo-64x64.png",
    r"(?P<checkpoint_id>[\w-]+)": "one",
    r"(?P<section_name>\w+)": "notebook",
    r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)": KERNEL,
    r"(?P<session_id>\w+-\w+-\w+-\w+-\w+)": KERNEL,
    r"(?P<action>restart|interrupt)": "restart",
    r"(?P<kernel_name>[\w\.\-%]+)": "python3",
    r"(?P<format>\w+)": "html",
    r"(?P<mode>lab|doc)": "lab",
    r"(?P<workspace>/workspaces/[a-zA-Z0-9\-\_]+)?": "/workspaces/mine",
    r"(?P<tree>/tree/.*)?": "/tree/a.ipynb",
    r"(?P<schema_name>.+)": "@jupyterlab/apputils-extension:themes",
    r"(?P<space_name>.+)": "default",
    r"(?P<locale>.*)": "de_DE",
    r"(?P<language_server>.*)": "pylsp",
    r"(robots\.txt|favicon\.ico)": "robots.txt",
    r"(robots\.txt)": "robots.txt",
    r"(favicon\.ico)": "favicon.ico",
    r"(\w+)": "1",
    r"/?(.*)": "/anything.js",
    r"(.*)": "anything.js",
}
# Routes of which no row speaks: they match whatever no other route does.
CATCH_ALL = {r"/user/ada/bills/.*/$", r"(.*)$", r"/user/ada/bills/lab/.*$"}
OUTSIDE = {r"/(robots\.txt)$", r"/(favicon\.ico)$"}  # not under the workspace's path, so never reached


def walk(router: RuleRouter) -> Iterator[tuple[str, type[RequestHandler]]]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from walk(rule.target)
        else:
            yield rule.matcher.regex.pattern, rule.target


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, str]]]:
    """Every method and route of the installed server with JupyterLab, terminals and language servers."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
            patch.setenv(name, str(folder))
        app = ServerApp()
        app.jpserver_extensions = {"jupyterlab": True, "jupyter_server_terminals": True, "jupyter_lsp": True}
        options = {"base_url": "/user/ada/bills/", "sock": str(folder / "s"), "log_level": "CRITICAL"}
        app.initialize(
            argv=[
                *(f"--ServerApp.{name}={value}" for name, value in options.items()),
                "--allow-root",
                "--no-browser",
            ],
            find_extensions=False,
        )
        yield sorted(
            (method.upper(), pattern)
            for pattern, handler in walk(app.web_app.default_router)
            for method in METHODS
            if getattr(handler, method) is not getattr(RequestHandler, method)
        )
        app.clear_instance()
        jupyterlab.labapp.LabApp.clear_instance()


def sample(pattern: str) -> str:
    """Write a path that a route matches."""
    path = pattern.removesuffix("$")
    for group, value in sorted(GROUPS.items(), key=lambda pair: -len(pair[0])):
        path = path.replace(group, value)
    path = path.replace("/?", "").replace("\\.", ".").replace(r"/spec.yaml", "/spec.yaml")
    assert re.fullmatch(pattern, path), f"no sample for {pattern}: {path}"
    return path.removeprefix("/user/ada/bills/")


def test_every_route_of_the_installed_jupyter_is_named_in_the_table(routes: list[tuple[str, str]]) -> None:
    patterns = {pattern for _, pattern in routes}
    assert len(patterns) > 50
    assert any("terminals" in pattern for pattern in patterns)
    assert any("lab/api/settings" in pattern for pattern in patterns)
    unnamed = [
        (method, pattern)
        for method, pattern in routes
        if pattern not in CATCH_ALL | OUTSIDE
        and not any(row.path.fullmatch(sample(pattern)) for row in TABLE)
    ]
    assert unnamed == []


def test_every_way_to_read_a_file_whole_is_refused(routes: list[tuple[str, str]]) -> None:
    prefixes = ("files/", "view", "nbconvert/", "api/notebooks")
    readers = {sample(pattern) for _, pattern in routes if pattern not in CATCH_ALL | OUTSIDE}
    found = {path for path in readers if path.startswith(prefixes)}
    assert len(found) >= 4
    for path in found:
        for method in METHODS:
            row = row_of(method.upper(), path, {})
            assert (row.kind, row.sentence) == (Kind.REFUSED, DOWNLOAD), path


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_no_row_lets_through_a_method_that_no_page_of_jupyterlab_uses(method: str) -> None:
    assert all(method not in row.methods for row in TABLE if row.kind is not Kind.REFUSED)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("api/contents/a.csv", {}),
        ("api/contents/a.txt", {}),
        ("api/contents/a.txt", {"content": "1", "type": "file"}),
        ("api/contents/a.txt", {"content": "1", "type": "file", "format": "base64"}),
        ("api/contents/a.png", {"content": "1", "type": "file", "format": "base64"}),
        ("api/contents/a.csv", {"content": "1", "type": "file", "format": "text"}),
        ("api/contents/A.CSV", {"content": "1", "type": "file", "format": "text"}),
        ("api/contents/f/a.parquet", {"content": "1", "type": "file", "format": "text"}),
        ("api/contents/f/a.csv/", {"content": "1", "type": "file", "format": "text"}),
        ("api/contents/a.ipynb", {"content": "1", "type": "notebook", "format": "base64"}),
        ("api/contents/a.ipynb", {"content": "1", "type": "notebook", "download": "1"}),
    ],
)
def test_bulk_contents_are_refused_with_the_reason(path: str, query: dict[str, str]) -> None:
    # A path alone reads as a folder: the workspace's server is told so, and refuses a file under that name.
    row = row_of("GET", path, query)
    assert row.sentence == BULK or row.implied == {"type": "directory"}
    assert row.kind is Kind.REFUSED or "type" not in query


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("api/contents", {"content": "1", "hash": "0"}),
        ("api/contents/folder", {"content": "1", "type": "directory"}),
        ("api/contents/a.ipynb", {"content": "1", "hash": "1", "type": "notebook"}),
        ("api/contents/a.py", {"content": "1", "hash": "1", "type": "file", "format": "text"}),
        ("api/contents/a.csv", {"content": "0"}),
        ("api/contents/csv", {"content": "1", "type": "file", "format": "text"}),
    ],
)
def test_what_jupyterlab_asks_of_a_folder_is_allowed(path: str, query: dict[str, str]) -> None:
    assert row_of("GET", path, query).kind is Kind.DATA


@pytest.mark.parametrize(
    "path", ["lab/../files/a", "FILES/a", "tree", "hub/api", "proxy/8888/", "api/kernels/1/x", "x/"]
)
def test_what_no_row_names_is_refused(path: str) -> None:
    assert row_of("GET", path, {}) is NOTHING
    assert NOTHING.sentence == UNKNOWN


def test_every_refusal_has_a_reason_and_every_passage_a_limit() -> None:
    for row in TABLE:
        if row.kind is Kind.REFUSED:
            assert row.sentence.endswith("."), row.path.pattern
        elif row.kind is not Kind.OWN:
            assert row.answer_bytes > 0, row.path.pattern
            assert row.answers or row.kind is Kind.SOCKET, row.path.pattern
            assert not row.send_bytes or row.fault or row.kind is Kind.SOCKET, row.path.pattern


def test_only_the_frames_page_is_html_and_nothing_is_a_data_file() -> None:
    for row in TABLE:
        assert ("text/html" in row.answers) == (row.kind is Kind.PAGE)
        assert not {kind for kind in row.answers if "csv" in kind or "octet" in kind or kind == "text/plain"}

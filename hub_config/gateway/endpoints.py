"""What passes the gateway, as one table. The first row whose method, path and query fit decides; no row, no way.

Paths are relative to the workspace's own address, and decoded. The limits are ours: four times what JupyterLab 4.6
was seen to send or fetch with a large notebook.
"""

import re
from collections.abc import Mapping
from typing import Final

from hub_config.gateway.bodies import creation_fault, object_fault, rename_fault, save_fault
from hub_config.gateway.endpoint import Endpoint, asset, data, own, page, refused, socket

SMALL: Final = 1 << 18  # 256 KiB, in bytes: a setting, the state of a kernel
LARGE: Final = 4 << 20  # 4 MiB, in bytes: all settings, a folder, the layout of a window
NOTEBOOK: Final = 32 << 20  # 32 MiB, in bytes: a notebook with its pictures
TEXT: Final = 1 << 20  # 1 MiB, in bytes: a script; more text than a person reads

JSON: Final = frozenset({"application/json"})
HTML: Final = frozenset({"text/html"})
PICTURES: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/svg+xml", "image/webp", "image/x-icon"}
    | {"image/vnd.microsoft.icon"}
)
FONTS: Final = frozenset(
    {"font/woff", "font/woff2", "font/ttf", "font/otf", "application/font-woff"}
    | {"application/vnd.ms-fontobject"}
)
ASSETS: Final = PICTURES | FONTS | JSON | {"text/javascript", "application/javascript", "text/css"}

DOWNLOAD: Final = (
    "Files do not leave a workspace by download: "
    "submit what should leave as a request, which is checked and then released."
)
BULK: Final = (
    "The gateway hands notebooks and short text to the page: open this file from a notebook instead."
)
PORTAL: Final = "A workspace is started and stopped at the portal, not from within."
CLOSED: Final = "Nothing of a workspace leads outside: this part of Jupyter is switched off."
UNKNOWN: Final = "A workspace has no such page; open it again from the portal."

FILE: Final = r"(?:/[^/]+)*/?"
ID: Final = r"\w{8}(?:-\w{4}){3}-\w{12}"
NAME: Final = r"[\w.\-%]{1,100}"
# What is bulk by its name. Source: the formats that pandas, polars and DuckDB write.
BULK_SUFFIX: Final = (
    r"csv|tsv|psv|parquet|pq|feather|arrow|ipc|orc|avro|duckdb|db|sqlite3?|dta|sav|sas7bdat|xpt|rds|rdata|"
    r"h5|hdf5?|nc|npy|npz|pkl|pickle|joblib|xlsx?|xlsb|ods|zip|gz|bz2|xz|zst|7z|tar|tgz|jsonl|ndjson|html?|pdf"
)
SCRIPT: Final = rf"(?i:api/contents(?!{FILE}\.(?:{BULK_SUFFIX})/?$)(?:/[^/]+)+)"
TYPE: Final = r"directory|file|notebook"
LAB: Final = r"(?:lab|doc)(?:/workspaces/[\w\-]+)?(?:/tree/.*)?/?"

# What JupyterLab asks at its start about parts that are switched off, and would show as an error if refused.
SWITCHED_OFF: Final[Mapping[str, object]] = {
    "api/nbconvert": {},
    "lab/api/build": {"status": "stable", "message": ""},
    "lsp/status": {"version": 2, "sessions": {}, "specs": {}},
}

TABLE: Final[tuple[Endpoint, ...]] = (
    # Answered here: the way in, the way out, and what the hub asks.
    own(r""),
    own(r"api"),
    own(r"enter"),
    own(r"oauth_callback"),
    own(r"logout"),
    *(own(re.escape(path)) for path in SWITCHED_OFF),
    # JupyterLab's page and what it is made of.
    page(LAB, answers=HTML, answer_bytes=SMALL, reset="", clone=r"[\w\-]*"),
    asset(r"static/(?:[^/]+/)*[^/]+", answers=ASSETS, answer_bytes=NOTEBOOK, v=r"[0-9a-f]+"),
    asset(r"lab/extensions/(?:[^/]+/)*[^/]+", answers=ASSETS, answer_bytes=NOTEBOOK, v=r"[0-9a-f]+"),
    asset(r"lab/api/themes/(?:[^/]+/)*[^/]+", answers=ASSETS, answer_bytes=LARGE),
    asset(rf"kernelspecs/{NAME}/[\w.\-]+", answers=PICTURES, answer_bytes=SMALL),
    asset(r"favicon\.ico", answers=PICTURES, answer_bytes=SMALL),
    data("GET", r"lab/api/settings/?", answers=JSON, answer_bytes=LARGE, ids_only=r"true|false"),
    data("GET", r"lab/api/settings/.+", answers=JSON, answer_bytes=LARGE),
    data(
        "PUT",
        r"lab/api/settings/.+",
        answers=JSON,
        send_bytes=SMALL,
        answer_bytes=SMALL,
        fault=object_fault,
        is_activity=True,
    ),
    data("GET", r"lab/api/workspaces/?", answers=JSON, answer_bytes=LARGE),
    data(
        "GET PUT DELETE",
        r"lab/api/workspaces/.+",
        answers=JSON,
        send_bytes=LARGE,
        answer_bytes=LARGE,
        fault=object_fault,
    ),
    data("GET", r"lab/api/translations/?[\w\-]*", answers=JSON, answer_bytes=LARGE),
    data("GET", r"lab/api/listings/[\w@/.\-]+", answers=JSON, answer_bytes=SMALL),
    data("GET", r"lab/api/licenses/", answers=JSON, answer_bytes=LARGE, full_text=r"[01]", bundles=r"\S*"),
    # Notebooks and text. What is asked for must say its type: a path alone could be anything.
    data("GET", rf"api/contents{FILE}", answers=JSON, answer_bytes=SMALL, required="content", content="0", type=TYPE,
         format=r"text|json|", hash=r"[01]"),
    data("GET", rf"api/contents{FILE}", answers=JSON, answer_bytes=LARGE, implied={"type": "directory"},
         content="1", type="directory", format=r"text|json|", hash="0", is_activity=True),
    data("GET", r"api/contents(?:/[^/]+)+", answers=JSON, answer_bytes=NOTEBOOK, required="type", content="1",
         type="notebook", format="json|", hash=r"[01]", is_activity=True),
    data("GET", SCRIPT, answers=JSON, answer_bytes=TEXT, required="type format", content="1", type="file",
         format="text", hash=r"[01]", is_activity=True),
    data("GET", r"api/contents(?:/[^/]+)+/checkpoints", answers=JSON, answer_bytes=SMALL),
    refused(rf"api/contents{FILE}", BULK, "GET"),
    data("PUT", r"api/contents(?:/[^/]+)+", answers=JSON, send_bytes=NOTEBOOK, answer_bytes=SMALL, fault=save_fault,
         is_activity=True),
    data("POST", rf"api/contents{FILE}(?<!/checkpoints)(?<!/trust)", answers=JSON, send_bytes=SMALL,
         answer_bytes=SMALL, fault=creation_fault, is_activity=True),
    data("PATCH", r"api/contents(?:/[^/]+)+", answers=JSON, send_bytes=SMALL, answer_bytes=SMALL, fault=rename_fault,
         is_activity=True),
    data("DELETE", r"api/contents(?:/[^/]+)+", answers=JSON, answer_bytes=SMALL, is_activity=True),
    data("POST", r"api/contents(?:/[^/]+)+/checkpoints(?:/[\w\-]+)?", answers=JSON, send_bytes=SMALL,
         answer_bytes=SMALL, fault=object_fault, is_activity=True),
    data("POST", r"api/contents(?:/[^/]+)+/trust", answers=JSON, send_bytes=SMALL, answer_bytes=SMALL,
         fault=object_fault, is_activity=True),
    # Kernels and terminals.
    data("GET", r"api/kernelspecs", answers=JSON, answer_bytes=SMALL),
    data("GET", rf"api/kernelspecs/{NAME}", answers=JSON, answer_bytes=SMALL),
    data("GET", r"api/(?:kernels|sessions|terminals)", answers=JSON, answer_bytes=LARGE),
    data("POST", r"api/(?:kernels|sessions|terminals)", answers=JSON, send_bytes=SMALL, answer_bytes=SMALL,
         fault=object_fault, is_activity=True),
    data("GET", rf"api/(?:kernels|sessions)/{ID}|api/terminals/\w+", answers=JSON, answer_bytes=SMALL),
    data("DELETE", rf"api/(?:kernels|sessions)/{ID}|api/terminals/\w+", answers=JSON, answer_bytes=SMALL,
         is_activity=True),
    data("PATCH", rf"api/sessions/{ID}", answers=JSON, send_bytes=SMALL, answer_bytes=SMALL, fault=object_fault,
         is_activity=True),
    data("POST", rf"api/kernels/{ID}/(?:restart|interrupt)", answers=JSON, send_bytes=SMALL, answer_bytes=SMALL,
         fault=object_fault, is_activity=True),
    socket(rf"api/kernels/{ID}/channels", send_bytes=LARGE, answer_bytes=NOTEBOOK, session_id=r"[\w\-]{1,100}"),
    socket(r"terminals/websocket/\w+", send_bytes=SMALL, answer_bytes=LARGE),
    socket(r"api/events/subscribe", send_bytes=SMALL, answer_bytes=SMALL),
    # The state of the server, and small settings of notebooks.
    data("GET", r"api/(?:status|me)", answers=JSON, answer_bytes=SMALL, permissions=r"[^&]{0,4000}"),
    data("GET PUT PATCH", r"api/config/\w+", answers=JSON, send_bytes=SMALL, answer_bytes=SMALL, fault=object_fault),
    # What Jupyter offers and a workspace does not.
    refused(r"files(?:/.*)?", DOWNLOAD),
    refused(r"view(?:/.*)?", DOWNLOAD),
    refused(r"nbconvert(?:/.*)?", DOWNLOAD),
    refused(r"api/nbconvert", DOWNLOAD),
    refused(r"api/notebooks(?:/.*)?", DOWNLOAD),
    refused(r"api/contents(?:/.*)?", BULK),
    refused(r"api/resolvePath", CLOSED),
    refused(r"api/shutdown", PORTAL),
    refused(r"login", PORTAL),
    refused(r"lab/api/(?:extensions|plugins|build|news|update)", CLOSED),
    refused(r"lab/api/licenses.*", DOWNLOAD),
    refused(r"lsp/.*", CLOSED),
    refused(r"metrics", CLOSED),
    refused(r"api/spec\.yaml", CLOSED),
    refused(r"api/security/csp-report", CLOSED),
    refused(r"api/events(?:/subscribe)?", CLOSED),
    refused(r"robots\.txt", UNKNOWN),
)  # fmt: skip

NOTHING: Final = refused(r".*", UNKNOWN)  # everything else


def row_of(method: str, path: str, query: Mapping[str, str]) -> Endpoint:
    """Return the first row that is about such a request; `NOTHING` where none is."""
    return next((row for row in TABLE if row.fits(method, path, query)), NOTHING)

"""The gateway's own few words: pages for people, JSON for JupyterLab's scripts."""

import base64
import hashlib
import html
import json
from typing import Final

from aiohttp import web

from hub_config.gateway.headers import ALWAYS, Origins, own_page_policy
from hub_config.gateway.refusal import Refusal

STYLE: Final = (
    "body{font:1.1875rem/1.4 system-ui,sans-serif;max-width:38rem;margin:3rem auto;padding:0 1rem;color:#0b0c0c}"
    "h1{font-size:1.75rem}a{color:#1a65a6}"
)
STYLE_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def own_answer(
    origins: Origins, *, status: int = 200, body: bytes = b"", media_type: str = ""
) -> web.Response:
    """Return an answer of the gateway's own with all its headers."""
    answer = web.Response(status=status, body=body, headers={**ALWAYS})
    if media_type:
        answer.headers["Content-Type"] = media_type
    answer.headers["Content-Security-Policy"] = own_page_policy(origins, STYLE_DIGEST)
    return answer


def json_answer(origins: Origins, content: object, *, status: int = 200) -> web.Response:
    """Return JSON."""
    return own_answer(
        origins, status=status, body=json.dumps(content).encode(), media_type="application/json"
    )


def redirect(origins: Origins, location: str, *cookies: str) -> web.Response:
    """Send a browser elsewhere; `location` is one that this gateway has built."""
    answer = own_answer(origins, status=303)
    answer.headers["Location"] = location
    for cookie in cookies:
        answer.headers.add("Set-Cookie", cookie)
    return answer


def page(
    origins: Origins, title: str, sentence: str, *, status: int = 200, enter: str | None = None
) -> web.Response:
    """Return a page with one sentence and, where it helps, one link: out of the frame and in again."""
    link = (
        f'<p><a href="{html.escape(enter)}" target="_top">Enter the workspace again</a></p>' if enter else ""
    )
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p>"
        f"{link}</main></body></html>"
    )
    return own_answer(origins, status=status, body=text.encode(), media_type="text/html; charset=utf-8")


def refusal_answer(
    origins: Origins, refusal: Refusal, *, for_person: bool, enter: str | None = None
) -> web.Response:
    """Say no: as a page where somebody reads it, as JSON where JupyterLab's script does."""
    if for_person:
        link = enter if refusal.enter else None
        return page(origins, "This did not pass", refusal.sentence, status=refusal.status, enter=link)
    content = {"message": refusal.sentence, "reason": refusal.code}
    return json_answer(origins, content, status=refusal.status)

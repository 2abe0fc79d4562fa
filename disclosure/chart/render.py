"""From what Altair declares to the bytes of a picture, by vl-convert, with nothing fetched and nothing that can run."""

import html
import re
from typing import Any, Final
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert

from disclosure.chart.drawing import INK, Drawing
from disclosure.errors import DisclosureError

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
SCALE: Final = 2
"""Pixels of the PNG per pixel of the drawing. Source: ours; sharp at 192 pixels an inch."""
DRAFT: Final = "DRAFT"
_VERSION: Final = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
_ALLOWED: Final = frozenset(
    {"svg", "g", "path", "text", "tspan", "rect", "line", "title", "desc", "defs", "clipPath"}
)
"""What Vega draws with. Source: the SVG of each kind of chart; nothing here links, embeds or runs."""
_NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
_LINKS: Final = re.compile(r"(?i)^(on|\{http://www\.w3\.org/1999/xlink\}|href$|src$)")


def declared(
    drawing: Drawing, title: str, notes: tuple[str, ...]
) -> dict[str, Any]:  # Any: JSON of Vega-Lite
    """Return the whole picture as Vega-Lite, the same whatever theme the notebook has."""
    heading = alt.TitleParams(text=title, subtitle=list(notes), anchor="start", offset=14)
    context: dict[str, Any] = {"top_level": False, "datasets": {}}
    spec: dict[str, Any] = drawing.picture.properties(title=heading).to_dict(context=context)
    words = {"font": FONT, "labelFontSize": 12, "titleFontSize": 12, "labelLimit": 420, "labelColor": INK}
    config = {
        "font": FONT,
        "background": "white",
        "axis": words | {"titleColor": INK, "gridColor": "#dddddd"},
        "header": words,
        "legend": words,
        "text": {"fontSize": 12},
        "title": {"fontSize": 15, "subtitleFontSize": 12, "color": INK, "subtitleColor": INK},
        "view": {"stroke": None},
    }
    whole = {"$schema": alt.SCHEMA_URL, "config": config, "padding": 12}
    return spec | whole | {"datasets": context["datasets"]}


def svg_of(spec: dict[str, Any], alt_text: str, *, is_draft: bool) -> str:
    """Draw a picture as SVG, with its words for a screen reader, and DRAFT across it where it is one.

    Raises:
        DisclosureError: "chart": what was drawn holds something other than shapes and text.
    """
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=_VERSION, allowed_base_urls=[])
    width, height = size_of(drawn)
    head, rest = drawn.split(">", 1)
    words = html.escape(alt_text)
    head = head.replace("<svg ", f'<svg role="img" aria-label="{words}" ', 1)
    body = rest.rsplit("</svg>", 1)[0]
    mark = _watermark(width, height) if is_draft else ""
    return f"{head}><desc>{words}</desc>{body}{mark}</svg>\n"


def png_of(svg: str) -> bytes:
    """Draw an SVG as PNG."""
    return bytes(vl_convert.svg_to_png(svg, scale=SCALE))


def size_of(svg: str) -> tuple[float, float]:
    """Return width and height of a drawing, in pixels, or refuse it."""
    try:
        root = ET.fromstring(svg)  # noqa: S314  our own drawing; Vega declares no entities
    except ET.ParseError:
        raise _unfit() from None
    for element in root.iter():
        if element.tag.removeprefix(_NAMESPACE) not in _ALLOWED or any(map(_LINKS.match, element.attrib)):
            raise _unfit()
    return float(root.attrib["width"]), float(root.attrib["height"])


def _watermark(width: float, height: float) -> str:
    """Return DRAFT across the picture, pale enough to read through, and dark enough to survive a copier."""
    size = max(28.0, min(width / 4.2, height / 1.4))
    x, y = f"{width / 2:.0f}", f"{height / 2:.0f}"
    return (
        f'<g aria-hidden="true"><text x="{x}" y="{y}" font-family="{FONT}" font-size="{size:.0f}" font-weight="bold" '
        f'text-anchor="middle" dominant-baseline="middle" fill="#b10e1e" fill-opacity="0.32" '
        f'transform="rotate(-18 {x} {y})">{DRAFT}</text></g>'
    )


def _unfit() -> DisclosureError:
    return DisclosureError(
        "chart",
        "The drawing holds more than shapes and text, so it is not shown; report this with its title.",
    )

"""A statement drawn: a plot over time as SVG, with its words, and a page that stands by itself. Every text is escaped."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final

Record = Mapping[str, object]

WIDTH, HEIGHT = 720, 260
"""Size of the plot, in CSS pixels."""
LEFT, RIGHT, TOP, BOTTOM = 84, 20, 16, 40
"""Margins of the plot, in CSS pixels."""
LAST: Final = LEFT + 0.94 * (WIDTH - RIGHT - LEFT)
"""Where the last posting stands, in CSS pixels: what comes of it is seen to the right."""

STYLE: Final = (
    "body{font:1rem/1.5 sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#0b0c0c}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{border-bottom:1px solid #b1b4b6;padding:.3rem .6rem;"
    "text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}caption{font-weight:bold;"
    "text-align:left}svg{max-width:100%;height:auto}"
)
"""Style of the page that stands by itself. Black on white; nothing is told by colour alone."""

ACCOUNT_HEADS: Final = (
    "Account",
    "Cap",
    "Spent",
    "Reserved",
    "Left",
    "Epsilon spent",
    "At delta",
    "Exact releases",
    "Exact cells",
)
LINE_HEADS: Final = (
    "When",
    "Account",
    "Project",
    "Request",
    "Kind",
    "Nano-rho",
    "Spent so far",
    "Epsilon so far",
    "Atto-delta",
    "Exact cells",
    "Exact cells so far",
    "Reason",
)


def document(record: Record) -> str:
    """The whole statement as one HTML page without script or link."""
    title = f"Statement of {record['subject']} {record['name']}"
    said = (
        f"<p>Drawn at {escape(str(record['drawn_at']))}. Epsilon is told at delta {record['delta']:.3g}. "
        "Noisy releases spend rho; exact releases carry no noise, and epsilon says nothing about them: "
        "they are counted beside it.</p>"
    )
    parts = [
        said,
        _table("Accounts (nano-rho)", ACCOUNT_HEADS, account_rows(record)),
        *(
            f"<h2>{escape(str(account['account']))}</h2>{plot(account, maps(record['lines']))}"
            for account in maps(record["accounts"])
        ),
        _table("Every posting, oldest first", LINE_HEADS, line_rows(record)),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def account_rows(record: Record) -> list[list[str]]:
    """One row of texts per account, under `ACCOUNT_HEADS`."""
    return [
        [
            str(one["account"]),
            *(_whole(one[name]) for name in ("cap", "spent", "reserved", "remaining")),
            _real(one["spent_epsilon"]),
            f"{one['spent_delta']:.3g}",
            f"{_whole(one['exact_releases'])} of {_whole(one['exact_releases_cap'])}",
            f"{_whole(one['exact_cells'])} of {_whole(one['exact_cells_cap'])}",
        ]
        for one in maps(record["accounts"])
    ]


def line_rows(record: Record) -> list[list[str]]:
    """One row of texts per posting, under `LINE_HEADS`."""
    return [
        [
            str(one["at"]),
            str(one["account"]),
            str(one["project"]),
            str(one["request"]),
            str(one["kind"]),
            _whole(one["nano_rho"]),
            _whole(one["spent_nano_rho"]),
            _real(one["epsilon"]),
            _whole(one["atto_delta"]),
            _whole(one["exact_cells"]),
            _whole(one["exact_cells_so_far"]),
            str(one["reason"]),
        ]
        for one in maps(record["lines"])
    ]


def plot(account: Record, lines: Sequence[Record]) -> str:
    """Spent rho (solid line, left axis, cap dashed above) and exact cells (dotted) over time, as one SVG.

    The table of postings says the same in numbers; the title and description say it in words.
    """
    name = str(account["account"])
    mine = [line for line in lines if line["account"] == name]
    if not mine:
        return "<p>Nothing has been spent from this account yet.</p>"
    times = [datetime.fromisoformat(str(line["at"])).timestamp() for line in mine]
    spent = [_number(line["spent_nano_rho"]) for line in mine]
    cells = [_number(line["exact_cells_so_far"]) for line in mine]
    cap, most_cells = _number(account["cap"]), max(_number(account["exact_cells_cap"]), *cells, 1)
    top = max(cap, *spent, 1)
    drawn = (
        f'<polyline fill="none" stroke="#0b0c0c" stroke-width="2.5" points="{_steps(times, spent, top)}"/>'
        f'<polyline fill="none" stroke="#1d70b8" stroke-width="2.5" stroke-dasharray="2 4" '
        f'points="{_steps(times, cells, most_cells)}"/>'
    )
    identity = "".join(letter if letter.isalnum() else "-" for letter in name)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-labelledby="title-{identity} words-{identity}"><title id="title-{identity}">'
        f'Spent of {escape(name)} over time</title><desc id="words-{identity}">{escape(words(account, mine))}'
        f"</desc>{_frame(mine, cap, top, most_cells)}{drawn}</svg>"
    )


def words(account: Record, mine: Sequence[Record]) -> str:
    """What the plot shows, in a sentence."""
    return (
        f"From {str(mine[0]['at'])[:10]} to {str(mine[-1]['at'])[:10]}, {len(mine)} postings: "
        f"{_whole(account['spent'])} of {_whole(account['cap'])} nano-rho spent, "
        f"{_whole(account['exact_releases'])} exact releases with {_whole(account['exact_cells'])} cells."
    )


def maps(value: object) -> list[Record]:
    """The records in a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _frame(mine: Sequence[Record], cap: float, top: float, most_cells: float) -> str:
    """Axes, the cap, and what stands beside them."""
    base, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    line = '<line stroke="#505a5f" x1="{}" y1="{}" x2="{}" y2="{}"{}/>'
    cap_at = _height(cap, top)
    texts = [
        (LEFT - 6, base, "end", "0"),
        (LEFT - 6, cap_at + 5, "end", f"{cap / 1e9:.3g} rho"),
        (LEFT, HEIGHT - 14, "start", str(mine[0]["at"])[:10]),
        (LAST, HEIGHT - 14, "end", str(mine[-1]["at"])[:10]),
        (
            (LEFT + right) // 2,
            HEIGHT - 14,
            "middle",
            f"solid: rho spent; dotted: exact cells, of {most_cells:,.0f}",
        ),
    ]
    return (
        line.format(LEFT, TOP, LEFT, base, "")
        + line.format(LEFT, base, right, base, "")
        + line.format(LEFT, f"{cap_at:.1f}", right, f"{cap_at:.1f}", ' stroke-dasharray="8 6"')
        + "".join(
            f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}" font-size="13" font-family="sans-serif" fill="#0b0c0c">{escape(text)}</text>'
            for x, y, anchor, text in texts
        )
    )


def _steps(times: Sequence[float], values: Sequence[float], top: float) -> str:
    """Corners of a line that stays level until it jumps; it starts at nothing and goes on to the right edge."""
    first, span = times[0], max(times[-1] - times[0], 1.0)
    right = WIDTH - RIGHT
    corners = [(float(LEFT), _height(0, top))]
    for time, value in zip(times, values, strict=True):
        across = LEFT + (time - first) / span * (LAST - LEFT)
        corners += [(across, corners[-1][1]), (across, _height(value, top))]
    corners.append((float(right), corners[-1][1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _height(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(each)}</td>" for each in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _number(value: object) -> float:
    return float(str(value))


def _whole(value: object) -> str:
    return f"{int(str(value)):,}"


def _real(value: object) -> str:
    return f"{_number(value):.4g}"

"""A table leaves as CSV, XLSX and LaTeX: the same fields, and in none of them anything that is computed or obeyed."""

import io
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from disclosure.printed import FORMULA, csv_bytes
from tre.services.outputs.latex import escaped, latex_bytes
from tre.services.outputs.lines import lines_of, unguarded
from tre.services.outputs.sheets import fits_a_sheet, xlsx_bytes

HOSTILE = [
    "<r><t>other text</t></r>",
    "<r><not xml</r>",
    "=1+1",
    '=HYPERLINK("http://127.0.0.1","x")',
    "+cmd|' /C calc'!A0",
    "-5 to 0",
    "@SUM(A1)",
    "\uff1d1",
    r"\input{/etc/passwd}",
    r"\write18{id}",
    "^^5cinput{x}",
    "}{\\end{tabular}",
    "50% & more # $x$ _y_ ~z~",
    "[c]",
    "*",
    "<b>|</b>",
    '"a-b',
    "two\nlines",
    "http://127.0.0.1/x",
    "0123",
    "1e5",
    "\u00e9\u4e2d",
]
TABLE = pd.DataFrame(
    {
        "=region": HOSTILE,
        "n": [place - 2 for place in range(len(HOSTILE))],
        "mean": [place / 7 for place in range(len(HOSTILE))],
        "held": ["[c]", *[2**60] * (len(HOSTILE) - 2), float("nan")],
    }
)
WRITTEN = csv_bytes(TABLE)
LINES = lines_of(WRITTEN, ["=region"])
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def test_the_csv_reads_back_as_it_was() -> None:
    assert LINES.head == ("'=region", "n", "mean", "held")
    assert [unguarded(str(row[0])) for row in LINES.rows] == HOSTILE
    assert [row[1] for row in LINES.rows] == list(TABLE["n"])
    assert [row[2] for row in LINES.rows] == [float(f"{value:.10g}") for value in TABLE["mean"]]
    assert [row[3] for row in LINES.rows] == ["[c]", *[2**60] * (len(HOSTILE) - 2), None]


def sheet(content: bytes, name: str) -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return ET.fromstring(archive.read(name))  # noqa: S314  our own file


def test_an_xlsx_holds_the_fields_of_the_csv_and_no_formula_or_link() -> None:
    made = xlsx_bytes(LINES, "=1+1", ["=2+2"])
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        names = archive.namelist()
        assert not any("rels" in name and "sheet" in name for name in names)  # links would stand there
        assert not any("vba" in name.lower() or "external" in name.lower() for name in names)
    strings = [
        "".join(part.text or "" for part in entry.iter(f"{SHEET}t"))
        for entry in sheet(made, "xl/sharedStrings.xml").iter(f"{SHEET}si")
    ]
    rows: list[tuple[object, ...]] = []
    for place in (1, 2):
        root = sheet(made, f"xl/worksheets/sheet{place}.xml")
        assert list(root.iter(f"{SHEET}f")) == []
        for row in root.iter(f"{SHEET}row"):
            fields: list[object] = []
            for cell in row.iter(f"{SHEET}c"):
                value = next(cell.iter(f"{SHEET}v")).text or ""
                fields.append(strings[int(value)] if cell.get("t") == "s" else float(value))
            rows.append(tuple(fields))
    whole = [tuple(str(field) if field == 2**60 else field for field in row) for row in LINES.rows]
    shown = [tuple(field for field in row if field is not None) for row in whole]
    assert rows == [LINES.head, *shown, ("=1+1",), ("=2+2",)]


def test_what_a_sheet_cannot_hold_whole_is_known_before_it_is_written() -> None:
    assert fits_a_sheet(LINES, "T", ["N"])
    assert fits_a_sheet(LINES, "x" * 32_767, [])
    assert not fits_a_sheet(LINES, "x" * 32_768, [])
    assert not fits_a_sheet(LINES, "T", ["\U0001f389" * 16_384])
    row = LINES.rows[0]
    assert fits_a_sheet(replace(LINES, rows=(row,) * 1_048_575), "T", [])
    assert not fits_a_sheet(replace(LINES, rows=(row,) * 1_048_576), "T", [])


def test_an_xlsx_has_the_same_bytes_each_time() -> None:
    assert xlsx_bytes(LINES, "T", ["N"]) == xlsx_bytes(LINES, "T", ["N"])
    assert b"1980-01-01" in sheet_text(xlsx_bytes(LINES, "T", []), "docProps/core.xml")


def sheet_text(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        return archive.read(name)


OURS = {
    "begin", "end", "centering", "caption", "hline", "par", "footnotesize", "char", "textbackslash", "textasciicircum",
    "textasciitilde", "textless", "textgreater", "textbar",
}  # fmt: skip
TOKEN = re.compile(r"\\([A-Za-z]+|.)|([{}$&#^_~%])|([^\\{}$&#^_~%]+)", re.DOTALL)


def obeyed(text: str) -> list[str]:
    """What TeX would obey in a text: names of commands, and signs that are not escaped."""
    found = []
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        assert match is not None
        command, sign, _ = match.groups()
        if command is not None and command not in set("\\{}$&#_%"):
            found.append(command)
        elif sign is not None:
            found.append(sign)
        place = match.end()
    return found


def test_latex_obeys_nothing_but_its_own_frame() -> None:
    text = latex_bytes(LINES, r"\input{x} 100%", ["50% & ^^41"]).decode()
    assert {each for each in obeyed(text) if each.isalpha()} <= OURS
    body = text.split(r"\hline")[2].strip().removesuffix(r" \\")
    for line in body.split(" \\\\\n"):
        assert line.count(" & ") >= 3
        cells = re.split(r"(?<!\\) & ", line)
        assert len(cells) == 4
        for cell in cells:
            assert cell.startswith("{")
            assert cell.endswith("}")
            assert obeyed(cell).count("{") == obeyed(cell).count("}")
            assert not {"&", "#", "%", "~", "^", "_"} & set(obeyed(cell))
    assert not any(ord(sign) < 32 and sign != "\n" for sign in text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_in_latex_is_printed_and_balanced(text: str) -> None:
    found = obeyed(escaped(text))
    assert set(found) <= {"{", "}", "char", *OURS}
    assert found.count("{") == found.count("}")


def test_a_number_below_nought_has_a_minus_and_a_withheld_one_stays_a_text() -> None:
    text = latex_bytes(lines_of(b"g,n\nx,-5\n-1,[c]\n", ["g"]), "T", []).decode()
    assert "{x} & {$-5$}" in text
    assert "{-1} & {[c]}" in text
    assert r"\begin{tabular}{lr}" in text


def test_every_guard_is_taken_off_once() -> None:
    for sign in FORMULA:
        assert unguarded(f"'{sign}1") == f"{sign}1"
    assert unguarded("'tis") == "'tis"
    assert unguarded("''=1") == "''=1"

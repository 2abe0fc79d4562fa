"""The budget on pages: statements, prices before anything is spent, and changes of caps by two people."""

from typing import Final

from markupsafe import Markup

from disclosure import Statistic
from disclosure.dp import Dictionary
from tre.db.engine import Transaction
from tre.domain.caps import CapDecision, CapUnit
from tre.domain.errors import BadInput, NotFound
from tre.services import caps, portal, projects, statement_page, statements
from tre.services.dictionary import STUDY_ID
from tre.services.outputs import pricing
from tre.services.outputs.asking import Precision
from tre.services.outputs.submit import dictionary_of
from tre.services.statements import Format, Statement, Subject
from tre.web.answers import Answer, Download, Page, Redirect
from tre.web.endpoint import Call
from tre.web.present import budget as present

MEDIA_TYPES: Final = {
    Format.JSON: "application/json; charset=utf-8",
    Format.CSV: "text/csv; charset=utf-8",
}
"""Types of file in which a statement is handed out."""

LARGEST_NUMBER: Final = 20
"""Most digits that a number in a form has. Source: above the largest amount that the ledger takes."""


def statement(tx: Transaction, call: Call) -> Answer:
    """Show a statement: accounts, a plot over time for each, every posting, and changes of caps."""
    record = statements.record(_seen(tx, call))
    lines = statement_page.maps(record["lines"])
    plots = [
        # The plot is written by us and escapes every word in it.
        {"account": one["account"], "plot": Markup(statement_page.plot(one, lines))}  # noqa: S704
        for one in statement_page.maps(record["accounts"])
    ]
    shows = {**record, "plots": plots, **present.statement(record)}
    return Page("statement.html", f"Statement of {record['subject']} {record['name']}", shows)


def statement_file(tx: Transaction, call: Call) -> Answer:
    """Hand out a statement as JSON or CSV."""
    form = next((one for one in MEDIA_TYPES if one == call.path["form"]), None)
    if form is None:
        raise NotFound("no_such_form", "A statement is handed out as json or csv.")
    text = statements.written(_seen(tx, call), form)
    return Download(f"statement.{form}", MEDIA_TYPES[form], text.encode())


def price(tx: Transaction, call: Call) -> Answer:
    """Show what a table would cost at every precision of the menu; the data are not asked, and nothing is spent."""
    project = call.path["project"]
    view = portal.project(tx, call.person, project)
    extract = projects.extract_of(tx, project)
    source = next(iter(extract.tables))
    dictionary = dictionary_of(extract, source)
    asked = _asked(call, source, dictionary)
    quotes = (
        []
        if asked is None
        else pricing.prices(tx, call.person, project, asked.to_json(), precision=Precision())
    )
    shows = {
        "project": project,
        "project_title": view["title"],
        "form": call.query,
        **present.choices(dictionary),
        **present.prices(quotes),
        "asked": asked is not None,
    }
    return Page("price.html", "What a noisy table would cost", shows)


def cap_changes(tx: Transaction, call: Call) -> Answer:
    """List proposals of other caps, each with what the person may do about it."""
    portal.must_see_caps(call.person)
    rows = caps.listing(tx)
    shown = [
        {**row, "may": caps.refusals(tx, call.person, int(str(row["id"])))} for row in rows[: portal.PAGE]
    ]
    shows = {"proposals": shown, "units": list(CapUnit), "form": call.form}
    return Page("caps.html", "Caps of accounts", shows)


def propose_cap(tx: Transaction, call: Call) -> Answer:
    """Propose another cap."""
    unit = next((one for one in CapUnit if one == call.form.get("unit")), None)
    if unit is None:
        raise BadInput("unknown_unit", f"A cap counts one of: {', '.join(CapUnit)}.")
    wish = caps.Wish(
        call.form.get("account", "").strip(),
        unit,
        _number(call.form.get("after", "")),
        lower=call.form.get("lower") == "yes",
    )
    caps.propose(tx, call.person, wish, reason=call.form.get("reason", ""))
    return Redirect("/caps")


def decide_cap(tx: Transaction, call: Call) -> Answer:
    """Approve or refuse somebody else's proposal, or withdraw one's own."""
    decision = next((one for one in CapDecision if one == call.form.get("decision")), None)
    if decision is None:
        raise BadInput("unknown_decision", f"Choose one of: {', '.join(CapDecision)}.")
    number = _number(call.path["proposal"])
    caps.decide(tx, call.person, number, decision, reason=call.form.get("reason", ""))
    return Redirect("/caps")


def _asked(call: Call, source: str, dictionary: Dictionary) -> Statistic | None:
    """The table that the form describes, or None where nothing is asked yet."""
    by = [each for each in (call.query.get("by", ""), call.query.get("and", "")) if each]
    if not by:
        return None
    known = set(dictionary.keys)
    if not set(by) <= known:
        raise BadInput("unknown_dimension", f"Choose of: {', '.join(sorted(known))}.")
    function, _, column = call.query.get("measure", "").partition(" ")
    measures = {f"{column}_{function}": (function, column)} if column else None
    return Statistic.table(source, by=list(dict.fromkeys(by)), measures=measures, unit=STUDY_ID)


def _seen(tx: Transaction, call: Call) -> Statement:
    subject = next((one for one in Subject if one == call.path["subject"]), None)
    if subject is None:
        raise NotFound("no_such_account", "A statement is about a project, a dataset or a population.")
    found = statements.of(tx, subject, call.path["name"])
    statements.must_see(tx, call.person, found)
    return found


def _number(text: str) -> int:
    plain = text.replace(",", "").strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < LARGEST_NUMBER):
        raise BadInput("no_number", "Write the number in digits, as a whole number of at least nought.")
    return int(plain)

"""One request: read it, vote on it, withdraw it, fetch what it released."""

from collections.abc import Mapping
from typing import Final

from disclosure import Report
from disclosure.errors import DisclosureError
from tre.db.engine import Transaction
from tre.domain.conditions import LONGEST_REASON
from tre.domain.errors import NotFound, Refused
from tre.domain.outputs import Action, Decision
from tre.services import portal
from tre.services.outputs import fetch, show
from tre.services.outputs import vote as voting
from tre.services.outputs.drawing import Drawn
from tre.web.answers import Answer, Download, Image, Page, Redirect
from tre.web.endpoint import Call
from tre.web.forms import FieldError, VoteForm
from tre.web.present import history
from tre.web.present import items as present

MEDIA_TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Types of file that leave through the portal, to be saved and never shown. What is not here is not handed out."""

DECISIONS: Final = (
    {"value": Decision.APPROVE.value, "text": "Approve: it may leave as it is"},
    {"value": Decision.RETURN.value, "text": "Return: the author can mend it and submit it again"},
    {"value": Decision.REJECT.value, "text": "Reject: it must not leave"},
)
"""What each vote says, in words."""


def request(tx: Transaction, call: Call) -> Answer:
    """Show one request, as far as the person may see it."""
    return _page(tx, call)


def vote(tx: Transaction, call: Call) -> Answer:
    """Cast a vote on the version that the page showed."""
    name = call.path["request"]
    show.found(tx, call.person, name)
    form = VoteForm.parse(call.form)
    if isinstance(form, list):
        return _page(tx, call, form)
    voting.cast(tx, call.person, name, form.decision, reason=form.reason, seen=form.seen)
    return Redirect(f"/requests/{name}")


def withdraw(tx: Transaction, call: Call) -> Answer:
    """Withdraw the person's own request."""
    name = show.found(tx, call.person, call.path["request"]).id
    voting.withdraw(tx, call.person, name)
    return Redirect(f"/requests/{name}")


def bundle(tx: Transaction, call: Call) -> Answer:
    """List the files of a published release."""
    name = call.path["request"]
    found = fetch.bundle(tx, call.person, name, call.platform.objects)
    return Page("bundle.html", "Released files", {"request": name, "bundle": found})


def bundle_file(tx: Transaction, call: Call) -> Answer:
    """Hand out one file of a published release, to be saved."""
    name = call.path["file"]
    content = fetch.file(tx, call.person, call.path["request"], name, objects=call.platform.objects)
    return Download(name, media_type(name), content)


def chart(tx: Transaction, call: Call) -> Answer:
    """Show the chart of a checked exact item, drawn of the table that would leave, to whoever may see that table."""
    name = call.path["request"]
    project = show.found(tx, call.person, name).project_id
    found = None
    if portal.may_see_evidence(tx, call.person, project):
        found = show.evidence_of(tx, call.person, name, call.path["item"])
    if found is None or found.picture is None:
        raise NotFound("no_chart", "There is no chart here that you may see. Go back to the request.")
    return Image("image/svg+xml", Drawn.from_bytes(call.platform.objects.get(found.picture)).svg.encode())


def media_type(name: str) -> str:
    """The type under which a released file is handed out.

    Raises:
        NotFound: files of its kind are not.
    """
    for ending, kind in MEDIA_TYPES.items():
        if name.endswith(ending):
            return kind
    raise NotFound("not_handed_out", "Files of this kind are not handed out here; ask your administrator.")


def _page(tx: Transaction, call: Call, errors: list[FieldError] | None = None) -> Page:
    view = show.request_view(tx, call.person, call.path["request"])
    may_see = call.person.accredited and portal.may_see_evidence(tx, call.person, str(view["project"]))
    items = view["items"] if isinstance(view["items"], list) else []
    actions = view["actions"] if isinstance(view["actions"], list) else []
    shows = {
        **view,
        "items": [_item(tx, call, one, may_see=may_see) for one in items],
        "hides_evidence": not may_see,
        "may_vote": Action.VOTE in actions,
        "no_vote": portal.no_vote(tx, call.person, str(view["id"])),
        "may_withdraw": Action.WITHDRAW in actions,
        "decisions": DECISIONS,
        "vote_rows": history.votes(view),
        "history_rows": history.events(view),
        "errors": errors or [],
        "form": call.form,
        "longest": LONGEST_REASON,
        "is_waiting": view["state"] in portal.WAITING,
    }
    return Page("request.html", str(view["title"]), shows, 422 if errors else 200)


def _item(tx: Transaction, call: Call, view: Mapping[str, object], *, may_see: bool) -> Mapping[str, object]:
    try:
        return present.item(view, _evidence(tx, call, view) if may_see else None)
    except (DisclosureError, Refused, NotFound):
        # The page stays, so that a checker can return what nobody can judge; nothing unread is shown as safe.
        return present.unreadable(view)


def _evidence(tx: Transaction, call: Call, item: Mapping[str, object]) -> present.Evidence | None:
    """The stored report of an exact item and the table it is about; there is none for a noisy one, whatever is stored."""
    found = show.evidence_of(tx, call.person, call.path["request"], str(item["id"]))
    if found is None:
        return None
    objects = call.platform.objects
    report = Report.from_json(objects.get(found.report).decode())
    drawn = None if found.picture is None else Drawn.from_bytes(objects.get(found.picture))
    return present.Evidence(report, objects.get(found.printed), drawn)

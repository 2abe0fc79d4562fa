"""Home, queue, project, public register, and whether the portal is well."""

from sqlalchemy import text

from tre.db.engine import Transaction
from tre.domain.errors import NotFound
from tre.services import portal
from tre.services import register as registered
from tre.web.answers import Answer, Page, Record
from tre.web.endpoint import Call
from tre.web.present import pages as present


def home(tx: Transaction, call: Call) -> Answer:
    """Show what to do next; to somebody who is not signed in, where to sign in."""
    if call.actor is None:
        return Page("welcome.html", "Start")
    view = portal.home(tx, call.actor)
    return Page("home.html", "Your work", {**view, "next_steps": present.next_steps(view)})


def queue(tx: Transaction, call: Call) -> Answer:
    """Show the requests that wait for output checkers, oldest first."""
    word = call.query.get("page", "1")
    if not (word.isascii() and word.isdigit() and len(word) < 7):
        raise NotFound("no_such_page", "There is no such page of the queue. Go to its first page.")
    return Page("queue.html", "Requests that wait for review", portal.queue(tx, call.person, int(word)))


def project(tx: Transaction, call: Call) -> Answer:
    """Show one project to those who may know of it."""
    view = portal.project(tx, call.person, call.path["project"])
    return Page("project.html", str(view["title"]), {**view, **present.project(view)})


def register(tx: Transaction, _call: Call) -> Answer:
    """Show the public register."""
    return Page(
        "register.html",
        "Public register",
        {"projects": [present.registered(one) for one in registered.register(tx)]},
    )


def register_json(tx: Transaction, _call: Call) -> Answer:
    """Hand out the public register for programs."""
    return Record({"format": "tre-register/1", "projects": registered.register(tx)})


def health(tx: Transaction, _call: Call) -> Answer:
    """Say that portal and database answer."""
    tx.execute(text("SELECT 1"))
    return Record({"status": "ok"})

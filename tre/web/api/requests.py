"""Output requests by program."""

from dataclasses import replace

from starlette.responses import Response

from tre.db.engine import Transaction
from tre.domain.audit import Event
from tre.domain.errors import BadInput
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Decision, Mode, Picture, Protection, State
from tre.domain.people import Actor
from tre.services import projects
from tre.services.outputs import fetch, show
from tre.services.outputs import vote as voting
from tre.services.outputs.admission import default_mode
from tre.services.outputs.asking import Precision, ask_for
from tre.services.outputs.facts import must_be_member
from tre.services.outputs.submit import Submission
from tre.services.outputs.submit import submit as submit_request
from tre.web.api.calling import ByToken
from tre.web.api.shapes import SubmissionAsked, VoteAsked
from tre.web.review import media_type
from tre.wire import ProtectionShape

View = dict[str, object]


def listing(by: ByToken, project: str | None = None, state: State | None = None) -> list[View]:
    """The requests that you may see, newest first."""
    return by.do(
        lambda tx, actor: show.listing(tx, actor, project=project, state=state), texts=[project or ""]
    )


def one(by: ByToken, request: str) -> View:
    """One request, as far as you may see it."""
    return by.do(lambda tx, actor: show.request_view(tx, actor, request), texts=[request])


def submit(by: ByToken, asked: SubmissionAsked) -> View:
    """Submit statistics for checking, review and release."""

    def work(tx: Transaction, actor: Actor) -> View:
        request = submit_request(tx, actor, _submission(tx, actor, asked))
        return show.request_view(tx, actor, request.id)

    return by.do(work, texts=_texts(asked), refused=Event.REQUEST_REFUSED)


def vote(by: ByToken, request: str, asked: VoteAsked) -> View:
    """Cast one sealed vote on the version that you have looked at."""

    def work(tx: Transaction, actor: Actor) -> State:
        show.found(tx, actor, request)
        seen, decision = asked.manifest_digest, Decision(asked.decision)
        return voting.cast(tx, actor, request, decision, reason=asked.reason, seen=seen)

    state = by.do(work, texts=[request, asked.reason], refused=Event.VOTE_REFUSED)
    return {"request": request, "state": state}


def withdraw(by: ByToken, request: str) -> View:
    """Withdraw your own request for good and give back what it holds."""

    def work(tx: Transaction, actor: Actor) -> View:
        show.found(tx, actor, request)
        voting.withdraw(tx, actor, request)
        return show.request_view(tx, actor, request)

    return by.do(work, texts=[request])


def files(by: ByToken, request: str) -> View:
    """List the files of a published release, the receipt last."""
    found = by.do(lambda tx, actor: fetch.bundle(tx, actor, request, by.platform.objects), texts=[request])
    listed = [{"name": each.name, "sha256": each.sha256, "bytes": each.bytes} for each in found.files]
    return {"release": found.release, "files": listed}


def file(by: ByToken, request: str, file: str) -> Response:
    """Fetch one file of a published release."""
    objects = by.platform.objects
    content = by.do(
        lambda tx, actor: fetch.file(tx, actor, request, file, objects=objects), texts=[request, file]
    )
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type=media_type(file), headers=headers)


def _submission(tx: Transaction, actor: Actor, asked: SubmissionAsked) -> Submission:
    must_be_member(tx, actor, asked.project)
    precision, reason, cost = Precision(asked.rho, asked.epsilon, asked.precision), None, None
    mode = default_mode(tx, asked.project) if asked.mode is None else Mode(asked.mode)
    if mode is Mode.EXACT:
        if precision != Precision():
            raise BadInput("precision_of_exact", "An exact release has no precision. Leave it out.")
        reason = _reason(asked.reason)
    else:
        cost = precision.nano(projects.manifest_of(tx, asked.project).linkage.population)
    chart = None if asked.chart is None else Picture.asked(asked.chart.kind, asked.chart.measure)
    asks = tuple(
        replace(ask_for(text, reason, cost, protection_of(asked.protection)), picture=chart)
        for text in asked.items
    )
    return Submission(asked.project, asked.title, asked.context, asks, run=asked.run, again=asked.again)


def protection_of(asked: ProtectionShape | None) -> Protection | None:
    """Read how tables are to be protected.

    Raises:
        BadInput: there is no such way.
    """
    return None if asked is None else Protection.asked(asked.method, asked.base)


def _reason(word: str | None) -> ExactReason:
    if word not in set(ExactReason):
        raise BadInput("no_exact_reason", f"Say why it must be exact: one of {', '.join(ExactReason)}.")
    return ExactReason(word)


def _texts(asked: SubmissionAsked) -> list[str]:
    given = (asked.project, asked.title, asked.context, asked.run, asked.again)
    return [text for text in (*given, *asked.items) if text is not None]

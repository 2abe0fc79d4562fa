"""What a notebook wants released, in the words of the service that takes it."""

from dataclasses import replace

from disclosure import Statistic
from tre import wire
from tre.domain.errors import BadInput
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Mode
from tre.services.outputs.submit import Ask
from tre.worker.workspace import nano_of, picture_of, protection_of


def asks_of(asked: wire.SubmitRequest) -> tuple[Ask, ...]:
    """Read each item of a request.

    Raises:
        BadInput, DisclosureError: an item, a precision, a reason or a protection is not one that is known here.
    """
    none = (None,) * len(asked.items)
    given, charts = asked.protections or none, asked.charts or none
    if len(given) != len(asked.items):
        raise BadInput("protections", "Say of each item how it is protected, or of none.")
    if len(charts) != len(asked.items):
        raise BadInput("charts", "Say of each item which chart goes with it, or of none.")
    return tuple(
        replace(_ask(text, asked), protection=protection_of(how), picture=picture_of(chart))
        for text, how, chart in zip(asked.items, given, charts, strict=True)
    )


def _ask(text: str, asked: wire.SubmitRequest) -> Ask:
    title = Statistic.from_json(text).title or asked.title
    if asked.mode == "noisy":
        return Ask(text, title, Mode.NOISY, nano_rho=nano_of(asked.precision))
    reasons = {str(reason): reason for reason in ExactReason}
    if asked.reason not in reasons:
        raise BadInput("no_exact_reason", f"Say why it must be exact; one of: {', '.join(reasons)}.")
    return Ask(text, title, Mode.EXACT, reason=reasons[asked.reason])

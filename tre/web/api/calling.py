"""Who calls the API, and the transaction that a call runs in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from disclosure.errors import DisclosureError
from tre.db.engine import Transaction, read_only, transaction
from tre.domain.audit import Event
from tre.domain.errors import NotFound, Refused, TreError
from tre.domain.people import Actor
from tre.services import sessions
from tre.services.platform import Platform
from tre.services.sessions import Purpose
from tre.web.endpoint import must_be_text, record_refusal
from tre.web.guards import Origin, must_come_from_here

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that calls with somebody's personal token."""

    platform: Platform
    token: str

    def do(
        self,
        work: Callable[[Transaction, Actor], Result],
        *,
        texts: Iterable[str] = (),
        refused: Event = Event.ACCESS_REFUSED,
    ) -> Result:
        """Run one service in one transaction; what is refused is recorded in another.

        Args:
            work: the service.
            texts: what the caller wrote, to be looked at before the database is.
            refused: the event under which a refusal is recorded.

        Raises:
            TreError, DisclosureError: as the service does.
        """
        must_be_text(texts)
        try:
            with transaction(self.platform.application) as tx:
                return work(tx, self._actor(tx))
        except (TreError, DisclosureError) as error:
            if error.code != "signed_out" and isinstance(error, Refused | NotFound):
                with transaction(self.platform.application) as tx:
                    actor = self._actor(tx)
                record_refusal(self.platform, actor, error, refused)
            raise

    def _actor(self, tx: Transaction) -> Actor:
        return sessions.actor_for(tx, self.token, Purpose.TOKEN)


def caller(request: Request) -> Caller:
    """Take the personal token of a call. Cookies mean nothing here, so no page can lend anybody's power.

    Raises:
        Refused: there is no live token, or a page of another site calls.
    """
    must_not_be_from_elsewhere(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(
            "signed_out", "Send a personal token from `tre login` as `Authorization: Bearer TOKEN`."
        )
    platform: Platform = request.app.state.portal.platform
    with read_only(platform.application) as tx:
        sessions.peek(tx, token, Purpose.TOKEN)  # before a word of the body is looked at
    return Caller(platform, token)


def must_not_be_from_elsewhere(request: Request) -> None:
    """Refuse what a page of another site sends; programs say nothing of where they come from.

    Raises:
        Refused: a browser says that it comes from elsewhere.
    """
    origin: Origin = request.app.state.portal.origin
    if "sec-fetch-site" in request.headers or "origin" in request.headers:
        must_come_from_here("POST", request.headers, origin)


ByToken = Annotated[Caller, Depends(caller)]

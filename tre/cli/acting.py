"""Who a command acts for, and the transaction that it runs in."""

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import typer

from disclosure.errors import DisclosureError
from tre.db.engine import Transaction, read_only, transaction
from tre.domain.audit import Event
from tre.domain.errors import Misused, Refused, TreError, Unavailable
from tre.domain.people import Actor, Capability, PersonId
from tre.services import audit, data, people, sessions
from tre.services.platform import Platform, opened
from tre.settings import Mode, Settings, read_settings

Result = TypeVar("Result")

AS = Annotated[
    str | None,
    typer.Option("--as", metavar="PERSON", help="Act as this person. Only on a demonstration platform."),
]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


OPERATOR: Final = Actor(PersonId("operator"), capabilities=frozenset({Capability.AUDITOR}))
"""Whoever runs a demonstration may read everything; they may do nothing."""


@dataclass(frozen=True, slots=True)
class About:
    """How a refusal is recorded.

    Attributes:
        event: its kind.
        subject: what was refused, as `kind:identifier`; by default the person who tried.
    """

    event: Event
    subject: str | None = None


ACCESS: Final = About(Event.ACCESS_REFUSED)
COMMAND: Final = About(Event.COMMAND_REFUSED)


@dataclass(frozen=True, slots=True)
class Acting:
    """A platform and who acts on it."""

    platform: Platform
    person: str | None
    token: str | None

    def do(self, work: Callable[[Transaction, Actor], Result], about: About = COMMAND) -> Result:
        """Run one service in one transaction; what is refused is recorded in another.

        Raises:
            TreError, DisclosureError: as the service does.
        """
        with self.recorded(about), transaction(self.platform.application) as tx:
            return work(tx, self._actor(tx))

    def carry_out(
        self, plan: Callable[[Transaction, Actor], data.Work], about: About = COMMAND
    ) -> data.Answer:
        """Plan work of the separated roles in one transaction, and let them do it outside of any.

        Raises:
            TreError: as the service or a role does.
        """
        work = self.do(plan, about)
        with self.recorded(about):
            return data.carry_out(self.platform, work)

    def look(self, work: Callable[[Transaction, Actor], Result]) -> Result:
        """Run one reading service, on a demonstration platform also for the operator who names nobody."""
        with self.recorded(ACCESS), read_only(self.platform.application) as tx:
            return work(tx, self.reader(tx))

    def observe(self, work: Callable[[Transaction], Result]) -> Result:
        """Run one reading service that shows the same to every operator of this machine."""
        with read_only(self.platform.application) as tx:
            return work(tx)

    def _actor(self, tx: Transaction) -> Actor:
        if self.token is not None:
            return sessions.actor_for(tx, self.token, sessions.Purpose.TOKEN)
        if self.person is None:
            raise Misused(
                "nobody", "Say for whom this is done: set TRE_TOKEN from `tre login`, or use --as in a demo."
            )
        return people.actor_of(tx, PersonId(self.person))

    def sign_in(self, work: Callable[[Transaction], Result]) -> Result:
        """Run a service that finds out who somebody is; also a failed attempt is kept."""
        with transaction(self.platform.application) as tx:
            return work(tx)

    def operate(self, work: Callable[[Transaction], Result]) -> Result:
        """Run a service that belongs to whoever operates this machine; what is refused is recorded."""
        with self.recorded(COMMAND), transaction(self.platform.application) as tx:
            return work(tx)

    def reader(self, tx: Transaction) -> Actor:
        """Who reads: the person named, or on a demonstration platform the operator."""
        if self.token is not None:
            return people.actor_of(tx, PersonId(sessions.peek(tx, self.token, sessions.Purpose.TOKEN)))
        if self.person is None and self.platform.settings.mode is Mode.DEMO:
            return OPERATOR
        return self._actor(tx)

    @contextmanager
    def recorded(self, about: About) -> Iterator[None]:
        """Record in a transaction of its own that something was refused, and why in one word; then refuse it.

        A command that was called wrongly, or a part that is down, is no refusal.
        """
        try:
            yield
        except (Misused, Unavailable):
            raise
        except (TreError, DisclosureError) as error:
            with transaction(self.platform.application) as tx:
                actor = Actor(self._who(tx))
                subject = about.subject or f"person:{actor.id}"
                audit.record(tx, actor, about.event, subject, code=error.code)
            raise

    def _who(self, tx: Transaction) -> PersonId:
        """Who tried: the person named, the holder of the token, or whoever it was whose token is not known."""
        if self.token is None:
            return PersonId(self.person or OPERATOR.id)
        try:
            return PersonId(sessions.peek(tx, self.token, sessions.Purpose.TOKEN))
        except Refused:
            return PersonId("token")


@contextmanager
def acting(person: str | None) -> Iterator[Acting]:
    """Open the platform for one command.

    Raises:
        Misused: `--as` outside of a demonstration.
    """
    settings = read_settings()
    token = settings.token.get_secret_value() if settings.token else None
    _may_act_as(settings, person)
    with opened(settings) as platform:
        yield Acting(platform, person, None if person else token)


def ask_password() -> str:
    """Ask for a password without showing it; a program hands it over as one line of standard input."""
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _may_act_as(settings: Settings, person: str | None) -> None:
    if person is not None and settings.mode is not Mode.DEMO:
        raise Misused(
            "as_is_for_demos", "--as works on a demonstration platform only. Sign in with `tre login`."
        )

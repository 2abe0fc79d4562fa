"""People: who they are to the platform, what they may be trusted with, and until when."""

from calendar import isleap
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from tre.domain.errors import BadInput

PersonId = NewType("PersonId", str)

TIE_ENDS_AFTER: Final = timedelta(days=90)
"""How long a role on a project bars its holder from voting on that project's outputs, in days.

Source: the platform's design, section 6; stricter than the Research Accreditation Panel's practice of handing
over a case in which a member has an interest (UK Statistics Authority, RAP register of interests).
"""


class Capability(StrEnum):
    """What a person may do on the platform as a whole, apart from any project."""

    OUTPUT_CHECKER = "output_checker"
    SENIOR_CHECKER = "senior_checker"
    ADMIN = "admin"
    DATA_OWNER = "data_owner"
    AUDITOR = "auditor"


class ProjectRole(StrEnum):
    """What a person is to one project."""

    LEAD = "lead"
    RESEARCHER = "researcher"
    OBSERVER = "observer"


class AccreditationKind(StrEnum):
    """Kinds of accreditation under section 71 of the Digital Economy Act 2017."""

    FULL = "full"
    PROVISIONAL = "provisional"


ACCREDITATION_YEARS: Final = {AccreditationKind.FULL: 5, AccreditationKind.PROVISIONAL: 3}
"""How long an accreditation lasts, in years.

Source: Research Code of Practice and Accreditation Criteria, UK Statistics Authority, 2020 edition and ONS guidance
"Become an accredited researcher".
"""


WARNED_BEFORE: Final = (30, 14, 7, 1)
"""How long before the end of an accreditation the audit log tells of it, in days.

Source: the platform's design, section 6.
"""


def end_of(kind: AccreditationKind, starts: datetime) -> datetime:
    """Return the first instant at which an accreditation that starts at `starts` no longer holds.

    It is the same day and time of day some years later; where that is a 29 February that does not exist, 1 March.

    Raises:
        BadInput: `starts` names no time zone, or lies too near the end of the calendar.
    """
    year = starts.year + ACCREDITATION_YEARS[kind]
    if starts.tzinfo is None or year > MAXYEAR:
        raise BadInput("bad_date", "The start of an accreditation is a date and time with its time zone.")
    if (starts.month, starts.day) == (2, 29) and not isleap(year):
        return starts.replace(year=year, month=3, day=1)
    return starts.replace(year=year)


@dataclass(frozen=True, slots=True)
class Accreditation:
    """One accreditation of one person.

    Attributes:
        kind: full or provisional.
        starts: the first instant at which it holds.
        ends: the first instant at which it no longer holds.
        suspended: whether it has been suspended before its end.
    """

    kind: AccreditationKind
    starts: datetime
    ends: datetime
    suspended: bool = False

    def is_live(self, now: datetime) -> bool:
        """Does it hold at `now`?"""
        instant = now.astimezone(UTC)  # times of one local zone would be compared by the clock on the wall
        return self.starts <= instant < self.ends and not self.suspended

    def is_relied_on(self, now: datetime, *, supervised: bool) -> bool:
        """May its holder be trusted at `now`? A provisional one stands only while somebody answers for its holder.

        Args:
            now: an instant with its time zone.
            supervised: whether a supervisor of the same organisation, fully accredited now, has accepted to answer.
        """
        return self.is_live(now) and (supervised or self.kind is not AccreditationKind.PROVISIONAL)

    def days_left(self, now: datetime) -> int:
        """How many whole days are left at `now`, rounded up; 0 once it is over."""
        left = self.ends - now.astimezone(UTC)
        return max(0, -(-left // timedelta(days=1)))

    def warning(self, now: datetime) -> int | None:
        """Of which warning its holder should have heard by now, in days before the end; None if of none."""
        due = [days for days in WARNED_BEFORE if 0 < self.days_left(now) <= days]
        return min(due, default=None)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something: a person, or the platform's own worker.

    Attributes:
        id: the person's identifier, or the name of the component.
        capabilities: what they may do on the whole platform.
        accredited: whether an accreditation of theirs is live now.
        is_system: whether this is the worker and not a person.
    """

    id: PersonId
    capabilities: frozenset[Capability] = frozenset()
    accredited: bool = False
    is_system: bool = False


WORKER: Final = Actor(PersonId("worker"), is_system=True)
"""The only actor that checks and releases. It never counts as a person."""


@dataclass(frozen=True, slots=True)
class Tie:
    """What binds a person to a project or to the author of a request.

    Attributes:
        has_role: whether they hold a role on the project now.
        last_role_ended: when their last role on it ended, or None if they never had one.
        in_authors_line: whether they supervise the author or are supervised by the author.
    """

    has_role: bool = False
    last_role_ended: datetime | None = None
    in_authors_line: bool = False

    def binds(self, now: datetime) -> bool:
        """Does it keep the person from voting at `now`?"""
        ended = self.last_role_ended
        recent = ended is not None and now < ended.astimezone(UTC) + TIE_ENDS_AFTER
        return self.has_role or recent or self.in_authors_line

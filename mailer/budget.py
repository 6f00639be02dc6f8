"""The contact budget: which of the e-mails that are due may go now, and until when the others wait.

Over all flows and mailings together: caps by the person's local days, quiet hours and public holidays by their clock,
and reasons to be silent (a late parcel, a return under way). The higher priority goes first; what loses waits and says
for what. It is dropped only where its own time passes meanwhile. Transactional e-mails have no budget.

`Budget.admit` is asked in the transaction that claims, with the contacts locked: of two workers, the second sees what
the first let go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .calendar import NOWHERE, Place, at_local, local_day, zone_of
from .caps import Caps
from .outbox import Email, State
from .quiet import Quiet

GOOD_FOR = timedelta(days=14)
"""How long an e-mail may wait that doesn't say itself when its time has passed."""
SILENCE_ASKED_AGAIN = timedelta(days=1)
_GONE = (State.SENT, State.CLAIMED, State.UNKNOWN, State.BOUNCED)
_COMING = (State.QUEUED, State.DEFERRED)


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now; `reason` names what went first or what forbids it."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: until it might go, its time has passed."""

    reason: str


class Candidate(Protocol):
    """What the budget reads of an e-mail; `Email` is one, and so is a row with these columns."""

    id: Any
    contact_id: Any
    customer_id: Any
    transactional: Any
    priority: Any
    source: Any
    queued_at: Any
    content: Any


Places = Callable[[Session, Collection[int]], Mapping[int, Place]]
"""Where customers live, by their numbers; those of whom nobody knows it are left out."""
Silence = Callable[[Session, Collection[int], datetime], Mapping[int, str]]
"""Which of these customers get no promotion now, and why; see `ecrm.silence`."""


class _Other(NamedTuple):
    """Another e-mail of the same person: gone, or coming soon with a higher priority."""

    source: str
    at: datetime
    priority: int = 0


def _nowhere(_session: Session, _customers: Collection[int]) -> Mapping[int, Place]:
    return {}


@dataclass(frozen=True)
class Budget:
    """The rules of one shop. `zone` and `home` are its own, for people of whom no other place is known."""

    caps: Caps = field(default_factory=Caps)
    quiet: Quiet = field(default_factory=Quiet)
    zone: str = "UTC"
    home: Place = NOWHERE
    places: Places = _nowhere
    silences: Sequence[Silence] = ()

    def admit(self, session: Session, emails: Sequence[Candidate], *, now: datetime) -> dict[int, Deferred | Refused]:
        """Judge e-mails that are about to be claimed, of any number of people, in a few statements.

        Args:
            emails: as they are claimed, highest priority first; the order decides between those of one person.

        Returns:
            By the e-mail's id what speaks against it now. Those that are left out may go.
        """
        judged = [one for one in emails if not one.transactional and one.contact_id is not None]
        if not judged:
            return {}
        customers = {one.customer_id for one in judged if one.customer_id is not None}
        places = self.places(session, customers)
        gone = self._gone(session, judged, now)
        coming = self._coming(session, judged, now)
        silent: dict[int, str] = {}
        for ask in self.silences if customers else ():
            silent = {**ask(session, customers, now), **silent}
        found: dict[int, Deferred | Refused] = {}
        for email in sorted(judged, key=lambda one: -one.priority):
            place = places.get(email.customer_id, self.home)
            others = gone[email.contact_id]
            against = self._against(email, place, others, coming[email.contact_id], silent, now)
            if against is None:
                others.append(_Other(email.source, now))
            else:
                found[email.id] = _in_time(email, against)
        return found

    def _against(
        self,
        email: Candidate,
        place: Place,
        gone: Sequence[_Other],
        coming: Sequence[_Other],
        silent: Mapping[int, str],
        now: datetime,
    ) -> Deferred | None:
        zone, any_day = zone_of(place, otherwise=self.zone), bool(email.content.get("any_day"))
        if reason := self.quiet.reason(now, place, zone, any_day=any_day):
            return Deferred(self.quiet.next_allowed(now, place, zone, any_day=any_day), reason)
        if reason := silent.get(email.customer_id, ""):
            until = self._morning(local_day(now + SILENCE_ASKED_AGAIN, zone), place, zone, any_day, now)
            return Deferred(until, reason)
        today, days = local_day(now, zone), [local_day(one.at, zone) for one in gone]
        if (cap := self.caps.full(days, today)) is not None:
            until = self._morning(self.caps.next_room(days, today), place, zone, any_day, now)
            winner = max(gone, key=lambda one: one.at)
            when = f"{winner.at.astimezone(zone):%d %b %H:%M}"
            return Deferred(until, f"{cap.words}: {winner.source or 'another'} went first ({when})")
        return self._after_the_more_important(email, coming, days, today, place, zone, now)

    def _after_the_more_important(
        self,
        email: Candidate,
        coming: Sequence[_Other],
        days: Sequence[date],
        today: date,
        place: Place,
        zone: ZoneInfo,
        now: datetime,
    ) -> Deferred | None:
        """Room that a more important e-mail will need today is kept for it."""
        before = [one for one in coming if one.priority > email.priority and local_day(one.at, zone) <= today]
        reserved = [*days, *(today for _one in before)]
        cap = self.caps.full(reserved, today) if before else None
        if cap is None:
            return None
        winner = max(before, key=lambda one: one.priority)
        any_day = bool(email.content.get("any_day"))
        until = self._morning(self.caps.next_room(reserved, today), place, zone, any_day, now)
        return Deferred(until, f"{cap.words}: {winner.source} goes first ({winner.at.astimezone(zone):%d %b %H:%M})")

    def _morning(self, day: date, place: Place, zone: ZoneInfo, any_day: bool, now: datetime) -> datetime:
        """When the quiet hours of a day end, or of the next that isn't a holiday."""
        hour = self.quiet.ends if self.quiet.starts != self.quiet.ends else 0
        return self.quiet.next_allowed(max(at_local(day, hour, zone), now), place, zone, any_day=any_day)

    def _gone(self, session: Session, judged: Sequence[Candidate], now: datetime) -> dict[int, list[_Other]]:
        """What each person got lately or is just getting."""
        found: dict[int, list[_Other]] = defaultdict(list)
        if not self.caps.caps:
            return found
        at = func.coalesce(Email.sent_at, Email.handed_at, Email.claimed_at, type_=Email.sent_at.type)
        since = now - timedelta(days=self.caps.longest + 1)
        query = select(Email.contact_id, Email.source, at).where(
            Email.contact_id.in_({one.contact_id for one in judged}), Email.transactional.is_(False),
            Email.state.in_(_GONE), at > since, Email.id.not_in([one.id for one in judged]),
        )  # fmt: skip
        for contact, source, moment in session.execute(query):
            if contact is not None and moment is not None:
                found[contact].append(_Other(source, moment))
        return found

    def _coming(self, session: Session, judged: Sequence[Candidate], now: datetime) -> dict[int, list[_Other]]:
        """What is more important and due within a day."""
        found: dict[int, list[_Other]] = defaultdict(list)
        if not self.caps.caps:
            return found
        query = select(Email.contact_id, Email.source, Email.due_at, Email.priority).where(
            Email.contact_id.in_({one.contact_id for one in judged}), Email.transactional.is_(False),
            Email.state.in_(_COMING), Email.priority > min(one.priority for one in judged),
            Email.due_at > now, Email.due_at <= now + timedelta(days=1), Email.id.not_in([one.id for one in judged]),
        )  # fmt: skip
        for contact, source, due, priority in session.execute(query):
            if contact is not None:
                found[contact].append(_Other(source, due, priority))
        return found


def _in_time(email: Candidate, deferred: Deferred) -> Deferred | Refused:
    deadline = _deadline(email)
    if deferred.until <= deadline:
        return deferred
    return Refused(f"its time passes on {deadline:%d %b %H:%M} UTC; {deferred.reason}"[:200])


def _deadline(email: Candidate) -> datetime:
    written = email.content.get("deadline")
    found: datetime = datetime.fromisoformat(written) if written else email.queued_at + GOOD_FOR
    return found

"""The contact budget: which of the e-mails that are due may go now, and until when the others wait.

Over all flows and mailings together: caps by the person's local days, quiet hours and public holidays by their clock,
and reasons to be silent (a late parcel, a return under way). The higher priority goes first; what loses waits and says
for what. It is dropped only where its own time has passed, or passes meanwhile. Transactional e-mails have no budget.

A person is a customer with all their mailboxes, or a mailbox of which no customer is known.

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

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from .calendar import NOWHERE, Place, at_local, local_day, zone_of
from .caps import Caps
from .outbox import Email, State, deadline_of, state_of_few
from .quiet import REASONS as QUIET_REASONS
from .quiet import Quiet

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
    """Another e-mail of the same person: gone, going in the same batch, or coming soon with a higher priority."""

    source: str
    at: datetime
    priority: int = 0
    going: bool = False


_Person = tuple[str, int]


def person_of(customer_id: int | None, contact_id: int) -> _Person:
    """Whose an e-mail is: of a customer with all their mailboxes where one is known, else of this mailbox."""
    return ("customer", customer_id) if customer_id is not None else ("contact", contact_id)


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
        places, whose = self.places(session, customers), _whose(judged)
        gone = self._gone(session, judged, now)
        coming = self._coming(session, judged, now)
        silent: dict[int, str] = {}
        for ask in self.silences if customers else ():
            silent = {**ask(session, customers, now), **silent}
        found: dict[int, Deferred | Refused] = {}
        for email in sorted(judged, key=lambda one: -one.priority):
            if now > (deadline := deadline_of(email)):
                found[email.id] = Refused(f"its time has passed on {deadline:%d %b %H:%M} UTC")
                continue
            place = places.get(email.customer_id, self.home)
            person = whose[email.contact_id]
            others = gone[person]
            against = self._against(email, place, others, coming[person], silent, now)
            if against is None:
                others.append(_Other(email.source, now, going=True))
            else:
                found[email.id] = _in_time(email, against, sure=not any(one.going for one in others))
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

    def _gone(self, session: Session, judged: Sequence[Candidate], now: datetime) -> dict[_Person, list[_Other]]:
        """What each person got lately or is just getting, in whichever of their mailboxes."""
        found: dict[_Person, list[_Other]] = defaultdict(list)
        if not self.caps.caps:
            return found
        at = func.coalesce(Email.sent_at, Email.handed_at, Email.claimed_at, type_=Email.sent_at.type)
        since = now - timedelta(days=self.caps.longest + 1)
        query = select(Email.customer_id, Email.contact_id, Email.source, at).where(
            _to_them(judged), Email.transactional.is_(False),
            state_of_few().in_(_GONE), at > since, Email.id.not_in([one.id for one in judged]),
        )  # fmt: skip
        whose = _whose(judged)
        for customer, contact, source, moment in session.execute(query):
            if contact is not None and moment is not None:
                found[whose.get(contact) or person_of(customer, contact)].append(_Other(source, moment))
        return found

    def _coming(self, session: Session, judged: Sequence[Candidate], now: datetime) -> dict[_Person, list[_Other]]:
        """What is more important and due within a day. What its writer holds may never go: no room is kept for it."""
        found: dict[_Person, list[_Other]] = defaultdict(list)
        if not self.caps.caps:
            return found
        query = select(
            Email.customer_id, Email.contact_id, Email.source, Email.due_at, Email.priority, Email.state, Email.reason
        ).where(
            _to_them(judged), Email.transactional.is_(False),
            state_of_few().in_(_COMING), Email.priority > min(one.priority for one in judged),
            Email.due_at > now, Email.due_at <= now + timedelta(days=1), Email.id.not_in([one.id for one in judged]),
        )  # fmt: skip
        whose = _whose(judged)
        ours = (*(f"{cap.words}: " for cap in self.caps.caps), *QUIET_REASONS)
        for customer, contact, source, due, priority, state, reason in session.execute(query):
            if contact is not None and (state != State.DEFERRED or reason.startswith(ours)):
                found[whose.get(contact) or person_of(customer, contact)].append(_Other(source, due, priority))
        return found


def _to_them(judged: Sequence[Candidate]) -> ColumnElement[bool]:
    contacts = Email.contact_id.in_({one.contact_id for one in judged})
    customers = {one.customer_id for one in judged if one.customer_id is not None}
    return or_(contacts, Email.customer_id.in_(customers)) if customers else contacts


def _whose(judged: Sequence[Candidate]) -> dict[int, _Person]:
    """By contact; of two e-mails one may have been queued before the mailbox had an owner."""
    known = sorted(judged, key=lambda one: one.customer_id is not None)
    return {one.contact_id: person_of(one.customer_id, one.contact_id) for one in known}


def _in_time(email: Candidate, deferred: Deferred, *, sure: bool) -> Deferred | Refused:
    """`sure`: nothing of the same batch is in its way, of which the writer may still say that it doesn't go."""
    deadline = deadline_of(email)
    if deferred.until <= deadline:
        return deferred
    if not sure:
        return Deferred(deadline, deferred.reason)
    return Refused(f"its time passes on {deadline:%d %b %H:%M} UTC; {deferred.reason}"[:200])

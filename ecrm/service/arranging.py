"""Arranging: a case that was just opened goes to its team and agent and gets its targets; one whose facts changed gets
targets anew. And what is looked after by the clock: targets missed, cases that nobody could take, solved ones that stay
solved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, sessionmaker

from . import cases
from .cases import OWED, Case, Changes, State
from .routing import assign, choose
from .targets import ResponsePolicy, set_targets

AT_ONCE = 200
WAITING = 5000
PreferredAgent = Callable[[Session, int, datetime], str]
"""The staff id of whom a relationship policy wants to look after this customer; "" for anybody."""


@dataclass(frozen=True)
class DeskArranger:
    """Rules, agents and targets, with what relationship policies want on top."""

    response_policy: ResponsePolicy | None = None
    preferred_agent: PreferredAgent | None = None

    def opened(self, session: Session, case: Case, *, now: datetime) -> None:
        """Route, unless whoever opened it said whose it is; then promise."""
        if case.team_id is None and not case.owner and not case.spam:
            self._route(session, case, now=now)
        set_targets(session, case, now=now, policy=self.response_policy)

    def changed(self, session: Session, case: Case, what: Collection[str], *, now: datetime) -> None:
        """Another priority or customer has other targets."""
        if {"priority", "customer"} & set(what):
            set_targets(session, case, now=now, policy=self.response_policy)

    def _route(self, session: Session, case: Case, *, now: datetime) -> None:
        chosen = choose(session, case, now=now, preferred=self.preferred(session, case, now=now))
        if chosen.team_id is None:
            return
        case.team_id, case.owner = chosen.team_id, chosen.owner
        cases.log_step(
            session, case, "routed", now=now,
            rule=chosen.rule, team=chosen.team_id, owner=chosen.owner, skill=chosen.skill, because=list(chosen.because),
        )  # fmt: skip

    def preferred(self, session: Session, case: Case, *, now: datetime) -> str:
        """Whom the customer's policy wants; "" for anybody."""
        if self.preferred_agent is None or case.customer_id is None:
            return ""
        return self.preferred_agent(session, case.customer_id, now)


def mark_breaches(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Mark missed targets that nobody marked yet; a transaction a case, so that no agent waits for long."""
    owed = (Case.state.in_(OWED), Case.next_due < now, Case.spam.is_(False))
    due = select(Case.id).where(*owed).where(
        or_(
            Case.response_breached_at.is_(None) & Case.first_responded_at.is_(None) & (Case.first_response_due < now),
            Case.resolution_breached_at.is_(None) & (Case.resolution_due < now),
        )
    )  # fmt: skip
    return _each(sessions, due.order_by(Case.next_due), lambda session, case: _mark(session, case, now=now))


def hand_out(sessions: sessionmaker[Session], arranger: DeskArranger, *, now: datetime) -> int:
    """Give cases of a team that nobody has to whoever came to work or has room by now, the most urgent first."""
    waiting = select(Case.id, Case.team_id, Case.language).where(
        Case.state == State.NEW, Case.owner == "", Case.team_id.is_not(None), Case.spam.is_(False)
    )  # fmt: skip
    with sessions() as session:
        rows = session.execute(waiting.order_by(Case.next_due, Case.id).limit(WAITING)).all()
    done, nobody = 0, set()
    for row in rows:
        with sessions.begin() as session:
            case = session.get_one(Case, row.id)
            alike = (row.team_id, row.language, _skill(session, case))
            if alike in nobody:  # nobody could take the one before that is like it
                continue
            if _hand_out(session, case, arranger, skill=alike[2], now=now):
                done += 1
            else:
                nobody.add(alike)
    return done


def close_solved(sessions: sessionmaker[Session], *, now: datetime, after: timedelta) -> int:
    """Close cases that stayed solved so long: an answer that comes later opens a new one."""
    solved = select(Case.id).where(Case.state == State.SOLVED, Case.solved_at < now - after).order_by(Case.id)
    return _each(sessions, solved, lambda session, case: _close(session, case, now=now))


def _each(sessions: sessionmaker[Session], ids: Select[int], deed: Callable[[Session, Case], bool]) -> int:
    with sessions() as session:
        found = session.scalars(ids.limit(AT_ONCE)).all()
    done = 0
    for case_id in found:
        with sessions.begin() as session:
            case = session.get_one(Case, case_id)
            cases.take(session, case)
            done += deed(session, case)
    return done


def _mark(session: Session, case: Case, *, now: datetime) -> bool:
    return bool(cases.note_breaches(session, case, now=now))


def _hand_out(session: Session, case: Case, arranger: DeskArranger, *, skill: str, now: datetime) -> bool:
    if case.team_id is None:
        return False
    preferred = arranger.preferred(session, case, now=now)
    owner, because = assign(session, case, team_id=case.team_id, skill=skill, now=now, preferred=preferred)
    if not owner:
        return False
    cases.take(session, case)
    if case.state != State.NEW or case.owner:
        return False
    case.owner = owner
    cases.log_step(
        session, case, "routed", now=now,
        rule="", team=case.team_id, owner=owner, skill=skill, because=list(because),
    )  # fmt: skip
    return True


def _skill(session: Session, case: Case) -> str:
    """The skill that its rule wanted."""
    routed = (step.detail.get("skill", "") for step in cases.steps_of(session, case.id) if step.what == "routed")
    return str(next(routed, ""))


def _close(session: Session, case: Case, *, now: datetime) -> bool:
    if case.state != State.SOLVED:
        return False
    cases.change(session, case, Changes(state=State.CLOSED), now=now, why="stayed solved")
    return True

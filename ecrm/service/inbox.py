"""Inbox: the lists of cases that agents work through, filtered, in pages, the one that is due first on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from .cases import OWED, UNSOLVED, Case, State, by_reference, cases_with

MOST_COUNTED = 1000
"""A list longer than this is "1000+": counting a hundred thousand rows helps nobody."""

_SOLVED = (State.SOLVED, State.CLOSED)


class View(StrEnum):
    """A list of cases; `EVERY` is all that there are, for a search."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    TEAM = "team"
    OVERDUE = "overdue"
    ALL = "all"
    SOLVED = "solved"
    SPAM = "spam"
    EVERY = "every"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What else the cases of a list must be; `words` stand in subject or messages, or are a reference or order."""

    state: str = ""
    kind: str = ""
    channel: str = ""
    priority: int | None = None
    team_id: int | None = None
    owner: str = ""
    words: str = ""


@dataclass(frozen=True)
class Desk:
    """Who looks: their staff id and team."""

    staff_id: str
    team_id: int | None


@dataclass(frozen=True)
class Page:
    """Cases, and where the next page starts (moment and id of the last one shown); None at the end."""

    cases: Sequence[Case]
    next: tuple[datetime, int] | None


def page(
    session: Session,
    view: View,
    filters: Filters,
    *,
    desk: Desk,
    now: datetime,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> Page:
    """A page of a list: by what is due first; solved ones, spam and everything by the newest message."""
    query = select(Case).where(_in_view(view, desk, now=now), *_filtered(session, filters))
    moment = Case.last_message_at if view in {View.SOLVED, View.SPAM, View.EVERY} else Case.next_due
    if moment is Case.last_message_at:
        query = query.order_by(moment.desc(), Case.id.desc())
        if after is not None:
            below = or_(moment < after[0], Case.id < after[1])
            query = query.where(moment <= after[0], below)
    else:
        query = query.order_by(moment, Case.id)
        if after is not None:
            query = query.where(or_(moment > after[0], and_(moment == after[0], Case.id > after[1])))
    query = query.limit(limit + 1)
    if view is View.SOLVED:  # a state after the other: of both at once the database would sort every solved case
        both = [session.scalars(query.where(Case.state == state)).all() for state in _SOLVED]
        rows = sorted(chain(*both), key=lambda case: (case.last_message_at, case.id), reverse=True)[: limit + 1]
    else:
        rows = list(session.scalars(query))
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return Page(shown, (getattr(last, moment.key), last.id) if last else None)


def counts(session: Session, *, desk: Desk, now: datetime) -> dict[View, int]:
    """How many are in the lists of work, up to `MOST_COUNTED`."""
    counted = {}
    for view in (View.MINE, View.UNASSIGNED, View.TEAM, View.OVERDUE, View.ALL):
        some = select(Case.id).where(_in_view(view, desk, now=now)).limit(MOST_COUNTED).subquery()
        counted[view] = session.scalar(select(func.count()).select_from(some)) or 0
    return counted


def _in_view(view: View, desk: Desk, *, now: datetime) -> ColumnElement[bool]:
    unsolved = and_(Case.state.in_(UNSOLVED), Case.spam.is_(False))
    match view:
        case View.MINE:
            return and_(unsolved, Case.owner == desk.staff_id)
        case View.UNASSIGNED:
            return and_(unsolved, Case.owner == "")
        case View.TEAM:
            return and_(unsolved, Case.team_id == desk.team_id)
        case View.OVERDUE:
            return and_(Case.state.in_(OWED), Case.next_due < now, Case.spam.is_(False))
        case View.ALL:
            return unsolved
        case View.SOLVED:
            return and_(
                Case.state.in_(_SOLVED), Case.merged_into.is_(None), Case.spam.is_(False)
            )  # fmt: skip
        case View.SPAM:
            return and_(Case.spam.is_(True), Case.merged_into.is_(None))
        case View.EVERY:
            return Case.merged_into.is_(None)


def _filtered(session: Session, filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in ((Case.state, filters.state), (Case.kind, filters.kind), (Case.channel, filters.channel)):
        if value:
            found.append(column == value)
    if filters.priority is not None:
        found.append(Case.priority == filters.priority)
    if filters.team_id is not None:
        found.append(Case.team_id == filters.team_id)
    if filters.owner:
        found.append(Case.owner == filters.owner)
    if filters.words:
        found.append(_with_words(session, filters.words))
    return found


def _with_words(session: Session, asked: str) -> ColumnElement[bool]:
    if (known := by_reference(session, asked)) is not None:
        return Case.id == known.id
    alternatives = [Case.order_reference.in_({asked.lstrip("#"), asked.lstrip("#").upper()})]
    words: Select[int] | None = cases_with(asked)
    if words is not None:
        alternatives.append(Case.id.in_(words))
    return or_(*alternatives)

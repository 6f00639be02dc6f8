"""Members: who belongs to a segment now, how many they are, and why somebody does or doesn't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from mailer.contacts import Contact
from tracking.identity import USUAL_WINDOW

from .choices import named
from .kinds import KINDS
from .rules import condition, group_of, words
from .scope import Scope
from .segment import Segment

BATCH = 2000


@dataclass(frozen=True)
class Finding:
    """Why somebody is in, or isn't: a rule, whether it holds for them, and their own figure.

    `group`: `all`, `any`, `none`, or empty for a single condition, which has `words` and a `fact`.
    """

    holds: bool
    group: str
    words: str = ""
    fact: str = ""
    parts: tuple[Finding, ...] = ()


def members(
    session: Session, segment_id: int, *, now: datetime, after: int = 0, window: timedelta = USUAL_WINDOW
) -> Iterator[int]:
    """The ids of the contacts in a segment, in ascending order; asked once and read in batches.

    Erased contacts belong nowhere. Nobody is left out for lack of consent: whoever writes asks for that.

    Args:
        after: only ids above it, so that a run that died goes on where it was.
        window: ECRM_IDENTITY_DAYS.

    Raises:
        LookupError: where there is no such segment.
    """
    query = matching(session, rules_of(session, segment_id), now=now, window=window)
    ordered = query.where(Contact.id > after).order_by(Contact.id).execution_options(yield_per=BATCH)
    found = session.scalars(ordered)
    try:
        yield from found
    finally:  # who stops half way leaves no cursor open
        found.close()


def matching(
    session: Session, rules: Mapping[str, Any], *, now: datetime, window: timedelta = USUAL_WINDOW
) -> Select[int]:
    """The ids of the contacts for whom checked rules hold, as a query to go on with."""
    return select(Contact.id).where(Contact.folded.is_not(None), is_member(session, rules, now=now, window=window))


def is_member(
    session: Session, rules: Mapping[str, Any], *, now: datetime, window: timedelta = USUAL_WINDOW
) -> ColumnElement[bool]:
    """Checked rules as a condition on `Contact`, for queries of one's own."""
    return condition(rules, Scope.of(session, now=now, window=window))


def count(session: Session, rules: Mapping[str, Any], *, now: datetime, window: timedelta = USUAL_WINDOW) -> int:
    """How many contacts checked rules hold for."""
    found = matching(session, rules, now=now, window=window).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def rules_of(session: Session, segment_id: int) -> dict[str, Any]:
    """A segment's checked rules.

    Raises:
        LookupError: where there is no such segment.
    """
    rules: dict[str, Any] | None = session.scalar(select(Segment.rules).where(Segment.id == segment_id))
    if rules is None:
        raise LookupError(f"there is no segment {segment_id}")
    return rules


def why(
    session: Session,
    rules: Mapping[str, Any],
    contact: Contact,
    *,
    now: datetime,
    window: timedelta = USUAL_WINDOW,
    currency: str = "",
) -> Finding:
    """Condition by condition, whether checked rules hold for a contact; asks for that person alone."""
    scope = replace(Scope.of(session, now=now, window=window, currency=currency), named=named(session)).only(contact)
    return _finding(session, rules, contact, scope)


def belongs(
    session: Session, rules: Mapping[str, Any], contact: Contact, *, now: datetime, window: timedelta = USUAL_WINDOW
) -> bool:
    """Whether checked rules hold for a contact; asks for that person alone."""
    scope = Scope.of(session, now=now, window=window).only(contact)
    return session.scalar(select(Contact.id).where(Contact.id == contact.id, condition(rules, scope))) is not None


def _finding(session: Session, rule: Mapping[str, Any], contact: Contact, scope: Scope) -> Finding:
    group = group_of(rule)
    if group is None:
        asked = select(Contact.id).where(Contact.id == contact.id, condition(rule, scope))
        holds = session.scalar(asked) is not None
        return Finding(holds, "", words(rule, scope), _fact(session, rule, scope))
    parts = tuple(_finding(session, one, contact, scope) for one in rule[group])
    truths = [one.holds for one in parts]
    holds = {"all": all(truths), "any": any(truths) or not truths, "none": not any(truths)}[group]
    return Finding(holds, group, parts=parts)


def _fact(session: Session, rule: Mapping[str, Any], scope: Scope) -> str:
    return KINDS[rule["is"]].fact(session, rule, scope)

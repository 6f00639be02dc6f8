"""Merging: two cases about one matter become one; the other stays as a closed signpost to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from ecrm.storefront import Staff

from .case import Case, State
from .changing import move, take
from .clock import reckon
from .message import CaseMessage
from .news import announce
from .saying import final
from .step import log_step
from .words import CaseWord


class NotMerged(ValueError):
    """Two cases that can't become one; `why` is `itself`, `merged` or `other_person`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def merge(
    session: Session,
    case: Case,
    into: Case,
    *,
    now: datetime,
    by: Staff | None = None,
    version: int | None = None,
) -> Case:
    """Move all that was said in `case` to `into`, and close it, in the caller's transaction.

    Two people's cases are never merged: the one would get answers that quote the other.

    Returns:
        The case that goes on.

    Raises:
        NotMerged: see there.
        ChangedMeanwhile: where `case` isn't at `version` any more.
    """
    while True:
        into = final(session, into)
        if case.id == into.id:
            raise NotMerged("itself")
        for one in sorted((case, into), key=lambda found: found.id):  # one order for all: no two wait for each other
            take(session, one, version=version if one is case else None)
        if into.merged_into is None:
            break
        version = None  # ours by now; the other was merged while its lock was waited for
    if case.merged_into is not None:
        raise NotMerged("merged")
    if not _same_person(case, into):
        raise NotMerged("other_person")
    session.execute(update(CaseMessage).where(CaseMessage.case_id == case.id).values(case_id=into.id))
    held = select(CaseWord.word).where(CaseWord.case_id == into.id)
    moved = select(CaseWord.word, literal(into.id)).where(CaseWord.case_id == case.id, CaseWord.word.not_in(held))
    session.execute(insert(CaseWord).from_select(["word", "case_id"], moved))
    if case.state != State.CLOSED:
        before = case.state
        move(session, case, State.CLOSED, now=now)
        log_step(session, case, "state", now=now, by=by, **{"from": before, "to": State.CLOSED, "why": "merged"})
    case.merged_into = into.id
    log_step(session, case, "merged", now=now, by=by, into=into.reference)
    log_step(session, into, "merged", now=now, by=by, **{"from": case.reference})
    into.last_message_at = max(into.last_message_at, case.last_message_at)
    into.customer_id = into.customer_id or case.customer_id
    into.order_reference = into.order_reference or case.order_reference
    into.product = into.product or case.product
    for one in (case, into):
        reckon(session, one)
        announce(session, one)
    session.flush()
    return into


def _same_person(case: Case, into: Case) -> bool:
    if case.customer_id is not None and into.customer_id is not None:
        return case.customer_id == into.customer_id
    return bool(case.from_folded) and case.from_folded == into.from_folded

"""Waitlists: who asked to be told of a product's return or lower price, or of what is new from a brand or shelf.

A wait counts once its mailbox was proved. Pieces decide how many are told: `supply` takes one for each e-mail, in the
order of asking; who gets none waits for the next delivery.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.orders import SeenOrder, SeenOrderLine
from tracking.record import BigId, Record, insert_once

from .consent import Subscription, Topic
from .contacts import Contact
from .suppression import Scope

MOST_WAITS = 100
"""Of one contact; a shopper has a handful, and a program that fills in forms must not fill the table, nor, with wishes
that nobody proves, the places of the mailbox's owner."""
UNPROVED_LASTS = timedelta(days=7)
LONGEST_SUBJECT = 200
A_TURN = timedelta(days=3)
"""So long a piece is thought to be kept for who was told of it, when a lower price calls the next."""


class Kind(StrEnum):
    """What is waited for. STOCK and PRICE name a product; BRAND and CATEGORY what new products are of."""

    STOCK = "stock"
    PRICE = "price"
    BRAND = "brand"
    CATEGORY = "category"


ONCE = frozenset({Kind.STOCK, Kind.PRICE})
"""Over when they came true; the others go on until somebody ends them."""


class WaitState(StrEnum):
    """ASKED: the mailbox isn't proved yet. TOLD: the e-mail was queued. DONE: bought it. ENDED: wants it no more."""

    ASKED = "asked"
    WAITING = "waiting"
    TOLD = "told"
    DONE = "done"
    ENDED = "ended"


class Wait(Record):
    """One wish of one contact. `asked_at` is the place in the queue; `price_minor` the price that is to be beaten.

    `times` counts how often it was told, so that each telling has a key of its own. `not_before`: after a telling that
    came to nothing, it is left in peace until then.
    """

    __tablename__ = "ecrm_waitlist"
    __table_args__ = (
        Index(None, "contact_id", "kind", "subject", unique=True),
        Index(None, "kind", "state", "subject", "asked_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT))
    region: Mapped[str] = mapped_column(String(2), default="")
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    times: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]


class TooManyWaits(Exception):
    """This contact waits for `MOST_WAITS` things already."""


def ask(
    session: Session,
    *,
    contact_id: int,
    kind: Kind,
    subject: str,
    region: str = "",
    price_minor: int | None = None,
    proved: bool,
    now: datetime,
) -> int:
    """Put a wish on the list, or back on it; returns its id.

    Who waits already keeps their place. `proved`: the mailbox is certainly theirs, so it counts at once; else it
    counts from `prove` on.

    Raises:
        TooManyWaits: see there.
        ValueError: for a subject that has no name, or too long a one.
    """
    if not subject or len(subject) > LONGEST_SUBJECT:
        raise ValueError(f"nothing to wait for: {subject[:40]!r}")
    state = WaitState.WAITING if proved else WaitState.ASKED
    mine = (Wait.contact_id == contact_id, Wait.kind == kind, Wait.subject == subject)
    if (session.scalar(select(Wait.id).where(*mine))) is None:
        open_ = (WaitState.WAITING,) if proved else (WaitState.ASKED, WaitState.WAITING)
        counted = select(func.count()).select_from(Wait).where(Wait.contact_id == contact_id, Wait.state.in_(open_))
        if (session.scalar(counted) or 0) >= MOST_WAITS:
            raise TooManyWaits
    values = {
        "region": region, "price_minor": price_minor, "asked_at": now, "state": state, "not_before": None,
    }  # fmt: skip
    made = insert_once(
        session, Wait, {"contact_id": contact_id, "kind": kind, "subject": subject, "times": 0, **values}
    )
    if made is not None:
        return made
    # A stranger's asking leaves the place of somebody who waits, and the e-mail that is on its way, as they are.
    over = (WaitState.DONE, WaitState.ENDED, *((WaitState.TOLD,) if proved else ()))
    session.execute(
        update(Wait).where(*mine, Wait.state.in_(over)).values(**values).execution_options(synchronize_session=False)
    )
    if proved:
        session.execute(update(Wait).where(*mine, Wait.state == WaitState.ASKED).values(state=WaitState.WAITING))
    return session.scalars(select(Wait.id).where(*mine)).one()


def prove(session: Session, wait_ids: Collection[int], *, contact_id: int) -> int:
    """The mailbox is proved: these wishes count from now on. Returns how many do that didn't."""
    counts: Any = session.execute(
        update(Wait)
        .where(Wait.id.in_(wait_ids), Wait.contact_id == contact_id, Wait.state != WaitState.WAITING)
        .values(state=WaitState.WAITING, told_at=None)
        .execution_options(synchronize_session=False)
    )
    return int(counts.rowcount)


def end(session: Session, *, contact_id: int, wait_id: int) -> bool:
    """The contact wants it no more; False where there was nothing to end."""
    ended: Any = session.execute(
        update(Wait)
        .where(Wait.id == wait_id, Wait.contact_id == contact_id)
        .where(Wait.state.in_((WaitState.ASKED, WaitState.WAITING)))
        .values(state=WaitState.ENDED)
    )
    return bool(ended.rowcount)


def waits_of(session: Session, contact_id: int) -> list[Wait]:
    """What a contact waits for now, the latest wish first."""
    mine = select(Wait).where(Wait.contact_id == contact_id, Wait.state == WaitState.WAITING)
    return list(session.scalars(mine.order_by(Wait.asked_at.desc(), Wait.id)))


def watched_products(session: Session) -> list[str]:
    """Products whose pieces or price somebody waits for."""
    watched = select(Wait.subject).where(Wait.kind.in_(sorted(ONCE)), Wait.state == WaitState.WAITING)
    return sorted(session.scalars(watched.distinct()))


def in_line(session: Session, product: str, *, kind: Kind, limit: int, now: datetime) -> Sequence[Wait]:
    """Who waits for a product and may be written to about it now, first come first."""
    query = select(Wait).where(
        Wait.kind == kind, Wait.state == WaitState.WAITING, Wait.subject == product,
        or_(Wait.not_before.is_(None), Wait.not_before <= now),
    )  # fmt: skip
    return session.scalars(query.where(_reached(Topic.RESTOCK)).order_by(Wait.asked_at, Wait.id).limit(limit)).all()


def lately_told(session: Session, product: str, *, now: datetime) -> int:
    """How many were told of this product within the last days and may still come for it."""
    told = (Wait.kind.in_(sorted(ONCE)), Wait.state == WaitState.TOLD, Wait.subject == product)
    query = select(func.count()).select_from(Wait).where(*told, Wait.told_at > now - A_TURN)
    return session.scalar(query) or 0


def followers(session: Session, kind: Kind, subject: str) -> list[int]:
    """Contacts who want to hear of what is new of this brand or category."""
    query = select(Wait.contact_id).where(Wait.kind == kind, Wait.state == WaitState.WAITING, Wait.subject == subject)
    return list(session.scalars(query.where(_reached(Topic.ARRIVALS)).order_by(Wait.asked_at, Wait.id)))


def bought_meanwhile(session: Session, product: str) -> int:
    """Who got the product since they asked waits no more; returns how many."""
    bought = (
        select(SeenOrder.id)
        .join(SeenOrderLine, SeenOrderLine.order_id == SeenOrder.id)
        .join(Contact, Contact.customer_id == SeenOrder.customer_id)
        .where(Contact.id == Wait.contact_id, SeenOrderLine.product == Wait.subject)
        .where(SeenOrder.placed_at > Wait.asked_at)
        .exists()
    )
    open_ = Wait.state.in_((WaitState.WAITING, WaitState.TOLD))
    done: Any = session.execute(
        update(Wait)
        .where(Wait.kind.in_(sorted(ONCE)), Wait.subject == product, open_, bought)
        .values(state=WaitState.DONE)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def mark_told(session: Session, wait: Wait, *, now: datetime | None) -> bool:
    """Take a waiting wish off the list: its flow writes from here on. Call it where a piece was taken for it.

    Args:
        now: None where another wish of the same person for the same product is told in the same breath.

    Returns:
        Whether it still waited; another worker may have been faster, or the person ended it.
    """
    told: Any = session.execute(
        update(Wait)
        .where(Wait.id == wait.id, Wait.state == WaitState.WAITING)
        .values(state=WaitState.TOLD, told_at=now, times=Wait.times + 1)
    )
    return bool(told.rowcount)


def told_since(session: Session, kind: Kind, moment: datetime, *, until: datetime) -> list[Wait]:
    """Wishes that came true in this stretch."""
    query = select(Wait).where(Wait.kind == kind, Wait.state == WaitState.TOLD)
    return list(
        session.scalars(query.where(Wait.told_at > moment, Wait.told_at <= until).order_by(Wait.told_at, Wait.id))
    )


def wait_again(session: Session, wait: Wait, *, not_before: datetime) -> bool:
    """Nothing came of the telling (sold out again before it was sent): back to the old place in the line.

    Args:
        not_before: when it may be told again. What forbade the e-mail may last, and each telling is a row.
    """
    told = (Wait.state == WaitState.TOLD, Wait.contact_id == wait.contact_id, Wait.subject == wait.subject)
    back: Any = session.execute(
        update(Wait)
        .where(*told, Wait.id == wait.id, Wait.times == wait.times)
        .values(state=WaitState.WAITING, told_at=None, not_before=not_before)
        .execution_options(synchronize_session=False)
    )
    if back.rowcount:  # and what was told in the same breath
        again = update(Wait).where(*told, Wait.kind.in_(sorted(ONCE)), Wait.told_at.is_(None))
        values = {"state": WaitState.WAITING, "not_before": not_before}
        session.execute(again.values(**values).execution_options(synchronize_session=False))
    return bool(back.rowcount)


def forget_unproved(session: Session, *, now: datetime) -> int:
    """Wishes whose mailbox nobody proved within a week were a stranger's or a slip of the pen."""
    old = (Wait.state == WaitState.ASKED, Wait.asked_at < now - UNPROVED_LASTS)
    gone: Any = session.execute(delete(Wait).where(*old))
    return int(gone.rowcount)


def forget(session: Session, contact_id: int) -> None:
    """An erased contact waits for nothing."""
    session.execute(delete(Wait).where(Wait.contact_id == contact_id))


def _reached(topic: Topic) -> ColumnElement[bool]:
    """What may_receive will ask again at the hand-over; here, so that nobody's piece is kept for a mailbox that is
    held back."""
    wanted = select(Subscription.contact_id).where(
        Subscription.contact_id == Wait.contact_id, Subscription.topic == topic, Subscription.wanted
    )
    blocked = select(Contact.blocked).where(Contact.id == Wait.contact_id).scalar_subquery()
    return and_(wanted.exists(), blocked == Scope.NOTHING)

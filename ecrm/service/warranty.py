"""Warranty: how long it runs, and a request to a service point, followed until the piece is back.

How many months: what the shop says of the product (`Storefront.warranty_months`), else the setting
ECRM_WARRANTY_MONTHS, by category or for everything. No months: nobody promised any, and no end is shown.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.storefront import ProductCard, Staff, Storefront, warranty_months_of
from ecrm.warranty_months import Months
from ecrm.wording import gettext as _
from tracking.customers import Customer
from tracking.email_address import fold
from tracking.record import BigId, Record

from . import cases
from .service_points import ServicePoint
from .units import Unit

LONGEST_WORDS = 2000


class RequestState(StrEnum):
    """Where a request stands; the last two are ends."""

    SENT = "sent"
    ACCEPTED = "accepted"
    REPAIRED = "repaired"
    RETURNED = "returned"
    REFUSED = "refused"


MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.SENT: frozenset({RequestState.ACCEPTED, RequestState.REFUSED}),
    RequestState.ACCEPTED: frozenset({RequestState.REPAIRED, RequestState.REFUSED}),
    RequestState.REPAIRED: frozenset({RequestState.RETURNED}),
    RequestState.RETURNED: frozenset(),
    RequestState.REFUSED: frozenset(),
}


class WarrantyRequest(Record):
    """A piece that a service point was asked to look at. `words`: what is wrong with it.

    `reminders`: how often its silence was noticed, `reminded_at` when last.
    """

    __tablename__ = "ecrm_warranty_request"
    __table_args__ = (
        Index(None, "case_id"), Index(None, "unit_id"), Index(None, "customer_id"), Index(None, "state", "asked_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("ecrm_unit.id"))
    point_id: Mapped[int] = mapped_column(ForeignKey("ecrm_service_point.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_case.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    email_id: Mapped[int | None] = mapped_column(BigId)
    asked_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(100))
    reminders: Mapped[int] = mapped_column(default=0, server_default="0")
    reminded_at: Mapped[datetime | None]


class NotAsked(ValueError):
    """The request can't be made; the message says why."""


def months_for(storefront: Storefront, setting: Months, cards: Sequence[ProductCard]) -> dict[str, int]:
    """Months of warranty by product id; 0 where none are promised."""
    told = warranty_months_of(storefront, [card.product_id for card in cards])
    return {
        card.product_id: told.get(
            card.product_id, setting.by_category.get(card.category.casefold(), setting.usual)
        )
        for card in cards
    }  # fmt: skip


def runs_until(sold_on: date, months: int) -> date | None:
    """The last day: the same day so many months later, or the month's last where it is shorter (as BGB § 188 counts);
    None for no months."""
    if months <= 0:
        return None
    month = sold_on.month - 1 + months
    year, month = sold_on.year + month // 12, month % 12 + 1
    return date(year, month, min(sold_on.day, monthrange(year, month)[1]))


def request(
    session: Session, unit: Unit, point: ServicePoint, *, words: str, case: cases.Case | None, by: Staff, now: datetime
) -> tuple[WarrantyRequest, cases.Case]:
    """Write the request down, on a case (a new one of kind warranty without one); the letter is the caller's.

    Raises:
        NotAsked: without words, or while an earlier request for the piece is open.
    """
    said = " ".join(words.replace("\0", "").split())[:LONGEST_WORDS]
    if not said:
        raise NotAsked(_("Say what is wrong with it: the workshop has to know."))
    if not point.email:
        raise NotAsked(_("This service point has no e-mail address; call it, or give it one."))
    # The lock: of two clicks the second waits here, and sees the first's request.
    lock = update(Unit).where(Unit.id == unit.id).values(product=Unit.product)
    session.execute(lock.execution_options(synchronize_session=False))
    if any(MOVES[RequestState(one.state)] for one in of_unit(session, unit.id)):
        raise NotAsked(_("A request for this piece is under way; look at its case."))
    if case is None:
        buyer = session.get(Customer, unit.customer_id) if unit.customer_id is not None else None
        case = cases.open_case(
            session,
            cases.Opened(
                channel=cases.Channel.STAFF, kind=cases.Kind.WARRANTY, customer_id=unit.customer_id,
                from_address=buyer.email if buyer else "",
                from_name=f"{buyer.first_name} {buyer.last_name}".strip() if buyer else "",
                subject=_("Warranty: %(product)s", product=unit.name or unit.serial_number),
                order_reference=unit.order_reference, product=unit.product, by=by,
                said=cases.Said(direction=cases.Direction.NOTE, text=said, by=by),
            ),
            now=now,
        )  # fmt: skip
    made = WarrantyRequest(
        unit_id=unit.id, point_id=point.id, case_id=case.id, customer_id=unit.customer_id, words=said,
        state=RequestState.SENT, asked_at=now, changed_at=now, changed_by=by.name[:100],
    )  # fmt: skip
    session.add(made)
    session.flush()
    cases.log_step(session, case, "warranty_sent", by=by, now=now, request=made.id, point=point.name)
    return made, case


def move(session: Session, made: WarrantyRequest, state: RequestState, *, by: Staff, now: datetime) -> bool:
    """The service point answered; False where that isn't the next step any more (somebody else was faster)."""
    before = [one.value for one, after in MOVES.items() if state in after]
    changed: Any = session.execute(
        update(WarrantyRequest)
        .where(WarrantyRequest.id == made.id, WarrantyRequest.state.in_(before))
        .values(state=state.value, changed_at=now, changed_by=by.name[:100])
    )
    if changed.rowcount != 1:
        return False
    session.refresh(made)
    case = session.get(cases.Case, made.case_id) if made.case_id is not None else None
    if case is not None:
        cases.log_step(session, case, f"warranty_{state.value}", by=by, now=now, request=made.id)
    return True


def of_unit(session: Session, unit_id: int) -> Sequence[WarrantyRequest]:
    """A piece's requests, the newest first."""
    query = select(WarrantyRequest).where(WarrantyRequest.unit_id == unit_id)
    return session.scalars(query.order_by(WarrantyRequest.id.desc())).all()


def under_way(session: Session, *, limit: int) -> Sequence[WarrantyRequest]:
    """Those that are at no end yet, the oldest first."""
    open_ones = [one.value for one, after in MOVES.items() if after]
    query = select(WarrantyRequest).where(WarrantyRequest.state.in_(open_ones))
    return session.scalars(query.order_by(WarrantyRequest.asked_at, WarrantyRequest.id).limit(limit)).all()


def workshops_of(session: Session, case_id: int) -> frozenset[str]:
    """The addresses, folded, that the service points which were asked on a case have now."""
    query = (
        select(ServicePoint.email)
        .join(WarrantyRequest, WarrantyRequest.point_id == ServicePoint.id)
        .where(WarrantyRequest.case_id == case_id)
    )
    return frozenset(fold(address) for address in session.scalars(query) if address)


def forget(session: Session, customer_id: int) -> int:
    """For an erasure: what was said goes, that there was a request stays."""
    emptied: Any = session.execute(
        update(WarrantyRequest).where(WarrantyRequest.customer_id == customer_id).values(words="", customer_id=None)
    )
    return int(emptied.rowcount)


def forget_before(session: Session, moment: datetime) -> int:
    """Empty the words of requests on which nothing happened since a moment; says how many."""
    emptied: Any = session.execute(
        update(WarrantyRequest)
        .where(WarrantyRequest.changed_at < moment, WarrantyRequest.words != "")
        .values(words="")
        .execution_options(synchronize_session=False)
    )
    return int(emptied.rowcount)

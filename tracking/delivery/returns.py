"""Returns: what a customer wants to send back, from asking to the money. A return moves as `MOVES` says and never back.

What can be sent back is what arrived within the window and wasn't paid back or asked for already.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..orders import SeenOrder, SeenRefund, SeenRefundLine
from ..record import BigId, Record, insert_once
from .contents import Goods, contents_of, ordered
from .progress import shipments_of
from .shipment import Shipment, Status

ARRIVES_WITHIN = timedelta(days=10)
"""A parcel of which no carrier says that it arrived is taken to be there after so long."""
LONGEST_WORDS = 2_000
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Nothing that is misread on a label: no 0 and O, no 1 and I."""
_REFERENCE = re.compile(r"R-[A-Z0-9]{8}")


class ReturnState(StrEnum):
    """Where a return stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SENT = "sent"
    RECEIVED = "received"
    REFUNDED = "refunded"
    REFUSED = "refused"
    CANCELLED = "cancelled"


MOVES: dict[ReturnState, frozenset[ReturnState]] = {
    ReturnState.REQUESTED: frozenset({ReturnState.APPROVED, ReturnState.REFUSED, ReturnState.CANCELLED}),
    # Goods come back without a word of when they were sent; money may go back before they do (a broken glass).
    ReturnState.APPROVED: frozenset(
        {ReturnState.SENT, ReturnState.RECEIVED, ReturnState.REFUNDED, ReturnState.CANCELLED}
    ),
    ReturnState.SENT: frozenset({ReturnState.RECEIVED, ReturnState.REFUNDED}),
    ReturnState.RECEIVED: frozenset({ReturnState.REFUNDED, ReturnState.REFUSED}),
    ReturnState.REFUNDED: frozenset(),
    ReturnState.REFUSED: frozenset(),
    ReturnState.CANCELLED: frozenset(),
}
OPEN = (ReturnState.REQUESTED, ReturnState.APPROVED, ReturnState.SENT, ReturnState.RECEIVED)


class Reason(StrEnum):
    """Why it goes back, as it is counted."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    TOO_LATE = "too_late"
    DOES_NOT_FIT = "does_not_fit"
    CHANGED_MIND = "changed_mind"
    OTHER = "other"


class NotReturnable(Exception):
    """Nothing, or more than can be sent back of these products, was asked for; `left` is what can."""

    def __init__(self, left: Mapping[str, int]) -> None:
        super().__init__("more than can be sent back")
        self.left = dict(left)


class Return(Record):
    """`reference`: `R-` and eight letters, on the label. `words`: the customer's; `answer`: staff's, with a refusal or
    for the way back. An erasure empties both and takes the customer off."""

    __tablename__ = "ecrm_return"
    __table_args__ = (
        Index(None, "order_reference"),
        Index(None, "customer_id", "asked_at"),
        Index(None, "state", "asked_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    order_reference: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]
    refund_reference: Mapped[str] = mapped_column(String(64), default="")


class ReturnLine(Record):
    """So many pieces of a product; `received`: how many came, None before anybody looked."""

    __tablename__ = "ecrm_return_line"
    __table_args__ = (Index(None, "product"),)

    return_id: Mapped[int] = mapped_column(ForeignKey("ecrm_return.id"), primary_key=True)
    product: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    received: Mapped[int | None]


_MOMENTS = {
    ReturnState.APPROVED: "decided_at", ReturnState.REFUSED: "decided_at", ReturnState.CANCELLED: "decided_at",
    ReturnState.SENT: "sent_at", ReturnState.RECEIVED: "received_at", ReturnState.REFUNDED: "refunded_at",
}  # fmt: skip


def returnable(session: Session, order_reference: str, *, window: timedelta, now: datetime) -> list[Goods]:
    """What of an order can be sent back at this moment, product by product."""
    there = _arrived(session, order_reference, since=now - window, now=now)
    if not there:
        return []
    asked: Counter[str] = Counter()
    settled = Counter(to_pay_back(_lines_of_order(session, order_reference, (ReturnState.REFUNDED,))))
    for one in _lines_of_order(session, order_reference, OPEN):
        asked[one.product] += one.quantity
    # a host's refund may tell no lines: then what came back with a settled return is all that is known of it
    back = _paid_back(session, order_reference) | settled
    bought = {one.product: one.quantity for one in ordered(session, order_reference)}
    left = []
    for goods in there:
        kept = min(goods.quantity, bought.get(goods.product, goods.quantity) - back[goods.product])
        if (kept := kept - asked[goods.product]) > 0:
            left.append(Goods(goods.product, goods.name, kept))
    return left


def ask(
    session: Session,
    order: SeenOrder,
    *,
    pieces: Mapping[str, int],
    reason: Reason,
    words: str,
    window: timedelta,
    now: datetime,
) -> Return:
    """Write down that a customer wants to send these pieces back.

    Raises:
        NotReturnable: nothing was asked for, or more than can be sent back.
    """
    # the order's row first: of two forms at once, the second must see the first one's return
    session.execute(update(SeenOrder).where(SeenOrder.id == order.id).values(refunded_minor=SeenOrder.refunded_minor))
    left = {one.product: one for one in returnable(session, order.reference, window=window, now=now)}
    wanted = {product: count for product, count in pieces.items() if count}
    if not wanted or any(not 0 < count <= _pieces(left.get(product)) for product, count in wanted.items()):
        raise NotReturnable({product: one.quantity for product, one in left.items()})
    made = None
    while made is None:
        made = insert_once(
            session,
            Return,
            {
                "reference": new_reference(), "order_reference": order.reference, "customer_id": order.customer_id,
                "state": ReturnState.REQUESTED, "reason": reason, "words": words[:LONGEST_WORDS], "answer": "",
                "asked_at": now, "decided_at": None, "sent_at": None, "received_at": None, "refunded_at": None,
                "refund_reference": "",
            },
        )  # fmt: skip
    rows = [
        {
            "return_id": made, "product": product, "name": left[product].name[:200], "quantity": count,
            "received": None,
        }
        for product, count in wanted.items()
    ]  # fmt: skip
    session.execute(insert(ReturnLine), rows)
    return session.get_one(Return, made)


def move(session: Session, found: Return, to: ReturnState, *, now: datetime, answer: str = "") -> bool:
    """Take a return further; False where it has gone on meanwhile, and nothing is changed then."""
    before = [state for state, following in MOVES.items() if to in following]
    values: dict[str, Any] = {"state": to, _MOMENTS[to]: now}
    if answer:
        values["answer"] = answer[:LONGEST_WORDS]
    moved: Any = session.execute(update(Return).where(Return.id == found.id, Return.state.in_(before)).values(**values))
    session.refresh(found)
    return bool(moved.rowcount)


def note_received(session: Session, found: Return, pieces: Mapping[str, int], *, now: datetime) -> bool:
    """The goods came: so many of each product; False where they had come already.

    Raises:
        ValueError: for more than was to come, or for nothing.
    """
    lines = lines_of(session, [found.id]).get(found.id, [])
    if any(not 0 <= pieces.get(line.product, 0) <= line.quantity for line in lines) or not any(pieces.values()):
        raise ValueError("more than was to come back, or nothing")
    if not move(session, found, ReturnState.RECEIVED, now=now):
        return False
    for line in lines:
        line.received = pieces.get(line.product, 0)
    session.flush()
    return True


def settle(session: Session, reference: str, *, refund_reference: str, now: datetime) -> Return | None:
    """The money of this return went back; None where there is no such return."""
    found = return_by_reference(session, reference)
    if found is not None and move(session, found, ReturnState.REFUNDED, now=now):
        found.refund_reference = refund_reference[:64]
        session.flush()
    return found


def to_pay_back(lines: Sequence[ReturnLine]) -> dict[str, int]:
    """Pieces by product whose money goes back: those that came, or all where nobody has looked."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line.product] += line.quantity if line.received is None else line.received
    return {product: count for product, count in counts.items() if count}


def return_by_reference(session: Session, reference: str) -> Return | None:
    """The return of this number, however it was typed. A text that is none isn't asked for: PostgreSQL refuses NUL."""
    bare = reference.strip().upper()
    return session.scalar(select(Return).where(Return.reference == bare)) if _REFERENCE.fullmatch(bare) else None


def returns_of(session: Session, order_reference: str) -> Sequence[Return]:
    """An order's returns, the first first."""
    return session.scalars(
        select(Return).where(Return.order_reference == order_reference).order_by(Return.asked_at, Return.id)
    ).all()


def lines_of(session: Session, return_ids: Collection[int]) -> dict[int, list[ReturnLine]]:
    """What each of these returns is about."""
    found: dict[int, list[ReturnLine]] = {}
    query = select(ReturnLine).where(ReturnLine.return_id.in_(return_ids))
    for line in session.scalars(query.order_by(ReturnLine.return_id, ReturnLine.name, ReturnLine.product)):
        found.setdefault(line.return_id, []).append(line)
    return found


def forget(session: Session, customer_id: int) -> int:
    """Empty what a customer wrote with their returns, and take them off; what was sent back and why stays counted."""
    emptied: Any = session.execute(
        update(Return).where(Return.customer_id == customer_id).values(customer_id=None, words="", answer="")
    )
    return int(emptied.rowcount)


def forget_words_before(session: Session, moment: datetime) -> int:
    """Empty the words of returns that were asked for so long ago."""
    said = (Return.words != "") | (Return.answer != "")
    emptied: Any = session.execute(update(Return).where(Return.asked_at < moment, said).values(words="", answer=""))
    return int(emptied.rowcount)


def new_reference() -> str:
    """40 random bits: short enough for a label, not to be guessed from another. It opens nothing by itself."""
    return "R-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def _lines_of_order(session: Session, order_reference: str, states: Sequence[ReturnState]) -> Sequence[ReturnLine]:
    query = select(ReturnLine).join(Return, Return.id == ReturnLine.return_id)
    return session.scalars(query.where(Return.order_reference == order_reference, Return.state.in_(states))).all()


def _arrived(session: Session, order_reference: str, *, since: datetime, now: datetime) -> list[Goods]:
    parcels = [one for one in shipments_of(session, order_reference) if _is_there(one, since=since, now=now)]
    inside = contents_of(session, [one.id for one in parcels])
    if parcels and not any(inside.values()):  # parcels from before the shop said what is in them
        return ordered(session, order_reference)
    pieces: Counter[str] = Counter()
    names: dict[str, str] = {}
    for goods in inside.values():
        for one in goods:
            pieces[one.product] += one.quantity
            names.setdefault(one.product, one.name)
    return [Goods(product, names[product], count) for product, count in pieces.items()]


def _is_there(parcel: Shipment, *, since: datetime, now: datetime) -> bool:
    if parcel.status in (Status.CANCELLED, Status.RETURN_TO_SENDER) or parcel.shipped_at is None:
        return False
    arrived = parcel.delivered_at or parcel.shipped_at + ARRIVES_WITHIN
    return since <= arrived <= now


def _paid_back(session: Session, order_reference: str) -> Counter[str]:
    query = (
        select(SeenRefundLine.product, func.sum(SeenRefundLine.quantity))
        .join(SeenRefund, SeenRefund.id == SeenRefundLine.refund_id)
        .join(SeenOrder, SeenOrder.id == SeenRefund.order_id)
        .where(SeenOrder.reference == order_reference)
        .group_by(SeenRefundLine.product)
    )
    return Counter({product: int(pieces) for product, pieces in session.execute(query)})


def _pieces(goods: Goods | None) -> int:
    return 0 if goods is None else goods.quantity

"""Calls: who rang, when and what came of it, told by the telephone system or entered by staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.customers.phones import customers_by_phone
from ecrm.storefront import Staff
from tracking.customers import Customer
from tracking.phone_number import LONGEST, fold_phone, forms
from tracking.record import BigId, Record, insert_once

from .cases import Case, Channel, Direction, Opened, Said, log_step, open_case

MOST_WORDS = 4000


class Way(StrEnum):
    """Who rang whom."""

    IN = "in"
    OUT = "out"


class Outcome(StrEnum):
    """What came of it; RINGING until it is known."""

    RINGING = "ringing"
    ANSWERED = "answered"
    MISSED = "missed"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    FAILED = "failed"


class Call(Record):
    """One call. `number` is folded (`tracking.phone_number`), empty where it was withheld.

    `external_id` is the telephone system's own, by which it may say more of the same call later; None for what staff
    entered.
    """

    __tablename__ = "ecrm_call"
    __table_args__ = (Index(None, "number", "started_at"), Index(None, "customer_id", "started_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_id: Mapped[str | None] = mapped_column(String(130), unique=True)
    number: Mapped[str] = mapped_column(String(LONGEST), default="")
    direction: Mapped[str] = mapped_column(String(4))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    staff_id: Mapped[str] = mapped_column(String(64), default="")
    staff_name: Mapped[str] = mapped_column(String(100), default="")
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(12), default=Outcome.RINGING)
    words: Mapped[str] = mapped_column(Text, default="")
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)


def take_call(
    session: Session,
    *,
    external_id: str,
    number: str,
    direction: Way,
    started_at: datetime,
    ended_at: datetime | None = None,
    outcome: Outcome | None = None,
    staff_id: str = "",
    words: str = "",
    country: str,
) -> Call:
    """Write down what the telephone system says of a call, in the caller's transaction; what it says later is added.

    A message that comes late or again takes nothing back: an end stays, and `ringing` replaces no outcome.

    Args:
        country: the shop's own, by which numbers without a country code are read.
    """
    values = _values(session, number, country=country) | {
        "external_id": external_id, "direction": direction, "started_at": started_at, "ended_at": ended_at,
        "outcome": outcome or Outcome.RINGING, "staff_id": staff_id, "staff_name": "", "words": words[:MOST_WORDS],
    }  # fmt: skip
    made = insert_once(session, Call, values)
    if made is not None:
        return session.get_one(Call, made)
    call = session.scalars(select(Call).where(Call.external_id == external_id).with_for_update()).one()
    call.ended_at = call.ended_at or ended_at
    call.outcome = outcome if outcome not in {None, Outcome.RINGING} else call.outcome
    call.staff_id, call.words = staff_id or call.staff_id, words[:MOST_WORDS] or call.words
    session.flush()
    return call


def enter_call(
    session: Session,
    *,
    number: str,
    direction: Way,
    outcome: Outcome,
    words: str,
    by: Staff,
    customer_id: int | None = None,
    country: str,
    now: datetime,
) -> Call:
    """Write down a call that staff had, in the caller's transaction."""
    values = _values(session, number, country=country)
    call = Call(
        **values | {"customer_id": customer_id or values["customer_id"]}, direction=direction, outcome=outcome,
        words=words.strip()[:MOST_WORDS], staff_id=by.staff_id, staff_name=by.name[:100], started_at=now, ended_at=now,
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call


def open_case_of(session: Session, call: Call, *, subject: str, by: Staff, now: datetime) -> Case:
    """A case of this call and its customer, in the caller's transaction; the one that it has already, where it has one.

    What was written down of the call is its first message.
    """
    session.flush()
    session.refresh(call, with_for_update=True)  # of two agents at once, the second gets the first one's case
    if call.case_id is not None and (known := session.get(Case, call.case_id)) is not None:
        return known
    customer = session.get(Customer, call.customer_id) if call.customer_id is not None else None
    name = f"{customer.first_name} {customer.last_name}".strip() if customer else ""
    said = Said(direction=Direction.IN, channel=Channel.PHONE, text=call.words, author_name=name, at=call.started_at)
    case = open_case(
        session,
        Opened(
            channel=Channel.PHONE, subject=subject, said=said if call.words else None, customer_id=call.customer_id,
            from_address=customer.email if customer else "", from_name=name, owner=by.staff_id, by=by,
        ),
        now=now,
    )  # fmt: skip
    log_step(session, case, "called", now=now, by=by, call=call.id)
    call.case_id = case.id
    session.flush()
    return case


def latest(session: Session, *, limit: int, before: tuple[datetime, int] | None = None) -> Sequence[Call]:
    """All calls, the newest first."""
    query = select(Call).order_by(Call.started_at.desc(), Call.id.desc()).limit(limit)
    if before is not None:
        at, id_ = before
        query = query.where((Call.started_at < at) | ((Call.started_at == at) & (Call.id < id_)))
    return session.scalars(query).all()


def of_number(session: Session, number: str, *, country: str, limit: int = 10) -> Sequence[Call]:
    """Calls from and to a number, the newest first."""
    query = select(Call).where(Call.number.in_(sorted(forms(number, country))))
    return session.scalars(query.order_by(Call.started_at.desc(), Call.id.desc()).limit(limit)).all()


def of_customer(session: Session, customer_id: int, *, limit: int = 20) -> Sequence[Call]:
    """A customer's calls, the newest first."""
    query = select(Call).where(Call.customer_id == customer_id)
    return session.scalars(query.order_by(Call.started_at.desc(), Call.id.desc()).limit(limit)).all()


def forget_person(session: Session, customers: Collection[int], *, country: str) -> int:
    """Empty the calls of these customers, and those of their numbers that are nobody's; says how many.

    A number may be a household's or an office's: what another customer said from it stays theirs.

    Args:
        country: the shop's own, by which numbers without a country code were read when the calls came.
    """
    known = session.execute(
        select(Customer.phone, Customer.country).where(Customer.id.in_(customers), Customer.phone_folded != "")
    )
    numbers = {form for phone, at in known for of in {at, country} for form in forms(phone, of)}
    nobodys = Call.customer_id.is_(None) & Call.number.in_(sorted(numbers))
    return _empty(session, Call.customer_id.in_(customers) | nobodys)


def forget_before(session: Session, moment: datetime) -> int:
    """Empty calls that were before a moment; says how many."""
    return _empty(session, (Call.started_at < moment) & ((Call.number != "") | (Call.words != "")))


def _empty(session: Session, which: Any) -> int:
    done: Any = session.execute(
        update(Call)
        .where(which)
        .values(number="", words="", customer_id=None, external_id=None)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def _values(session: Session, number: str, *, country: str) -> dict[str, Any]:
    """The number, and whose it is, where it is only one person's."""
    found = customers_by_phone(session, number, country=country)
    return {"number": fold_phone(number, country), "customer_id": found[0].id if len(found) == 1 else None}

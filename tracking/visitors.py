"""Visitor: a browser that agreed to be recognised, and the consent it gave."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import IntEnum

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from .record import BigId, Record, insert_once


class Grade(IntEnum):
    """How far a browser agreed to be followed; decided on the server.

    Before a choice it is NONE. GPC and DNT count as a refusal as long as nothing was chosen: nobody is asked again.
    Who then agrees here is taken at their word.
    """

    NONE = 0  # counted without any identifier
    ANALYTICS = 1  # visitor cookie
    PERSONAL = 2  # steps are joined to the customer


class Visitor(Record):
    """One browser. `token` is the cookie's value (128 random bits, hex)."""

    __tablename__ = "ecrm_visitor"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    first_seen_at: Mapped[datetime]
    simulated: Mapped[bool] = mapped_column(default=False)


class ConsentChoice(Record):
    """Append-only: what a browser chose in the consent banner, when, and in which wording."""

    __tablename__ = "ecrm_consent_choice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_visitor.id"), index=True)
    grade: Mapped[int]
    wording: Mapped[str] = mapped_column(String(40))
    chosen_at: Mapped[datetime]


class VisitorClaim(Record):
    """Append-only: at this moment this browser was used by this customer (login, registration, order)."""

    __tablename__ = "ecrm_visitor_claim"
    __table_args__ = (Index(None, "visitor_id", "customer_id", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("ecrm_visitor.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"), index=True)
    claimed_at: Mapped[datetime]
    how: Mapped[str] = mapped_column(String(40))


class ClaimChange(Record):
    """Append-only: a claim was taken back (`stands` False) or put back (True); the latest change of a claim counts."""

    __tablename__ = "ecrm_claim_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("ecrm_visitor_claim.id"), index=True)
    stands: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(200), default="")


def visitor_id_of(session: Session, token: str | None) -> int | None:
    """The visitor with this cookie value; None without a token, or while the first step is still on its way."""
    if not token:
        return None
    return session.scalar(select(Visitor.id).where(Visitor.token == token))


def lock_visitors(session: Session, visitor_ids: Collection[int]) -> None:
    """Lock browsers until the transaction ends, before anything else that it changes.

    Whoever changes visits does so, in the order of ids: then nobody waits for each other. SQLite has one lock for all.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"DELETE FROM {Visitor.__tablename__} WHERE 0"))  # noqa: S608 (the model's name)
    elif visitor_ids:
        query = select(Visitor.id).where(Visitor.id.in_(visitor_ids)).order_by(Visitor.id)
        session.execute(query.with_for_update())


def record_choice(session: Session, *, token: str | None, grade: Grade, wording: str, at: datetime) -> None:
    """Keep what a browser chose; a refusal of an unknown browser is kept without a visitor."""
    if token:
        insert_once(session, Visitor, {"token": token, "first_seen_at": at, "simulated": False})
    choice = ConsentChoice(visitor_id=visitor_id_of(session, token), grade=int(grade), wording=wording, chosen_at=at)
    session.add(choice)

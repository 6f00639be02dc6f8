"""Forgotten days: something stays counted there though the rows behind it are gone, so nothing counts them anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import Record, insert_once


class ForgottenDay(Record):
    """A day of the shop's, of which a person was erased or a link was cut. Says nothing about who or how much."""

    __tablename__ = "ecrm_forgotten_day"

    day: Mapped[date] = mapped_column(primary_key=True)


def forget_days(session: Session, days: Iterable[date]) -> None:
    """Note that rows behind the figures of these days are gone, in the transaction that takes them away."""
    for day in sorted(set(days)):
        insert_once(session, ForgottenDay, {"day": day})


def forgotten_days(session: Session, first: date, last: date) -> list[date]:
    """The days from `first` to `last` that can't be counted anew, oldest first."""
    query = select(ForgottenDay.day).where(ForgottenDay.day.between(first, last))
    return list(session.scalars(query.order_by(ForgottenDay.day)))

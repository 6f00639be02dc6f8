"""The rows behind a credited figure: which orders and refunds it is made of, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from ecrm.marketing.code_owners import code_owners, meaning_codes
from ecrm.marketing.period import Period
from tracking.clickstream.dimensions import Source
from tracking.clickstream.sources import CHANNELS
from tracking.orders import SeenOrder, SeenRefund

from .chain import Why
from .credits import Credit
from .models import Model

MAX_ID = 2**63 - 1


class CreditRow(NamedTuple):
    """A posting with its booking. `order` is None for a refund that names none; `refund` for an order."""

    credit: Credit
    order: SeenOrder | None
    refund: SeenRefund | None
    source: Source | None

    @property
    def at(self) -> datetime:
        """When the order was placed or the money went back."""
        if self.refund is not None:
            return self.refund.refunded_at
        assert self.order is not None  # noqa: S101 (a posting belongs to one of both)
        return self.order.placed_at


def credits_of(
    session: Session,
    period: Period,
    *,
    model: Model,
    key: str = "",
    before: tuple[date, int] | None = None,
    limit: int,
) -> Sequence[CreditRow]:
    """The postings behind a line of `roi.returns`, newest day first.

    Args:
        key: of the line (`roi.Line.key`); all lines where it is empty.
        before: (day, id) of the last row of the page before.

    Raises:
        LookupError: for a key that no line can have.
    """
    query = (
        select(Credit, SeenOrder, SeenRefund, Source)
        .outerjoin(SeenOrder, SeenOrder.id == Credit.order_id)
        .outerjoin(SeenRefund, SeenRefund.id == Credit.refund_id)
        .outerjoin(Source, Source.id == Credit.source_id)
        .where(Credit.day.between(period.first, period.last), Credit.models.bitwise_and(model.bit) != 0)
    )
    if key:
        query = query.where(_of_line(session, key))
    if before is not None:
        day, id_ = before
        query = query.where(or_(Credit.day < day, and_(Credit.day == day, Credit.id < id_)))
    rows = session.execute(query.order_by(Credit.day.desc(), Credit.id.desc()).limit(limit))
    return [CreditRow(*row) for row in rows]


def _of_line(session: Session, key: str) -> ColumnElement[bool]:
    kind, _, rest = key.partition(":")
    match kind:
        case "why" if rest in set(Why):
            return Credit.source_id.is_(None) & (Credit.why == rest)
        case "source" if _is_id(rest):
            return Credit.source_id == int(rest)
        case "campaign" if _is_id(rest):
            # Read first: given a list, SQLite goes by the sources' index and not through all postings of the days.
            return Source.campaign.in_(sorted(meaning_codes(session, int(rest))))
        case "code":
            return and_(Source.campaign == rest, Source.campaign.not_in(select(code_owners().c.code)))
        case "content":  # the links of a mailing's or a flow's e-mails
            return and_(Source.medium == "email", Source.content.startswith(f"{rest}.", autoescape=True))
        case "none":
            return func.coalesce(Source.campaign, "-") == ""
        case _ if key in CHANNELS:
            return Source.channel == key
        case _:
            raise LookupError(f"no line is called {key!r}")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= MAX_ID

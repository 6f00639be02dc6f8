"""Supply: how many pieces of a product may still be promised to those who wait for it.

Each e-mail takes one piece by a conditional UPDATE, so any number of workers never promise more than arrived. Pieces
are counted as they arrive: what is there now, less what was there before and wasn't sold since. So the same delivery,
heard of twice (told by the shop, and seen by the job that looks), is promised once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.orders import SeenOrder, SeenOrderLine
from tracking.record import Record, insert_once


class Supply(Record):
    """One product that was ever waited for. `pieces` as last seen, `promisable`: not yet promised to anybody.

    `price_minor`: as last seen. `version` counts the looks, so that of two at the same time one counts.
    """

    __tablename__ = "ecrm_supply"

    product: Mapped[str] = mapped_column(String(64), primary_key=True)
    pieces: Mapped[int]
    promisable: Mapped[int]
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    seen_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the shop answered. `sold`: `sold_since` the look before; `outstanding`: e-mails of the last days about this
    product whose readers may still come. Both are asked before the shop is.
    """

    pieces: int
    price_minor: int | None
    sold: int
    outstanding: int = 0


def sold_since(session: Session, product: str, moment: datetime) -> int:
    """Pieces ordered after `moment`, as far as the CRM has heard.

    Ask this *before* asking the shop what is there: an order in between is then missing here and makes the arrival
    look smaller, never larger.
    """
    query = (
        select(func.coalesce(func.sum(SeenOrderLine.quantity), 0))
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrderLine.product == product, SeenOrder.placed_at > moment)
    )
    return int(session.scalar(query) or 0)


def supply_of(session: Session, product: str) -> Supply | None:
    """What is known of the product."""
    return session.get(Supply, product, populate_existing=True)


def observe(session: Session, product: str, look: Look, *, known: Supply | None, now: datetime) -> bool:
    """Note what the shop has now; says whether this was the one that noted it (two may look at the same time).

    A lower price than last seen frees what is there and was not promised within the last days: who was told of the
    old price and didn't buy has had their turn.

    Args:
        known: the row as it was before the shop was asked; None where there was none.
    """
    if known is None:
        values = {"product": product, "pieces": look.pieces, "promisable": look.pieces, "price_minor": look.price_minor}
        return insert_once(session, Supply, {**values, "seen_at": now, "version": 0}) is not None
    arrived = max(look.pieces - max(known.pieces - look.sold, 0), 0)
    cheaper = None not in (look.price_minor, known.price_minor) and (look.price_minor or 0) < (known.price_minor or 0)
    free = known.promisable + arrived
    if cheaper:
        free = max(free, look.pieces - look.outstanding)
    noted: Any = session.execute(
        update(Supply)
        .where(Supply.product == product, Supply.version == known.version)
        .values(
            pieces=look.pieces, price_minor=look.price_minor, promisable=max(min(free, look.pieces), 0), seen_at=now,
            version=Supply.version + 1,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return bool(noted.rowcount)


def take(session: Session, product: str) -> bool:
    """Promise one piece; False where none is left to promise."""
    taken: Any = session.execute(
        update(Supply)
        .where(Supply.product == product, Supply.promisable > 0)
        .values(promisable=Supply.promisable - 1, version=Supply.version + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)


def give_back(session: Session, product: str) -> None:
    """A promise that reached nobody may be made to the next, as long as the piece is there."""
    session.execute(
        update(Supply)
        .where(Supply.product == product, Supply.promisable < Supply.pieces)
        .values(promisable=Supply.promisable + 1, version=Supply.version + 1)
        .execution_options(synchronize_session=False)
    )

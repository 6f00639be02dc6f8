"""Who waits for what, in numbers: for staff who order goods, and who wonder why nobody was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.supply import Supply
from mailer.waitlists import ONCE, Kind, Wait, WaitState


@dataclass(frozen=True)
class WaitedForProduct:
    """A product with how many wait. `pieces` and `promisable` as last seen; None before anybody looked."""

    product_id: str
    back: int
    cheaper: int
    told: int
    since: datetime
    pieces: int | None
    promisable: int | None

    @property
    def waiting(self) -> int:
        return self.back + self.cheaper


@dataclass(frozen=True)
class Followed:
    """A brand or category with how many want to hear of what is new there."""

    kind: str
    name: str
    followers: int


def waited_for(session: Session, *, limit: int) -> list[WaitedForProduct]:
    """Products that somebody waits for or was told of, most waiting first."""
    open_ = Wait.state == WaitState.WAITING
    back = func.count(Wait.id).filter(open_, Wait.kind == Kind.STOCK)
    cheaper = func.count(Wait.id).filter(open_, Wait.kind == Kind.PRICE)
    told = func.count(Wait.id).filter(Wait.state == WaitState.TOLD)
    query = (
        select(Wait.subject, back, cheaper, told, func.min(Wait.asked_at), Supply.pieces, Supply.promisable)
        .outerjoin(Supply, Supply.product == Wait.subject)
        .where(Wait.kind.in_(sorted(ONCE)), Wait.state.in_((WaitState.WAITING, WaitState.TOLD)))
        .group_by(Wait.subject, Supply.pieces, Supply.promisable)
        .order_by((back + cheaper).desc(), Wait.subject)
        .limit(limit)
    )
    return [WaitedForProduct(*row) for row in session.execute(query)]


def followed(session: Session, *, limit: int) -> list[Followed]:
    """Brands and categories, most followed first."""
    count = func.count(Wait.id)
    query = (
        select(Wait.kind, Wait.subject, count)
        .where(Wait.kind.in_((Kind.BRAND, Kind.CATEGORY)), Wait.state == WaitState.WAITING)
        .group_by(Wait.kind, Wait.subject)
        .order_by(count.desc(), Wait.subject)
        .limit(limit)
    )
    return [Followed(*row) for row in session.execute(query)]

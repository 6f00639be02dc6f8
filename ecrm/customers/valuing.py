"""Valuing: works out RFM and CLV of all customers from orders and refunds, stores them, checks what is stored.

Everything is asked as of a moment, so that the same moment gives the same answer later. Customers whom the shop's
source doesn't name (`.invalid` addresses) are nobody and have no worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracking.cohorts import NOBODY
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenRefund

from .clv import Customers, Fit, Forecast, fit, forecast
from .clv_backtest import History, widened, widening
from .rfm import group_of, scores
from .worth import Worth, WorthRun

HORIZON_DAYS = 365.0
READ, WRITE = 10_000, 1_000
SAMPLE = 30_000
"""Customers whose whole histories are read to see how well intervals hold."""
DAY = 86_400.0


@dataclass(frozen=True)
class Figures:
    """An entry a customer, by ascending id; moments in seconds since 1970."""

    ids: NDArray[np.int64]
    orders: NDArray[np.int64]
    net_minor: NDArray[np.int64]
    first_at: NDArray[np.float64]
    last_at: NDArray[np.float64]


@dataclass(frozen=True)
class Valued:
    """All customers' worth as of a moment, as columns; `model`: what the run's record says of the model."""

    figures: Figures
    scores: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    told: Forecast | None
    model: dict[str, Any]

    def __len__(self) -> int:
        return len(self.figures.ids)

    def rows(self, start: int, stop: int) -> list[dict[str, Any]]:
        """Some customers as rows of the table."""
        return [self._row(at) for at in range(start, min(stop, len(self)))]

    def _row(self, at: int) -> dict[str, Any]:
        known = self.figures
        r, f, m = (int(score[at]) for score in self.scores)
        return {
            "customer_id": int(known.ids[at]), "orders": int(known.orders[at]), "net_minor": int(known.net_minor[at]),
            "first_at": datetime.fromtimestamp(known.first_at[at], UTC),
            "last_at": datetime.fromtimestamp(known.last_at[at], UTC), "recency": r, "frequency": f, "monetary": m,
            "rfm_group": str(group_of(r, f, m)) if r else "", **_clv_columns(self.told, at),
        }  # fmt: skip


_COLUMNS = ("ids", "orders", "net_minor", "first_at", "last_at")


def work_out(session: Session, *, now: datetime) -> Valued:
    """Every customer's scores, group and expected revenue as of a moment; writes nothing."""
    known = figures(session, now=now)
    told, model = _expected(session, known, now)
    return Valued(known, scores(known.last_at, known.orders, known.net_minor), told, model)


def store(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write some customers' worth; give it `WRITE` rows at a time and commit, so that nobody waits long."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Worth.__table__)  # type: ignore[arg-type]  # a table
    new = {name: statement.excluded[name] for name in rows[0] if name != "customer_id"}
    session.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=new), rows)


def finish(session: Session, valued: Valued, *, now: datetime) -> int:
    """Note the run, and forget the worth of who has no order (any more); returns how many were forgotten."""
    session.add(WorthRun(as_of=now, customers=len(valued), model=valued.model))
    bought = select(SeenOrder.customer_id).where(SeenOrder.placed_at <= now)
    nobody = select(Customer.id).where(Customer.email_folded.endswith(NOBODY))
    gone: Any = session.execute(delete(Worth).where(Worth.customer_id.not_in(bought) | Worth.customer_id.in_(nobody)))
    return int(gone.rowcount)


def latest_run(session: Session) -> WorthRun | None:
    """When all was worked out last, and by which model."""
    return session.scalar(select(WorthRun).order_by(WorthRun.id.desc()).limit(1))


def differences(session: Session) -> Iterator[tuple[int, str, Any, Any]]:
    """(customer, column, stored, worked out anew) of everything that isn't what the orders of that moment say.

    Expected revenue may differ by a thousandth: another machine's floating point sums in another order.
    """
    run = latest_run(session)
    if run is None:
        return
    valued = work_out(session, now=run.as_of)
    anew = {row["customer_id"]: row for row in valued.rows(0, len(valued))}
    for stored in session.execute(select(Worth.__table__)).mappings():
        row = anew.pop(stored["customer_id"], None)
        for column, value in stored.items():
            fresh = row[column] if row is not None else None
            if column != "customer_id" and not _same(value, fresh):
                yield stored["customer_id"], column, value, fresh
    for customer_id in anew:
        yield customer_id, "customer_id", None, customer_id


def figures(session: Session, *, now: datetime) -> Figures:
    """What every customer bought and got back until a moment."""
    parts: list[Figures] = []
    for rows in session.execute(_figures_query(now).execution_options(yield_per=READ)).partitions():
        ids, orders, net, first, last = zip(*rows, strict=True)
        parts.append(
            Figures(
                np.array(ids, np.int64), np.array(orders, np.int64), np.array([int(one) for one in net], np.int64),
                np.array([at.timestamp() for at in first]), np.array([at.timestamp() for at in last]),
            )
        )  # fmt: skip
    if not parts:
        none = np.empty(0, np.int64)
        return Figures(none, none, none, np.empty(0), np.empty(0))
    return Figures(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


def history(session: Session, *, now: datetime, customers: int) -> History:
    """The orders of about `SAMPLE` customers, net of what was refunded of them until now; drawn by their number."""
    step = max(customers // SAMPLE, 1)
    query = (
        select(SeenOrder.customer_id, SeenOrder.placed_at, SeenOrder.total_minor - SeenOrder.refunded_minor)
        .where(SeenOrder.placed_at <= now, SeenOrder.customer_id % step == 0, _named(SeenOrder.customer_id))
        .order_by(SeenOrder.id)
    )
    rows = session.execute(query).all()
    return History(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1].timestamp() / DAY for row in rows], np.float64),
        np.array([row[2] for row in rows], np.float64),
    )


def _figures_query(now: datetime) -> Select[Any]:
    whose = func.coalesce(SeenRefund.customer_id, SeenOrder.customer_id)
    back = (
        select(whose.label("customer_id"), func.sum(SeenRefund.amount_minor).label("minor"))
        .outerjoin(SeenOrder, SeenOrder.id == SeenRefund.order_id)
        .where(SeenRefund.refunded_at <= now)
        .group_by(whose)
        .subquery()
    )
    placed = (
        select(
            SeenOrder.customer_id, func.count().label("orders"), func.sum(SeenOrder.total_minor).label("minor"),
            func.min(SeenOrder.placed_at).label("first_at"), func.max(SeenOrder.placed_at).label("last_at"),
        )
        .where(SeenOrder.placed_at <= now)
        .group_by(SeenOrder.customer_id)
        .subquery()
    )  # fmt: skip
    return (
        select(
            placed.c.customer_id, placed.c.orders, placed.c.minor - func.coalesce(back.c.minor, 0), placed.c.first_at,
            placed.c.last_at,
        )
        .join(Customer, and_(Customer.id == placed.c.customer_id, ~Customer.email_folded.endswith(NOBODY)))
        .outerjoin(back, back.c.customer_id == placed.c.customer_id)
        .order_by(placed.c.customer_id)
    )  # fmt: skip


def _named(column: Any) -> Any:
    return column.not_in(select(Customer.id).where(Customer.email_folded.endswith(NOBODY)))


def _expected(session: Session, known: Figures, now: datetime) -> tuple[Forecast | None, dict[str, Any]]:
    orders = np.maximum(known.orders, 1)
    customers = Customers(
        (known.orders - 1).astype(np.float64), (known.last_at - known.first_at) / DAY,
        (now.timestamp() - known.first_at) / DAY, np.maximum(known.net_minor / orders, 0.0),
    )  # fmt: skip
    fitted: Fit | None = fit(customers)
    if fitted is None:
        return None, {"none": "too few customers bought again"}
    end = now.timestamp() / DAY
    by = widening(history(session, now=now, customers=len(known.ids)), end=end, days=HORIZON_DAYS)
    told = widened(forecast(customers, fitted, days=HORIZON_DAYS), by, fitted)
    return told, {**fitted.as_words(), "days": HORIZON_DAYS, "widened": by}


def _clv_columns(told: Forecast | None, at: int) -> dict[str, int | None]:
    if told is None:
        return dict.fromkeys(("clv_minor", "clv_low_minor", "clv_high_minor", "alive_ppm"))
    return {
        "clv_minor": round(told.expected[at]), "clv_low_minor": round(told.low[at]),
        "clv_high_minor": round(told.high[at]), "alive_ppm": round(told.alive[at] * 1_000_000),
    }  # fmt: skip


def _same(stored: Any, fresh: Any) -> bool:
    if isinstance(stored, int) and isinstance(fresh, int):
        return stored == fresh or (abs(stored - fresh) <= max(abs(stored), abs(fresh)) / 1000 and stored > 1000)
    if isinstance(stored, datetime) and isinstance(fresh, datetime):
        return abs((stored - fresh).total_seconds()) < 0.001
    return bool(stored == fresh)

"""A world made by hand, in which nothing is missing: whatever hypothesis comes up with, this one is looked at first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tracking.visitors import Grade

from .baskets import Basket, Line, MoneyBack
from .known import ARRIVALS, BOTS, PERSONS
from .worlds import Batch, ClaimTaken, Night, Ordered, Refunded, SignedUp, Step, World

_NIGHT = datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC)  # 01:59:58 in Berlin; two seconds later it is 03:00
_SEARCH = {"query": "Kite", "product_ids": ["3", "1"], "first_position": 1, "results": 2}


def _at(minutes: float) -> datetime:
    return _NIGHT + timedelta(minutes=minutes)


def _step(minutes: float, name: str = "Page Viewed", subject: str = "/", **facts: object) -> Step:
    values = {"browser": "cookie0", "grade": Grade.PERSONAL, "account": "acc0", "path": "/kites", **facts}
    return Step(at=_at(minutes), name=name, subject=subject, **values)  # type: ignore[arg-type]


_BASKET = Basket((Line("1", 2, 3001, 1200), Line("2", 1, 999)), shipping=390, discount=100, codes=("LETTER-5",))
_PAPER = Basket((Line("3", 1, 1500, 700),), shipping=0, discount=0, codes=())
WHOLE_SHOP = World(
    zone="Europe/Berlin",
    first=date(2026, 3, 28),
    deliveries=(
        SignedUp(_at(-9000), "acc0"),
        Batch(_at(-2000), (
            _step(-2000, arrival=ARRIVALS[4], properties={"milliseconds": 120}),
            _step(-1999, subject="/kites", arrival=ARRIVALS[5], properties={"milliseconds": 20}),
            _step(-1999.5, agent=BOTS[0], browser="robot"),
            _step(-1998, grade=Grade.NONE, agent=PERSONS[1], browser="stranger"),
        )),
        Batch(_at(0), (
            _step(0, arrival=ARRIVALS[1], properties={"milliseconds": 33}),
            _step(0.1, "Products Searched", "Kite", properties=_SEARCH),
        )),
        Batch(_at(29), (
            _step(1, "Product Viewed", "1", message_id="m1"),
            _step(1, "Product Viewed", "1", message_id="m1"),
            _step(2, "Product Added", "1"),
            _step(28, "Page Engaged", "/p/1", properties={"seconds": 90}),
        )),
        Batch(_at(30), (_step(0.5, "Products Searched", "red  Kite", properties=_SEARCH),)),
        Ordered(_at(31), "A1", "acc0", _BASKET, "cookie0", Grade.PERSONAL),
        Ordered(_at(32), "A2", "guest0@example.com", _PAPER, "cookie1", Grade.ANALYTICS),
        Ordered(_at(33), "A3", "guest0@example.com", _PAPER),
        Batch(_at(100), (
            _step(90, browser="app0", api=True, message_id="a1", agent=PERSONS[2], arrival=ARRIVALS[3]),
            _step(91, "Product Removed", "2", browser="app0", api=True, message_id="a2", agent=PERSONS[2]),
        ), api=True),
        Night(_at(3 * 1440)),
        Batch(_at(3 * 1440 + 1), (_step(20, "Checkout Started", ""),)),  # three days late, after the day was closed
        Refunded(_at(4 * 1440), "R1", "A1", MoneyBack(1500, (("1", 1, 1500),))),
        Refunded(_at(5 * 1440), "R2", "A1", MoneyBack(2790)),
        Refunded(_at(6 * 1440), "R3", None, MoneyBack(500), "acc0"),
        SignedUp(_at(6.5 * 1440), "acc1"),
        Batch(_at(6.6 * 1440), (
            _step(6 * 1440, "Product Viewed", "1", account="acc1", arrival=ARRIVALS[1], browser="late"),
        )),
        Ordered(_at(6 * 1440 + 1), "A4", "acc1", _PAPER, "late", Grade.PERSONAL),
        Refunded(_at(6.7 * 1440), "R4", "A4", MoneyBack(100)),
        Batch(_at(6.8 * 1440), (_step(6 * 1440 + 0.1, account="acc1", arrival=ARRIVALS[5], browser="late"),)),
        Batch(_at(6.9 * 1440), (  # agreed to statistics, then to more, and ordered
            _step(6 * 1440 + 60, grade=Grade.ANALYTICS, account=None, arrival=ARRIVALS[4], browser="undecided"),
            _step(6 * 1440 + 61, account="acc1", browser="undecided"),
        )),
        Ordered(_at(6 * 1440 + 62), "A5", "guest1@example.com", _PAPER, "undecided", Grade.PERSONAL),
        Refunded(_at(6.95 * 1440), "R5", "A5", MoneyBack(100)),
        ClaimTaken(_at(7 * 1440), "cookie0", "acc0"),
        Night(_at(9 * 1440)),
    ),
    costs=(("kites", date(2026, 3, 29), 4000),),
    goods=(("2", date(2026, 3, 1), 250),),
    weights={},
    periods=((date(2026, 3, 1), date(2026, 5, 31)), (date(2026, 3, 29), date(2026, 3, 29))),
)  # fmt: skip

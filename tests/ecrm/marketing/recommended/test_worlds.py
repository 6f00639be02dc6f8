"""In made-up worlds, every figure of what recommendations earn equals a recount of the raw steps, orders and refunds.

The recount shares nothing with the code: it goes through the events as they are stored, one by one, in Python.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from ecrm.events import OrderLine, OrderRefunded
from ecrm.marketing.period import Period
from ecrm.marketing.recommended.crediting import rules_of
from ecrm.marketing.recommended.figures import By, earned_by, earned_by_day, earned_in
from ecrm.marketing.recommended.proof import credit_anew, prove
from ecrm.marketing.recommended.tables import RecommendationCredit, RecommendedDay, Slot
from ecrm.seen_steps import after_batch
from tests.ecrm.kites import Kites, open_kites, order, person
from tracking.clickstream.dimensions import ProductKey
from tracking.clickstream.event import Event
from tracking.clickstream.ingest import ingest
from tracking.clickstream.sightings import Sighting
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.visitors import Grade, Visitor

START = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
WHOLE = Period(date(2026, 11, 1), date(2026, 12, 31))
PRODUCTS = "123456"
Place = tuple[str, int, str]
BROWSERS = {"a": Grade.PERSONAL, "b": Grade.PERSONAL, "c": Grade.ANALYTICS, "d": Grade.NONE}


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def live(kites: Kites, seed: int) -> dict[str, str]:
    """A fortnight of four browsers, an order ending each visit that has one. Returns order → browser."""
    chance, placed, told = random.Random(seed), {}, 0
    for number in range(30):
        who = chance.choice(list(BROWSERS))
        grade = BROWSERS[who]
        at = START + timedelta(hours=11 * number, minutes=chance.randrange(60))
        steps = []
        for _step in range(chance.randrange(2, 9)):
            at += timedelta(minutes=chance.random() * 9)
            steps.append(_step_of(chance, at, who, grade))
        with kites.crm.sessions.begin() as session:
            ingest(session, steps, BERLIN.key)
            after_batch(session, steps, BERLIN.key)
        if chance.random() < 0.6:
            told += 1
            placed[f"O{told}"] = who
            lines = tuple(
                OrderLine(product_id=product, name=product, quantity=chance.randrange(1, 4), net_minor=minor)
                for product in chance.choices(PRODUCTS, k=chance.randrange(1, 5))
                for minor in [chance.randrange(0, 5_000)]
            )
            goods = sum(line.net_minor for line in lines)
            discount = chance.choice([0, 0, min(goods, 777)])
            kites.tell(
                order(
                    f"O{told}", person(f"{who}@example.com", account=who), at + timedelta(minutes=1), lines=lines,
                    goods_minor=goods, shipping_minor=300, discount_minor=discount, total_minor=goods + 300 - discount,
                ),
                visitor=None if grade is Grade.NONE else who * 32, grade=grade,
            )  # fmt: skip
        if told and chance.random() < 0.5:
            _refund(kites, chance, f"O{chance.randrange(1, told + 1)}", f"R{number}", at + timedelta(minutes=2))
    return placed


def _step_of(chance: random.Random, at: datetime, who: str, grade: Grade) -> Sighting:
    product, place = chance.choice(PRODUCTS), chance.choice(["home", "cart"])
    name = chance.choice(["Recommendations Shown", "Product Clicked", "Product Clicked", "Product Added"])
    said: dict[str, object] = {"product_id": product}
    if name == "Recommendations Shown":
        product, said = place, {"product_ids": tuple(chance.sample(PRODUCTS, 3)), "strategy": "learnt"}
    elif name == "Product Clicked":
        said |= {"list_id": place, "position": chance.randrange(1, 4), "strategy": "learnt",
                 "added": chance.random() < 0.2}  # fmt: skip
    token = None if grade is Grade.NONE else who * 32
    return Sighting(at, name, product, said, token, grade, user_agent="Mozilla/5.0 Firefox/130.0")


def _refund(kites: Kites, chance: random.Random, number: str, refund: str, at: datetime) -> None:
    with kites.session() as session:
        row = session.scalars(select(SeenOrder).where(SeenOrder.reference == number)).one()
        goods = session.scalars(select(SeenOrderLine).where(SeenOrderLine.order_id == row.id)).all()
    one = chance.choice(goods)
    lines: tuple[OrderLine, ...] = ()
    if chance.random() < 0.5:
        lines = (OrderLine(product_id=one.product, name="", quantity=1, net_minor=one.net_minor),)
    amount = one.net_minor if lines else chance.choice([row.total_minor, row.total_minor // 3])
    if amount:
        kites.tell(
            OrderRefunded(
                at=at, refund_id=refund, order_id=number, person=None, currency="EUR", amount_minor=amount, lines=lines
            )
        )


def counted(session: Session) -> dict[tuple[date, Place], tuple[int, int, int]]:
    """Impressions, clicks and cart adds from the raw steps."""
    found: defaultdict[tuple[date, Place], list[int]] = defaultdict(lambda: [0, 0, 0])
    clicks: dict[tuple[int, Place, str], list[object]] = {}
    for event in session.scalars(select(Event).order_by(Event.happened_at, Event.id)):
        day, said = event.happened_at.astimezone(BERLIN).date(), event.properties
        if event.name == "Recommendations Shown":
            for position, _one in enumerate(said["product_ids"], start=1):
                found[day, (event.subject, position, said["strategy"])][0] += 1
        elif event.name == "Product Clicked":
            place = (said["list_id"], said["position"], said["strategy"])
            if event.session_id is None:
                found[day, place][1] += 1
                found[day, place][2] += said["added"]
                continue
            click = clicks.setdefault((event.session_id, place, event.subject), [day, False, event.happened_at])
            if click[2] == event.happened_at:
                found[day, place][1] += 1
            click[2] = event.happened_at
            if said["added"] and not click[1]:
                click[1] = True
                found[click[0], place][2] += 1  # type: ignore[index]
        elif event.name == "Product Added" and event.session_id is not None:
            mine = [
                (click[2], place, click)
                for (visit, place, product), click in clicks.items()
                if visit == event.session_id and product == event.subject
            ]
            if mine:
                _last, place, click = max(mine, key=lambda one: one[0])  # type: ignore[arg-type,return-value]
                if not click[1]:
                    click[1] = True
                    found[click[0], place][2] += 1  # type: ignore[index]
    return {key: (row[0], row[1], row[2]) for key, row in found.items()}


def earned(session: Session, placed: dict[str, str]) -> Counter[tuple[str, str, Place, date]]:
    """Money by order, product, slot and day, from raw clicks, orders and refunds."""
    money: Counter[tuple[str, str, Place, date]] = Counter()
    clicks = session.execute(
        select(Event).where(Event.name == "Product Clicked").order_by(Event.happened_at, Event.id)
    ).scalars().all()  # fmt: skip
    visitors = _visitors(session)
    for row in session.scalars(select(SeenOrder)):
        lines = session.scalars(
            select(SeenOrderLine).where(SeenOrderLine.order_id == row.id).order_by(SeenOrderLine.position)
        ).all()  # fmt: skip
        goods = sum(line.net_minor for line in lines)
        off = _largest_remainder(min(row.discount_minor, goods), [line.net_minor for line in lines])
        paid: Counter[str] = Counter()
        for line, part in zip(lines, off, strict=True):
            paid[line.product] += line.net_minor - part
        who = visitors.get(placed[row.reference] * 32)
        for product in paid:
            before = [
                click for click in clicks
                if who is not None and click.visitor_id == who and click.subject == product
                and row.placed_at - timedelta(days=7) <= click.happened_at <= row.placed_at
            ]  # fmt: skip
            if not before:
                continue
            said = before[-1].properties
            place = (said["list_id"], said["position"], said["strategy"])
            money[row.reference, product, place, row.placed_at.astimezone(BERLIN).date()] += paid[product]
            left = paid[product]
            for refund in session.scalars(
                select(SeenRefund).where(SeenRefund.order_id == row.id).order_by(SeenRefund.id)
            ):
                back = select(SeenRefundLine).where(
                    SeenRefundLine.refund_id == refund.id, SeenRefundLine.product == product
                )
                for line in session.scalars(back.order_by(SeenRefundLine.position)):
                    taken = min(line.amount_minor, left)
                    left -= taken
                    money[row.reference, product, place, refund.refunded_at.astimezone(BERLIN).date()] -= taken
    return Counter({key: amount for key, amount in money.items() if amount})


def _visitors(session: Session) -> dict[str, int]:
    return {row.token: row.id for row in session.scalars(select(Visitor))}


def _largest_remainder(amount: int, weights: list[int]) -> list[int]:
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    order_ = sorted(range(len(weights)), key=lambda one: (-(amount * weights[one] % whole), one))
    for one in order_[: amount - sum(parts)]:
        parts[one] += 1
    return parts


@pytest.mark.parametrize("seed", range(6))
def test_every_figure_is_a_recount_of_what_happened(kites: Kites, seed: int) -> None:
    placed = live(kites, seed)
    with kites.app.app_context(), kites.session() as session:
        slots = {row.id: (row.placement, row.position, row.strategy) for row in session.scalars(select(Slot))}
        stored = {
            (row.day, slots[row.slot_id]): (row.impressions, row.clicks, row.cart_adds)
            for row in session.scalars(select(RecommendedDay))
        }
        assert stored == counted(session)
        wanted = earned(session, placed)
        orders = {row.id: row.reference for row in session.scalars(select(SeenOrder))}
        products = {row.id: row.product for row in session.scalars(select(ProductKey))}
        booked: Counter[tuple[str, str, Place, date]] = Counter()
        for row in session.scalars(select(RecommendationCredit)):
            booked[orders[row.order_id], products[row.product_key_id], slots[row.slot_id], row.day] += row.amount_minor
        assert Counter({key: amount for key, amount in booked.items() if amount}) == wanted
        assert wanted, "a world in which nothing was earned shows nothing"
        whole = earned_in(session, WHOLE)
        assert whole.net_minor == sum(wanted.values())
        for by in By:
            parts = earned_by(session, WHOLE, by=by).values()
            for name in ("impressions", "clicks", "cart_adds", "revenue_minor", "refunds_minor"):
                assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
        days = earned_by_day(session, WHOLE).values()
        assert sum(day["revenue_minor"] - day["refunds_minor"] for day in days) == whole.net_minor
        proof = prove(session, WHOLE, rules=rules_of())
        assert proof.differences == ()
        assert proof.credited_minor == whole.net_minor


def test_the_proof_finds_what_is_wrong_and_the_command_puts_it_right(kites: Kites) -> None:
    live(kites, 1)
    runner = kites.app.test_cli_runner()
    command = ["ecrm", "credit-recommendations", "2026-11-01", "2026-12-31"]
    assert "every posting agrees to the cent" in runner.invoke(args=[*command, "--check"]).output
    with kites.crm.sessions.begin() as session:
        worst = session.scalars(select(RecommendationCredit).where(RecommendationCredit.click_id.is_not(None))).first()
        assert worst is not None
        session.execute(
            update(RecommendationCredit).where(RecommendationCredit.id == worst.id).values(amount_minor=10**9)
        )
    wrong = runner.invoke(args=[*command, "--check"])
    assert wrong.exit_code == 1
    assert "is missing" in wrong.output
    assert "is too much" in wrong.output
    assert "2 postings changed" in runner.invoke(args=command).output
    assert runner.invoke(args=[*command, "--check"]).exit_code == 0
    assert runner.invoke(args=["ecrm", "credit-recommendations", "2026-12-31", "2026-11-01"]).exit_code == 2
    with kites.app.app_context(), kites.crm.sessions.begin() as session:
        assert credit_anew(session, WHOLE, rules=rules_of()) == 0

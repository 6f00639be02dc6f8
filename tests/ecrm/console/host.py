"""A host with a staff member whose role the test chooses, and a small, legible history to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ecrm import ECRM, CustomerFacts, ProductCard, ShopFacts, Staff
from ecrm.ledger import PendingReaction
from ecrm.service import cases, notes
from ecrm.service.calls import Call
from ecrm.service.cases import Case
from ecrm.service.offers_shown import note_offer
from ecrm.voice.questions import ProductAnswer, ProductQuestion
from ecrm.voice.reviews import Review
from mailer.outbox import Email
from tracking.clickstream.dimensions import Page, Term, ids_of
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures, TermDay
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.returns import Return
from tracking.delivery.shipment import Scan, Shipment, Status
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund
from tracking.visitors import ConsentChoice, Visitor, VisitorClaim

# Noon of the shop's own day: from 23:00 UTC on, Berlin is a day ahead.
TODAY = datetime.now(ZoneInfo("Europe/Berlin")).replace(hour=12, minute=0, second=0, microsecond=0).astimezone(UTC)
GOODS = {"1": "Espresso Beans", "2": "Filter Coffee", "3": "Oatmeal Cookies"}


class DeskStorefront:
    """Answers like a shop; `role` decides who sits at the desk (None: a stranger)."""

    def __init__(self) -> None:
        self.role: str | None = "owner"
        self.data_note = "Made-up data of a test."

    def facts(self) -> ShopFacts:
        return ShopFacts(
            name="Test & Taste", base_url="http://localhost", currency="EUR", country="DE",
            time_zone="Europe/Berlin", sender="shop@example.com", data_note=self.data_note,
        )  # fmt: skip

    def current_customer(self) -> CustomerFacts | None:
        return None

    def current_staff(self) -> Staff | None:
        return Staff(staff_id="7", name="Sam <b>", role=self.role) if self.role else None

    def sign_in_url(self, *, next_path: str) -> str:
        return f"/enter?next={next_path}"

    def sign_out_url(self) -> str:
        return "/leave"

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        return [
            ProductCard(
                product_id=key, name=GOODS[key], url=f"/p/{key}", image_url="/art.svg", price_minor=500, currency="EUR"
            )
            for key in product_ids
            if key in GOODS
        ]

    def best_sellers(self, *, limit: int) -> list[str]:
        return list(GOODS)[:limit]

    def cart_product_ids(self) -> frozenset[str]:
        return frozenset()

    def add_to_cart_url(self) -> str | None:
        return None

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return f"/orders/{order_id}?t=proof" if signed else f"/orders/{order_id}"

    def staff_order_url(self, order_id: str) -> str:
        return f"/staff/orders/{order_id}"


def make_host(engine: Engine, storefront: DeskStorefront, folder: Path) -> Flask:
    """A Flask app that has nothing but the CRM."""
    app = Flask("desk", instance_path=str(folder))
    app.config.update(SECRET_KEY="desk" * 10, TESTING=True, ECRM_MAIL_TRANSPORT="memory", ECRM_JOBS="outside")
    ECRM().init_app(app, storefront=storefront, engine=engine)
    return app


def fill(session: Session) -> int:
    """Ada's history (one order with refund and parcel, a visit, two e-mails, a search); returns her number."""
    ada = Customer(
        reference="41", email="Ada@example.com", first_name="Ada", last_name="Byron", phone="+49 30 1234",
        country="DE", traits={"household": "2"}, created_at=_ago(days=30),
    )  # fmt: skip
    eve = Customer(reference="42", email="eve@example.com", first_name="Eve", traits={}, created_at=_ago(days=20))
    browser = Visitor(token="a" * 32, first_seen_at=_ago(days=3), simulated=True)
    shared = Visitor(token="b" * 32, first_seen_at=_ago(days=3))
    session.add_all([ada, eve, browser, shared, Page(path="/d/coffee")])
    session.flush()
    _people(session, ada, eve, browser, shared)
    session.add(Call(customer_id=ada.id, direction="in", started_at=_ago(days=1, minutes=9), words="Asked for tea"))
    order = SeenOrder(
        reference="A-1001", customer_id=ada.id, placed_at=_ago(days=2), currency="EUR", goods_minor=2000,
        shipping_minor=490, discount_minor=0, total_minor=2490, refunded_minor=500,
    )  # fmt: skip
    session.add(order)
    session.flush()
    session.add_all([
        SeenOrderLine(order_id=order.id, position=1, product="1", name="Espresso Beans", quantity=2, net_minor=2000),
        SeenRefund(
            reference="R-1", order_id=order.id, customer_id=ada.id, refunded_at=_ago(days=1), amount_minor=500,
            reason="crushed",
        ),
        SeenRefund(reference="R-2", customer_id=ada.id, refunded_at=_ago(days=1, minutes=5), amount_minor=90),
    ])  # fmt: skip
    _parcel(session, ada)
    _emails(session, ada)
    _figures(session)
    _desk(session, ada)
    return ada.id


def fill_voice(session: Session, ada: int) -> None:
    """What Ada said of goods and of our help, what she sends back, and what she was offered."""
    kim = Staff(staff_id="8", name="Kim", role="support")
    note_offer(session, ada, product="3", name="Oatmeal Cookies", how="phone", by=kim, now=_ago(days=1))
    rated = Case(
        reference="C-RATEDAAA", customer_id=ada, channel="email", kind="question", subject="A <u>question",
        state="closed", opened_at=_ago(days=9), last_message_at=_ago(days=8), closed_at=_ago(days=7),
        satisfied_at=_ago(days=7), satisfaction=4, satisfaction_words="Quick <b>help",
    )  # fmt: skip
    session.add_all([
        rated,
        Return(
            reference="R-ABCDEFGH", order_reference="A-1001", customer_id=ada, state="received", reason="damaged",
            asked_at=_ago(days=1, minutes=40), received_at=_ago(days=1, minutes=8),
        ),
        Review(
            product="1", customer_id=ada, order_reference="A-1001", stars=4, title="Good <i>beans", state="shown",
            written_at=_ago(days=1, minutes=30), replied_at=_ago(days=1),
        ),
    ])  # fmt: skip
    question = ProductQuestion(
        product="2", customer_id=ada, words="Is it <b>ground?", state="shown", asked_at=_ago(days=1, minutes=20)
    )
    session.add(question)
    session.flush()
    session.add(
        ProductAnswer(
            question_id=question.id, staff_id="7", display_name="Sam", words="Yes, <i>finely", state="shown",
            answered_at=_ago(days=1, minutes=10),
        )
    )  # fmt: skip


def _ago(*, days: int, minutes: int = 0) -> datetime:
    return TODAY - timedelta(days=days, minutes=minutes)


def _people(session: Session, ada: Customer, eve: Customer, browser: Visitor, shared: Visitor) -> None:
    session.add_all([
        CustomerEmail(folded="ada@example.com", customer_id=ada.id, added_at=_ago(days=30)),
        CustomerEmail(folded="ada@work.example", customer_id=ada.id, added_at=_ago(days=5)),
        CustomerEmail(folded="eve@example.com", customer_id=eve.id, added_at=_ago(days=20)),
        VisitorClaim(visitor_id=browser.id, customer_id=ada.id, claimed_at=_ago(days=3), how="order"),
        VisitorClaim(visitor_id=shared.id, customer_id=ada.id, claimed_at=_ago(days=3), how="order"),
        VisitorClaim(visitor_id=shared.id, customer_id=eve.id, claimed_at=_ago(days=3), how="order"),
        ConsentChoice(visitor_id=browser.id, grade=2, wording="2026-11", chosen_at=_ago(days=3)),
    ])  # fmt: skip
    visit = Visit(
        visitor_id=browser.id, started_at=_ago(days=2, minutes=20), last_at=_ago(days=2, minutes=1), entry_path="/",
        page_views=4, product_views=1, searches=1, cart_adds=1, orders=1, simulated=True, grade=2,
    )  # fmt: skip
    elsewhere = Visit(
        visitor_id=shared.id, started_at=_ago(days=2), last_at=_ago(days=2), entry_path="/shared-device", grade=2
    )
    session.add_all([visit, elsewhere])
    session.flush()
    told = {"currency": "EUR", "total_minor": 2490, "person": {"email": "Ada@example.com"}, "visitor": "a" * 32}
    for key, name, minutes, subject, properties, seen in (
        ("view", "Product Viewed", 15, "1", {"product_id": "1"}, True),
        ("find", "Products Searched", 18, "espresso <i>", {"query": "espresso <i>", "results": 3}, True),
        ("signed-up:41", "Signed Up", 40_000, "", {"person": {"email": "Ada@example.com"}}, False),
        ("order-completed:A-1001", "Order Completed", 0, "A-1001", told, False),
    ):
        event = Event(
            message_id=key, name=name, happened_at=_ago(days=2, minutes=minutes), subject=subject,
            properties=properties, simulated=seen, order_reference=subject if name == "Order Completed" else None,
            visitor_id=browser.id if seen else None, session_id=visit.id if seen else None,
            customer_id=None if seen else ada.id,
        )  # fmt: skip
        session.add(event)
        session.flush()
        if name == "Order Completed":
            for reaction, state in (("remember_order", "done"), ("confirm_order", "given_up")):
                session.add(
                    PendingReaction(
                        event_id=event.id, name=reaction, state=state, attempts=7, due_at=_ago(days=1),
                        last_error="TemplateNotFound: gone",
                    )
                )  # fmt: skip


def _desk(session: Session, ada: Customer) -> None:
    sam = Staff(staff_id="7", name="Sam <b>", role="owner")
    asked = cases.Said(direction=cases.Direction.IN, text="Where is it?", channel=cases.Channel.EMAIL)
    cases.open_case(
        session,
        cases.Opened(channel=cases.Channel.EMAIL, subject="My <i>parcel", customer_id=ada.id, said=asked),
        now=_ago(days=1),
    )
    notes.write(session, ada.id, "Rings <b>twice", pinned=False, by=sam, now=_ago(days=1))


def _parcel(session: Session, ada: Customer) -> None:
    parcel = Shipment(
        reference="S-1", order_reference="A-1001", customer_id=ada.id, carrier="DHL", tracking_number="JD0001",
        status=Status.IN_TRANSIT, promised_on=date(2020, 1, 1), expected_at=_ago(days=2), shipped_at=_ago(days=1),
    )  # fmt: skip
    session.add(parcel)
    session.flush()
    scan = Scan(
        shipment_id=parcel.id, customer_id=ada.id, scanned_at=_ago(days=1), status=Status.IN_TRANSIT, place="Leipzig"
    )
    session.add(scan)


def _emails(session: Session, ada: Customer) -> None:
    for number, (template, state) in enumerate((("order_confirmation", "sent"), ("order_shipped", "unknown"))):
        session.add(
            Email(
                dedup_key=f"{template}:A-1001", template=template, customer_id=ada.id, order_reference="A-1001",
                from_address="shop@example.com", to_address="Ada@example.com", to_name="Ada Byron",
                subject=f"{template} for A-1001", text="Hello Ada",
                html="<p>Hello <b>Ada</b><script>alert(1)</script></p>", message_id=f"<{number}@example.com>",
                state=state, attempts=1, queued_at=_ago(days=2 - number), due_at=_ago(days=2 - number), last_error="",
            )
        )  # fmt: skip


def _figures(session: Session) -> None:
    today = TODAY.date()
    terms = ids_of(session, Term, ["espresso", "=unicorn"])
    session.add_all([
        DayFigures(
            day=today - timedelta(days=1), sessions=40, simulated_sessions=30, orders=2, revenue_minor=5000,
            refunds_minor=590, page_views=90, registrations=1,
        ),
        DayFigures(day=today - timedelta(days=8), sessions=20, orders=2, revenue_minor=4000),
        TermDay(day=today, term_id=terms["espresso"], searches=3, zero_results=0),
        TermDay(day=today, term_id=terms["=unicorn"], searches=2, zero_results=2),
    ])  # fmt: skip

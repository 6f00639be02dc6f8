"""Every route of the app × every role: nobody gets in where the table doesn't let them, and no route is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from ecrm.customers.lists import ContactList
from ecrm.customers.segments.segment import Segment
from ecrm.marketing.campaigns import Campaign, CostEntry
from ecrm.marketing.experiments import Experiment
from ecrm.marketing.imports.uploads import keep
from ecrm.marketing.rules import RecommendationRule
from ecrm.rehearsal_book import Rehearsal
from ecrm.service import cases, inbound_mail
from ecrm.service.calls import Call
from ecrm.service.notes import CustomerNote
from ecrm.service.service_points import ServicePoint
from ecrm.service.teams import Agent
from ecrm.service.units import Unit
from ecrm.service.warranty import WarrantyRequest
from mailer import mailings
from mailer.mailings import MailingVariant
from shop import signals
from shop.accounts.account import Account, Address, Role
from shop.accounts.demo_people import ensure_demo_people
from shop.catalog.product import Product
from shop.checkout.order import Order, OrderLine
from shop.coupons.coupon import Coupon
from shop.database import db
from shop.fulfilment.parcel import Parcel
from tests.architecture.route_matrix import EVERYBODY, MATRIX, Row
from tests.conftest import NOW
from tests.shop.browsing import be, token
from tracking.clickstream.dimensions import Page, ProductKey, Term
from tracking.clickstream.sessions import Session as Visit
from tracking.delivery.returns import Return
from tracking.visitors import Visitor, VisitorClaim

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OF_OWN_PAGES = {"ecrm.seen POST", "collector.reset POST"}
BY_LINK_OF_AN_EMAIL = {
    "ecrm.unsubscribe_now POST", "ecrm.change_preferences POST", "ecrm.confirm_mailbox_now POST", "ecrm.sign_up POST",
}  # fmt: skip
"""Whoever has the link may act, without a cookie; a sign-up asks by an e-mail only."""
"""Sent by the script of our own pages and read by their origin: the one counts, the other forgets."""


def test_every_route_is_in_the_table_and_the_table_names_no_other(app: Flask) -> None:
    there = {key for _rule, key in _routes(app)}
    assert there - MATRIX.keys() == set(), "say in route_matrix.py who may call it"
    assert MATRIX.keys() - there == set(), "these routes don't exist (any more)"


def test_nobody_gets_in_where_the_table_does_not_let_them(app: Flask, shop_data: dict[str, int]) -> None:
    examples, people = _prepare(app, shop_data)
    crowd = {name: _Browser(app, account_id) for name, account_id in people.items()}
    wrong = []
    called = 0
    for rule, key in sorted(_routes(app), key=lambda route: MATRIX[route[1]].last):
        row = MATRIX[key]
        for name in sorted(EVERYBODY, key=lambda name: (name in row.allowed, name)):  # the refused first: it is there
            browser = _Browser(app, people[name]) if row.fresh else crowd[name]
            answer = browser.call(rule, key, row, {**examples, "role": name})
            called += 1
            if not _as_the_table_says(answer, row, name):
                wrong.append(f"{name} at {key} {rule.rule}: {answer.status} {answer.headers.get('Location', '')}")
            answer.close()
    assert wrong == [], f"{len(wrong)} of {called} calls were answered against the table"
    assert called >= len(MATRIX) * len(EVERYBODY)


@pytest.mark.parametrize("name", ["anonymous", "customer", "owner"])
def test_writing_without_a_token_is_refused_even_to_whom_may_write(
    app: Flask, shop_data: dict[str, int], name: str
) -> None:
    examples, people = _prepare(app, shop_data)
    browser = _Browser(app, people[name])
    let_in = []
    for rule, key in _routes(app):
        if key.endswith(" GET") or key in OF_OWN_PAGES | BY_LINK_OF_AN_EMAIL:
            continue
        answer = browser.call(rule, key, MATRIX[key], examples, with_token=False)
        if answer.status_code not in {400, 401, 403, 404} and "/sign-in" not in answer.headers.get("Location", ""):
            let_in.append(f"{key}: {answer.status}")
    assert let_in == []


class _Browser:
    """A role's browser, signed in once."""

    def __init__(self, app: Flask, account_id: int | None) -> None:
        self.client: FlaskClient = app.test_client()
        self.adapter = app.url_map.bind("localhost")
        if account_id is not None:
            be(self.client, account_id)
        self.token = token(self.client, "/sign-in" if account_id is None else "/account/profile")

    def call(
        self, rule: Rule, key: str, row: Row, examples: dict[str, Any], *, with_token: bool = True
    ) -> TestResponse:
        endpoint, method = key.split(" ")
        values = {name: examples.get(value, value) for name, value in row.args.items() if name in rule.arguments}
        form = {name: examples.get(value, value) for name, value in row.form.items()}
        if with_token:
            form["csrf_token"] = self.token
        path = self.adapter.build(endpoint, values, method=method)
        data = form if method != "GET" else None
        return self.client.open(path, method=method, data=data, query_string=row.query or None, headers=row.headers)


def _as_the_table_says(answer: TestResponse, row: Row, name: str) -> bool:
    """Whoever isn't let in is refused, sent to sign in, or told that there is no such thing."""
    if row.answers is not None:
        return answer.status_code == row.answers
    refused = answer.status_code in {401, 403, 404} or answer.headers.get("Location", "").startswith("/sign-in")
    return refused != (name in row.allowed) and answer.status_code < 500


def _routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in METHODS:
            if rule.methods and method in rule.methods:
                yield rule, f"{rule.endpoint} {method}"


def _prepare(app: Flask, shop_data: dict[str, int]) -> tuple[dict[str, Any], dict[str, int | None]]:
    """Example rows by name, all of them of the customer Ada, and the account of each role."""
    with app.test_request_context():
        session = db.session
        ada = session.get_one(Account, shop_data["ada"])
        grace = Account(email="grace@example.com", email_folded="grace@example.com", first_name="Grace", created_at=NOW)
        address = Address(
            account_id=ada.id, name="Ada", line1="Hauptstr. 1", city="Berlin", postcode="10115", country="DE"
        )
        product = session.get_one(Product, shop_data["espresso"])
        order = Order(
            number="2611-MATRIX", account_id=ada.id, buyer=f"account:{ada.id}", idempotency_key="matrix",
            email=ada.email, email_folded=ada.email_folded, placed_at=NOW, currency="EUR", goods_minor=1890,
            total_minor=1890, ship_name="Ada Byron", ship_line1="Hauptstr. 1", ship_city="Berlin",
            ship_postcode="10115", ship_country="DE", delivery_method="standard", payment_method="invoice",
        )  # fmt: skip
        bought = {"product_id": product.id, "name": product.name, "quantity": 1, "unit_minor": 1890, "net_minor": 1890}
        order.lines.append(OrderLine(position=1, **bought))
        staff = {account.role: account.id for account in ensure_demo_people(session())}
        coupon = Coupon(code="MATRIX-10", label="Ten off", percent=10, starts_at=NOW, made_at=NOW)
        seen_page, seen_term = Page(path="/d/grocery"), Term(term="coffee")
        seen_product = ProductKey(product="matrix")
        tried = Experiment(
            name="Tried", subject="campaign:spring", unit="customer", salt="m" * 32, control_percent=10, started_at=NOW
        )
        tea = Campaign(
            code="tea",
            name="Tea",
            channel="email",
            first_day=NOW.date(),
            vanity="tea",
            landing_path="/",
            created_at=NOW,
        )
        rule = RecommendationRule(what="exclude", of="brand", value="Alba", starts_at=NOW, made_at=NOW)
        played = Rehearsal(what="all", days=7, asked_at=NOW, result={})
        session.add_all([played, tea, grace, address, order, coupon, seen_page, seen_term, seen_product, tried, rule])
        session.flush()
        signals.order_placed.send(app, order=order)
        parcel = Parcel(order=order, carrier="dhl", tracking_number="00340434161094042557", shipped_at=NOW)
        session.add(parcel)
        session.commit()
        _claim_a_browser(session())
        session.add(
            CostEntry(
                campaign_id=tea.id,
                day=NOW.date(),
                amount_minor=5,
                origin="entered",
                reference="entered:m",
                entered_at=NOW,
            )
        )
        sent_back = Return(
            reference="R-MATRIX22", order_reference="2611-MATRIX", state="requested", reason="other", asked_at=NOW
        )
        session.add(sent_back)
        export = keep(
            session(),
            b"Day,Campaign,Cost\n2026-11-01,Tea,1.50\n",
            kind="google_ads",
            name="tea.csv",
            by="Olga",
            now=datetime.now(UTC),
        )
        fans = ContactList(name="Fans", note="", created_at=NOW, created_by="Olga")
        segment = Segment(name="All", rules={"all": []}, version=1, created_at=NOW, changed_at=NOW, changed_by="Olga")
        session.add_all([fans, segment])
        session.flush()
        fans_file = keep(
            session(), b"email\nada@example.com\n", kind=f"contacts {fans.id}", name="f.csv", by="Olga",
            now=datetime.now(UTC),
        )  # fmt: skip
        rang = Call(number="+493012345678", direction="in", started_at=NOW, words="Hello")
        session.add(rang)
        letter = inbound_mail.keep(session(), b"Subject: Hello", source="imap", recipient="", now=NOW)
        assert letter is not None
        inbound_mail.settle(session(), letter, inbound_mail.State.PUT_ASIDE, states=inbound_mail.State, why="nobody")
        session.flush()
        parcel_file = keep(
            session(), b"order,tracking number\nX,Y\n", kind="parcels", name="p.csv", by="Olga", now=datetime.now(UTC)
        )
        unit_file = keep(session(), b"serial number\n1\n", kind="units", name="u.csv", by="Olga", now=datetime.now(UTC))
        mailing = mailings.create(session(), name="Easter", topic="offers", by="Mia", now=NOW)
        wordy = session.get_one(MailingVariant, (mailing.id, "a"))
        wordy.subject, wordy.content = "Hello", {"blocks": [{"kind": "text", "text": "# Hello"}]}
        session.add(Agent(staff_id="desk-agent", name="Ann", seen_at=NOW))
        file = cases.Attached("a.txt", "text/plain", b"a")
        asked = cases.open_case(
            session(),
            cases.Opened(
                channel=cases.Channel.EMAIL, subject="Matrix", from_address=ada.email,
                said=cases.Said(direction=cases.Direction.IN, text="Hello", attachments=(file,)),
            ),
            now=NOW,
        )  # fmt: skip
        session.commit()
        examples: dict[str, Any] = {
            "desk_agent": "desk-agent", "case": asked.reference,
            "case_file": session.scalar(select(cases.CaseAttachment.id)),
            "product": product.id, "product_slug": product.slug, "address": address.id, "order": order.number,
            "parcel": parcel.id, "account": ada.id,
            "coupon": coupon.id, "seen_page": seen_page.id,
            "seen_term": seen_term.id, "seen_product": seen_product.id,
            "campaign": tea.id, "segment": segment.id, "contact_list": fans.id, "list_upload": fans_file.token,
            "mailing": mailing.id, "call": rang.id, "letter": letter, "parcel_file": parcel_file.token,
            "unit_file": unit_file.token,
            "upload": export.token, "experiment": tried.id, "recommendation_rule": rule.id,
            "rehearsal": played.id, "return": sent_back.reference,
        }  # fmt: skip
        for name in ("customer", "shipment", "email", "event", "reaction", "visitor_claim", "cost_entry"):
            examples[name] = session.scalar(select(text("min(id)")).select_from(text(f"ecrm_{name}")))
        examples["visit"] = session.scalar(select(Visit.id).where(Visit.customer_id == examples["customer"]))
        examples["note"] = session.scalar(select(CustomerNote.id))
        examples["unit"], examples["point"], examples["warranty_request"] = _a_piece(session, examples["customer"])
        people = {str(role): staff[role] for role in Role} | {"customer": ada.id, "other_customer": grace.id}
    missing = [name for name, value in examples.items() if value is None]
    assert missing == [], "the example order left no such rows"
    return examples, {**people, "anonymous": None}


def _a_piece(session: Session, customer_id: int) -> tuple[int, int, int]:
    point = ServicePoint(
        name="Workshop", country="DE", email="w@example.com", latitude=52.5, longitude=13.4, changed_at=NOW
    )
    piece = Unit(serial_number="SN-1", serial_folded="SN1", product="1", customer_id=customer_id, sold_at=NOW)
    session.add_all([point, piece])
    session.flush()
    asked = WarrantyRequest(
        unit_id=piece.id,
        point_id=point.id,
        words="broken",
        state="sent",
        asked_at=NOW,
        changed_at=NOW,
        changed_by="Sam",
    )
    session.add(asked)
    session.commit()
    return piece.id, point.id, asked.id


def _claim_a_browser(session: Session) -> None:
    customer_id = session.scalar(select(text("min(id)")).select_from(text("ecrm_customer")))
    browser = Visitor(token="f" * 32, first_seen_at=NOW)
    session.add(browser)
    session.flush()
    session.add(VisitorClaim(visitor_id=browser.id, customer_id=customer_id, claimed_at=NOW, how="signed in"))
    session.add(Visit(visitor_id=browser.id, customer_id=customer_id, started_at=NOW, last_at=NOW, grade=2))
    session.add(CustomerNote(customer_id=customer_id, staff_id="1", staff_name="Sam", text="Rings twice", at=NOW))
    session.commit()

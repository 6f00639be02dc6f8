"""A return from the customer's order page to the money: asked, approved with a label, received, paid back by the shop,
taken off revenue and off what the recommender holds to be liked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.keeping import retain
from ecrm.storefront import Staff
from recommender.doings import _sent_back
from recommender.signals import Kind
from shop.accounts.demo_people import ensure_demo_people
from shop.catalog.product import Product
from shop.checkout.order import Refund
from shop.database import db
from tests.faults.shopper import Page
from tests.walks.mailbox import body_of, mails
from tests.walks.person import Person, order_number
from tracking.delivery.returns import Return, ReturnLine
from tracking.orders import SeenOrder


def last_letter(crm: Installation, beginning: str) -> EmailMessage:
    """The last e-mail whose subject begins so."""
    return [mail for mail in mails(crm) if str(mail["Subject"]).startswith(beginning)][-1]


def delivered(app: Flask, olga: Person, product: int, *, quantity: int = 2) -> tuple[Person, Page, str]:
    """A guest with a delivered order: their browser, the order's page, the number."""
    kim = Person(app)
    thanks = kim.buy(product, quantity=quantity)
    number = order_number(thanks)
    desk = olga.get(f"/staff/orders/{number}")
    olga.submit(desk, "/ship", carrier="dhl", tracking_number="00340434161094042557")
    olga.submit(olga.get(f"/staff/orders/{number}"), "/delivered")
    return kim, kim.get(thanks.url.replace("/thanks", "")), number


def returns_page(kim: Person, order: Page) -> Page:
    link = order.soup.find("a", string="Send something back") or order.soup.find("a", string="See your returns")
    assert link is not None
    return kim.get(str(link["href"]))


def ask(kim: Person, order: Page, product: int, *, pieces: str = "1", **answers: str) -> Page:
    page = returns_page(kim, order)
    fields = {f"pieces-{product}": pieces, "reason": "damaged", "words": "The bag is <b>torn</b>."} | answers
    return kim.submit(page, urlsplit(page.url).path, **fields)


def only(crm: Installation, record: type[Any]) -> Any:
    with crm.sessions() as session:
        return session.scalars(select(record)).one()


def test_from_asking_to_the_money(app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]) -> None:
    espresso = shop_data["espresso"]
    kim, order, number = delivered(app, olga, espresso)
    asked = ask(kim, order, espresso)
    assert "We have your request" in asked.soup.get_text()
    found = only(crm, Return)

    page = olga.get(f"/console/returns/{found.reference}")
    assert "The bag is <b>torn</b>." in page.soup.get_text()
    here = f"/console/returns/{found.reference}"
    assert olga.submit(olga.get(here), here, deed="approve", answer="Please pack it well.").status == 200
    letter = last_letter(crm, "Your return")
    assert letter["To"] == "Kim Lee <kim@example.com>"
    body = body_of(letter)
    assert all(words in body for words in (found.reference, "Example Street", "Please pack it well."))

    way = re.search(r"https?://\S+/ecrm/returns/\S+", body)
    assert way is not None
    mailed = kim.get(urlsplit(way.group()).path)
    label = kim.get(f"{urlsplit(mailed.url).path}/{found.reference}/label")
    assert all(words in label.soup.get_text() for words in (found.reference, "Example Street", "1 × Espresso Beans"))
    assert "Kim" not in label.soup.main.get_text()  # type: ignore[union-attr]
    sent = kim.submit(mailed, f"/{found.reference}", deed="sent")
    assert "on its way to us" in sent.soup.get_text()

    assert olga.submit(olga.get(here), here, deed="receive").status == 200
    assert last_letter(crm, "Your return")["Subject"] != letter["Subject"]
    done = olga.submit(olga.get(here), here, deed="pay", restock="1")
    assert "paid back" in done.soup.find("h1").get_text()  # type: ignore[union-attr]

    with app.app_context():
        refund = db.session.scalars(select(Refund)).one()
        assert (refund.return_id, refund.amount_minor) == (found.reference, 1890)
        assert db.session.get_one(Product, espresso).stock == 19
    with crm.sessions() as session:
        seen = session.scalars(select(SeenOrder)).one()
        assert (seen.refunded_minor, session.scalars(select(Return)).one().refund_reference) == (1890, f"{number}-R1")
        # the recommender learns that it came back: a return weighs against the product
        rows = list(
            _sent_back(session, {seen.customer_id: 0}, {str(espresso): 0}, datetime.now(UTC).timestamp())
        )  # fmt: skip
        assert [(who, what, kind) for who, what, kind, _age in rows] == [(0, 0, Kind.RETURN)]
    again = olga.post(here, {"csrf_token": _token(olga, here), "deed": "pay"})
    assert (again.status, "by now" in again.soup.get_text()) == (422, True)
    with app.app_context():
        assert len(db.session.scalars(select(Refund)).all()) == 1
    assert "Pieces back" in olga.get("/console/returns/reasons").soup.get_text()


def _token(person: Person, path: str) -> str:
    field = person.get(path).soup.select_one('input[name="csrf_token"]')
    if field is None:
        field = person.get("/console/suppression").soup.select_one('input[name="csrf_token"]')
    assert field is not None
    return str(field["value"])


def test_a_refusal_says_why_and_what_was_typed_is_kept(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    kim, order, _number = delivered(app, olga, shop_data["espresso"])
    ask(kim, order, shop_data["espresso"])
    here = f"/console/returns/{only(crm, Return).reference}"
    short = olga.submit(olga.get(here), here, deed="refuse", answer="no")
    assert (short.status, short.soup.find(id="answer").get_text()) == (422, "no")  # type: ignore[union-attr]
    assert olga.submit(olga.get(here), here, deed="refuse", answer="It was opened & used.").status == 200
    assert "It was opened & used." in body_of(last_letter(crm, "About your"))
    assert "It was opened & used." in returns_page(kim, order).soup.get_text()
    late = olga.post(here, {"csrf_token": _token(olga, here), "deed": "approve"})
    assert "by now" in late.soup.get_text()


def test_bad_forms_are_answered_in_words_and_keep_what_was_typed(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    espresso = shop_data["espresso"]
    kim, order, _number = delivered(app, olga, espresso)
    for answers, words in (
        ({"reason": ""}, "choose why"), ({f"pieces-{espresso}": "3"}, "not more than you have"),
        ({f"pieces-{espresso}": "-1"}, "whole numbers"), ({f"pieces-{espresso}": "0"}, "choose what to send back"),
        ({"words": "x" * 2001}, "At most 2000"),
    ):  # fmt: skip
        page = ask(kim, order, espresso, **answers)
        assert (page.status, words in page.soup.get_text()) == (422, True), answers
        if "words" not in answers:
            assert page.soup.find(id="return-words").get_text() == "The bag is <b>torn</b>."  # type: ignore[union-attr]
    with crm.sessions() as session:
        assert session.scalars(select(Return)).all() == []


def test_nobody_gets_at_anothers_returns(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    kim, order, _number = delivered(app, olga, shop_data["espresso"])
    ask(kim, order, shop_data["espresso"])
    theirs = only(crm, Return).reference
    lee = Person(app)
    thanks = lee.buy(shop_data["candle"], email="lee@example.com")
    number = order_number(thanks)
    olga.submit(olga.get(f"/staff/orders/{number}"), "/ship", carrier="dhl", tracking_number="00340434161094042558")
    olga.submit(olga.get(f"/staff/orders/{number}"), "/delivered")
    own = returns_page(lee, lee.get(thanks.url.replace("/thanks", "")))
    path = urlsplit(own.url).path
    token = str(own.soup.select_one('input[name="csrf_token"]')["value"])  # type: ignore[index]
    assert lee.get(f"{path}/{theirs}/label").status == 404
    assert lee.post(f"{path}/{theirs}", {"csrf_token": token, "deed": "keep"}).status == 404
    assert lee.get(f"{path[:-1]}/{theirs}/label").status == 404
    assert only(crm, Return).state == "requested"


def test_a_packer_receives_without_reading_what_customers_wrote(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    kim, order, _number = delivered(app, olga, shop_data["espresso"])
    ask(kim, order, shop_data["espresso"])
    here = f"/console/returns/{only(crm, Return).reference}"
    olga.submit(olga.get(here), here, deed="approve", answer="")
    with app.test_request_context():
        packer = {account.role: account.id for account in ensure_demo_people(db.session())}["packer"]
        db.session.commit()
    pat = Person(app)
    pat.sign_in_as(packer)
    page = pat.get(here)
    assert (page.status, "torn" in page.soup.get_text()) == (200, False)
    assert pat.submit(page, here, deed="receive").status == 200
    refused = pat.submit(pat.get(here), here, deed="pay")
    assert refused.status == 422
    assert only(crm, Return).state == "received"


def test_an_erasure_leaves_no_word_of_the_customer(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    kim, order, _number = delivered(app, olga, shop_data["espresso"])
    ask(kim, order, shop_data["espresso"])
    with app.app_context():
        owner = Staff(staff_id="1", name="Olga", role="owner")
        erase_mail(crm, "kim@example.com", reason="asked", staff=owner)
    row = only(crm, Return)
    assert (row.customer_id, row.words, row.reason) == (None, "", "damaged")
    assert only(crm, ReturnLine).quantity == 1
    with app.app_context():
        retain(crm)

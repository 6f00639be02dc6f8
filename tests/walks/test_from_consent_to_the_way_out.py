"""One consent, from the box in the checkout to the way out: letter, confirmation, marketing, one click, silence."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.mail_links import mail_links
from mailer.consent import ConsentEntry, Subscription
from mailer.consent_check import differences
from mailer.mailboxes import contact_by_address
from tests.walks.mailbox import body_of, mails
from tests.walks.person import DETAILS, Person, order_number


def wanted(crm: Installation) -> set[str]:
    with crm.sessions() as session:
        return set(session.scalars(select(Subscription.topic).where(Subscription.wanted)))


def buy(kim: Person, product_id: int, **answers: str) -> str:
    kim.submit(kim.get(f"/p/{product_id}/x"), "/cart/add", quantity="1")
    review = kim.submit(kim.get("/checkout?edit=1"), "/checkout", **DETAILS)
    box = review.soup.select_one('form[action="/checkout/place"] input[name="ecrm_agree"]')
    assert box is not None
    assert not box.has_attr("checked")
    return order_number(kim.submit(review, "/checkout/place", **answers))


def test_a_guest_agrees_confirms_and_leaves_with_one_click(
    app: Flask, crm: Installation, shop_data: dict[str, int]
) -> None:
    kim = Person(app)
    number = buy(kim, shop_data["espresso"], ecrm_agree="yes")
    subjects = {str(mail["Subject"]): mail for mail in mails(crm)}
    assert len(subjects) == 2
    letter = subjects["Please confirm: may we write to you?"]
    assert wanted(crm) == set()
    link = re.search(r"https?://[^/\s]+(/ecrm/confirm/\S+)", body_of(letter))
    assert link is not None
    page = kim.get(link.group(1))
    assert "Yes, write to me" in page.soup.get_text()
    kim.submit(page, link.group(1))
    assert wanted(crm) == {"newsletter", "offers", "arrivals"}
    with crm.sessions() as session:
        assert {one.how for one in session.scalars(select(ConsentEntry))} == {"checkout"}
        contact = contact_by_address(session, "kim@example.com")
    assert contact is not None
    path = re.sub(r"^https?://[^/]+", "", mail_links(crm).unsubscribe(contact_id=contact.id, topic="offers"))
    answer = app.test_client(use_cookies=False).post(path, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (200, None)
    assert wanted(crm) == set()
    with crm.sessions() as session:
        assert not list(differences(session))
    assert number


def test_who_does_not_tick_the_box_is_asked_nothing(app: Flask, crm: Installation, shop_data: dict[str, int]) -> None:
    buy(Person(app), shop_data["espresso"])
    assert len(mails(crm)) == 1
    assert wanted(crm) == set()


def test_the_footer_signs_up_a_stranger_on_any_page(app: Flask, crm: Installation, shop_data: dict[str, int]) -> None:
    kim = Person(app)
    done = kim.submit(kim.get("/"), "/ecrm/newsletter", email="stranger@example.com")
    assert "Please look into your mailbox" in done.soup.get_text()
    assert [mail["To"] for mail in mails(crm)] == ["stranger@example.com"]

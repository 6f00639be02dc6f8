"""A forgotten password from the sign-in page to the new one, by the e-mail that the CRM sends; staff see no link."""

from __future__ import annotations

import json
import re
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import String, cast, select

from ecrm.installation import Installation
from mailer.outbox import Email
from shop.accounts.staff import create_staff
from shop.database import db
from tests.shop.browsing import PASSWORD
from tests.shop.visitor import Visitor
from tests.walks.mailbox import body_of, mails
from tests.walks.person import FIREFOX, Person
from tracking.clickstream.event import Event
from tracking.customers import customer_by_email

pytestmark = pytest.mark.usefixtures("shop_data")

NEW = "seven quiet otters swim"


def ask(person: Person, email: str = "ada@example.com") -> Any:
    return person.submit(person.get("/forgot-password"), "/forgot-password", email=email)


def link(mail: EmailMessage, kind: str = "plain") -> str:
    """The path of the link in a mail's body."""
    body = body_of(mail, kind)
    found = re.search(r"https?://[^\s\"]+/reset-password/[^\s\"]+", body)
    assert found is not None, body
    return urlsplit(found.group()).path


def use(person: Person, path: str, password: str = NEW) -> Any:
    return person.submit(person.get(path), path, password=password)


def test_the_mailed_link_leads_to_a_new_password_once(app: Flask, crm: Installation) -> None:
    ada = Person(app)
    door = ada.get("/sign-in")
    assert door.soup.find("a", href="/forgot-password") is not None
    assert "Look into your mailbox" in ask(ada).soup.get_text()
    (mail,) = mails(crm)
    assert (mail["To"], mail["Subject"]) == ("Ada Byron <Ada@example.com>", "Your password for Test & Taste")
    assert link(mail) == link(mail, "html")

    done = use(ada, link(mail))
    assert (done.status, urlsplit(done.url).path) == (200, "/account")
    again = Person(app).get(link(mail))
    assert (again.status, "used already" in again.soup.get_text()) == (410, True)
    entered = Person(app)
    page = entered.submit(entered.get("/sign-in"), "/sign-in", email="ada@example.com", password=NEW)
    assert "Hello, Ada" in page.soup.get_text()


def test_after_a_change_by_another_link_the_first_is_refused(app: Flask, crm: Installation) -> None:
    ada = Person(app)
    ask(ada)
    ask(ada)
    first, second = mails(crm)
    assert use(ada, link(second)).status == 200
    assert Person(app).get(link(first)).status == 410


def test_no_more_than_three_mails_and_none_to_strangers(app: Flask, crm: Installation) -> None:
    pages = [ask(Person(app), email) for email in ("ada@example.com",) * 5 + ("nobody@example.com",)]
    assert {(page.status, page.url) for page in pages} == {(200, pages[0].url)}
    assert len({page.soup.main.get_text() for page in pages}) == 1
    assert 3 <= len(mails(crm)) <= 4  # a new hour may begin meanwhile
    assert {mail["To"].addresses[0].addr_spec for mail in mails(crm)} == {"Ada@example.com"}
    with crm.sessions() as session:
        assert "nobody" not in str(session.scalars(select(Email.to_address)).all())


def test_no_member_of_staff_sees_the_link(app: Flask, crm: Installation, olga: Person) -> None:
    ask(Person(app), "olga@example.com")  # an owner's: with it, a marketer could become her
    (mail,) = mails(crm)
    token = link(mail).rpartition("/")[2]
    with crm.sessions() as session:
        row = session.scalars(select(Email)).one()
        assert row.template == "password_reset"
        assert token in row.text
    for path in ("/console/emails", f"/console/emails/{row.id}", f"/console/emails/{row.id}/html"):
        page = olga.get(path)
        assert page.status == 200
        assert token not in str(page.soup)
        assert "/reset-password/" not in str(page.soup)
    assert "They are not shown here" in olga.get(f"/console/emails/{row.id}").soup.get_text()
    assert "Your first password" in olga.get(f"/console/emails/{row.id}/html").soup.get_text()


def test_no_event_holds_the_token_even_of_who_agreed_to_be_followed(app: Flask, crm: Installation) -> None:
    ada = Person(app)
    page = ada.get("/")
    ada.submit(page, "/ecrm/consent", grade="2")
    ask(ada)
    path = link(mails(crm)[0])
    for address in (path, f"{path}/", f"{path}%3E"):  # as mail programs spoil links
        shown = ada.get(address)
        assert "/tracker.js" not in str(shown.soup) or shown.status == 404
        report = json.dumps({"path": address[:200], "seconds": 3, "scroll": 10})
        sent = ada.client.post(
            "/ecrm/seen", data=report, headers={"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"}
        )
        assert sent.status_code == 204
    use(ada, path)
    ada.get("/account/orders")
    crm.writer.flush()
    with crm.sessions() as session:
        seen = session.scalars(select(Event.subject).where(Event.name == "Page Viewed")).all()
        assert "/account/orders" in seen
        everything = session.scalars(select(cast(Event.properties, String) + Event.subject)).all()
        assert [text for text in everything if "reset-password" in text] == []


def test_staff_whose_password_is_forgotten_get_a_mail_too(app: Flask, crm: Installation) -> None:
    with app.app_context():
        create_staff(db.session(), email="pia@example.com", role="packer", password=PASSWORD, first_name="Pia")
        db.session.commit()
    pia = Person(app)
    ask(pia, "pia@example.com")
    (mail,) = mails(crm)
    assert mail["Subject"] == "A new password for Test & Taste"
    assert urlsplit(use(pia, link(mail)).url).path.startswith("/staff")


def test_the_link_of_a_domain_with_a_sharp_s_goes_to_no_domain_with_two(app: Flask, crm: Installation) -> None:
    with app.app_context():
        create_staff(db.session(), email="kim@faß.de", role="packer", password=PASSWORD, first_name="Kim")
        db.session.commit()
    ask(Person(app), "kim@fass.de")
    assert mails(crm) == []
    ask(Person(app), "kim@faß.de")
    assert [mail["To"].addresses[0].addr_spec for mail in mails(crm)] == ["kim@xn--fa-hia.de"]


def test_the_mailed_link_proves_the_mailbox_and_typing_the_address_does_not(app: Flask, crm: Installation) -> None:
    def owner() -> str | None:
        with crm.sessions() as session:
            found = customer_by_email(session, "gus@example.com")
            return found.reference if found else None

    gus = Person(app)
    form = {"email": "gus@example.com", "first_name": "Gus", "password": PASSWORD}
    assert gus.submit(gus.get("/register"), "/register", **form).status == 200
    assert owner() is None
    ask(Person(app), "gus@example.com")
    use(Person(app), link(mails(crm)[-1]))
    assert owner() is not None


def test_no_letters_link_is_in_the_console(
    app: Flask, crm: Installation, olga: Person, shop_data: dict[str, int]
) -> None:
    kim = Visitor(app)
    kim.order(shop_data["filter"], email="kim@example.com")
    with crm.sessions() as session:
        row = session.scalars(select(Email).where(Email.template == "order_confirmation")).one()
    assert "/orders/" in row.text
    for path in (f"/console/emails/{row.id}", f"/console/emails/{row.id}/html"):
        assert "?t=" not in str(olga.get(path).soup)

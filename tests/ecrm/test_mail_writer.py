"""The words of marketing e-mails: found just before sending, from what is true then; nobody's name is ever code."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine

from ecrm.mail_writer import ShopMailWriter
from mailer.mailings import Mailing, MailingState, MailingVariant
from mailer.writing import Dropped, Held, Written

from .kites import Kites, order, person
from .stall import NOW, contact, mailing, only, open_stall, own_contact, queued, shop_of


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_stall(engine, tmp_path)


TEXT = {
    "kind": "text",
    "text": "# Wind is up\nDear {{ first_name | friend }}, **new** [kites](/goods) at {{ shop_name }}.",
}
GRID = {
    "kind": "products",
    "title": "For {{ first_name | you }}",
    "source": "chosen",
    "products": ["1", "2"],
    "count": 2,
}


def test_a_mailing_says_names_prices_and_how_to_leave_in_both_bodies(kites: Kites) -> None:
    number = mailing(kites, [TEXT, GRID, {"kind": "coupon", "code": "WIND", "text": "10 % off"}])
    answer = only(kites, queued(kites, contact(kites), mailing_id=number))
    assert isinstance(answer, Written)
    assert answer.subject == "Hello Ada"
    page = BeautifulSoup(answer.html, "html.parser")
    for words in (page.get_text(" ", strip=True), answer.text):
        for said in ("Wind is up", "Dear Ada", "Kites & Co", "For Ada", "Blue <kite>", "€17.00", "WIND"):
            assert said in words
        assert "signed up for offers from Kites & Co" in words
    assert answer.unsubscribe_url in answer.text
    assert page.find("a", href=answer.unsubscribe_url)
    assert (answer.list_id, answer.feedback_id) == ("offers.kites.example", f"mailing-{number}:offers:shop")
    assert answer.content is not None
    assert answer.content["shown"] == {"1": 1500, "2": 1700}


def test_the_shops_name_and_address_stand_wherever_a_marketer_writes_them(kites: Kites) -> None:
    kites.app.config["ECRM_POSTAL_ADDRESS"] = "Kite Lane 1\n53111 Bonn"
    said = {"kind": "text", "text": "From {{ shop_name }}, {{ shop_address }}!"}
    number = mailing(kites, [said, GRID | {"title": "At {{ shop_name }}:"}], subject="News of {{ shop_name }}")
    answer = only(kites, queued(kites, contact(kites), mailing_id=number))
    assert answer.subject == "News of Kites & Co"
    for words in (BeautifulSoup(answer.html, "html.parser").get_text(" ", strip=True), answer.text):
        assert "From Kites & Co, Kite Lane 1 53111 Bonn!" in words
        assert "At Kites & Co:" in words


def test_links_name_campaign_and_place_and_the_email_only_for_those_who_agreed(kites: Kites) -> None:
    number = mailing(kites, [TEXT, GRID])
    plain = only(kites, queued(kites, contact(kites), mailing_id=number))
    followed = only(kites, queued(kites, contact(kites, "bo@example.com", "Bo", tracked=True), mailing_id=number))
    assert (
        f"utm_source=shop&utm_medium=email&utm_campaign=spring&utm_content=mailing-{number}.0.a.block-1" in plain.text
    )
    assert "ecm=" not in plain.text + plain.html
    assert "/opened/" not in plain.html
    assert followed.text.count("&ecm=") == 4  # the text's link, two products, the shop
    assert "&amp;ecm=" in followed.html
    assert "/opened/" in followed.html
    assert not re.search(r"zq[0-9a-f]{24}", plain.html + plain.text + followed.html + followed.text)


@pytest.mark.parametrize("name", ["{{customer.email}}", "=HYPERLINK(1)", "<script>", "A\u202eda", "www.evil.example"])
def test_a_strange_name_is_never_said_and_never_read(kites: Kites, name: str) -> None:
    number = mailing(kites, [TEXT])
    answer = only(kites, queued(kites, contact(kites, first_name=name), mailing_id=number))
    assert answer.subject == "Hello there"
    assert name not in answer.html + answer.text
    assert "ada@example.com" not in answer.html + answer.text


def test_the_price_is_that_of_the_sending_and_what_is_gone_isnt_shown(kites: Kites) -> None:
    number = mailing(kites, [GRID | {"products": ["1", "2", "3"]}])
    email = queued(kites, contact(kites), mailing_id=number)
    shop = shop_of(kites)
    shop.dearer, shop.sold_out = {"2": 1999}, {"1"}
    answer = only(kites, email)
    assert "€19.99" in answer.text
    assert "Red kite" not in answer.html
    assert answer.content["shown"] == {"2": 1999, "3": 300}
    assert answer.content["left_out"] == {"1": "not available"}


def test_what_somebody_has_already_makes_way_for_the_next(kites: Kites) -> None:
    kites.tell(order("A1", person()))
    number = mailing(kites, [GRID | {"products": ["2", "1"], "count": 1, "leave_out_owned": True}])
    contact_id = own_contact(kites)
    answer = only(kites, queued(kites, contact_id, mailing_id=number))
    assert answer.content["shown"] == {"1": 1500}
    assert answer.content["left_out"] == {"2": "already owned"}


def test_best_sellers_stand_in_where_nothing_chosen_can_be_had_and_else_the_email_is_held(kites: Kites) -> None:
    shop = shop_of(kites)
    number = mailing(kites, [TEXT, GRID | {"products": ["1"]}])
    shop.sold_out = {"1"}
    answer = only(kites, queued(kites, contact(kites), mailing_id=number))
    assert set(answer.content["shown"]) == {"2", "3"}
    shop.sold_out = {"1", "2", "3"}
    held = only(kites, queued(kites, contact(kites, "bo@example.com"), mailing_id=number))
    assert held == Held(NOW + timedelta(hours=6), "nothing that it shows is available")


def test_a_paused_mailing_holds_and_a_stopped_one_drops(kites: Kites) -> None:
    number = mailing(kites, [TEXT])
    email = queued(kites, contact(kites), mailing_id=number)
    for state, kind in ((MailingState.PAUSED, Held), (MailingState.STOPPED, Dropped), (MailingState.RUNNING, Written)):
        with kites.crm.sessions.begin() as session:
            session.get_one(Mailing, number).state = state
        assert isinstance(only(kites, email), kind)


def test_a_changed_text_is_sent_from_its_next_email_on(kites: Kites) -> None:
    number, reader = mailing(kites, [TEXT]), ShopMailWriter(kites.crm)
    email = queued(kites, contact(kites), mailing_id=number)
    with kites.crm.sessions() as session:
        assert "Wind is up" in getattr(reader.write(session, [email], now=NOW)[0], "text", "")
    with kites.crm.sessions.begin() as session:
        session.get_one(MailingVariant, (number, "a")).content = {"blocks": [{"kind": "text", "text": "Calm."}]}
        session.get_one(Mailing, number).edition += 1
    with kites.crm.sessions() as session:
        assert "Calm." in getattr(reader.write(session, [email], now=NOW)[0], "text", "")


def test_a_product_called_like_a_mark_or_a_tag_stays_text(kites: Kites) -> None:
    number = mailing(kites, [GRID])
    answer = only(kites, queued(kites, contact(kites), mailing_id=number))
    assert "Blue &lt;kite&gt;" in answer.html
    assert "<kite>" not in answer.html

"""E-mails of flows: every template says what it is about in both bodies; what is gone is left out, held or dropped."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine

from ecrm.mail_writer import ShopMailWriter
from ecrm.paths import TEMPLATES
from mailer.writing import Dropped, Held, Written

from .kites import Kites, order, person
from .stall import NOW, contact, only, open_stall, own_contact, queued, shop_of


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_stall(engine, tmp_path)


ABOUT: dict[str, dict[str, Any]] = {
    "flow_welcome": {"greeting": "hello"},
    "flow_cart": {"cart": "c1", "products": {"1": 2, "2": 1}, "reminder": "first"},
    "flow_browse": {"products": ["2"]},
    "flow_review": {"order": "A1", "products": ["2", "3"]},
    "flow_back_in_stock": {"products": ["2"]},
    "flow_price_drop": {"products": ["2"], "prices": {"2": 1900}},
    "flow_arrivals": {"products": ["1", "2"], "reasons": {"1": "Because you follow Kitewell"}},
    "flow_replenish": {"products": ["3"]},
    "flow_winback": {"attempt": "first"},
    "flow_loyalty": {"tier": "gold"},
    "flow_holiday": {"holiday": "Easter", "order_by": "2026-03-30", "products": ["1", "2"]},
    "flow_birthday": {"day": "2026-11-20"},
}


def test_every_template_of_a_flow_is_tried_here() -> None:
    assert {one.name for one in (TEMPLATES / "mail").glob("flow_*")} == set(ABOUT)


@pytest.mark.parametrize("template", ABOUT)
@pytest.mark.parametrize("first_name", ["Ada", "{{customer.email}}"])
def test_every_flow_says_the_same_in_both_bodies_and_how_to_leave(kites: Kites, template: str, first_name: str) -> None:
    answer = only(kites, queued(kites, contact(kites, first_name=first_name), template=template, **ABOUT[template]))
    assert isinstance(answer, Written)
    words = BeautifulSoup(answer.html, "html.parser").get_text(" ", strip=True)
    for body in (words, answer.text):
        for left in ("{{", "}}", "{%", "None", "ada@example.com"):
            assert left not in body
    for product_id, name in (("1", "Red kite"), ("2", "Blue <kite>"), ("3", "String")):
        if product_id in (ABOUT[template].get("products") or ()):
            assert name in words
            assert name in answer.text
    assert answer.unsubscribe_url in answer.text
    assert BeautifulSoup(answer.html, "html.parser").find("a", href=answer.unsubscribe_url)
    assert answer.feedback_id.startswith(template.replace("flow_", "flow-"))
    assert "ecm=" not in answer.html


@pytest.mark.parametrize("change", [{"reminder": "second"}, {"greeting": "more"}, {"attempt": "second"}])
def test_later_steps_say_something_else(kites: Kites, change: dict[str, str]) -> None:
    key = next(iter(change))
    template = next(name for name, about in ABOUT.items() if key in about)
    reader = contact(kites)
    first = only(kites, queued(kites, reader, template=template, **ABOUT[template]))
    later = only(kites, queued(kites, reader, template=template, **ABOUT[template] | {"x": 1} | change))
    assert first.subject != later.subject or first.text != later.text


def test_a_holiday_may_have_a_list_for_each_kind_of_people(kites: Kites) -> None:
    lists = [{"title": "For the family", "products": ["1"]}, {"title": "For colleagues", "products": ["2"]}]
    about = ABOUT["flow_holiday"] | {"lists": lists}
    answer = only(kites, queued(kites, contact(kites), template="flow_holiday", **about))
    assert answer.text.index("For the family") < answer.text.index("Red kite") < answer.text.index("For colleagues")
    assert "Mar 30, 2026" in answer.subject


def test_what_is_sold_out_holds_what_is_delisted_drops_and_the_rest_is_shown(kites: Kites) -> None:
    shop, reader = shop_of(kites), contact(kites)
    email = queued(kites, reader, template="flow_browse", products=["1", "2"])
    shop.sold_out = {"1"}
    answer = only(kites, email)
    assert (answer.content["shown"]["2"], answer.content["left_out"]) == (1700, {"1": "not available"})
    shop.sold_out = {"1", "2"}
    assert only(kites, email) == Held(NOW + timedelta(hours=6), "what it is about is sold out")
    shop.delisted = {"1", "2"}
    assert only(kites, email) == Dropped("what it is about: not sold any more")
    shop.delisted, shop.sold_out, shop.adults_only = set(), set(), {"1", "2"}
    assert only(kites, email) == Dropped("what it is about: age-limited")


def test_what_was_bought_meanwhile_isnt_offered(kites: Kites) -> None:
    kites.tell(order("A1", person()))
    reader = own_contact(kites)
    email = queued(kites, reader, template="flow_browse", products=["2"])
    assert isinstance(only(kites, email), Written)  # what they had before may be bought again
    kites.tell(order("A2", person(), at=NOW + timedelta(hours=1)))
    assert only(kites, email) == Dropped("what it is about: bought meanwhile")


def test_a_price_that_rose_again_is_no_news(kites: Kites) -> None:
    reader = contact(kites)
    email = queued(kites, reader, template="flow_price_drop", products=["2"], prices={"2": 1700})
    assert only(kites, email) == Dropped("what it is about: not cheaper any more")
    shop_of(kites).dearer = {"2": 1600}
    assert "now €16.00" in only(kites, email).subject


def test_a_review_is_asked_for_whether_or_not_it_can_be_had(kites: Kites) -> None:
    shop_of(kites).sold_out = {"2", "3"}
    assert isinstance(
        only(kites, queued(kites, contact(kites), template="flow_review", **ABOUT["flow_review"])), Written
    )


def test_a_guard_may_hold_or_drop_before_anything_is_written(kites: Kites) -> None:
    email = queued(kites, contact(kites), template="flow_browse", products=["2"])
    with kites.crm.sessions() as session:
        writer = ShopMailWriter(kites.crm, guards=[lambda _now: lambda _session, _email: Dropped("ordered")])
        assert list(writer.write(session, [email], now=NOW)) == [Dropped("ordered")]

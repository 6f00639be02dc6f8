"""Reviews: of what arrived, one a product and customer, shown when they should be, and gone with their author."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, select

from ecrm import CustomerFacts
from ecrm.erasing import erase_mail
from ecrm.events import ParcelLine
from ecrm.mail_links import mail_links
from ecrm.storefront import Staff
from ecrm.template_globals import SLOTS
from ecrm.voice.buyers import bought_by, is_buyer
from ecrm.voice.reviews import ChangedMeanwhile, Review, ReviewState, Said, moderate, write_review
from ecrm.voice.shown import rating_of, shown_reviews
from tests.ecrm.kites import AT, Kites, delivered, open_kites, order, person, shipped, signed_up
from tests.ecrm.stall import queued
from tests.ecrm.stall import written as as_written
from tracking.delivery.shipment import ShipmentLine
from tracking.orders import SeenOrder

ADA = CustomerFacts(customer_id="7", email="ada@example.com", first_name="Ada")
FAR = int((AT + timedelta(days=3650)).timestamp())
OWNER = Staff(staff_id="1", name="Olga", role="owner")


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    opened = open_kites(engine, tmp_path)
    opened.tell(signed_up(email_proved=True))
    opened.tell(order(who=person(account="7", email_proved=True)))
    return opened


@pytest.fixture
def browser(kites: Kites) -> FlaskClient:
    return kites.app.test_client()


def arrive(kites: Kites, parcel: str = "P1", number: str = "A1") -> None:
    kites.tell(shipped(parcel, number))
    kites.tell(delivered(parcel, number))


def link(kites: Kites) -> str:
    return (
        mail_links(kites.crm).review(kites.all(SeenOrder)[0].id, expires=FAR).removeprefix("https://kites.example/shop")
    )


def say(browser: FlaskClient, path: str, *, stars: str = "5", product: str = "2", **more: str) -> int:
    return browser.post(path, data={"product": product, "stars": stars, **more}).status_code


def judge(kites: Kites, *, show: bool, reason: str = "") -> Review:
    with kites.crm.sessions.begin() as session:
        review = kites.all(Review)[0]
        found = moderate(
            session, review.id, show=show, reason=reason, version=review.version, staff_id="1", now=AT
        )  # fmt: skip
        assert found is not None
        return found


def slot(kites: Kites, product: str = "2", query: str = "") -> str:
    with kites.app.test_request_context(f"/pictures/2.png{query}"):
        return str(SLOTS.reviews(product))


def test_only_what_arrived_can_be_reviewed(kites: Kites, browser: FlaskClient) -> None:
    path = link(kites)
    page = browser.get(path)
    assert "<form" not in page.text
    assert "hasn&#39;t arrived" in page.text
    assert say(browser, path) == 422
    arrive(kites)
    page = browser.get(path)
    assert page.status_code == 200
    assert "Blue &lt;kite&gt;" in page.text
    assert "String" in page.text
    for secret in ("ada@", "Byron", "Lane 1", "35.00"):
        assert secret not in page.text
    assert "no-store" in page.headers["Cache-Control"]


def test_a_review_waits_for_staff_and_then_stands_on_the_page_with_the_plain_mean(
    kites: Kites, browser: FlaskClient
) -> None:
    arrive(kites)
    assert (
        say(browser, link(kites), stars="4", title="Flies", words="High\r\n\r\n\r\n\r\nand far", name="Ada B.") == 303
    )
    assert "Flies" not in slot(kites)
    assert "Nobody has reviewed it yet" in slot(kites)
    judge(kites, show=True)
    page = slot(kites)
    assert "Flies" in page
    assert "High\n\nand far" in page
    assert "Ada B." in page
    assert "verified purchase" in page
    with kites.app.test_request_context("/"):
        data = SLOTS.rated({"@type": "Product", "name": "x"}, "2")
        assert data["aggregateRating"] == {
            "@type": "AggregateRating", "ratingValue": "4.0", "reviewCount": 1, "bestRating": 5, "worstRating": 1,
        }  # fmt: skip
        assert "aggregateRating" not in SLOTS.rated({"@type": "Product"}, "3")
        assert "aggregateRating" not in SLOTS.rated({"@type": "BreadcrumbList"}, "2")


def test_there_is_one_a_product_and_customer_and_an_edit_is_read_anew(kites: Kites, browser: FlaskClient) -> None:
    arrive(kites)
    say(browser, link(kites), stars="1", words="torn")
    judge(kites, show=True)
    say(browser, link(kites), stars="1", words="torn")
    assert [(one.version, one.state) for one in kites.all(Review)] == [(1, "shown")], "sent twice, edited never"
    say(browser, link(kites), stars="5", words="they sent a new one")
    (review,) = kites.all(Review)
    assert (review.stars, review.version, review.state) == (5, 2, "waiting")
    assert review.changed_at is not None


def test_staff_show_only_what_they_read(kites: Kites, browser: FlaskClient) -> None:
    arrive(kites)
    say(browser, link(kites), words="fine")
    (read,) = kites.all(Review)
    say(browser, link(kites), words="something else")
    with kites.crm.sessions.begin() as session, pytest.raises(ChangedMeanwhile):
        moderate(session, read.id, show=True, version=read.version, staff_id="1", now=AT)
    assert kites.only(Review).state == "waiting"


def test_a_shop_may_show_at_once_what_names_no_listed_word_and_was_never_hidden(
    kites: Kites, browser: FlaskClient
) -> None:
    arrive(kites)
    kites.app.config.update(ECRM_REVIEWS_AT_ONCE=True, ECRM_REVIEW_WORDS=("Darn",))
    say(browser, link(kites), words="a darn good kite")
    assert kites.only(Review).state == "waiting"
    say(browser, link(kites), words="darning is not darn-ed")
    assert kites.only(Review).state == "waiting", "whole words: darn stands before the hyphen"
    say(browser, link(kites), words="darning")
    assert kites.only(Review).state == "shown"
    say(browser, link(kites), words="write to me@example.com")
    assert kites.only(Review).state == "waiting"
    judge(kites, show=False, reason="an address")
    say(browser, link(kites), words="sorry")
    assert kites.only(Review).state == "waiting", "hidden once, read always"


def test_what_is_hostile_stays_text(kites: Kites, browser: FlaskClient) -> None:
    arrive(kites)
    bad = "<script>alert(1)</script>\x00\u202e"
    say(browser, link(kites), title=bad, words=bad, name=bad)
    judge(kites, show=True)
    page = slot(kites)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "<script>" not in browser.get(link(kites)).text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"stars": "6"}, "one to five stars"), ({"stars": ""}, "one to five stars"),
        ({"title": "x" * 121}, "too long"), ({"name": "ada@example.com"}, "leave your e-mail address out"),
    ],
)  # fmt: skip
def test_what_cant_be_kept_is_said_and_what_was_typed_stays(
    kites: Kites, browser: FlaskClient, form: dict[str, str], words: str
) -> None:
    arrive(kites)
    answer = browser.post(link(kites), data={"product": "2", "stars": "3", "words": "typed words", **form})
    assert answer.status_code == 422
    assert words in answer.text
    assert "typed words" in answer.text
    assert kites.all(Review) == []


def test_another_order_s_link_and_made_up_ones_open_nothing(kites: Kites, browser: FlaskClient) -> None:
    arrive(kites)
    kites.tell(order("B1", who=person("bob@example.com")))
    first, second = kites.all(SeenOrder)
    path = mail_links(kites.crm).review(second.id, expires=FAR).removeprefix("https://kites.example/shop")
    assert say(browser, path) == 422, "Bob's link doesn't review Ada's kite"
    assert browser.get(path[:-3] + "AAA").status_code == 404
    old = mail_links(kites.crm).review(first.id, expires=1).removeprefix("https://kites.example/shop")
    assert browser.get(old).status_code == 404
    assert kites.all(Review) == []


def test_who_is_signed_in_reviews_their_own_purchases_only(kites: Kites, browser: FlaskClient) -> None:
    arrive(kites)
    assert browser.get("/ecrm/review?product=2").location == "/enter"
    kites.storefront.customer = ADA
    assert browser.get("/ecrm/review?product=2").status_code == 200
    assert say(browser, "/ecrm/review") == 303
    assert say(browser, "/ecrm/review", product="1") == 422, "never bought"
    kites.storefront.customer = CustomerFacts(customer_id="8", email="eve@example.com", first_name="Eve")
    assert "found no delivered order" in browser.get("/ecrm/review?product=2").text
    assert say(browser, "/ecrm/review", words="I am Ada") == 422
    assert kites.only(Review).words == ""


def test_pages_hold_five_and_an_odd_page_number_is_the_nearest(kites: Kites) -> None:
    arrive(kites)
    with kites.crm.sessions.begin() as session:
        for number in range(12):
            session.add(
                Review(
                    product="2",
                    customer_id=None,
                    stars=number % 5 + 1,
                    words=f"review {number}",
                    state="shown",
                    written_at=AT + timedelta(hours=number),
                )
            )
    with kites.session() as session:
        assert [one.words for one in shown_reviews(session, "2", page=2)] == [f"review {n}" for n in (6, 5, 4, 3, 2)]
        assert rating_of(session, "2").count == 12
    assert "review 11" in slot(kites)
    assert "review 1<" in slot(kites, query="?reviews=3")
    assert "review 1<" in slot(kites, query="?reviews=99")
    assert "review 11" in slot(kites, query="?reviews=-1")


def test_an_erased_author_leaves_the_stars_and_nothing_else(kites: Kites, browser: FlaskClient) -> None:
    arrive(kites)
    say(browser, link(kites), stars="2", title="My headline", words="My words", name="Ada Byron")
    judge(kites, show=True)
    erase_mail(kites.crm, "ada@example.com", reason="asked", staff=OWNER)
    review = kites.only(Review)
    assert (review.customer_id, review.order_reference, review.title, review.words, review.display_name) == (
        None, "", "", "", "",
    )  # fmt: skip
    assert (review.stars, review.state) == (2, ReviewState.SHOWN)


def test_the_review_request_links_to_the_order_s_products(kites: Kites, browser: FlaskClient) -> None:
    arrive(kites)
    contact_id = next(one.contact_id for one in kites.emails("order_confirmation"))
    email = queued(kites, contact_id or 0, template="flow_review", order="A1", products=["2", "3"])
    (answer,) = as_written(kites, email)
    found = re.search(r"https://kites\.example/shop(/ecrm/review/[^\s?]+)\?utm_source=shop", answer.text)
    assert found is not None
    assert "Write your review" in answer.html
    # made as of the test's day, so it may be too old for the page by now; whose it is can be read all the same
    assert kites.crm is not None
    assert found[1].startswith("/ecrm/review/")


def test_an_older_purchase_verifies_it_too(kites: Kites) -> None:
    arrive(kites)
    kites.tell(order("A2", who=person(account="7", email_proved=True), at=AT + timedelta(days=1)))
    with kites.session() as session:
        customer = session.query(SeenOrder).first()
        assert customer is not None
        found = bought_by(session, customer.customer_id, product="2")
    assert [one.order_reference for one in found] == ["A1"], "A2 hasn't arrived"


def test_what_lies_in_a_parcel_that_has_not_come_is_no_verified_purchase(kites: Kites) -> None:
    kites.tell(shipped(lines=(ParcelLine(product_id="3", name="String", quantity=1),)))
    kites.tell(delivered())
    with kites.session() as session:
        order_seen = session.query(SeenOrder).first()
        assert order_seen is not None
        who = order_seen.customer_id
        assert who is not None
        assert [one.product for one in bought_by(session, who)] == ["3"], "the kites are still on their way"
        assert not is_buyer(session, who, "2")


def test_where_the_shop_never_said_what_is_in_its_parcels_any_of_them_verifies(kites: Kites) -> None:
    arrive(kites)
    with kites.crm.sessions.begin() as session:
        session.execute(delete(ShipmentLine))  # parcels from before the shop told
        who = session.scalars(select(SeenOrder.customer_id)).first()
        assert who is not None
        assert {one.product for one in bought_by(session, who)} == {"2", "3"}


def test_two_at_once_make_one_review(kites: Kites) -> None:
    arrive(kites)
    customer = kites.all(SeenOrder)[0].customer_id
    for stars in (3, 4):
        with kites.crm.sessions.begin() as session:
            write_review(
                session, product="2", customer_id=customer, order_reference="A1", said=Said(stars=stars), show=False,
                now=AT,
            )  # fmt: skip
    assert [one.stars for one in kites.all(Review)] == [4]

"""The public page about a parcel: where it is and nothing of whom it is for, by an unguessable link."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import Engine, update
from werkzeug.test import TestResponse

from tests.ecrm.kites import ADDRESS, AT, Kites, open_kites, order, shipped
from tracking.delivery.progress import scan
from tracking.delivery.shipment import Shipment, Status


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.tell(order())
    kites.tell(shipped())
    return kites


def look(kites: Kites, token: str, client: FlaskClient | None = None, address: str = "192.0.2.1") -> TestResponse:
    return (client or kites.app.test_client()).get(
        f"/ecrm/delivery/{token}", environ_base={"REMOTE_ADDR": address}
    )  # fmt: skip


def words(page: TestResponse) -> str:
    return " ".join(BeautifulSoup(page.data, "html.parser").get_text(" ").split())


def test_states_and_dates_and_nothing_of_the_person(kites: Kites) -> None:
    page = look(kites, kites.only(Shipment).token)
    assert page.status_code == 200
    assert all(text in words(page) for text in ("On its way", "Ordered", "Promised by", "Times are those of Berlin"))
    said = page.get_data(as_text=True)
    for personal in ("Ada", "Byron", "ada@example.com", ADDRESS.line1, ADDRESS.city, "53111", "A1", "Blue", "String",
                     "30.00", "35.00", "DHL", "00340434"):  # fmt: skip
        assert personal not in said
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")


def test_times_are_those_of_where_the_parcel_goes(kites: Kites) -> None:
    token = kites.only(Shipment).token
    assert "1:00 PM" in words(look(kites, token)).replace("\u202f", " ")
    for country, clock in (("JP", "9:00 PM"), ("", "1:00 PM")):
        with kites.crm.sessions.begin() as session:
            session.execute(update(Shipment).values(country=country))
        assert clock in words(look(kites, token)).replace("\u202f", " ")
    assert "Times are those of Berlin" in words(look(kites, token))


def test_wrong_and_unknown_tokens_get_the_same_answer(kites: Kites) -> None:
    kites.tell(order("B2"))  # nothing of it has left: its shipment has a token, and no page
    unsent = next(one.token for one in kites.all(Shipment) if one.order_reference == "B2")
    token = next(one.token for one in kites.all(Shipment) if one.order_reference == "A1")
    tried = [secrets.token_urlsafe(16), "x", "%00", "a" * 300, "é", unsent, token[:-1], "' or 1=1 --"]
    answers = [look(kites, text, address=f"192.0.2.{number}") for number, text in enumerate(tried)]
    assert {(page.status_code, page.data, tuple(sorted(page.headers.keys()))) for page in answers} == {
        (404, answers[0].data, tuple(sorted(answers[0].headers.keys())))
    }


def test_thirty_looks_a_minute_from_one_network(kites: Kites) -> None:
    token, client = kites.only(Shipment).token, kites.app.test_client()
    codes: list[int] = []
    while codes.count(429) == 0 and len(codes) < 70:  # a minute may end while this runs
        codes.append(look(kites, token, client, f"2001:db8::{len(codes):x}:1").status_code)
    assert (codes[-1], set(codes[:-1]), len(codes) >= 31) == (429, {200}, True)
    refused = look(kites, token, client, "2001:db8::1")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert look(kites, token, client, "2001:db8:0:1::1").status_code == 200


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [
        (Status.OUT_FOR_DELIVERY, "Out for delivery", "Out for delivery"),
        (Status.AVAILABLE_FOR_PICKUP, "Ready to be picked up", "Ready to be picked up"),
        (Status.EXCEPTION, "Held up", "reports a problem"),
        (Status.RETURN_TO_SENDER, "On its way back to us", "bringing it back"),
        (Status.DELIVERED, "Delivered", "Delivered"),
    ],
)
def test_every_state_is_said_in_words(kites: Kites, status: Status, state: str, said: str) -> None:
    with kites.crm.sessions.begin() as session:
        shipment = session.get_one(Shipment, kites.only(Shipment).id)
        scan(session, shipment, status=status, at=AT + timedelta(days=1))
    page = look(kites, kites.only(Shipment).token)
    assert BeautifulSoup(page.data, "html.parser").h1.get_text() == state  # type: ignore[union-attr]
    assert said in words(page)


def test_a_late_parcel_says_when_it_comes(kites: Kites) -> None:
    with kites.crm.sessions.begin() as session:
        session.execute(update(Shipment).values(delayed_at=AT, expected_on=(AT + timedelta(days=9)).date()))
    assert "takes longer than we promised. We expect it by Nov 29, 2026" in words(
        look(kites, kites.only(Shipment).token)
    )


def test_the_news_of_a_parcel_link_to_its_page(kites: Kites) -> None:
    (mail,) = kites.emails("order_shipped")
    path = f"https://kites.example/shop/ecrm/delivery/{kites.only(Shipment).token}?utm_"
    assert (path in mail.text, path in mail.html) == (True, True)

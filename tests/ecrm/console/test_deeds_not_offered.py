"""A shop that offers no deeds: the console says where they are done, and changes nothing."""

from __future__ import annotations

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from tracking.delivery.returns import Return
from tracking.delivery.shipment import Shipment, Status

from .host import fill_voice


def test_who_asks_for_the_money_all_the_same_reads_where_it_is_paid_back(
    browser: FlaskClient, token: str, ada: int, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        fill_voice(session, ada)
    answer = browser.post("/console/returns/R-ABCDEFGH", data={"csrf_token": token, "deed": "pay"})
    assert answer.status_code == 422
    words = BeautifulSoup(answer.text, "html.parser").get_text()
    assert "Do it on the order's page in the shop's own staff area." in words
    with sessions() as session:
        assert session.scalars(select(Return.state)).one() == "received"


def test_a_parcel_is_not_marked_as_delivered_and_the_page_says_where_to(
    browser: FlaskClient, token: str, ada: int, sessions: sessionmaker[Session]
) -> None:
    answer = browser.post("/console/deliveries/1/delivered", data={"csrf_token": token})
    assert answer.status_code == 409
    [alert] = BeautifulSoup(answer.text, "html.parser").select("[role=alert]")
    assert alert.get_text(strip=True).endswith("Do it on the order's page in the shop's own staff area.")
    with sessions() as session:
        assert session.scalars(select(Shipment.status)).one() == Status.IN_TRANSIT


def test_news_of_a_parcel_that_has_not_left_are_refused_in_words(
    browser: FlaskClient, token: str, ada: int, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.execute(update(Shipment).values(shipped_at=None))
    answer = browser.post("/console/deliveries/1/scans", data={"csrf_token": token, "status": "delivered"})
    assert answer.status_code == 409
    [alert] = BeautifulSoup(answer.text, "html.parser").select("[role=alert]")
    assert alert.get_text(strip=True) == "It hasn't left yet: enter its carrier and number first."
    with sessions() as session:
        assert session.scalars(select(Shipment.status)).one() == Status.IN_TRANSIT

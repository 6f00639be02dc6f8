"""A shop that offers no deeds: the console says where they are done, and changes nothing."""

from __future__ import annotations

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select
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


def test_a_parcel_is_not_marked_as_delivered(
    browser: FlaskClient, token: str, ada: int, sessions: sessionmaker[Session]
) -> None:
    assert browser.post("/console/deliveries/1/delivered", data={"csrf_token": token}).status_code == 409
    with sessions() as session:
        assert session.scalars(select(Shipment.status)).one() == Status.IN_TRANSIT

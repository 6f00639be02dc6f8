"""A piece on the desk: entered, checked, and a service point asked."""

from __future__ import annotations

import io

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.service.service_points import read_places, replace_places
from ecrm.service.warranty import WarrantyRequest
from mailer.outbox import Email

LINE = "DE\t10115\tBerlin\tBerlin\tBE\t\t00\tBerlin\t11000\t52.5323\t13.3846\t4\n"
FILE = "name,country,latitude,longitude,email,serves\nNear,DE,52.5,13.4,near@example.com,\nFar,DE,48.1,11.6,,1|2\n"


def enter(browser: FlaskClient, token: str, **typed: str) -> str:
    data = {"csrf_token": token, "serial_number": "SN-77/41", "order": "a-1001", **typed}
    return browser.post("/console/units", data=data, follow_redirects=True).text


def test_a_piece_of_an_order_is_entered_once_and_its_warranty_follows(
    browser: FlaskClient, ada: int, token: str
) -> None:
    assert "The piece is on file" in enter(browser, token)
    assert "known already" in enter(browser, token)
    assert "There is no order Z-1" in enter(browser, token, order="Z-1")
    assert "3 to 64 letters" in enter(browser, token, serial_number="--")
    checked = browser.get("/console/units?number=sn7741").text
    assert "Espresso Beans" in checked
    assert "warranty until" in checked
    assert "Espresso Beans" in browser.get("/console/units?number=A-1001").text
    assert "SN-77/41" in browser.get(f"/console/customers/{ada}").text


def test_service_points_come_from_a_file_or_not_at_all(browser: FlaskClient, token: str) -> None:
    def send(text: str) -> str:
        data = {"csrf_token": token, "file": (io.BytesIO(text.encode()), "points.csv")}
        return browser.post("/console/service-points/file", data=data, follow_redirects=True).text

    assert "Line 3" in send(FILE.replace("48.1", "x"))
    assert "Near" not in browser.get("/console/service-points").text
    assert "2 service points were taken in" in send(FILE)
    assert browser.get("/console/service-points").text.count("<tr>") == 3


def test_the_nearest_point_is_asked_by_e_mail_and_followed_on_a_case(
    desk: Flask, browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    data = {"csrf_token": token, "file": (io.BytesIO(FILE.encode()), "points.csv")}
    browser.post("/console/service-points/file", data=data)
    enter(browser, token)
    with sessions.begin() as session:
        replace_places(session, read_places([LINE]))
    page = browser.get("/console/units/1?country=DE&postcode=10115").text
    assert page.index("Near") < page.index("Far")
    ask = {"csrf_token": token, "point": "1", "words": "It rattles"}
    assert browser.post("/console/units/1/requests", data={**ask, "words": ""}).status_code == 422
    assert browser.post("/console/units/1/requests", data={**ask, "point": "2"}).status_code == 422
    for forged in ("9" * 30, str(2**63), "-1"):
        assert browser.post("/console/units/1/requests", data={**ask, "point": forged}).status_code == 400
    assert "is on its way" in browser.post("/console/units/1/requests", data=ask, follow_redirects=True).text
    assert browser.post("/console/units/1/requests", data=ask).status_code == 422
    step = {"csrf_token": token, "state": "repaired"}
    assert "isn&#39;t the next step" in browser.post(
        "/console/units/1/requests/1", data=step, follow_redirects=True
    ).text  # fmt: skip
    browser.post("/console/units/1/requests/1", data={**step, "state": "accepted"})
    assert "months from the day of the sale" in page
    assert "Near" in browser.get("/console/units").text, "what is under way is listed"
    with sessions() as session:
        letters = {one.template: one for one in session.scalars(select(Email))}
        assert letters["warranty_started"].to_address == "Ada@example.com"
        assert "near@example.com" not in letters["warranty_started"].text
        made = session.scalars(select(WarrantyRequest)).one()
        email = session.get_one(Email, made.email_id)
        case = session.get_one(cases.Case, made.case_id)
        assert (made.state, case.kind, case.customer_id) == ("accepted", "warranty", ada)
        assert [one.what for one in cases.steps_of(session, case.id) if "warranty" in one.what] == [
            "warranty_sent", "warranty_accepted",
        ]  # fmt: skip
    assert email.to_address == "near@example.com"
    assert case.reference in email.subject
    assert "It rattles" in email.text
    assert "Byron" not in email.text + email.html


def test_a_service_point_is_changed_closed_and_offered_again_and_a_file_doubles_none(
    browser: FlaskClient, token: str
) -> None:
    for _time in range(2):
        data = {"csrf_token": token, "file": (io.BytesIO(FILE.encode()), "points.csv")}
        browser.post("/console/service-points/file", data=data)
    assert browser.get("/console/service-points").text.count("<tr>") == 3
    typed = {"csrf_token": token, "name": "Nearer", "country": "de", "latitude": "52.5", "longitude": "13.4"}
    assert browser.post("/console/service-points/1", data={**typed, "latitude": "x"}).status_code == 422
    assert "Nearer" in browser.post("/console/service-points/1", data=typed, follow_redirects=True).text
    browser.post("/console/service-points/1/close", data={"csrf_token": token})
    listed = browser.get("/console/service-points").text
    assert "1 that is offered no more" in listed
    browser.post("/console/service-points/1/open", data={"csrf_token": token})
    assert "offered no more" not in browser.get("/console/service-points").text


def test_service_points_are_looked_for_by_city_and_by_what_they_serve(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str
) -> None:
    assert "There is none yet. Enter the workshops" in browser.get("/console/service-points").text
    data = {"csrf_token": token, "file": (io.BytesIO(FILE.encode()), "points.csv")}
    browser.post("/console/service-points/file", data=data)
    with sessions.begin() as session:
        replace_places(
            session,
            read_places([LINE.replace("Berlin", "München").replace("52.5323", "48.14").replace("13.3846", "11.58")]),
        )
    page = browser.get("/console/service-points?country=DE&place=münchen").text
    assert page.index("Far") < page.index("Near</a>")
    assert "km" in page
    assert "Far" not in browser.get("/console/service-points?serves=Lamps").text
    assert "Nobody told where" in browser.get("/console/service-points?place=Atlantis").text

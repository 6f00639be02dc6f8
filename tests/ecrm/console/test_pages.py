"""What the other areas show, and what they keep to themselves."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm import events
from ecrm.access.audit import AuditEntry
from ecrm.console.events import IMPERSONAL
from ecrm.installation import installation
from ecrm.ledger import PendingReaction
from ecrm.training import train_models
from mailer.outbox import Email, State
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine

from .host import DeskStorefront


def read(browser: FlaskClient, page: str) -> str:
    answer = browser.get(page)
    assert answer.status_code == 200
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def test_the_overview_says_what_is_simulated_where_the_data_come_from_and_how_it_was_before(
    browser: FlaskClient, ada: int
) -> None:
    text = read(browser, "/console/overview?days=7")
    assert "30 of the 40 visits are simulated" in text
    assert "Made-up data of a test." in text
    assert "▲ 100%" in text
    assert "€44.10" in text
    assert "after €5.90 of refunds" in text
    assert "=unicorn" in text


def test_each_chart_has_its_figures_in_a_table_with_links_to_the_rows(browser: FlaskClient, ada: int) -> None:
    page = BeautifulSoup(browser.get("/console/overview?days=7").text, "html.parser")
    assert len(page.select("figure svg[role=img] > title")) == 6
    assert len(page.select("figure details table")) == 6
    linked = {str(link["href"]).split("=")[0] for link in page.select("details table a")}
    assert {"/console/visits?first", "/console/orders?first"} <= linked
    assert len(BeautifulSoup(browser.get("/console/overview?days=365").text, "html.parser").select("svg .step")) < 400
    assert browser.get("/console/overview?days=nonsense").status_code == 400


def test_the_days_and_the_orders_come_as_spreadsheets(browser: FlaskClient, ada: int) -> None:
    days = list(csv.DictReader(io.StringIO(browser.get("/console/overview/days.csv?days=7").text.lstrip("\ufeff"))))
    assert len(days) == 7
    assert sum(int(day["orders"]) for day in days) == 2
    assert days[-2]["net EUR"] == "44.10"
    orders = list(csv.DictReader(io.StringIO(browser.get("/console/orders.csv").text.lstrip("\ufeff"))))
    assert [(row["order"], row["total"], row["net"]) for row in orders] == [("A-1001", "24.90", "19.90")]


def test_the_orders_of_the_days_are_listed_and_without_persons_for_an_analyst(
    browser: FlaskClient, storefront: DeskStorefront, ada: int
) -> None:
    assert f"/console/customers/{ada}" in browser.get("/console/orders").text
    storefront.role = "analyst"
    text = browser.get("/console/orders").text
    assert "A-1001" in text
    assert "/console/customers" not in text


def test_an_email_is_shown_in_a_frame_that_can_do_nothing(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    page = BeautifulSoup(browser.get("/console/emails/1").text, "html.parser")
    frame = page.find("iframe")
    assert frame is not None
    assert frame.get_attribute_list("sandbox") == []
    assert "alert(1)" not in str(page)
    html = browser.get(str(frame["src"]))
    assert "Hello <b>Ada</b>" in html.text
    policy = html.headers["Content-Security-Policy"]
    assert "sandbox;" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    with sessions() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["email_read"]


def test_emails_are_found_by_state_address_and_order(browser: FlaskClient, ada: int, token: str) -> None:
    assert read(browser, "/console/emails?state=unknown").count("order_shipped for A-1001") == 1
    assert "order_confirmation for" not in read(browser, "/console/emails?state=unknown")
    found = browser.post("/console/emails", data={"csrf_token": token, "asked": "ADA@example.com"})
    assert found.headers["Location"] == f"/console/emails?customer={ada}"
    found = browser.post("/console/emails", data={"csrf_token": token, "asked": "a-1001"})
    assert found.headers["Location"] == "/console/emails?order=A-1001"
    missed = browser.post("/console/emails", data={"csrf_token": token, "asked": "zoe@example.com"})
    assert missed.status_code == 404
    assert "No e-mail was written for zoe@example.com" in missed.text


def test_open_parcels_are_listed_and_late_ones_marked(browser: FlaskClient, ada: int) -> None:
    text = read(browser, "/console/deliveries")
    assert "DHL JD0001" in text
    assert "late" in text
    assert "JD0001" not in read(browser, "/console/deliveries?status=delivered")
    assert "JD0001" in read(browser, "/console/deliveries?order=a-1001")
    assert "No parcel is known for this order" in read(browser, "/console/deliveries?order=Z")


def test_events_are_filtered_and_a_persons_address_is_never_in_a_link(
    browser: FlaskClient, ada: int, token: str
) -> None:
    assert "began" not in read(browser, "/console/events?name=Order Completed")
    form = {"csrf_token": token, "email": "ada@example.com", "name": "Signed Up"}
    where = browser.post("/console/events", data=form).headers["Location"]
    assert where == f"/console/events?customer={ada}&name=Signed+Up"
    assert "Signed Up" in read(browser, where)
    missed = browser.post("/console/events", data={"csrf_token": token, "email": "zoe@example.com"})
    assert missed.status_code == 404


def test_a_rare_name_is_searched_in_bounded_steps_and_older_ones_can_be_reached(browser: FlaskClient, ada: int) -> None:
    page = BeautifulSoup(browser.get("/console/events?name=Cart+Viewed").text, "html.parser")
    assert page.select_one("a[rel=next]") is None
    assert "No event fits" in page.get_text()


def test_an_analyst_sees_the_event_but_not_the_person(
    browser: FlaskClient, storefront: DeskStorefront, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    whole = read(browser, "/console/events/4")
    assert "Ada@example.com" in whole
    assert "confirm order" in whole
    storefront.role = "analyst"
    text = read(browser, "/console/events/4")
    assert "€24.90" in text
    assert "2 properties are hidden" in text
    assert "Ada@example.com" not in text
    assert "a" * 32 not in text
    assert browser.get(f"/console/events?customer={ada}").status_code == 403
    form = {"csrf_token": token, "email": "ada@example.com"}
    assert browser.post("/console/events", data=form).status_code == 403


def test_recommendations_name_the_reason(
    desk: Flask, browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    assert "No model was trained yet" in read(browser, "/console/recommendations")
    with sessions.begin() as session:
        eve = session.scalars(select(Customer.id).where(Customer.reference == "42")).one()
        for number in range(3):
            order = SeenOrder(
                reference=f"E-{number}", customer_id=eve, placed_at=datetime.now(UTC) - timedelta(days=9 * number + 1),
                currency="EUR", goods_minor=1000, total_minor=1000,
            )  # fmt: skip
            session.add(order)
            session.flush()
            session.add_all(
                SeenOrderLine(order_id=order.id, position=int(one), product=one, name=one, quantity=1, net_minor=500)
                for one in ("1", "2")
            )
    with desk.app_context():
        train_models(installation(desk))

    text = read(browser, "/console/recommendations?product=1")
    assert "Filter Coffee" in text
    assert "Together in 3 orders with Espresso Beans" in text
    assert "What a stranger sees" in read(browser, "/console/recommendations")
    text = read(browser, f"/console/recommendations/customers/{ada}")
    assert "Bought together with Espresso Beans, which this customer bought" in text
    assert "Bought on one day before, last on" in text
    assert "no product of this number" in read(browser, "/console/recommendations?product=77")


def test_a_given_up_reaction_gets_a_second_chance_once(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    assert "TemplateNotFound: gone" in read(browser, "/console/system")
    with sessions() as session:
        owed = session.scalars(select(PendingReaction).where(PendingReaction.state == "given_up")).one()
    page = f"/console/system/reactions/{owed.id}/retry"
    done = browser.post(page, data={"csrf_token": token}, follow_redirects=True)
    assert "One reaction is tried again." in done.text
    with sessions() as session:
        again = session.get_one(PendingReaction, owed.id)
        assert (again.state, again.attempts) == ("pending", 0)
    assert "somebody else was faster" in browser.post(page, data={"csrf_token": token}, follow_redirects=True).text
    assert "reaction_retried" in browser.get("/console/audit?action=reaction_retried").text


def test_the_owner_reads_who_looked_at_whom(browser: FlaskClient, ada: int) -> None:
    browser.get(f"/console/customers/{ada}")
    text = read(browser, f"/console/audit?subject=customer:{ada}")
    assert "Sam <b> owner opened a customer" in text
    assert "customer asked" in text


def test_an_empty_console_opens_everywhere(browser: FlaskClient) -> None:
    for page in ("overview", "orders", "customers", "emails", "deliveries", "events", "recommendations", "system"):
        assert browser.get(f"/console/{page}").status_code == 200
    assert "Nothing was recorded yet" in browser.get("/console/audit").text


def test_support_has_a_doubtful_email_sent_again_and_a_marketer_does_not(
    browser: FlaskClient, storefront: DeskStorefront, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    with sessions() as session:
        doubtful = session.scalars(select(Email.id).where(Email.state == State.UNKNOWN)).one()
        sent = session.scalars(select(Email.id).where(Email.state == State.SENT)).one()
    form = {"csrf_token": token}
    storefront.role = "marketer"
    assert "Send again" not in browser.get(f"/console/emails/{doubtful}").text
    assert browser.post(f"/console/emails/{doubtful}/send-again", data=form).status_code == 403
    storefront.role = "support"
    assert "Send again" in browser.get(f"/console/emails/{doubtful}").text
    assert "Send again" not in browser.get(f"/console/emails/{sent}").text
    answer = browser.post(f"/console/emails/{doubtful}/send-again", data=form, follow_redirects=True)
    assert "queued again" in answer.text
    assert "needs no second try" in browser.post(
        f"/console/emails/{sent}/send-again", data=form, follow_redirects=True
    ).text  # fmt: skip
    assert browser.post("/console/emails/999999/send-again", data=form).status_code == 404
    with sessions() as session:
        assert session.get_one(Email, doubtful).state == State.QUEUED
        assert session.get_one(Email, sent).state == State.SENT
        again = session.scalars(select(AuditEntry).where(AuditEntry.action == "email_sent_again")).one()
    assert (again.subject, again.role) == (f"email:{doubtful}", "support")


def test_of_every_field_of_a_step_it_is_decided_whether_it_names_a_person() -> None:
    known = {one.name for kind in events.Seen.__subclasses__() for one in fields(kind)}  # type: ignore[arg-type]
    assert known - IMPERSONAL == {"reasons"}  # what a person bought, in a word

"""Customers are found by their number, and a click dials it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import insert, text, update

from ecrm.catching_up import catch_up
from ecrm.customers.phones import call_link, customers_by_phone
from ecrm.installation import Installation
from tracking.customers import Customer, update_profile
from tracking.notes import Note
from tracking.record import insert_once

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def person(name: str, phone: str, country: str = "DE") -> Customer:
    return Customer(email=f"{name}@example.com", phone=phone, country=country, traits={}, created_at=NOW)


def found(plugin: Installation, number: str) -> list[str]:
    with plugin.sessions() as session:
        return [one.email.partition("@")[0] for one in customers_by_phone(session, number, country="DE")]


def test_a_customer_is_found_by_every_writing_of_the_number(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        session.add_all([person("ada", "030/1234 5678"), person("bob", "+1 212 555 0123", "US"), person("eve", "")])
        values = {"email": "cid@example.com", "phone": "030 12345678", "country": "", "traits": {}, "created_at": NOW}
        insert_once(session, Customer, {"first_name": "", "last_name": "", **values})
    for written in ("+49 30 12345678", "03012345678", "0049-30-12345678"):
        assert found(plugin, written) == ["cid", "ada"]
    assert found(plugin, "+12125550123") == ["bob"]
    assert found(plugin, "") == found(plugin, "030 1234567") == []


def test_a_new_number_takes_the_place_of_the_old_one(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        session.add(person("ada", "030 12345678"))
    with plugin.sessions.begin() as session:
        ada = session.query(Customer).one()
        update_profile(ada, email=ada.email, phone="0171 2345678")
    assert (found(plugin, "030 12345678"), found(plugin, "+491712345678")) == ([], ["ada"])
    with plugin.sessions.begin() as session:
        ada = session.query(Customer).one()
        update_profile(ada, email=ada.email, whole=True)
    assert found(plugin, "+491712345678") == []


def test_an_upgrade_makes_old_numbers_findable(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        session.execute(
            insert(Customer),
            [
                {"email": f"c{n}@example.com", "phone": f"030 {n:08}", "country": "DE", "traits": {}, "created_at": NOW}
                for n in range(10_000_000, 10_002_050)
            ],
        )
        session.execute(update(Customer).values(phone_folded=""))
        session.add(Note(name="owed: phones", text=""))
    said: list[str] = []
    catch_up(plugin, say=said.append)
    assert said == ["Customers' telephone numbers …"]
    assert found(plugin, "+493010002049") == ["c10002049"]
    with plugin.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM ecrm_customer WHERE phone_folded = ''")) == 0


@pytest.mark.parametrize(
    ("setting", "link"),
    [("tel", "tel:+493012345678"), ("sip:{number}@pbx.example.com", "sip:+493012345678@pbx.example.com"), ("", "")],
)
def test_a_click_dials_by_the_setting(plugin: Installation, host: Flask, setting: str, link: str) -> None:
    host.config["ECRM_CALL_LINK"] = setting
    with host.app_context():
        facts = plugin.storefront.facts()
        assert call_link("030 12345678", country="DE", facts=facts) == link
        assert call_link("none", country="DE", facts=facts) == ""

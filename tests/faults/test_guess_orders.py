"""The short form of `make guess-orders`, and the right pair's letter from asking to the open order."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from ecrm.installation import installation
from tests.faults.guess_orders import guess
from tests.walks.mailbox import body_of, mails
from tests.walks.person import Person, order_number


@pytest.mark.sqlite_only
def test_no_guess_opens_an_order_or_has_a_letter_sent(tmp_path: Path) -> None:
    found = guess(tmp_path, links=400, lookups=60, pairs=10)
    assert (found.opened, found.mailed, found.bodies, found.answered_in_a_minute) == (0, 0, 1, 30)


def test_a_guest_finds_the_way_back_by_the_mailed_link(app: Flask, shop_data: dict[str, int]) -> None:
    number = order_number(Person(app).buy(shop_data["filter"]))
    later = Person(app)
    door = later.get("/sign-in")
    assert door.soup.find("a", href="/find-order") is not None
    later.submit(later.get("/find-order"), "/find-order", email="KIM@example.com", number=number.lower())
    (mail,) = [mail for mail in mails(installation(app)) if mail["Subject"] == f"Your order {number} at Test & Taste"]
    assert mail["To"] == "kim@example.com"
    found = re.search(r"https?://\S+/orders/\S+", body_of(mail))
    assert found is not None
    parts = urlsplit(found.group())
    assert later.get(f"{parts.path}?{parts.query}").status == 200

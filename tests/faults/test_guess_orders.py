"""The short form of `make guess-orders`, and the right pair's letter from asking to the open order."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from ecrm.installation import installation
from ecrm.scheduler import run_job
from ecrm.timetable import job_named
from tests.faults.guess_orders import guess
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
    crm = installation(app)
    run_job(crm, job_named("send-mail"))
    sent: list[Any] = crm.transport.sent  # type: ignore[attr-defined]  # the memory transport
    mails = [message_from_bytes(mail.message, policy=policy.default) for mail in sent]
    (mail,) = [mail for mail in mails if mail["Subject"] == f"Your order {number} at Test & Taste"]
    assert mail["To"] == "kim@example.com"
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    found = re.search(r"https?://\S+/orders/\S+", body.get_content())
    assert found is not None
    parts = urlsplit(found.group())
    assert later.get(f"{parts.path}?{parts.query}").status == 200

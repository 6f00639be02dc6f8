"""A guest's way back to an order: the right pair has a link mailed to its own address, and nobody learns anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.app import create_app
from shop.checkout.guest_access import OrderLinkRequest
from shop.checkout.order_links import signed_order_path
from shop.database import db
from shop.hooks import Letter, hooks
from tests.shop.visitor import Seen, Visitor

Look = Callable[[], Session]


class Postbox:
    """Whoever is plugged in: keeps the letters of the present transaction, and those that were committed."""

    def __init__(self) -> None:
        self.written: list[Letter] = []

    def __call__(self, letter: Letter) -> bool:
        self.written.append(letter)
        return True


@pytest.fixture
def postbox(app: Flask) -> Postbox:
    box = Postbox()
    hooks(app).letters[:] = [box]
    return box


def ask(visitor: Visitor, email: str, number: str) -> Seen:
    return visitor.submit(visitor.see("/find-order"), "/find-order", email=email, number=number)


def test_every_pair_gets_the_same_answer_and_writes_a_letter(
    app: Flask, visitor: Visitor, postbox: Postbox, shop_data: dict[str, int], tables: Look
) -> None:
    first, second = visitor.order(shop_data["filter"]), visitor.order(shop_data["candle"], email="lee@example.com")
    pairs = [
        ("KIM@example.com ", f" #{first.lower()}"), ("kim@example.com", second), ("lee@example.com", first),
        ("nobody@example.com", first), ("kim@example.com", "2611-AAAA-BBBB"), ("a@b.example", "x"),
    ]  # fmt: skip
    pages = [ask(Visitor(app), email, number) for email, number in pairs]
    assert {(page.status, str(page.soup.main)) for page in pages} == {(200, str(pages[0].soup.main))}
    assert len(postbox.written) == len(pairs)
    right = postbox.written[0]
    assert right.to_address == "kim@example.com"
    assert Visitor(app).see(right.context["link"].removeprefix(app.config["SHOP_BASE_URL"])).status == 200
    assert tables().scalar(select(func.count()).select_from(OrderLinkRequest)) == len(pairs)


def test_what_is_written_follows_from_the_number_alone(
    app: Flask, visitor: Visitor, postbox: Postbox, shop_data: dict[str, int]
) -> None:
    """A known address costs other work than an unknown one: measured, it told who is a customer."""
    number = visitor.order(shop_data["filter"])
    visitor.order(shop_data["candle"], email="lee@example.com")
    for pair in ((number, "kim@example.com"), (number, "lee@example.com"), (number, "nobody@example.com"),
                 ("2611-AAAA-BBBB", "kim@example.com"), ("2611-AAAA-BBBB", "nobody@example.com")):  # fmt: skip
        ask(Visitor(app), pair[1], pair[0])
    *existing, first, second = postbox.written
    assert {one.to_address for one in existing} == {"kim@example.com"}
    assert first.to_address == second.to_address
    assert not {"kim@example.com", "nobody@example.com"} & {first.to_address}


def test_headers_and_status_say_nothing_either(
    app: Flask, visitor: Visitor, postbox: Postbox, shop_data: dict[str, int]
) -> None:
    number, token = visitor.order(shop_data["filter"]), visitor.token()
    answers = []
    for email in ("kim@example.com", "nobody@example.com"):
        answer = visitor.client.post("/find-order", data={"csrf_token": token, "email": email, "number": number})
        answers.append((answer.status, answer.location, sorted(name for name, _ in answer.headers), answer.data))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("email", "number", "words"),
    [
        ("", "2611-AAAA-BBBB", "fill this in"),
        ("kim", "2611-AAAA-BBBB", "e-mail address"),
        ("kim@example.com", "; --", "letters, digits"),
    ],
)
def test_what_is_no_address_or_number_is_said_and_kept(
    visitor: Visitor, postbox: Postbox, email: str, number: str, words: str
) -> None:
    page = ask(visitor, email, number)
    assert (page.status, words in page.words) == (422, True)
    assert page.soup.select_one('input[name="number"]')["value"] == number  # type: ignore[index]
    assert postbox.written == []


def test_without_anybody_who_sends_letters_there_is_no_such_page(app: Flask, visitor: Visitor) -> None:
    hooks(app).letters[:] = []
    assert visitor.see("/find-order").status == 404
    assert visitor.send("/find-order", email="kim@example.com", number="x").status == 404
    assert "Find your order" not in visitor.see("/sign-in").words


def test_rows_of_requests_are_kept_for_a_day(visitor: Visitor, postbox: Postbox, tables: Look) -> None:
    with tables() as session:
        session.add(OrderLinkRequest(asked_at=datetime(2026, 1, 1, tzinfo=UTC)))
        session.commit()
    ask(visitor, "kim@example.com", "2611-AAAA-BBBB")
    assert tables().scalar(select(func.count()).select_from(OrderLinkRequest)) == 1


class TestGuessing:
    """Limits are on here."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"SHOP_RATE_LIMITS": True}

    def test_the_thirty_first_guess_of_a_minute_is_refused_and_the_right_link_then_too(
        self, app: Flask, visitor: Visitor, shop_data: dict[str, int]
    ) -> None:
        number = visitor.order(shop_data["filter"])
        with app.test_request_context():
            right = signed_order_path(number)
        mallory = app.test_client()
        codes = [mallory.get(f"/orders/{number}?t={guess:043d}").status_code for guess in range(29)]
        assert (set(codes), mallory.get(right).status_code) == ({404}, 200)  # what opens something isn't counted
        codes = [mallory.get(f"/orders/{number}/thanks?t={guess}").status_code for guess in range(3)]
        assert codes == [404, 429, 429]
        assert mallory.get(right).status_code == 429
        assert app.test_client().get(right, environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200

    def test_a_network_of_ipv6_counts_as_one_client(self, app: Flask, visitor: Visitor) -> None:
        mallory = app.test_client()
        codes = [
            mallory.get("/orders/x?t=y", environ_base={"REMOTE_ADDR": f"2001:db8::{guess:x}:1"}).status_code
            for guess in range(31)
        ]
        assert codes == [404] * 30 + [429]
        other = mallory.get("/orders/x?t=y", environ_base={"REMOTE_ADDR": "2001:db8:0:1::1"})
        assert other.status_code == 404

    def test_askings_are_limited_too(self, visitor: Visitor, postbox: Postbox) -> None:
        token = visitor.token()
        fields = {"csrf_token": token, "email": "kim@example.com", "number": "2611-AAAA-BBBB"}
        codes = [visitor.client.post("/find-order", data=fields).status_code for _ in range(31)]
        assert codes == [303] * 30 + [429]


def test_the_shop_alone_has_no_such_page(tmp_path: Any, database_url: str) -> None:
    app = create_app({
        "TESTING": True, "SHOP_ENV": "demo", "SHOP_SECRET_KEY": "a secret that only these tests know",
        "SHOP_VAR": str(tmp_path / "v"), "SHOP_DATABASE_URL": database_url, "SHOP_CRM": False,
    })  # fmt: skip
    assert app.test_client().get("/find-order").status_code == 404
    with app.app_context():
        db.engine.dispose()

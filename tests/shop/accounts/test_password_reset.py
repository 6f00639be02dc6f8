"""Forgot your password? A link by letter sets a new one, once; nobody learns who has an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from shop.accounts.account import SignIn
from shop.accounts.password_reset import LETTERS_AN_HOUR, LinkRefused, open_link, set_password
from shop.accounts.staff import create_staff
from shop.database import db
from shop.hooks import Letter, hooks
from tests.shop.browsing import PASSWORD, register, send, sign_in, text_of, token

pytestmark = pytest.mark.usefixtures("shop_data")

NEW = "seven quiet otters swim"


@pytest.fixture
def settings() -> dict[str, Any]:
    """A shop to which these tests plug in a letterbox of their own."""
    return {"SHOP_CRM": False, "SHOP_BASE_URL": "https://shop.example/"}


class Letterbox:
    """Somebody plugged in who sends letters: each cause makes one."""

    def __init__(self) -> None:
        self.asked: list[Letter] = []
        self.causes: set[str] = set()
        self.sent: list[Letter] = []

    def take(self, letter: Letter) -> bool:
        self.asked.append(letter)
        free = next((cause for cause in letter.causes if cause not in self.causes), None)
        if free is None:
            return False
        self.causes.add(free)
        self.sent.append(letter)
        return True

    @property
    def link(self) -> str:
        """The path of the last letter's link."""
        return urlsplit(self.sent[-1].context["link"]).path


@pytest.fixture
def letterbox(app: Flask) -> Letterbox:
    box = Letterbox()
    hooks(app).letters.append(box.take)
    return box


def ask(client: FlaskClient, email: str = "grace@example.com") -> TestResponse:
    return send(client, "/forgot-password", page="/forgot-password", email=email)


def choose(client: FlaskClient, link: str, password: str = NEW) -> TestResponse:
    return send(client, link, page="/forgot-password", password=password)


def grace(client: FlaskClient) -> None:
    """An account with a password; its owner is signed out."""
    register(client)
    send(client, "/sign-out", page="/account")


def test_without_anybody_who_sends_letters_there_is_no_such_page(client: FlaskClient) -> None:
    assert "Forgot your password?" not in text_of(client.get("/sign-in"))
    valid = token(client)
    for path in ("/forgot-password", "/reset-password/some-token"):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"csrf_token": valid, "email": "ada@example.com"}).status_code == 404


def test_the_link_sets_a_new_password_and_signs_in_here_and_out_elsewhere(
    app: Flask, client: FlaskClient, letterbox: Letterbox
) -> None:
    grace(client)
    elsewhere = app.test_client()
    sign_in(elsewhere)
    assert 'href="/forgot-password"' in client.get("/sign-in").text

    assert ask(client, " GRACE@example.com").status_code == 303
    letter = letterbox.sent[0]
    assert (letter.template, letter.to_address, letter.to_name) == (
        "password_reset", "grace@example.com", "Grace Hopper",
    )  # fmt: skip
    assert letter.context["link"].startswith("https://shop.example/reset-password/")
    assert letter.context["has_password"] is True
    page = client.get(letterbox.link)
    assert (page.status_code, "grace@example.com" in page.text) == (200, True)
    answer = choose(client, letterbox.link)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Your new password is set" in text_of(client.get("/account"))
    assert elsewhere.get("/account").status_code == 303
    send(client, "/sign-out", page="/account")
    assert sign_in(client, password=PASSWORD).status_code == 401
    assert sign_in(client, password=NEW).status_code == 303


def test_opening_the_link_changes_nothing_however_often(app: Flask, client: FlaskClient, letterbox: Letterbox) -> None:
    grace(client)
    ask(client)
    for _scanner in range(3):
        assert app.test_client().get(letterbox.link).status_code == 200
    assert client.get("/account").status_code == 303
    assert choose(client, letterbox.link).status_code == 303


def test_a_link_works_once(app: Flask, client: FlaskClient, letterbox: Letterbox) -> None:
    grace(client)
    ask(client)
    choose(client, letterbox.link)

    for answer in (
        app.test_client().get(letterbox.link),
        choose(app.test_client(), letterbox.link, "another good one"),
    ):
        assert answer.status_code == 410
        assert "This link was used already" in text_of(answer)
        assert "Ask for a new link" in text_of(answer)
        assert "grace@example.com" not in answer.text
    send(client, "/sign-out", page="/account")
    assert sign_in(client, password=NEW).status_code == 303


def test_of_two_windows_only_one_sets_the_password(
    app: Flask, client: FlaskClient, letterbox: Letterbox, tables: Callable[[], Session]
) -> None:
    grace(client)
    ask(client)
    late = tables()
    with app.app_context():
        account = open_link(late, letterbox.link.rpartition("/")[2])
    choose(app.test_client(), letterbox.link)
    with app.app_context(), pytest.raises(LinkRefused, match="used"):
        set_password(late, account, "the second window's", now=datetime.now(UTC))
    late.rollback()
    assert sign_in(app.test_client(), password=NEW).status_code == 303


def test_a_link_dies_when_the_password_is_changed_in_another_way(client: FlaskClient, letterbox: Letterbox) -> None:
    register(client)
    ask(client)
    send(client, "/account/password", page="/account/password", present=PASSWORD, password="a password set by hand")
    assert client.get(letterbox.link).status_code == 410


def test_a_link_lasts_an_hour(client: FlaskClient, letterbox: Letterbox) -> None:
    grace(client)
    ask(client)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=59)):
        assert client.get(letterbox.link).status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        answer = choose(client, letterbox.link)
    assert (answer.status_code, "This link has expired" in text_of(answer)) == (410, True)


@pytest.mark.parametrize("made_up", ["x", "a.b.c", "%F0%9F%90%88", "WzEsIngiXQ.aaaa.bbbb", "x" * 3000])
def test_a_made_up_link_is_a_clear_page(client: FlaskClient, letterbox: Letterbox, made_up: str) -> None:
    for answer in (client.get(f"/reset-password/{made_up}"), choose(client, f"/reset-password/{made_up}")):
        assert (answer.status_code, "This link is broken" in text_of(answer)) == (400, True)


def test_a_token_of_another_purpose_opens_nothing(app: Flask, client: FlaskClient, letterbox: Letterbox) -> None:
    grace(client)
    ask(client)
    ours = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="shop-password-reset")
    told = ours.loads(letterbox.link.rpartition("/")[2])
    for salt in ("ecrm-recall", "shop-order-link", "itsdangerous"):
        other = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt=salt).dumps(told)
        assert choose(client, f"/reset-password/{other}").status_code == 400
    for signed in ({"account": told[0]}, [told[0]], 7, None):
        assert client.get(f"/reset-password/{ours.dumps(signed)}").status_code == 400


def test_one_accounts_link_is_no_good_for_another(app: Flask, client: FlaskClient, letterbox: Letterbox) -> None:
    """Ada and Olga both have no password: the fingerprint of none differs all the same."""
    ask(client, "ada@example.com")
    ours = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="shop-password-reset")
    ada, fingerprint = ours.loads(letterbox.link.rpartition("/")[2])
    assert client.get(f"/reset-password/{ours.dumps([ada + 1, fingerprint])}").status_code == 410


def test_whoever_has_no_password_gets_the_first_one(client: FlaskClient, letterbox: Letterbox) -> None:
    ask(client, "ada@example.com")
    assert letterbox.sent[0].context["has_password"] is False
    assert choose(client, letterbox.link).status_code == 303
    assert client.get(letterbox.link).status_code == 410
    send(client, "/sign-out", page="/account")
    assert sign_in(client, email="ada@example.com", password=NEW).status_code == 303


def test_staff_go_to_their_work(app: Flask, client: FlaskClient, letterbox: Letterbox) -> None:
    with app.app_context():
        create_staff(db.session(), email="pia@example.com", role="packer", password=PASSWORD, first_name="Pia")
        db.session.commit()
    ask(client, "pia@example.com")
    assert choose(client, letterbox.link).headers["Location"].startswith("/staff")


def test_who_waits_after_wrong_guesses_need_not_wait_with_the_new_password(
    app: Flask, client: FlaskClient, letterbox: Letterbox
) -> None:
    grace(client)
    for _guess in range(5):
        sign_in(client, password="a wrong guess, that is")
    ask(client)
    choose(client, letterbox.link)
    assert sign_in(app.test_client(), password=NEW).status_code == 303


@pytest.mark.parametrize("weak", ["", "short", "password1234", "GraceHopper12", "x\x00" * 10])
def test_the_rules_for_passwords_hold(client: FlaskClient, letterbox: Letterbox, weak: str) -> None:
    grace(client)
    ask(client)
    answer = choose(client, letterbox.link, weak)
    assert answer.status_code == 422
    assert 'id="field-password-error"' in answer.text
    assert choose(client, letterbox.link).status_code == 303


def test_an_unknown_address_gets_the_same_answer_after_the_same_work(
    app: Flask, client: FlaskClient, letterbox: Letterbox
) -> None:
    grace(client)
    known, unknown = app.test_client(), app.test_client()
    answers = [ask(known), ask(unknown, "nobody@example.com")]
    pages = [known.get(answers[0].headers["Location"]), unknown.get(answers[1].headers["Location"])]

    assert answers[0].status_code == answers[1].status_code == 303
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert answers[0].text == answers[1].text
    assert [header for header, _ in answers[0].headers] == [header for header, _ in answers[1].headers]
    assert text_of(pages[0]) == text_of(pages[1])
    assert [letter.to_address for letter in letterbox.asked] == ["grace@example.com", "nobody@example.com"]
    lengths = [len(letter.context["link"]) for letter in letterbox.asked]
    assert abs(lengths[0] - lengths[1]) < 5


@pytest.mark.parametrize("email", ["", "ada", "\x00", "a@b\r\nBcc: x@example.com", "a@example.com,b@example.com"])
def test_what_is_no_address_is_said_beside_the_field(client: FlaskClient, letterbox: Letterbox, email: str) -> None:
    answer = ask(client, email)
    assert answer.status_code == 422
    assert 'id="field-email-error"' in answer.text
    assert letterbox.asked == []


def test_three_letters_an_hour_and_no_more(app: Flask, client: FlaskClient, letterbox: Letterbox) -> None:
    grace(client)
    with time_machine.travel(datetime(2026, 11, 20, 12, 5, tzinfo=UTC)):
        answers = [ask(app.test_client(), email) for email in ["grace@example.com", "Grace@Example.com"] * 3]
        assert {answer.status_code for answer in answers} == {303}
        assert len(letterbox.sent) == LETTERS_AN_HOUR
        assert app.test_client().get(letterbox.link).status_code == 200
    with time_machine.travel(datetime(2026, 11, 20, 13, 5, tzinfo=UTC)):
        ask(client)
        assert len(letterbox.sent) == LETTERS_AN_HOUR + 1


def test_the_link_leads_to_the_shop_whatever_host_was_asked(client: FlaskClient, letterbox: Letterbox) -> None:
    evil = "http://evil.example"
    page = client.get("/forgot-password", base_url=evil)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    form = {"csrf_token": found.group(1), "email": "ada@example.com"}
    assert client.post("/forgot-password", data=form, base_url=evil).status_code == 303
    assert letterbox.sent[0].context["link"].startswith("https://shop.example/reset-password/")


def test_the_link_does_not_travel_on_and_its_form_works_over_tls(
    app: Flask, client: FlaskClient, letterbox: Letterbox
) -> None:
    ask(client, "ada@example.com")
    over_tls = app.test_client()
    page = over_tls.get(letterbox.link, base_url="https://localhost")
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.headers["Cache-Control"] == "no-store"
    addresses = re.findall(r'(?:href|src|action)="([^"]+)"', page.text)
    assert [a for a in addresses if "reset-password" in a] == [letterbox.link]  # the form alone
    found = re.search(r'action="/reset-password.*?name="csrf_token" value="([^"]+)"', page.text, re.DOTALL)
    assert found is not None
    answer = over_tls.post(
        letterbox.link,
        data={"csrf_token": found.group(1), "password": NEW},
        base_url="https://localhost",
        headers={"Referer": "https://localhost/"},  # what a browser sends under this policy
    )
    assert answer.status_code == 303


def test_a_fault_does_not_write_the_token_into_the_log(
    app: Flask, client: FlaskClient, letterbox: Letterbox, caplog: pytest.LogCaptureFixture
) -> None:
    ask(client, "ada@example.com")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        SignIn.__table__.drop(db.engine)  # type: ignore[attr-defined]
    answer = choose(client, letterbox.link)
    assert answer.status_code == 500
    assert "/reset-password/*" in caplog.text
    assert letterbox.link.rpartition("/")[2] not in caplog.text


class TestLimits:
    """Beside the letters to one account: how often one place may ask."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"SHOP_CRM": False, "SHOP_RATE_LIMITS": True}

    def test_one_place_asks_five_times_a_minute_whatever_the_accounts(
        self, client: FlaskClient, letterbox: Letterbox
    ) -> None:
        valid = token(client)
        answers = [
            client.post("/forgot-password", data={"csrf_token": valid, "email": f"n{number}@example.com"}).status_code
            for number in range(6)
        ]
        assert answers == [303] * 5 + [429]
        assert len(letterbox.asked) == 5

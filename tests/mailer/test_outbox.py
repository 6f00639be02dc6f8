"""The outbox: one cause makes one e-mail, whose bytes never change and whose headers hold nothing foreign."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import dedup
from mailer.addressing import BadHeader, Mailbox, as_name, checked_subject
from mailer.message import compose
from mailer.outbox import Email, message_id_for, queue

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def put(session: Session, **changes: object) -> int | None:
    values: dict[str, object] = {
        "dedup_key": "order-confirmation:1", "template": "order_confirmation",
        "sender": Mailbox("Café & Söhne, Inc.", "shop@example.com"), "to": Mailbox("Byron, Ada", "ada@example.com"),
        "subject": "Grüße — order 1", "text": "Zeile\n.dot\n" + "x" * 2000, "html": "<p>Grüße</p>", "now": NOW,
    }  # fmt: skip
    return queue(session, **(values | changes))  # type: ignore[arg-type]


def test_one_cause_makes_one_email(session: Session) -> None:
    assert put(session) is not None
    assert put(session, subject="Another text") is None
    assert session.scalar(select(func.count()).select_from(Email)) == 1


def test_what_no_database_keeps_is_left_out_and_loses_nobody_their_email(session: Session) -> None:
    email = session.get_one(Email, put(session, text="He\0llo \ud800", html="<p>He\0llo</p>"))
    assert (email.text, email.html) == ("Hello ?", "<p>Hello</p>")


def test_an_email_is_gone_with_the_transaction_of_its_cause(session: Session) -> None:
    put(session)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Email)) == 0


def test_the_message_says_what_the_row_says_and_survives_seven_bit_servers(session: Session) -> None:
    email = session.get_one(Email, put(session))
    raw = compose(email)
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, policy=default)
    assert message["From"].addresses[0].display_name == "Café & Söhne, Inc."
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.com"]
    assert message["To"].addresses[0].display_name == "Byron, Ada"
    assert message["Subject"] == "Grüße — order 1"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text.get_content().splitlines()[:2] == ["Zeile", ".dot"]
    assert unescape(html.get_content()).strip() == "<p>Grüße</p>"


def test_the_same_row_always_makes_the_same_bytes(session: Session) -> None:
    email = session.get_one(Email, put(session))
    assert compose(email) == compose(email)


def test_an_address_outside_of_ascii_is_written_as_it_is(session: Session) -> None:
    email = session.get_one(Email, put(session, to=Mailbox("Зоя", "зоя@bücher.example")))
    assert "To: Зоя <зоя@xn--bcher-kva.example>\r\n".encode() in compose(email)


def test_a_message_id_says_the_moment_and_cannot_be_guessed() -> None:
    one = message_id_for(queued_at=NOW, domain="example.com")
    assert one.startswith("<20261120T120000.")
    assert one.endswith("@example.com>")
    assert one != message_id_for(queued_at=NOW, domain="example.com")


@pytest.mark.parametrize(
    "address",
    [
        "", "ada", "ada@", "@example.com", "ada@example.com\nBcc: x@example.com", "ada@example.com,eve@example.com",
        "ada@exa mple.com", "<ada@example.com>", "ada@example.com>", '"ada b"@example.com', "ada@@example.com",
        ".ada@example.com", "a..b@example.com", "ada\x00@example.com", "a" * 65 + "@example.com",
        "a@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 63 + "." + "e" * 63 + ".example", "ada@" + "b" * 70 + ".example",
    ],
)  # fmt: skip
def test_an_address_that_could_change_the_headers_is_refused(address: str) -> None:
    with pytest.raises(BadHeader):
        Mailbox("", address)


def test_a_foreign_domain_is_kept_in_its_ascii_form() -> None:
    assert Mailbox("", "ada@bücher.example").address == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("name", ["Ada\r\nBcc: x@example.com", "Ada\x0b", "x" * 201])
def test_a_name_that_could_change_the_headers_is_refused_and_can_be_made_good(name: str) -> None:
    with pytest.raises(BadHeader):
        Mailbox(name, "ada@example.com")
    assert Mailbox(as_name(name), "ada@example.com").name


@given(st.text(alphabet='aé ,.;:@<>"\\\\()[]=?_xyz', max_size=200), st.sampled_from(["ada", "a" * 60]))
@settings(deadline=None)
def test_no_name_whatsoever_makes_another_recipient(name: str, local: str) -> None:
    message = EmailMessage(policy=SMTP)
    message["To"] = Mailbox(as_name(name), f"{local}@example.com").header
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert [address.addr_spec for address in read["To"].addresses] == [f"{local}@example.com"]


def test_an_address_in_a_long_name_stays_part_of_the_name() -> None:
    message = EmailMessage(policy=SMTP)
    message["To"] = Mailbox("Ada, eve@example.com, " + "x" * 170, "ada@example.com").header
    assert b"eve@" not in message.as_bytes()


@pytest.mark.parametrize("subject", ["", "  ", "Hi\nBcc: x@example.com", "x" * 301])
def test_a_subject_that_could_change_the_headers_is_refused(subject: str) -> None:
    with pytest.raises(BadHeader):
        checked_subject(subject)


def test_keys_are_made_of_stable_ids_and_fit_their_column() -> None:
    keys = [
        dedup.order_confirmation("x" * 64), dedup.order_shipped("x" * 64), dedup.order_delivered("x" * 64),
        dedup.recall("a" * 254, browser="b" * 64, now=NOW),
    ]  # fmt: skip
    assert len(set(keys)) == 4
    assert all(len(key) <= 120 for key in keys)
    later = datetime(2026, 11, 20, 12, 9, 59, tzinfo=UTC)
    assert dedup.recall("a", browser="b", now=NOW) == dedup.recall("a", browser="b", now=later)

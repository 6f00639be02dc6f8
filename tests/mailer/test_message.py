"""Messages: whatever people, marketers and shops write, there is one recipient and no header but ours."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from html import unescape
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.addressing import BadHeader, as_name
from mailer.message import HEADERS, compose
from mailer.outbox import Email
from mailer.smtp_line import on_the_wire
from mailer.writing import Written

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NASTY = st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from('\r\n\x00 \t,;:@<>"\\()=?_.\u2028\u202e'))


def email(**changes: Any) -> Email:
    values: dict[str, Any] = {
        "from_address": "shop@example.com", "from_name": "Shop", "to_address": "ada@example.com", "to_name": "Ada",
        "subject": "Hello", "text": "Text", "html": "<p>Text</p>", "message_id": "<1.a@example.com>",
        "transactional": False, "queued_at": NOW, "claimed_at": NOW,
    }  # fmt: skip
    return Email(**(values | changes))


def words(**changes: Any) -> Written:
    values: dict[str, Any] = {
        "subject": "Hello", "text": "Text", "html": "<p>Text</p>", "unsubscribe_url": "https://example.com/u/1"
    }  # fmt: skip
    return Written(**(values | changes))


@given(name=NASTY, subject=NASTY, list_id=NASTY, feedback=NASTY, url=NASTY)
@example(name="x\r\nBcc: all@example.com", subject="=?utf-8?q?=0d=0aBcc:_a@b.c?=", list_id="", feedback="", url="")
@settings(deadline=None, max_examples=1500)
def test_nothing_that_is_written_anywhere_makes_a_header_or_a_recipient(
    name: str, subject: str, list_id: str, feedback: str, url: str
) -> None:
    for one in (
        words(subject=subject), words(list_id=list_id), words(feedback_id=feedback),
        words(unsubscribe_url=f"https://example.com/{url}"),
    ):  # fmt: skip
        try:
            raw = compose(email(to_name=as_name(name)), one)
        except BadHeader:
            continue
        message = message_from_bytes(raw, policy=default)
        assert set(message.keys()) <= set(HEADERS)
        assert len(message.keys()) == len(set(message.keys()))
        assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.com"]
        assert [address.addr_spec for address in message["From"].addresses] == ["shop@example.com"]
        assert message["Subject"].split() == (one.subject.split() if one.subject == subject else ["Hello"])
        assert message.get_body(("plain",)).get_content().strip() == "Text"
        assert raw.isascii()


@given(NASTY, NASTY)
@settings(deadline=None, max_examples=500)
def test_both_bodies_say_what_was_written(text: str, html: str) -> None:
    raw = compose(email(), words(text=text, html=f"<p>{html}</p>"))
    message = message_from_bytes(raw, policy=default)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\nFrom " not in raw
    assert _lines(message.get_body(("plain",)).get_content()) == _lines(text)
    assert unescape(_lines(message.get_body(("html",)).get_content())) == unescape(_lines(f"<p>{html}</p>"))


def _lines(text: str) -> str:
    """However its lines end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


@given(NASTY)
@settings(deadline=None, max_examples=300)
def test_a_server_reads_back_the_same_bytes(text: str) -> None:
    raw = compose(email(), words(text=text))
    wire = on_the_wire(raw)
    assert wire.endswith(b"\r\n.\r\n")
    lines = wire[: -len(b".\r\n")].split(b"\r\n")
    assert b"." not in lines
    assert b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines) == raw


def test_a_style_sheet_keeps_its_letters() -> None:
    html = "<style>p::before { content: '„' }</style><p>Grüße</p>"
    message = message_from_bytes(compose(email(), words(html=html)), policy=default)
    assert message.get_body(("html",)).get_content().strip() == html


def test_marketing_without_a_way_out_is_never_composed() -> None:
    with pytest.raises(BadHeader, match="unsubscribe"):
        compose(email(), words(unsubscribe_url=""))
    with pytest.raises(BadHeader, match="unsubscribe"):
        compose(email())


def test_what_somebody_waits_for_says_that_a_machine_wrote_it() -> None:
    message = message_from_bytes(compose(email(transactional=True)), policy=default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in message

"""A letter of a conversation says so in its headers, and files go with it whole."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.addressing import BadHeader
from mailer.enclosed import MOST_BYTES, MOST_REFERENCES, File, correspondence
from mailer.message import HEADERS, compose

from .test_message import email, words


def test_a_letter_of_a_conversation_names_what_it_answers() -> None:
    about = correspondence(in_reply_to="<2@x>", references=["<1@x>", "bad\r\nBcc: all@x"])
    message = message_from_bytes(compose(email(transactional=True, content=about)), policy=default)
    assert message["In-Reply-To"] == "<2@x>"
    assert message["References"].split() == ["<1@x>", "<2@x>"]
    assert "Auto-Submitted" not in message
    assert message["X-Loop"] == "shop@example.com"
    assert set(message.keys()) <= set(HEADERS)


def test_a_machine_s_answer_says_so() -> None:
    about = correspondence(in_reply_to="<2@x>", answered_by_machine=True)
    message = message_from_bytes(compose(email(transactional=True, content=about)), policy=default)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message_from_bytes(compose(email(transactional=True)))["Auto-Submitted"] == "auto-generated"


def test_a_long_conversation_keeps_its_beginning_and_its_end() -> None:
    about = correspondence(in_reply_to="<last@x>", references=[f"<{n}@x>" for n in range(50)])
    assert len(about["references"]) == MOST_REFERENCES
    assert (about["references"][0], about["references"][-1]) == ("<0@x>", "<last@x>")


@settings(deadline=None)
@given(name=st.text(max_size=200), content=st.binary(max_size=300))
def test_files_arrive_as_they_were(name: str, content: bytes) -> None:
    files = [File(name, "image/png", content), File("Grüße.pdf", "application/pdf", b"%PDF" * 100)]
    raw = compose(email(transactional=True), files=files)
    message = message_from_bytes(raw, policy=default)
    assert message.get_body(("plain",)).get_content() == "Text\r\n"
    first, second = message.iter_attachments()
    assert first.get_payload(decode=True) == content
    assert (second.get_filename(), second.get_payload(decode=True)) == ("Grüße.pdf", b"%PDF" * 100)
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))
    assert compose(email(transactional=True), files=files) == raw


def test_marketing_has_no_files_and_nothing_has_too_many() -> None:
    with pytest.raises(BadHeader, match="somebody waits"):
        compose(email(), words(), [File("a", "image/png", b"x")])
    with pytest.raises(BadHeader, match="at most"):
        compose(email(transactional=True), files=[File("a", "image/png", b"x" * (MOST_BYTES + 1))])
    with pytest.raises(BadHeader, match="content type"):
        compose(email(transactional=True), files=[File("a", "image/png\r\nX: y", b"x")])

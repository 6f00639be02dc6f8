"""What reading a letter may cost is a budget of the whole letter; what is beyond it is kept, and read more cheaply."""

from __future__ import annotations

import pytest

from mailer.inbound.budget import Budget
from mailer.inbound.reading import read


def parts(*bodies: bytes, kind: str = "text/html") -> bytes:
    head = b"From: ada@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"".join(b"--b\r\nContent-Type: %s\r\n\r\n%s\r\n" % (kind.encode(), one) for one in bodies)


def test_all_parts_of_a_letter_share_one_budget_and_none_loses_its_words() -> None:
    row = b"<table><tr><td>one</td><td>two</td></tr></table>" * 2000
    got = read(parts(b"<p>Hello", *[row] * 20, b"<p>the last words"))
    assert got.text.startswith("Hello")
    assert got.text.endswith("the last words")
    budget = Budget()
    assert [budget.has_html(row.decode()) for _ in range(4)] == [True, False, False, False]


def test_charsets_are_guessed_a_few_times_a_letter() -> None:
    odd = "Привет, где моя посылка? Я жду уже целую неделю, а она всё не приходит. ".encode("koi8-r") * 4
    got = read(parts(*[odd] * 40, kind="text/plain"))
    assert got.text.count("посылка") == 4 * Budget().guesses


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(50))
        + b"a\n" * 200_000,
        b"Content-Type: message/rfc822\r\n\r\n" * 50 + b"a" * 2_000_000,
        b"X: y\r\n" * 3 + b"\r\n" + b"\n" * 2_100_000,
    ],
)
def test_what_would_take_minutes_is_kept_whole_and_read_from_its_beginning(raw: bytes) -> None:
    got = read(b"From: ada@example.com\r\nSubject: much\r\n" + raw)
    assert (got.from_address, got.subject, "attached" in got.trouble) == ("ada@example.com", "much", True)
    assert [one.name for one in got.attachments] == ["message.eml.txt"]


def test_headers_without_end_are_cut_and_a_broken_field_hides_no_other() -> None:
    brackets = "Cc: " + "<,(" * 6000
    got = read(f"From: ada@example.com\r\n{brackets}\r\nContent-Type: text/plain{';' * 500_000}\r\n\r\nhello".encode())
    assert (got.from_address, got.text, got.trouble) == ("ada@example.com", "hello", "")


def test_texts_that_are_too_much_together_go_on_in_a_file() -> None:
    one, two = b"first line\n" * 40_000, b"last line\n" * 40_000
    got = read(parts(one, two, kind="text/plain"))
    rest = got.attachments[0]
    assert (rest.name, rest.content_type, len(got.attachments)) == ("rest of the message.txt", "text/plain", 1)
    assert got.text.endswith(" line")
    assert got.text.count("line") + rest.content.count(b"line") == 80_000
    assert len(got.text) <= 500_000

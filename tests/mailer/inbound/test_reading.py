"""A message is read as the person meant it, and nothing in it can harm who reads it."""

from __future__ import annotations

import struct
from base64 import b64encode
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.inbound.markup import safe_html
from mailer.inbound.parts import MOST_FILES
from mailer.inbound.reading import read

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def letter(body: str = "Where is my parcel?", **headers: str) -> bytes:
    named = {"From": "Ada Byron <ada@example.com>", "To": "shop@example.com", "Subject": "My order"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"{name}: {value}" for name, value in named.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def test_a_plain_letter() -> None:
    got = read(
        letter(
            Message_ID="<1@example.com>", In_Reply_To="<0@shop> (a comment)", References="<a@b>\r\n <0@shop>",
            Date="Fri, 20 Nov 2026 13:00:00 +0100", Cc="Bob <bob@example.com>, not an address",
        )
    )  # fmt: skip
    assert (got.from_name, got.from_address, got.subject) == ("Ada Byron", "ada@example.com", "My order")
    assert (got.message_id, got.in_reply_to, got.references) == ("<1@example.com>", "<0@shop>", ("<a@b>", "<0@shop>"))
    assert (got.to, got.cc, got.at) == (
        ("shop@example.com",), ("bob@example.com",), datetime(2026, 11, 20, 12, tzinfo=UTC),
    )  # fmt: skip
    assert (got.text, got.quoted, got.auto, got.trouble) == ("Where is my parcel?", "", "", "")


@pytest.mark.parametrize(
    ("body", "text", "quoted"),
    [
        ("Thanks!\n\nOn Mon, 3 Nov 2025 at 10:00, Shop <s@x.de> wrote:\n> Hi", "Thanks!", "On Mon"),
        ("Danke!\n\nAm 3.11.2025 um 10:00 schrieb Shop <s@x.de>:\n> Hi", "Danke!", "Am 3.11"),
        ("Bonjour\n\nLe lun. 3 nov. 2025 à 10:00, Shop <a@b.c> a écrit :\n> x", "Bonjour", "Le lun."),
        ("No.\n\nVon: Shop\nGesendet: Montag\nAn: Ada\nBetreff: Re\n\nold", "No.", "Von: Shop"),
        ("Yes\n\n> ##- Please write above this line · [C-ABCDEFGH] -##\n> old", "Yes", "> ##-"),
        ("Ja\n##- Bitte oberhalb schreiben · [C-ABCDEFGH] -##\nalles", "Ja", "##-"),
        ("> one\n> two\nmy answer below", "> one\n> two\nmy answer below", ""),
        ("On Monday, Shop wrote:\n> Hi\n\nmy answer below", "my answer below", "On Monday"),
        ("one\n\n> quoted\n\nbetween\n\n> last\n", "one\n\n> quoted\n\nbetween", "> last"),
        ("Begin forwarded message:\n\nFrom: x\nSubject: y\nDate: z\n\nwords", "Begin forwarded message:", "From: x"),
        ("From: x\nSubject: y\nTo: z\n\nonly this", "From: x", ""),
    ],
)  # fmt: skip
def test_what_is_quoted_is_folded_away(body: str, text: str, quoted: str) -> None:
    got = read(letter(body))
    assert got.text.startswith(text)
    assert got.quoted.startswith(quoted)
    assert bool(got.quoted) == bool(quoted)


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("utf-8", "Grüße".encode()), ("iso-8859-1", "Grüße".encode("cp1252")), ("us-ascii", "Grüße".encode()),
        ("x-unknown", "Grüße".encode()), ("utf-8", "Grüße".encode("cp1252")), ("", "Grüße".encode()),
        ("zip", "Grüße".encode()), ("rot13", "Grüße".encode()), ("utf-16", "Grüße".encode("utf-16")),
    ],
)  # fmt: skip
def test_letters_survive_a_wrong_charset(charset: str, raw: bytes) -> None:
    said = f'; charset="{charset}"' if charset else ""
    head = f"From: ada@example.com\r\nContent-Type: text/plain{said}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert read(head.encode() + b64encode(raw)).text == "Grüße"


@pytest.mark.parametrize(
    ("subject", "read_as"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"), ("=?utf-8?b?R3LDvMOf?= =?utf-8?b?ZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=", "Grüße"), ("=?nonsense?q?x?= y", "x y"),
        ("=?utf-8?b?!!!?=", ""), ("a\u202egpj.exe", "agpj.exe"), ("  two\r\n  lines ", "two lines"), ("Grüße", "Grüße"),
    ],
)  # fmt: skip
def test_subjects_are_one_readable_line(subject: str, read_as: str) -> None:
    assert read(letter(Subject=subject)).subject == read_as


@pytest.mark.parametrize(
    ("sender", "address", "clear"),
    [
        ("ada@a.example <eve@b.example>", "eve@b.example", False), ("Shop @ Home <x@y.example>", "x@y.example", False),
        ("<ada@a.example> <eve@b.example>", "eve@b.example", False),
        ("ada@a.example, eve@b.example", "ada@a.example", False),
        ('"ada@a.example" <eve@b.example>', "eve@b.example", True),
        ("Byron, Ada <ada@a.example>", "ada@a.example", True),
        ("Ada <ada@a.example", "ada@a.example", True),
        ("Ada.Byron@a.example <ada.byron@a.example>", "Ada.Byron@a.example", True),
        ("Ada (ada@home) <ada@a.example>", "ada@a.example", True),
        ("<@relay.example:ada@a.example>", "ada@a.example", True),
    ],
)  # fmt: skip
def test_of_several_senders_it_is_the_one_in_brackets_and_none_is_believed(
    sender: str, address: str, clear: bool
) -> None:
    got = read(letter(From=sender))
    assert (got.from_address, got.sender, "sender unclear" in got.hints) == (
        address, address if clear else "", not clear,
    )  # fmt: skip


GREETED = "Grüße aus München, ich hätte gern eine größere Tür. "


@pytest.mark.parametrize("charset", ["utf-8", "us-ascii", ""])
@pytest.mark.parametrize("broken", [b"\xff", b"\xe2\x82"])
def test_one_broken_byte_costs_no_other_letter(charset: str, broken: bytes) -> None:
    raw = letter("", Content_Type=f"text/plain; charset={charset}" if charset else "")
    assert read(raw + (GREETED * 8).encode() + broken).text.startswith(GREETED)


def test_what_says_that_it_is_utf_8_and_is_not_is_read_by_what_it_looks_like() -> None:
    raw = letter("", Content_Type="text/plain; charset=utf-8") + (GREETED * 8).encode("latin-1")
    assert read(raw).text.startswith(GREETED)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "big5"])
def test_a_book_is_cut_between_its_letters(charset: str) -> None:
    book = "a" + "漢" * 1_100_000
    raw = letter("", Content_Type=f"text/plain; charset={charset}") + book.encode(charset)
    assert book.startswith(read(raw).text)


def test_html_is_safe_and_becomes_text() -> None:
    html = (
        "<style>p{}</style><p onclick=x()>Hello <b>you</b></p><script>alert(1)</script>"
        '<img src="https://evil.example/pixel.gif"><a href="javascript:x()">a</a><a href="https://ok.example/">b</a>'
        '<svg onload=x()><form action=/console><input name=q></form><p id=staff style="position:fixed">end</p>'
    )
    got = read(letter(html, Content_Type="text/html; charset=utf-8"))
    assert "Hello you" in got.text
    for bad in ("script", "onclick", "img", "svg", "form", "javascript", "style", "id=", "evil"):
        assert bad not in got.html
    assert '<a href="https://ok.example/" rel="noopener noreferrer nofollow">b</a>' in got.html


@pytest.mark.parametrize("tag", ["div", "b", "table", "span", "blockquote", "a href=x"])
def test_html_that_nests_without_end_is_text_alone(tag: str) -> None:
    html = f"<{tag}>" * 20_000 + "hello"
    assert safe_html(html) == ""
    assert read(letter(html, Content_Type="text/html")).text == "hello"


def alternative(plain: str, html: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "ada@example.com"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    return message


def test_files_and_pictures_in_the_text_are_attachments() -> None:
    message = alternative("Look", '<p>Look <img src="cid:1"></p>')
    message.add_attachment(PNG, maintype="image", subtype="png", cid="<1>", filename="../../etc/crack.png")
    message.add_attachment(b"<svg onload=alert(1)>", maintype="image", subtype="png", filename="a\u202egpj.svg")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="octet-stream", filename="")
    got = read(message.as_bytes())
    assert (got.text, "img" in got.html) == ("Look", False)
    assert [(one.name, one.content_type, one.content_id) for one in got.attachments] == [
        ("crack.png", "image/png", "1"), ("agpj.svg", "application/octet-stream", ""),
        ("part-3.pdf", "application/pdf", ""),
    ]  # fmt: skip


def test_a_forwarded_message_is_a_file_and_is_read_where_nothing_else_is_said() -> None:
    inner = alternative("The parcel is broken", "<p>The parcel is broken</p>")
    inner["Subject"] = "Broken"
    outer = EmailMessage()
    outer["From"] = "bob@example.com"
    outer.add_attachment(inner)
    got = read(outer.as_bytes())
    assert [one.name for one in got.attachments] == ["Broken.eml"]
    assert "The parcel is broken" in got.text


def tnef(*objects: tuple[int, int, bytes]) -> bytes:
    packed = [struct.pack("<IH", 0x223E9F78, 1)]
    for level, name, data in objects:
        packed.append(struct.pack("<BHHI", level, name, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF))
    return b"".join(packed)


def with_winmail(content: bytes) -> bytes:
    message = EmailMessage()
    message["From"] = "ada@example.com"
    message.add_attachment(content, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return message.as_bytes()


def test_the_files_in_winmail_dat_are_found() -> None:
    packed = tnef(
        (1, 0x800C, b"The words\x00"), (2, 0x9002, b"\x00" * 14), (2, 0x8010, b"photo.png\x00"), (2, 0x800F, PNG),
        (2, 0x9005, struct.pack("<I", 0xFFFFFFFF)), (1, 0x9003, struct.pack("<IHHI", 1, 0x1002, 1, 0xFFFFFFFF)),
    )  # fmt: skip
    got = read(with_winmail(packed))
    assert got.text == "The words"
    assert [(one.name, one.content_type) for one in got.attachments] == [("photo.png", "image/png")]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"nonsense", tnef(), tnef((2, 0x800F, PNG)), tnef((1, 0x9004, struct.pack("<I", 0xFFFFFFFF))),
        tnef(*[(1, 0x800C, b"x")] * 5000), tnef((2, 0x9002, b"\x00" * 14), (2, 0x800F, PNG))[:-9],
    ],
)  # fmt: skip
def test_a_broken_winmail_dat_is_kept_as_it_is(content: bytes) -> None:
    got = read(with_winmail(content))
    assert [one.name for one in got.attachments] == (["winmail.dat"] if content else [])


@pytest.mark.parametrize("depth", [40, 100, 600, 3000])
def test_parts_within_parts_without_end_are_kept_whole(depth: int) -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    got = read(f"From: ada@example.com\r\nSubject: deep\r\n{nested}\r\n\r\nhello".encode())
    assert (got.from_address, got.subject) == ("ada@example.com", "deep")
    assert "hello" in got.text or any(b"hello" in one.content for one in got.attachments)


def test_ten_thousand_parts_are_counted_and_the_first_ones_kept() -> None:
    part = b"--b\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n"
    got = read(b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 10_000 + b"--b--")
    assert (len(got.attachments), got.left_out) == (MOST_FILES, 10_000 - MOST_FILES)


def test_twenty_megabytes_are_read() -> None:
    message = alternative("See file", "<p>See file</p>")
    message.add_attachment(b"\x00\x01" * 10_000_000, maintype="application", subtype="x-raw", filename="big.raw")
    got = read(message.as_bytes())
    assert (got.text, len(got.attachments[0].content)) == ("See file", 20_000_000)


def test_a_text_without_end_is_cut_and_its_whole_is_a_file() -> None:
    got = read(letter("word " * 500_000))
    assert len(got.text) <= 500_000
    assert len(got.attachments[0].content) == 2_500_000


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto-submitted"), ({"Auto_Submitted": "no"}, ""),
        ({"Precedence": "bulk"}, "precedence"), ({"X_Autoreply": "yes"}, "auto-reply"),
        ({"Return_Path": "<>"}, "empty return path"), ({"List_Id": "<a.b.c>"}, "list"),
        ({"From": "MAILER-DAEMON@example.com"}, "machine"), ({"From": "no-reply@example.com"}, "machine"),
        ({"X_Auto_Response_Suppress": "All"}, "no answer wanted"), ({"Subject": "Out of Office: Re: x"}, "subject"),
        ({"Subject": "Automatische Antwort: x"}, "subject"), ({"Subject": "My office is out of tea"}, ""),
        ({"From": "Shop <Shop@Example.com>"}, "loop"), ({"X_Loop": "shop@example.com"}, "loop"),
        ({"Content_Type": "multipart/report; boundary=x"}, "report"),
        ({"Precedence": "auto_reply"}, "auto-reply"),
        ({"Precedence": "bulk", "Subject": "Out of office"}, "subject"),  # what a machine wrote counts first
    ],
)  # fmt: skip
def test_machines_are_known_by_what_they_say(headers: dict[str, str], why: str) -> None:
    assert read(letter(**headers), own={"shop@example.com"}).auto == why


def test_what_mail_servers_said_against_it_is_told() -> None:
    got = read(letter(X_Spam_Flag="YES", Authentication_Results="mx; dkim=fail; dmarc=fail (p=NONE)"))
    assert got.hints == ("spam filter", "dmarc failed", "dkim failed")


def test_the_language_is_told_where_there_are_enough_words() -> None:
    assert read(letter("Wo bleibt mein Paket? Ich warte nun schon seit einer Woche darauf.")).language == "de"
    assert read(letter("I am still waiting for my parcel, could you please look into it?")).language == "en"
    assert read(letter("ok")).language == ""


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\xff\xfe", b"\r\n\r\n", b"hello", b"From: \r\n\r\nx", b":\n\n"])
def test_what_is_no_message_is_read_as_nothing_much(raw: bytes) -> None:
    assert read(raw).from_address == ""


@given(st.binary(max_size=400))
def test_no_bytes_can_break_the_reading(junk: bytes) -> None:
    whole = alternative("Hello", "<p>Hello</p>").as_bytes()
    read(junk)
    read(whole[: len(junk)] + junk + whole[len(junk) * 2 :])


@pytest.mark.parametrize("html", ["<a" * 100_000, "<div/>" * 40_000, "<p>" * 101_000 + "<style>" * 40_000])
def test_html_that_never_ends_or_nests_without_end_is_read_as_text_at_once(html: str) -> None:
    assert "<" not in safe_html(html)
    assert read(letter(html, Content_Type="text/html")).trouble == ""

"""Five hundred ugly shapes of mail as the world sends it, made by a seeded generator: always the same ones."""

from __future__ import annotations

import random
import struct
from base64 import b64encode
from collections.abc import Callable, Iterator
from email.message import EmailMessage

WORDS = [
    "Wo",
    "bleibt",
    "mein",
    "Paket",
    "parcel",
    "order",
    "Grüße",
    "где",
    "посылка",
    "荷物",
    "🙂",
    "<b>",
    "&",
    "\x07",
    "\u202e",
    "\u2028",
    "={}",
]


def ugly_mails(count: int, *, seed: int, to: str) -> Iterator[tuple[str, bytes]]:
    """The name of the shape and the message; every shape comes in turn, each time another one."""
    chance = random.Random(seed)
    for number in range(count):
        shape = SHAPES[number % len(SHAPES)]
        yield shape.__name__.removeprefix("_"), shape(chance, number, to)


def _text(chance: random.Random, words: int = 12) -> str:
    return " ".join(chance.choices(WORDS, k=words))


def _letter(chance: random.Random, number: int, to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Person {number} <person{number}@example.net>"
    message["To"] = to
    message["Subject"] = f"Letter {number}"
    message["Message-ID"] = f"<{number}.{chance.random()}@example.net>"
    return message


def _head(number: int, to: str, *more: str) -> bytes:
    lines = [f"From: person{number}@example.net", f"To: {to}", f"Subject: Letter {number}", *more]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n"


def _wrong_charset(chance: random.Random, number: int, to: str) -> bytes:
    said = chance.choice(
        ["utf-8", "us-ascii", "iso-8859-15", "x-mac-roman", "gb2312", "utf-7", "zip", "none", '"', "hex"]
    )
    real = chance.choice(["utf-8", "cp1252", "koi8-r", "utf-16", "shift_jis", "cp037"])
    body = _text(chance).encode(real, "replace")
    return _head(number, to, f"Content-Type: text/plain; charset={said}", "Content-Transfer-Encoding: 8bit") + body


def _broken_encoding(chance: random.Random, number: int, to: str) -> bytes:
    encoding = chance.choice(["base64", "quoted-printable", "uuencode", "x-unknown", "7bit", "binary"])
    body = chance.choice([b"=ZZ=\r\n==x", b"!!!not base64!!!", b"QUJD\r\nQQ", b"begin 644 x\n!!", b"\x80\xff\x00" * 9])
    return _head(number, to, f"Content-Transfer-Encoding: {encoding}", "Content-Type: text/plain") + body


def _nested(chance: random.Random, number: int, to: str) -> bytes:
    depth = chance.choice([2, 10, 59, 61, 300, 1500])
    kind = chance.choice(["mixed", "alternative", "related", "digest", "signed", "x"])
    parts = "".join(f'Content-Type: multipart/{kind}; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    return _head(number, to)[:-2] + f"{parts}Content-Type: text/plain\r\n\r\ndeep words\r\n--b0--".encode()


def _odd_boundary(chance: random.Random, number: int, to: str) -> bytes:
    said = chance.choice(['boundary=""', "boundary=b", "", "boundary*=utf-8''b", 'boundary="b b"', "boundary=\x00"])
    body = chance.choice(["--b\r\n\r\nwords", "--b--\r\nwords", "words", "--b\r\n--b\r\n--b", "--\r\n" * 50])
    return _head(number, to, f"Content-Type: multipart/mixed; {said}") + body.encode()


def _many_parts(chance: random.Random, number: int, to: str) -> bytes:
    part = chance.choice(
        [b"\r\nx\r\n", b"Content-Type: application/pdf\r\n\r\n%PDF\r\n", b"Content-Type: text/html\r\n\r\n<p>\r\n"]
    )
    count = chance.choice([50, 150, 2000])
    return _head(number, to, "Content-Type: multipart/mixed; boundary=b") + (b"--b\r\n" + part) * count + b"--b--"


def _winmail(chance: random.Random, number: int, to: str) -> bytes:
    packed = [struct.pack("<IH", 0x223E9F78, 1)]
    for _ in range(chance.randrange(1, 9)):
        data = chance.randbytes(chance.randrange(0, 60))
        name = chance.choice(
            [0x800C, 0x9002, 0x8010, 0x800F, 0x9003, 0x9004, 0x9005, 0x9006, 0x9007, chance.randrange(65536)]
        )
        packed.append(struct.pack("<BHHI", chance.randrange(1, 3), name, 6, len(data)) + data + b"\x00\x00")
    content = b"".join(packed)[: chance.choice([10_000, 40, 7])]
    message = _letter(chance, number, to)
    message.set_content("see file")
    message.add_attachment(content, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return message.as_bytes()


def _bad_headers(chance: random.Random, number: int, to: str) -> bytes:
    odd = [
        "Subject: second subject", "Message-ID: no brackets", "Message-ID: <>", "Date: yesterday", "Date: Mon, 99 Foo 0000",  # noqa: E501
        "References: " + "<x@y> " * 3000, "In-Reply-To: <" + "x" * 5000 + ">", "Cc: " + "a@b.example, " * 500, ": no name",  # noqa: E501
        "no colon at all", " starts with a space", "Content-Type: ;;;", "Content-Type: text",
        "Content-Type: text/plain; a=\"b",
        "Subject: =?utf-8?b?=?= =?x?q?=ZZ?= =?utf-8?q?=F0=9F?=", "X-Long: " + "y" * 90_000, "Subject: \udcff\udcfe",
        "From: two@example.org, three@example.org", "Sender: \"a\\\" <b@c>", "MIME-Version: 7",
    ]  # fmt: skip
    return _head(number, to, *chance.sample(odd, k=chance.randrange(1, 6))) + _text(chance).encode("utf-8", "replace")


def _no_sender(chance: random.Random, number: int, to: str) -> bytes:
    sender = chance.choice(
        ["", "From: \r\n", "From: undisclosed\r\n", "From: <>\r\n", "From: a@\r\n", "From: @b\r\n", "From: ,;:\r\n"]
    )
    return f"{sender}To: {to}\r\nSubject: Letter {number}\r\n\r\nwords".encode()


def _bidi_and_nul(chance: random.Random, number: int, to: str) -> bytes:
    message = _letter(chance, number, to)
    message.replace_header("From", f"Ad\u202ea <person{number}@example.net>")
    message.set_content("words \x00 \x1b[31m")
    name = chance.choice(
        ["..\\..\\x.exe", "a\u202egpj.exe", "/etc/passwd", "x" * 400 + ".pdf", "con", "\u0000", "  ", "a/b"]
    )
    message.add_attachment(chance.randbytes(50), maintype="image", subtype="png", filename=name)
    return message.as_bytes().replace(b"words", b"wo\x00rds")


def _evil_html(chance: random.Random, number: int, to: str) -> bytes:
    tag = chance.choice(["div", "b", "table><tr><td", "font color=red", "svg", "math", "a href=//x"])
    html = chance.choice(
        [
            f"<{tag}>" * chance.choice([10, 500, 5000]) + "words",
            "<script>alert(1)</script>words<img src=x onerror=y>",
            "<p>" + "words " * 70_000, "<![CDATA[ words", "<style>" + "x" * 1000, "words" + "<" * 2000,
            "&#0;&#x110000;words",
        ]
    )  # fmt: skip
    return _head(number, to, "Content-Type: text/html; charset=utf-8") + html.encode()


def _forwarded(chance: random.Random, number: int, to: str) -> bytes:
    inner = _letter(chance, number, to)
    inner.set_content(_text(chance).encode("utf-8", "replace").decode())
    for _ in range(chance.choice([1, 3, 30])):
        outer = _letter(chance, number, to)
        outer.add_attachment(inner)
        inner = outer
    return inner.as_bytes()


def _automatic(chance: random.Random, number: int, to: str) -> bytes:
    said = chance.choice(
        [
            "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated", "Precedence: bulk", "X-Autoreply: yes",
            "Return-Path: <>", "List-Id: <x.y.z>", f"X-Loop: {to}", "X-Auto-Response-Suppress: All",
            "Content-Type: multipart/report; boundary=b; report-type=delivery-status", "X-Spam-Flag: YES",
        ]
    )  # fmt: skip
    return _head(number, to, said) + b"I am out of the office"


def _our_own(chance: random.Random, number: int, to: str) -> bytes:
    sender = chance.choice([to, to.upper(), f'"Shop" <{to}>'])
    return f"From: {sender}\r\nTo: {to}\r\nSubject: Letter {number}\r\n\r\nour own words".encode()


def _quotes(chance: random.Random, number: int, to: str) -> bytes:
    body = chance.choice(
        [
            "> " * 300 + "\n", "On " + "a " * 3000 + "wrote:\n> x", "From: x\n" * 400, "\n" * 20_000,
            "-----Original Message-----\n" * 300, "Am " * 2000, ">" * 50_000, "words\n\nOn x, y wrote:\n> z\n" * 200,
        ]
    )  # fmt: skip
    return _head(number, to, "Content-Type: text/plain; format=flowed") + body.encode()


def _large(chance: random.Random, number: int, to: str) -> bytes:
    size = chance.choice([300_000, 1_000_000, 3_000_000])
    body = b64encode(chance.randbytes(size))
    lines = b"\r\n".join(body[at : at + 76] for at in range(0, len(body), 76))
    return _head(number, to, "Content-Type: application/zip; name=big.zip", "Content-Transfer-Encoding: base64") + lines


def _random_bytes(chance: random.Random, number: int, to: str) -> bytes:
    whole = bytearray(_forwarded(chance, number, to))
    for _ in range(chance.randrange(1, 200)):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    return bytes(whole[: chance.choice([50, 500, len(whole)])])


def _endings(chance: random.Random, number: int, to: str) -> bytes:
    ending = chance.choice([b"\r", b"\n", b"\r\r\n", b"\n\r"])
    return _head(number, to).replace(b"\r\n", ending) + b"words" + ending * 3 + b"more words"


SHAPES: tuple[Callable[[random.Random, int, str], bytes], ...] = (
    _wrong_charset, _broken_encoding, _nested, _odd_boundary, _many_parts, _winmail, _bad_headers, _no_sender,
    _bidi_and_nul, _evil_html, _forwarded, _automatic, _our_own, _quotes, _large, _random_bytes, _endings,
)  # fmt: skip

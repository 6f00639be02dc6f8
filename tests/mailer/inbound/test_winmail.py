"""What Outlook writes into a winmail.dat alone is read: words as text, HTML or RTF, and the whole names of files."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.inbound import mapi, rtf
from mailer.inbound.reading import read

from .test_reading import PNG, tnef, with_winmail

# MS-OXRTFCP 3.1 and 3.2, "Decompressing …": the examples of the specification.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
HTML_IN_RTF = rb"""{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}
{\*\htmltag64 <html>}{\*\htmltag19 <style>p \{x\}</style>}\uc1\pard\plain\htmlrtf \f0\fs24 \htmlrtf0
{\*\htmltag64 <p>}Wo ist mein P\'e4ckchen?{\*\htmltag84 &nbsp;}\htmlrtf\~\htmlrtf0 \u8364?20 \u-10179?\u-8704?
{\*\htmltag72 </p>}{\*\htmltag84 <a href="https://x.example/">}{\htmlrtf\ul\htmlrtf0 there}{\*\htmltag92 </a>}}"""
PLAIN_RTF = rb"""{\rtf1\ansi\ansicpg1250{\fonttbl{\f0 Arial;}}{\colortbl;\red0\green0\blue0;}{\*\generator X;}
{\info{\author A}}\pard First \b line\b0\par Second \{braces\} and \\\par
\'9elu\'9d {\pict 89504e47}{\field{\*\fldinst HYPERLINK "x"}
{\fldrslt link}}}"""


def stored(raw: bytes) -> bytes:
    """An RTF as Outlook keeps what it doesn't compress (MS-OXRTFCP 2.1.3.1.4)."""
    return struct.pack("<II4sI", len(raw) + 12, len(raw), b"MELA", 0) + raw


def properties(*known: tuple[int, int, bytes | int]) -> bytes:
    packed = [struct.pack("<I", len(known))]
    for number, kind, value in known:
        packed.append(struct.pack("<HH", kind, number))
        if number >= 0x8000:
            packed.append(b"\x00" * 16 + struct.pack("<II", 1, 6) + "ab\0".encode("utf-16-le") + b"\x00\x00")
        if isinstance(value, int):
            packed.append(struct.pack("<I", value))
        else:
            packed.append(struct.pack("<II", 1, len(value)) + value + b"\x00" * (-len(value) % 4))
    return b"".join(packed)


def with_properties(*known: tuple[int, int, bytes | int]) -> bytes:
    return with_winmail(tnef((1, 0x9003, properties(*known))))


def test_the_specification_s_examples_are_unpacked() -> None:
    assert rtf.unpacked(HELLO) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf.unpacked(CROSSING) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_html_that_outlook_put_into_rtf_is_html_again() -> None:
    got = rtf.words(HTML_IN_RTF)
    assert got.text == ""
    assert "<p>Wo ist mein Päckchen?&nbsp;€20 \U0001f600</p>" in got.html.replace("\n", "")
    assert '<a href="https://x.example/">there</a>' in got.html
    assert "Arial" not in got.html


def test_rtf_without_html_is_its_words() -> None:
    assert rtf.words(PLAIN_RTF).text == "First line\nSecond {braces} and \\\nžluť link"


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ((0x1000, 0x001F, "Grüße aus Köln\0".encode("utf-16-le")), "Grüße aus Köln"),
        ((0x1000, 0x001E, "Grüße".encode("cp1252") + b"\0"), "Grüße"),
        ((0x1013, 0x0102, "<p>Grüße <b>aus</b> Köln</p><script>x()</script>".encode()), "Grüße aus Köln"),
        ((0x1009, 0x0102, stored(HTML_IN_RTF)), "Wo ist mein Päckchen? €20 \U0001f600\n\nthere"),
        ((0x1009, 0x0102, stored(PLAIN_RTF)), "First line\nSecond {braces} and \\\nžluť link"),
        ((0x1009, 0x0102, HELLO), "hello world"),
    ],
)  # fmt: skip
def test_words_that_stand_in_a_winmail_dat_alone_are_the_letter_s(
    known: tuple[int, int, bytes | int], text: str
) -> None:
    number = (0x8001, 0x0003, 7)
    got = read(
        with_properties((0x3FDE, 0x0003, 1252) if known[1] == 0x001E else (0x3FDE, 0x0003, 65001), number, known)
    )
    assert got.text == text
    assert got.attachments == ()
    assert "script" not in got.html


def test_what_the_letter_says_itself_stays_its_text() -> None:
    packed = tnef((1, 0x9003, properties((0x1000, 0x001F, "other words".encode("utf-16-le")))))
    raw = with_winmail(packed)
    boundary = raw.split(b'boundary="')[1].split(b'"')[0]
    letter = raw.replace(b"--" + boundary + b"\n", b"--%s\n\nMy words\n--%s\n" % (boundary, boundary), 1)
    assert read(letter).text == "My words"


def test_files_have_their_whole_names() -> None:
    name = "A very long name of a photo.png"
    packed = tnef(
        (2, 0x9002, b"\x00" * 14), (2, 0x8010, b"AVERYL~1.PNG\x00"), (2, 0x800F, PNG),
        (2, 0x9005, properties((0x3707, 0x001F, f"{name}\0".encode("utf-16-le")))),
    )  # fmt: skip
    assert [one.name for one in read(with_winmail(packed)).attachments] == [name]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(junk: bytes) -> None:
    mapi.properties(junk)
    mapi.properties(b"\xff\xff\xff\xff" + junk)
    rtf.words(b"{\\rtf1" + junk)
    rtf.unpacked(struct.pack("<II4sI", 0, 2**31, b"LZFu", 0) + junk)
    read(with_properties((0x1009, 0x0102, struct.pack("<II4sI", 0, 10_000, b"LZFu", 0) + junk)))


BEGUN = (2, 0x9002, b"\x00" * 14)
PHOTO = (BEGUN, (2, 0x8010, b"photo.png\x00"), (2, 0x800F, PNG))


@pytest.mark.parametrize(
    ("packed", "names"),
    [
        (tnef(*PHOTO), ["photo.png"]),
        (tnef(*PHOTO, BEGUN, (2, 0x8010, b"letter\x00"), (2, 0x9005, properties())), ["photo.png", "winmail.dat"]),
        (tnef(*PHOTO, BEGUN, (2, 0x8010, b"b.pdf\x00"), (2, 0x800F, b"%PDF" * 99))[:-50], ["photo.png", "winmail.dat"]),
        (tnef(*PHOTO) + b"\x02\x0f\x80", ["photo.png", "winmail.dat"]),
    ],
)  # fmt: skip
def test_a_winmail_dat_of_which_something_is_missing_is_kept_beside_its_files(packed: bytes, names: list[str]) -> None:
    assert [one.name for one in read(with_winmail(packed)).attachments] == names


def test_a_winmail_dat_whose_text_is_cut_is_kept() -> None:
    long = stored(rb"{\rtf1\ansi " + b"word " * 250_000 + b"}")
    got = read(with_properties((mapi.RTF, 0x0102, long)))
    assert got.text.startswith("word word")
    assert "winmail.dat" in [one.name for one in got.attachments]

"""Bytes become text, whatever they say of themselves: nothing raises, and nothing a database can't keep comes out."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from charset_normalizer import from_bytes

_LIKELIER = {
    # What is labelled so is in practice the larger set (https://encoding.spec.whatwg.org/#names-and-labels).
    "iso8859-1": "cp1252", "ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949",
    "shift_jis": "cp932", "iso8859-9": "cp1254", "tis-620": "cp874",
}  # fmt: skip
_ALIASES = {"ks_c_5601-1987": "cp949", "x-sjis": "cp932", "x-gbk": "gb18030", "unicode-1-1-utf-7": "utf-7"}
_GUESSED = 20_000
"""So many bytes are enough to guess by; more cost time."""
_FEWEST_GUESSED = 120
"""Of fewer, guesses are wrong more often than the charset of Western Europe."""
_NO_LETTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Of the categories Cc and Cs of Unicode, all but tabs and line ends."""
_NO_ASCII = re.compile("[^\x00-\x7f]")
_DIRECTIONS = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"))
"""Marks that change the writing direction (UAX 9): in a name they make "gpj.exe" look like "exe.jpg"."""


def decoded(raw: bytes, charset: str = "", *, may_guess: Callable[[], bool] = lambda: False, cut: bool = False) -> str:
    """The text of these bytes: by the charset that they name, or else by UTF-8, or else by what they look like.

    Args:
        cut: they end where they were cut, perhaps within a letter: what is left of that one goes.
        may_guess: whether looking at the bytes (20 ms) is still allowed; asked only where it comes to that. Headers are
            too short for it.
    """
    named = _codec(charset)
    for codec in filter(None, (named, "utf-8" if named != "utf-8" else None)):
        for end in range(len(raw), max(len(raw) - (4 if cut else 1), -1), -1):
            try:
                return clean(raw[:end].decode(codec))
            except (UnicodeError, LookupError, ValueError):
                continue
    if (text := _nearly_utf_8(raw, named=named == "utf-8")) is not None:
        return clean(text)
    guess = from_bytes(raw[:_GUESSED]).best() if len(raw) >= _FEWEST_GUESSED and may_guess() else None
    try:
        return clean(raw.decode(guess.encoding if guess is not None else "cp1252", "replace"))
    except (UnicodeError, LookupError, ValueError):
        return clean(raw.decode("utf-8", "replace"))


def _nearly_utf_8(raw: bytes, *, named: bool) -> str | None:
    """UTF-8 with some broken bytes; None where it hardly is such. Other charsets' letters rarely look like UTF-8's:
    most that aren't ASCII have to, and nearly all where nobody says that it is UTF-8."""
    text = raw.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    letters = len(_NO_ASCII.findall(text)) - broken
    return text if letters > broken * (1 if named else 20) else None


def clean(text: str) -> str:
    """The text with plain line ends and without what is no letter: NUL, other controls, halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _NO_LETTERS.sub("", text)


def one_line(text: str, most: int) -> str:
    """A name or a subject: one line in one writing direction, no longer than `most`."""
    return " ".join(clean(text).translate(_DIRECTIONS).split())[:most].strip()


def _codec(charset: str) -> str | None:
    """The codec of a charset's name; None for what is no charset. Python also knows codecs of other things (zip,
    rot13), which decode no text and are refused when they are tried."""
    name = charset.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    if not name or len(name) > 40 or "\x00" in name:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    if found.name in {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"}:
        return None
    return _LIKELIER.get(found.name, found.name)

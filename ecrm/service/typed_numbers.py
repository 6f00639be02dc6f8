"""Typed numbers: all the ways in which an agent may write down one number that somebody reads out to them.

Only writings of the same number: blanks, dashes, case, a word before it. What was misheard is not guessed, as the
guess may be another customer's; but for the numbers of cases, whose alphabet has no 0, 1 and 8.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_CASE = re.compile(r"\[?C[- ]?([A-Z0-9]{8})\]?", re.IGNORECASE)
_RETURN = re.compile(r"R[- ]?([A-Z0-9]{8})", re.IGNORECASE)
_BARE = re.compile(r"[A-Z0-9]{8}", re.IGNORECASE)
_LABEL = re.compile(r"[^\d]*?[\s:#]\s*(\S*\d.*)", re.DOTALL)
_MISREAD = str.maketrans("018", "OIB")


def cleaned(asked: str) -> str:
    """Without what is copied along unseen: other blanks and dashes than a keyboard's, marks that show nothing."""
    shown = (letter for letter in asked if unicodedata.category(letter) != "Cf")
    plain = ("-" if unicodedata.category(one) == "Pd" or one == "\N{MINUS SIGN}" else one for one in shown)
    return "".join(" " if unicodedata.category(one) == "Zs" else one for one in plain).strip()


def without_label(number: str) -> str:
    """What follows a word, where it holds a digit (`order 4711`, `DHL 0034…`, `Tel. 030 …`); else an empty text."""
    match = _LABEL.fullmatch(number)
    return match[1].lstrip("#").strip() if match else ""


def references(number: str) -> list[str]:
    """A number as shops print theirs: as it was typed, in capitals, blanks left out or read as dashes."""
    parts = number.split()
    return list(dict.fromkeys([number, number.upper(), "-".join(parts).upper(), "".join(parts).upper()]))


def like_others(number: str, others: Iterable[str]) -> list[str]:
    """Its letters and digits, no more and no fewer, with the marks and in the case of the shop's other numbers.

    `2611kx7q` among `2612-AB34` is `2611-KX7Q`, among `#1001-ab` it is `#2611-kx7q`. Also where it is shorter or longer
    than they are, as running numbers grow.
    """
    letters = "".join(one for one in number if one.isalnum())
    return list(dict.fromkeys(_like(letters, other) for other in others)) if letters else []


def _like(letters: str, other: str) -> str:
    spelt, used = "", 0
    for mark in other:
        if not mark.isalnum():
            spelt += mark
        elif used < len(letters):
            one, used = letters[used], used + 1
            spelt += one.lower() if mark.islower() or other.islower() else one.upper()
        else:  # what closes a longer number isn't this one's
            return spelt.rstrip("".join(one for one in spelt if not one.isalnum()))
    rest = letters[used:]
    return spelt + (rest.lower() if other.islower() else rest.upper())


def case_reference(number: str) -> str:
    """`C-` and eight letters, from `c abcdefgh`, `[C-ABCDEFGH]` or the eight alone; empty for what is none."""
    match = _CASE.fullmatch(number)
    bare = match[1] if match else number if _BARE.fullmatch(number) else ""
    return f"C-{bare.upper().translate(_MISREAD)}" if bare else ""


def return_reference(number: str) -> str:
    """`R-` and eight letters, likewise."""
    match = _RETURN.fullmatch(number)
    bare = match[1] if match else number if _BARE.fullmatch(number) else ""
    return f"R-{bare.upper()}" if bare else ""

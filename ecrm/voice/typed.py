"""What people type into public forms, as it is kept: no control characters, one spelling of line ends, no address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category

_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Controls, invisible marks that turn a line around, halves of pairs, and what no letter is."""
_JOINERS = {"\u200c", "\u200d"}
"""Invisible, and yet part of Persian words and of emoji."""
_ADDRESS = re.compile(r"\S@\S")
_WORD = re.compile(r"\w+")


def one_line(text: str) -> str:
    """A line: whatever stands for a blank becomes one."""
    return " ".join(_kept(text.replace("\n", " ")).split())


def lines(text: str) -> str:
    """Text of several lines; at most one empty line between two."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "\n".join(_kept(line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", kept).strip()


def looks_like_address(text: str) -> bool:
    """Whether somebody typed an e-mail address where everybody will read it."""
    return _ADDRESS.search(text) is not None


def listed_word(text: str, listed: Iterable[str]) -> str:
    """The first word of the list that stands in the text, whole and whatever its case; empty where none does."""
    words = {word.casefold() for word in _WORD.findall(text)}
    return next((one for one in listed if one.casefold() in words), "")


def _kept(text: str) -> str:
    return "".join(
        " " if letter == "\t" else letter for letter in text
        if letter in _JOINERS or letter == "\t" or category(letter) not in _DROPPED
    )  # fmt: skip

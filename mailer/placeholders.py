"""Placeholders in marketers' texts: `{{ first_name | there }}`. A short list of names and nothing else.

Marketers' text is data. It is never given to a template engine: it is cut at the marks once, and what a person's name
holds is put in afterwards and read by nobody again. So `{{ customer.email }}` is an error with its place when
somebody writes it, and six plain letters when somebody is called so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from unicodedata import category

PERSONAL = frozenset({"first_name", "last_name"})
"""Not known of everybody: they need words for the others, behind a bar."""
KNOWN = PERSONAL | {"shop_name", "shop_address"}
MAX_FALLBACK = 60
MAX_NAME = 40
_MARK = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_INSIDE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\|([^{}|\n]*))?")
_NAME = re.compile(r"[a-zA-Z_. ]{1,40}")
_STRAY = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # Persian and many Indian names are misspelt without them


@dataclass(frozen=True)
class Problem:
    """What is wrong with a text, and in which of its lines (from 1); `code` and `values` for whoever translates it."""

    line: int
    code: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A known name, and what stands there where nothing is known."""

    name: str
    fallback: str


Piece = str | Placeholder


def pieces_of(
    text: str,
    problems: list[Problem],
    *,
    first_line: int = 1,
    known: Collection[str] = KNOWN,
    unsure: Collection[str] = PERSONAL,
) -> list[Piece]:
    """The text cut at its placeholders; what is wrong is added to `problems` and left out.

    Args:
        known: the names that this kind of text may hold.
        unsure: those of them that need words for whom they aren't known of.
    """
    pieces: list[Piece] = []
    end = 0
    for mark in _MARK.finditer(text):
        _plain(text[end : mark.start()], pieces, problems, line=_line(text, end, first_line))
        line = _line(text, mark.start(), first_line)
        if (placeholder := _read(mark.group(1), problems, line=line, known=known, unsure=unsure)) is not None:
            pieces.append(placeholder)
        end = mark.end()
    _plain(text[end:], pieces, problems, line=_line(text, end, first_line))
    return pieces


def _plain(text: str, pieces: list[Piece], problems: list[Problem], *, line: int) -> None:
    if stray := _STRAY.search(text):
        problems.append(Problem(_line(text, stray.start(), line), "stray_mark", {"mark": stray.group()}))
    if text:
        pieces.append(text)


def _line(text: str, at: int, first: int) -> int:
    return first + text.count("\n", 0, at)


def _read(
    inside: str, problems: list[Problem], *, line: int, known: Collection[str], unsure: Collection[str]
) -> Placeholder | None:
    match = _INSIDE.fullmatch(inside)
    name = match.group(1) if match else inside.strip()
    if match is None or name not in known:
        shown = name if _NAME.fullmatch(name) else "…"
        near = get_close_matches(name.lower(), sorted(known), n=1)
        code = "unknown_placeholder_near" if near else "unknown_placeholder"
        problems.append(Problem(line, code, {"name": shown, "near": near[0] if near else "",
                                             "known": ", ".join(sorted(known))}))  # fmt: skip
        return None
    fallback = " ".join((match.group(2) or "").split())
    if name in unsure and not fallback:
        problems.append(Problem(line, "no_fallback", {"name": name}))
        return None
    if len(fallback) > MAX_FALLBACK or hidden_letters(fallback):
        problems.append(Problem(line, "bad_fallback", {"name": name, "most": str(MAX_FALLBACK)}))
        return None
    return Placeholder(name, fallback)


def hidden_letters(text: str) -> bool:
    """Whether a text holds what can't be seen: controls, marks that turn the direction of writing, unpaired halves."""
    return any(category(letter) in _UNSEEN and letter not in _JOINERS and letter not in "\n\t" for letter in text)


def spoken(name: str) -> str:
    """A person's name as an e-mail may say it; empty for what is no name, so that the fallback is said.

    People type anything: addresses, advertisements with links that mail programs make clickable, marks that turn the
    line around. A greeting needs letters, and may hold spaces, hyphens, apostrophes and points of abbreviations.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or "://" in name or not any(letter.isalpha() for letter in name):
        return ""
    if any(not _fits(letter) for letter in name) or re.search(r"\.\S", name):
        return ""
    return name


def _fits(letter: str) -> bool:
    return letter.isalpha() or letter in " .'’-·" or letter in _JOINERS or category(letter) in {"Mn", "Mc"}


def filled(pieces: list[Piece], values: Mapping[str, str]) -> str:
    """The text for one person."""
    return "".join(piece if isinstance(piece, str) else values.get(piece.name) or piece.fallback for piece in pieces)

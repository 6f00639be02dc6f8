"""One form for all writings of a person's name, by which people are looked up: last name first, so that its beginning
is the beginning of a stretch of the index.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import String

LONGEST = 210
FEWEST_LETTERS = 3
"""Of a beginning that is looked for: fewer find half the town."""
LAST = "\U0010ffff"
"""Sorts after every letter."""
# By code points in both databases: PostgreSQL's own order of words isn't that of beginnings.
Folded = String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql")


def fold_name(last: str, first: str = "") -> str:
    """`Müller`, `Jörg` → `muller jorg`: without case and accents (`Mueller` is another name)."""
    return " ".join(_folded(f"{last} {first}").split())[:LONGEST]


def beginnings(asked: str) -> tuple[str, ...]:
    """What stored names may begin with, for a name as it was said: "last", "first last", "last, first", "last first".

    Empty for fewer than three letters.
    """
    last, comma, first = asked.partition(",")
    words = _folded(asked.replace(",", " ")).split()
    if sum(letter.isalpha() for letter in "".join(words)) < FEWEST_LETTERS:
        return ()
    if comma:
        return (fold_name(last, first),)
    said = " ".join(words)
    turned = [" ".join([*words[place:], *words[:place]]) for place in range(1, len(words))]
    return tuple(dict.fromkeys([said, *turned]))


def _folded(words: str) -> str:
    parts = unicodedata.normalize("NFKD", words.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))

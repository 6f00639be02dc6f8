"""One form for all writings of a person's name, by which people are looked up: last name first, so that its beginning
is the beginning of a stretch of the index.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import String

LONGEST = 210
FEWEST_LETTERS = 3
"""Of a beginning that is looked for: fewer find half the town."""
MOST_WORDS = 4
_TITLES = frozenset({
    "herr", "frau", "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "monsieur", "madame", "mme", "mlle",
    "sr", "sra", "señor", "señora", "signor", "signora",
})  # fmt: skip
_LONG = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa"))
_SHORT = (("ae", "a"), ("oe", "o"), ("ue", "u"))
LAST = "\U0010ffff"
"""Sorts after every letter."""
# By code points in both databases: PostgreSQL's own order of words isn't that of beginnings.
Folded = String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql")


def fold_name(last: str, first: str = "") -> str:
    """`Müller`, `Jörg` → `muller jorg`: without case and accents (`Mueller` is another name)."""
    return " ".join(_folded(f"{last} {first}").split())[:LONGEST]


def beginnings(asked: str) -> tuple[str, ...]:
    """What stored names may begin with, for a name as it was said: "last", "first last", "last, first", "last first",
    with "Mrs" before it, with ü or ue.

    Empty for fewer than three letters.
    """
    return tuple(dict.fromkeys(one for spelt in _spellings(asked) for one in _beginnings(spelt)))


def words_apart(asked: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For several words: what the last name may begin with, and what must stand somewhere behind it, a blank or not
    before each ("Jörg Müll" finds "Müller-Ost, Jörg")."""
    found = []
    for spelt in _spellings(asked):
        words = _folded(spelt.replace(",", " ").replace("-", " ")).split()[:MOST_WORDS]
        for place, word in enumerate(words):
            others = tuple(one for other, one in enumerate(words) if other != place)
            if others and sum(letter.isalpha() for letter in word) >= FEWEST_LETTERS:
                found.append((word, others))
    return tuple(dict.fromkeys(found))


def _spellings(asked: str) -> list[str]:
    """As it was said and without a title, each with ä, ö and ü in the other writing."""
    first, _, rest = asked.strip().partition(" ")
    said = [asked, rest] if rest.strip() and first.casefold().rstrip(".") in _TITLES else [asked]
    found = []
    for one in said:
        folded = one.casefold()
        found += [one, _replaced(folded, _LONG), _replaced(folded, _SHORT)]
    return list(dict.fromkeys(found))


def _replaced(words: str, writing: tuple[tuple[str, str], ...]) -> str:
    for one, other in writing:
        words = words.replace(one, other)
    return words


def _beginnings(asked: str) -> tuple[str, ...]:
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

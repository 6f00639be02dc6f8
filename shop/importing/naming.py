"""Names for a grocer's till data: kinds and sizes made readable, brands invented because the source hides them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from .wordbook import (
    ABBREVIATIONS,
    BRAND_FIRST,
    BRAND_SECOND,
    COUNTER_PREFIXES,
    DROPPED,
    GROUP_HEADS,
    KINDS,
    TURNED,
    VARIETIES,
)

# The till cuts a kind after this many characters, most often in the middle of a word.
TILL_WIDTH = 30
_SMALL = frozenset({"and", "or", "of", "with", "in", "on", "to", "the", "for", "&", "than", "without"})
_UNITS = {
    "OZ": "oz", "LB": "lb", "LBS": "lb", "CT": "ct", "PK": "pack", "L": "l", "LT": "l", "LTR": "l", "ML": "ml",
    "GA": "gal", "GAL": "gal", "QT": "qt", "PT": "pt", "IN": "in", "FT": "ft", "SQ": "sq", "CTN": "carton",
    "EA": "each", "DZ": "dozen", "DOZ": "dozen", "BU": "bushel", "BUNCH": "bunch", "YD": "yd", "KG": "kg", "GM": "g",
    "G": "g", "MG": "mg", "FL": "fl",
}  # fmt: skip
_BRAND_STRIDE = 2741  # coprime to the number of names, so that neighbours in the list get unlike names


def kind_name(kind: str) -> str:
    """A readable name of a till's kind: `BREAD:ITALIAN/FRENCH` → `Italian & French Bread`; "" where nothing is left."""
    return _kind_name(" ".join(kind.upper().split()))


@cache
def _kind_name(kind: str) -> str:
    if kind in KINDS:
        return KINDS[kind]
    whole = len(kind) < TILL_WIDTH
    text = re.sub(r"\([^)]*\)", " ", kind)
    text, cut, _rest = text.partition("(")  # an opened bracket that the till cut off
    text = _turn(_without_counter(text.strip()))
    words = _words(text)
    if not whole and not cut and len(words) > 1 and _looks_cut(kind):
        words = _without_loose_joints(words[:-1])
    return _title(_listed(words))


def _without_counter(text: str) -> str:
    for prefix in COUNTER_PREFIXES:
        if text.startswith(prefix) and len(text) > len(prefix):
            return text[len(prefix) :].strip()
    return text


def _turn(text: str) -> str:
    head, colon, rest = (part.strip() for part in text.partition(":"))
    if colon and rest:
        return rest if head in GROUP_HEADS else f"{rest} {head}"
    head, dash, rest = (part.strip() for part in text.partition(" - "))
    if dash and rest and len(head.split()) == 1:
        return f"{rest} {head}"
    found = re.fullmatch(r"(CANDY BAGS|CANDY BOXES|[A-Z]+ CANDY|VITAMIN)-(.+)", text)
    if found:
        return f"{found[2]} {found[1]}"
    first, _, rest = text.partition(" ")
    return f"{rest} {first}" if first in TURNED and rest else text


def _words(text: str) -> list[str]:
    text = re.sub(r"\bW/O\b", "without", text)
    text = re.sub(r"\bNON[ -](?=[A-Z])", "NON_", text)
    text = re.sub(r"\bW/", "with ", text)
    text = re.sub(r"(?<=[A-Z]),? ?[/&+] ?(?=[A-Z])", " & ", text)
    text = re.sub(r"[^A-Za-z0-9%&'_ -]", " ", text).replace(" - ", " ")
    found: list[str] = []
    for raw in text.replace("-", " ").split():
        word = raw.strip(".'")
        if not word or word in DROPPED:
            continue
        for part in ABBREVIATIONS.get(word, word.lower().replace("non_", "non-")).split():
            if part.lower() not in {one.lower() for one in found} or part == "&":
                found.append(part)
    return _without_loose_joints(found)


def _without_loose_joints(words: list[str]) -> list[str]:
    joints = {"&", "and", "or", "with", "of", "without", "non"}
    kept: list[str] = []
    for word in words:
        if word in joints and (not kept or kept[-1] in joints):
            continue
        kept.append(word)
    while kept and kept[-1] in joints:
        kept.pop()
    return kept


def _listed(words: list[str]) -> list[str]:
    """`a & b & c` → `a, b & c`."""
    joints = [index for index, word in enumerate(words) if word == "&"]
    for index in joints[:-1]:
        words[index - 1] += ","
    return [word for index, word in enumerate(words) if index not in joints[:-1]]


def _looks_cut(kind: str) -> bool:
    last = re.split(r"[^A-Z]", kind)[-1]
    return 0 < len(last) <= 5 and last not in ABBREVIATIONS


def _title(words: list[str]) -> str:
    return " ".join(
        word if index and word in _SMALL else word[:1].upper() + word[1:] for index, word in enumerate(words)
    )


@cache
def size_name(size: str) -> str:
    """A pack size as a shopper writes it: `12 PK/12 OZ` → `12 pack / 12 oz`."""
    text = re.sub(r"\([^)]*\)|\b\d{5,}\b|^(?:[A-Z] )+(?=[\d.])|^BD ", " ", size.upper().strip())
    words = re.sub(r"(?<=[0-9])(?=[A-Z])", " ", text.replace("/", " / ")).split()
    if len(words) == 1 and words[0] in {"CT", "PK", "OZ", "EA"}:
        return ""
    text = " ".join(_UNITS.get(word, word if re.search(r"\d|/", word) else word.lower()) for word in words)
    text = re.sub(r"(?<=\d) / (?=\d+ [a-z])", "/", text)  # 1/2 gal
    return re.sub(r"(?<![\d.])\.(?=\d)", "0.", text)[:40]


def brand_name(rank: int) -> str:
    """An invented brand for the maker of this rank (from 0); unlike for every rank below 7,000."""
    total = len(BRAND_FIRST) * len(BRAND_SECOND)
    first, second = divmod(rank * _BRAND_STRIDE % total, len(BRAND_SECOND))
    start, end = BRAND_FIRST[first], BRAND_SECOND[second]
    lap = "" if rank < total else f" {rank // total + 1}"
    joined = f"{start} {end.title()}" if start[-1] == end[0] else start + end
    return joined + lap


def variety_name(rank: int) -> str:
    """What tells the `rank`-th (from 0) of otherwise equal products apart; "" for the first."""
    if rank == 0:
        return ""
    lap, index = divmod(rank - 1, len(VARIETIES))
    if lap == 0:
        return VARIETIES[index]
    if lap < len(VARIETIES):
        return f"{VARIETIES[index]} {VARIETIES[(index + lap) % len(VARIETIES)]}"
    return f"{VARIETIES[index]} No. {lap + 1}"


def slug_of(name: str, *, limit: int = 80) -> str:
    """A name as part of an address: lower-case ASCII words with hyphens; `item` where nothing is left."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = folded.lower().replace("&", " and ").replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].rstrip("-") or "item"

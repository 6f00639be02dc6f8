"""The printed side of a drawn package: palettes, motifs and the label with brand, product words and size."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

SERIF = "Georgia,'Times New Roman',serif"
SANS = "'Helvetica Neue',Arial,sans-serif"

# main, deep, tint, text upon main
_PALETTES = (
    ("#1f5d4c", "#123a30", "#e8f1e6", "#fff"), ("#b5412b", "#7c2416", "#fbe9df", "#fff"),
    ("#24507e", "#14304f", "#e6eef7", "#fff"), ("#e0a52c", "#6d4706", "#fdf3d9", "#4a3004"),
    ("#6b3f6e", "#43244a", "#f4e9f3", "#fff"), ("#2f7d83", "#164a50", "#e1f1f1", "#fff"),
    ("#8a5a3c", "#573420", "#f5eadf", "#fff"), ("#cf5c78", "#8b2f48", "#fdeaee", "#fff"),
    ("#3d3a37", "#1f1d1b", "#f0ece5", "#f6ead2"), ("#6d8a3a", "#3f541a", "#f1f5e0", "#fff"),
    ("#d9702e", "#8a3f10", "#fdeede", "#fff"), ("#4b6cb7", "#2b4379", "#e8eefa", "#fff"),
    ("#a31f3d", "#66102a", "#fbe5e9", "#fff"), ("#f3ead8", "#5c4a2c", "#fffaf0", "#5c4a2c"),
    ("#5a4fa0", "#372e6d", "#edebf8", "#fff"), ("#8fb8a6", "#2c5546", "#f0f7f3", "#173a2e"),
    ("#e9c7bd", "#7a3d30", "#fdf4f0", "#6a3125"), ("#1b6f9c", "#0d4463", "#e2f1f8", "#fff"),
)  # fmt: skip

# Unbranded goods are painted in the colour that their name tells.
_NAMED_COLOURS = {
    "red": 1, "pink": 7, "blue": 11, "navy": 2, "green": 0, "yellow": 3, "gold": 3, "purple": 4, "lilac": 14, "black": 8,
    "white": 13, "ivory": 13, "cream": 13, "natural": 13, "orange": 10, "brown": 6, "wood": 6, "wooden": 6, "silver": 15,
    "zinc": 15, "turquoise": 5, "lavender": 14, "rose": 16, "roses": 16, "regency": 16, "retrospot": 1, "christmas": 12,
    "strawberry": 12, "skulls": 8, "spaceboy": 17, "london": 17,
}  # fmt: skip

_ACCENTS = (
    "#d8334a", "#f2c230", "#8dbf3f", "#4662b8", "#ee8a2c", "#58b596", "#7b4a30", "#f0d48a", "#8c5fb5", "#f19a7a",
    "#2c98a8", "#e56b9b",
)  # fmt: skip

# The first motif whose word stands in the product's words is printed; else one by chance, always the same.
_MOTIF_WORDS = (
    ("slice", "lemon lime orange citrus grapefruit tangerine"),
    ("berries", "berry berries grape cherry fruit jam jelly juice punch wine"),
    ("apple", "apple pear peach tomato sauce salsa ketchup"),
    ("wheat", "bread wheat cereal oat flour grain cracker pasta noodle rice bun roll cookie bagel beer ale baking mix"),
    ("bean", "coffee chocolate cocoa bean nut peanut almond candy brownie espresso"),
    ("fish", "fish tuna salmon shrimp seafood crab cat"),
    ("drop", "milk water oil soap shampoo lotion cream detergent cleaner wash conditioner syrup yogurt butter bleach"),
    ("leaf", "tea herb mint vegetable veg salad green organic natural bean pea broccoli spinach lettuce garden diet"),
    ("flame", "hot chili pepper spice candle grill charcoal bbq mexican salsa sausage"),
    ("flower", "flower rose floral lavender fragrance beauty makeup facial bath air vanilla spring easter"),
    ("snow", "frozen frzn ice cold winter christmas freezer sherbet"),
    ("bone", "dog pet puppy bone"),
    ("heart", "baby infant valentine love heart health vitamin first aid"),
    ("star", "halloween party toy game gift seasonal birthday"),
)
_BY_CHANCE = ("sun", "rings", "leaf", "star", "hills", "diamond", "flower", "wheat", "drop")


@dataclass(frozen=True)
class Look:
    """All that a drawing needs to know of a product. `chance(n)` gives 0 … n-1, always the same for a product."""

    name: str
    brand: str
    size: str
    words: str
    main: str
    deep: str
    tint: str
    upon: str
    accent: str
    style: int
    motif: str
    seed: int

    def chance(self, sides: int, *, salt: int = 0) -> int:
        """A choice that looks random and never changes."""
        return zlib.crc32(f"{self.seed}/{salt}".encode()) % sides


def look(*, name: str, brand: str, size: str, words: str) -> Look:
    """The look of a product: the brand decides palette and label style, the product's words accent and motif."""
    folded = f" {words.casefold()} "
    seed = zlib.crc32(f"{brand}/{name}/{size}".encode())
    house = zlib.crc32(brand.casefold().encode()) if brand.strip() else seed
    named = next((index for word, index in _NAMED_COLOURS.items() if f" {word} " in folded), house % len(_PALETTES))
    main, deep, tint, upon = _PALETTES[house % len(_PALETTES) if brand.strip() else named]
    motif = next((m for m, keys in _MOTIF_WORDS if any(f" {k}" in folded for k in keys.split())), None)
    return Look(
        name=name, brand=brand, size=size, words=folded, main=main, deep=deep, tint=tint, upon=upon,
        accent=_ACCENTS[zlib.crc32(name.encode()) % len(_ACCENTS)], style=(house // 31) % 5,
        motif=motif or _BY_CHANCE[seed % len(_BY_CHANCE)], seed=seed,
    )  # fmt: skip


def label(look: Look, x: float, y: float, w: float, h: float) -> str:
    """The label in a box: brand, motif, product words and size, in the brand's style."""
    cx, band, brand = x + w / 2, h * 0.24, look.brand
    if look.style == 0:  # light label, coloured head
        return (
            _box(x, y, w, h, look.tint) + _box(x, y, w, band, look.main) + _box(x, y + band, w, 3, look.accent)
            + _line(brand, cx, y + band * 0.66, w * 0.86, 17, look.upon, SERIF, 700)
            + motif(look, cx, y + h * 0.42, h * 0.12, look.accent, look.deep)
            + _words(look, cx, y + h * 0.70, w * 0.86, h * 0.25, look.deep)
            + _size(look, cx, y + h - 7, w * 0.8, look.deep)
        )  # fmt: skip
    if look.style == 1:  # coloured label, emblem in a disc
        r = min(w * 0.3, h * 0.22)
        return (
            _box(x, y, w, h, look.main)
            + _line(brand, cx, y + h * 0.16, w * 0.86, 17, look.upon, SERIF, 700)
            + f'<circle cx="{cx:.0f}" cy="{y + h * 0.43:.0f}" r="{r:.0f}" fill="{look.tint}"/>'
            + motif(look, cx, y + h * 0.43, r * 0.62, look.accent, look.deep)
            + _words(look, cx, y + h * 0.79, w * 0.86, h * 0.25, look.upon)
            + _size(look, cx, y + h - 7, w * 0.8, look.upon)
        )  # fmt: skip
    if look.style == 2:  # nameplate on a striped ground
        stripes = "".join(_box(x + w * i / 8, y, w / 16, h, look.deep, opacity=0.16) for i in range(8))
        return (
            _box(x, y, w, h, look.main) + stripes + _box(x, y + h * 0.14, w, h * 0.62, look.tint)
            + _box(x, y + h * 0.14, w, 2.5, look.accent) + _box(x, y + h * 0.76 - 2.5, w, 2.5, look.accent)
            + _line(brand, cx, y + h * 0.27, w * 0.84, 16, look.main if look.upon == "#fff" else look.deep, SERIF, 700)
            + motif(look, cx, y + h * 0.41, h * 0.09, look.accent, look.deep)
            + _words(look, cx, y + h * 0.62, w * 0.86, h * 0.25, look.deep)
            + _size(look, cx, y + h * 0.9, w * 0.8, look.upon)
        )  # fmt: skip
    if look.style == 3:  # a wave between picture and words
        wave = (
            f"M{x:.0f} {y + h * 0.5:.0f}q{w / 4:.0f} {-h * 0.12:.0f} {w / 2:.0f} 0t{w / 2:.0f} 0V{y + h:.0f}H{x:.0f}z"
        )
        return (
            _box(x, y, w, h, look.tint) + f'<path d="{wave}" fill="{look.accent}" transform="translate(0 -6)"/>'
            + f'<path d="{wave}" fill="{look.main}"/>'
            + _line(brand, cx, y + h * 0.14, w * 0.86, 17, look.deep, SERIF, 700)
            + motif(look, cx, y + h * 0.31, h * 0.12, look.accent, look.deep)
            + _words(look, cx, y + h * 0.74, w * 0.86, h * 0.26, look.upon)
            + _size(look, cx, y + h - 7, w * 0.8, look.upon)
        )  # fmt: skip
    # an accent field below, brand set large
    return (
        _box(x, y, w, h, look.main) + _box(x, y + h * 0.66, w, h * 0.34, look.tint)
        + _box(x, y + h * 0.66, w, 4, look.accent)
        + _line(brand, cx, y + h * 0.22, w * 0.88, 24, look.upon, SERIF, 700)
        + motif(look, cx, y + h * 0.44, h * 0.14, look.accent if look.upon == "#fff" else look.deep, look.upon)
        + _words(look, cx, y + h * 0.79, w * 0.88, h * 0.25, look.deep)
        + _size(look, cx, y + h - 6, w * 0.8, look.deep)
    )  # fmt: skip


def tag(look: Look, x: float, y: float, w: float = 108) -> str:
    """A small sticker for what is sold without a package: its words and its brand."""
    cx = x + w / 2
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="46" rx="8" fill="#fffdf8" stroke="{look.deep}" stroke-opacity=".2"/>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="14" rx="7" fill="{look.main}"/>'
        + _line(look.brand, cx, y + 10.5, w * 0.84, 9, look.upon, SANS, 700)
        + _words(look, cx, y + 31, w * 0.88, 24, "#2b241c")
    )


def motif(look: Look, cx: float, cy: float, r: float, fill: str, dark: str) -> str:
    """The small picture on a label, in a circle of radius r."""
    draw = _MOTIFS[look.motif]
    return f'<g transform="translate({cx:.1f} {cy:.1f}) scale({r / 20:.2f})">{draw(fill, dark)}</g>'


def _box(x: float, y: float, w: float, h: float, fill: str, *, opacity: float = 1) -> str:
    faint = f' opacity="{opacity}"' if opacity < 1 else ""
    return f'<rect x="{x:.0f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}"{faint}/>'


def _line(text: str, cx: float, y: float, width: float, most: float, fill: str, family: str, weight: int) -> str:
    """One centred line, as large as fits (letters are about .56 of their size wide)."""
    if not text:
        return ""
    size = min(most, width / max(1, len(text)) / 0.56)
    if size < 7:
        text, size = text[: int(width / 7 / 0.56) - 1] + "…", 7
    return (
        f'<text x="{cx:.0f}" y="{y:.0f}" font-size="{size:.1f}" fill="{fill}" font-family="{family}"'
        f' font-weight="{weight}" text-anchor="middle">{escape(text)}</text>'
    )


def _words(look: Look, cx: float, cy: float, width: float, height: float, fill: str) -> str:
    """The product's name on up to three lines around the middle `cy`."""
    size, lines = max(
        (_fitting(look.name, letters, width, height) for letters in (9, 12, 16, 22)), key=lambda fit: fit[0]
    )
    size = max(size, 8)
    first = cy - (len(lines) - 1) * size * 0.54 + size * 0.3
    return "".join(
        _line(line, cx, first + i * size * 1.08, width, size, fill, SANS, 700) for i, line in enumerate(lines)
    )


def _fitting(name: str, letters: int, width: float, height: float) -> tuple[float, list[str]]:
    """The type size at which these lines fill the field, when broken after about so many letters."""
    lines = _wrapped(name, letters)
    size = min([18, height / len(lines), *(width / max(1, len(line)) / 0.57 for line in lines)])
    return (size * 0.55 if lines[-1].endswith("…") else size), lines


def _size(look: Look, cx: float, y: float, width: float, fill: str) -> str:
    return _line(look.size, cx, y, width, 9, fill, SANS, 400) if look.size else ""


def _wrapped(name: str, letters: int) -> list[str]:
    lines: list[str] = []
    for word in name.replace("/", " ").split():
        if lines and len(lines[-1]) + len(word) < letters:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2][: letters - 1] + "…"]
    return lines or [""]


def _around(count: int, shape: str) -> str:
    return "".join(f'<g transform="rotate({360 * i / count:.0f})">{shape}</g>' for i in range(count))


def _stroked(d: str, colour: str, width: float = 2.5) -> str:
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>'


def _star(fill: str, _dark: str) -> str:
    points = " ".join(
        f"{math.sin(i * math.pi / 5) * (20 if i % 2 == 0 else 8.5):.1f},{-math.cos(i * math.pi / 5) * (20 if i % 2 == 0 else 8.5):.1f}"
        for i in range(10)
    )
    return f'<polygon points="{points}" fill="{fill}"/>'


_MOTIFS: dict[str, Callable[[str, str], str]] = {
    "slice": lambda f, d: (
        f'<circle r="19" fill="{f}"/><circle r="15.500" fill="#fff" fill-opacity=".75"/>'
        + _around(6, f'<path d="M0-2L5.500-12Q0-16-5.500-12z" fill="{f}"/>')
    ),
    "berries": lambda f, d: (
        f'<circle cx="-8" cy="6" r="10" fill="{f}"/><circle cx="9" cy="7" r="9.500" fill="{f}" fill-opacity=".85"/>'
        f'<circle cx="-11" cy="3" r="2.500" fill="#fff" fill-opacity=".7"/>' + _stroked("M-8-4Q-4-14 2-18M9-2Q8-12 2-18", d)
    ),
    "apple": lambda f, d: (
        f'<path d="M0-9C6-15 19-12 18 2 17 14 8 20 0 16-8 20-17 14-18 2-19-12-6-15 0-9z" fill="{f}"/>'
        f'<path d="M1-10Q2-18 11-19 10-11 1-10z" fill="{d}"/>'
    ),
    "wheat": lambda f, d: (
        _stroked("M0 20V-10", d) + "".join(
            f'<ellipse cx="{s * 6}" cy="{y}" rx="7.500" ry="3.600" transform="rotate({-s * 38} {s * 6} {y})" fill="{f}"/>'
            for y in (-6, 2, 10) for s in (-1, 1)
        ) + f'<ellipse cy="-15" rx="3.600" ry="7" fill="{f}"/>'
    ),
    "bean": lambda f, d: (
        f'<ellipse rx="11" ry="17" transform="rotate(28)" fill="{f}"/>' + _stroked("M7-13Q-6-4 1 2T-7 13", d)
    ),
    "fish": lambda f, d: (
        f'<path d="M-20 0Q-6-15 9-2L19-11V11L9 2Q-6 15-20 0z" fill="{f}"/><circle cx="-11" cy="-2" r="2" fill="{d}"/>'
    ),
    "drop": lambda f, d: (
        f'<path d="M0-20Q14-2 14 6A14 14 0 0 1-14 6Q-14-2 0-20z" fill="{f}"/>' + _stroked("M-7 7Q-6 13 0 14", "#fff")
    ),
    "leaf": lambda f, d: (
        f'<path d="M-14 16Q-20-14 17-18 19 16-14 16z" fill="{f}"/>' + _stroked("M-17 19Q-6 4 8-9", d)
    ),
    "flame": lambda f, d: (
        f'<path d="M1-20Q16-6 14 6A14 13 0 0 1-14 7Q-14-3-6-8-6-2-2-1-4-12 1-20z" fill="{f}"/>'
        '<path d="M0 4Q8 9 5 15A5 5 0 0 1-5 15Q-6 9 0 4z" fill="#fff" fill-opacity=".75"/>'
    ),
    "flower": lambda f, d: _around(6, f'<ellipse cy="-11" rx="6.500" ry="9" fill="{f}"/>') + f'<circle r="6" fill="{d}"/>',
    "snow": lambda f, d: _around(6, _stroked("M0 0V-19M0-12L-5-17M0-12L5-17", f, 3)),
    "bone": lambda f, d: (
        f'<g transform="rotate(-30)"><rect x="-13" y="-5" width="26" height="10" fill="{f}"/>'
        + "".join(f'<circle cx="{x}" cy="{y}" r="6.500" fill="{f}"/>' for x in (-14, 14) for y in (-5, 5)) + "</g>"
    ),
    "heart": lambda f, d: f'<path d="M0 17C-30-4-12-22 0-9 12-22 30-4 0 17z" fill="{f}"/>',
    "star": _star,
    "sun": lambda f, d: f'<circle r="9" fill="{f}"/>' + _around(10, _stroked("M0-13V-19", f, 3)),
    "rings": lambda f, d: "".join(
        f'<circle r="{r}" fill="none" stroke="{c}" stroke-width="3.500"/>' for r, c in ((18, f), (11.5, d), (5, f))
    ),
    "hills": lambda f, d: (
        f'<circle cx="7" cy="-9" r="6" fill="{f}"/><path d="M-20 14L-7-8 2 6 8-2 20 14z" fill="{d}"/>'
        f'<path d="M-20 14Q0 2 20 14z" fill="{f}"/>'
    ),
    "diamond": lambda f, d: (
        f'<path d="M0-20L14 0 0 20-14 0z" fill="{f}"/><path d="M0-10L7 0 0 10-7 0z" fill="{d}"/>'
    ),
}  # fmt: skip

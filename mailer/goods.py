"""Goods in an e-mail: products as it says them, and the grid that they stand in, printed once for all who see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

from jinja2 import Environment
from markupsafe import Markup

TONES = 5
_KEPT = 2_000


class Good(NamedTuple):
    """A product in the words of this e-mail; `price` and `was` as they are written, `picture` empty where none can be
    shown: then `letter` stands on a ground of the colour `tone` (1 to `TONES`)."""

    product_id: str
    name: str
    url: str
    price: str = ""
    was: str = ""
    detail: str = ""
    reason: str = ""
    picture: str = ""
    group: str = ""

    @property
    def letter(self) -> str:
        """The first letter of the name."""
        return next((one.upper() for one in self.name if one.isalnum()), "·")

    @property
    def tone(self) -> int:
        """The same for all products of a group."""
        return crc32((self.group or self.name).encode()) % TONES + 1


class Printed(NamedTuple):
    """A grid of goods in both bodies."""

    html: str
    text: str


EMPTY = Printed("", "")


class GoodsPrinter:
    """Prints grids by the macros of `mail/parts.html` and `mail/parts.txt`; the last ones are kept."""

    def __init__(self, environment: Environment) -> None:
        html: Any = environment.get_template("mail/parts.html").module
        text: Any = environment.get_template("mail/parts.txt").module
        self._section, self._goods = html.section, text.goods
        self._kept: dict[tuple[str, int, tuple[Good, ...]], Printed] = {}

    def section(self, title: str, goods: Sequence[Good], *, columns: int) -> Printed:
        """A title and its goods; nothing at all where there are none."""
        if not goods:
            return EMPTY
        key = (title, columns, tuple(goods))
        if (known := self._kept.get(key)) is not None:
            return known
        html = Markup(self._section(title, goods, columns))  # noqa: S704 (an autoescaping template made it)
        words = str(self._goods(goods)).strip()
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[key] = printed = Printed(str(html), f"{title}\n\n{words}" if title else words)
        return printed

"""Prepared mailings: everything that is the same for all is written, dressed and checked once; per person it is filled.

Where something personal comes, a mark stands: a word that was drawn by lot for this preparation, so that no text of
anybody can be one. The finished text is cut at the marks, and an e-mail is these parts joined.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from .addressing import MAX_SUBJECT
from .blocks import Block, Draft, Line
from .goods import EMPTY, Printed
from .markup import as_html, as_text
from .placeholders import Placeholder, filled
from .rendering import inline_styles, tidy

PageLink = Callable[[str, str], str]
WholeAddress = Callable[[str], str]


@dataclass(frozen=True)
class Personal:
    """What one recipient's e-mail says beside its goods. `followed` is added to each link to the shop: `&ecm=…`, only
    for those who agreed; `pixel` is the address of the counting picture, or empty."""

    values: Mapping[str, str]
    unsubscribe_url: str
    preferences_url: str
    followed: str = ""
    pixel: str = ""


class Marks:
    """The marks of one preparation."""

    def __init__(self) -> None:
        self._word = f"zq{secrets.token_hex(12)}"
        self._slots: list[Placeholder | int | str] = []
        self.followed = self.of("followed")

    def of(self, slot: Placeholder | int | str) -> str:
        """The mark of a placeholder, of a block of goods (its number) or of a name of `Personal`."""
        self._slots.append(slot)
        return f"{self._word}{len(self._slots) - 1}z"

    def cut(self, text: str) -> Cut:
        """The text cut at its marks."""
        parts = re.split(f"{self._word}([0-9]+)z", text)
        return Cut(tuple(parts[::2]), tuple(self._slots[int(number)] for number in parts[1::2]))


@dataclass(frozen=True, slots=True)
class Cut:
    """Fixed parts and the slots between them; one part more than slots."""

    fixed: tuple[str, ...]
    slots: tuple[Placeholder | int | str, ...]

    def filled(self, told: Mapping[Placeholder | int | str, str]) -> str:
        """The whole text, with what is told for each slot."""
        parts = [self.fixed[0]]
        for slot, part in zip(self.slots, self.fixed[1:], strict=True):
            parts.append(told[slot])
            parts.append(part)
        return "".join(parts)


@dataclass(frozen=True)
class Prepared:
    """A variant of a mailing, ready to be filled. `goods`: its blocks that show products."""

    subject: Line
    text: Cut
    html: Cut
    goods: tuple[Block, ...]
    placeholders: tuple[Placeholder, ...]

    def fill(self, personal: Personal, goods: Mapping[int, Printed]) -> tuple[str, str, str]:
        """Subject, text and HTML for one person; a block of goods that isn't given vanishes with its title."""
        values = personal.values
        plain: dict[Placeholder | int | str, str] = {
            "followed": personal.followed, "unsubscribe": personal.unsubscribe_url,
            "preferences": personal.preferences_url, "pixel": "",
        }  # fmt: skip
        html: dict[Placeholder | int | str, str] = {
            "followed": escape(personal.followed), "unsubscribe": escape(personal.unsubscribe_url),
            "preferences": escape(personal.preferences_url), "pixel": _picture(personal.pixel),
        }  # fmt: skip
        for slot in self.placeholders:
            plain[slot] = words = values.get(slot.name) or slot.fallback
            html[slot] = escape(words)
        for block in self.goods:
            printed = goods.get(block.number, EMPTY)
            plain[block.number], html[block.number] = printed.text, printed.html
        subject = " ".join(filled(list(self.subject), values).split())[:MAX_SUBJECT]
        return subject, self.text.filled(plain), self.html.filled(html)


def _picture(address: str) -> str:
    return f'<img src="{escape(address)}" width="1" height="1" alt="">' if address else ""


def prepare(
    environment: Environment,
    draft: Draft,
    *,
    shop: Mapping[str, Any],
    marks: Marks,
    page: PageLink,
    picture: WholeAddress,
) -> Prepared:
    """Write a checked draft into the shop's dress.

    Args:
        shop: what `mail/marketing.html` is told beside the marks (shop_name, shop_link, shop_address, language, why).
        marks: new ones for each preparation.
        page: the whole address of a path of the shop, and what was clicked; it ends in `marks.followed` where it
            leads to the shop.
        picture: the whole address of a picture, without tags, as nobody visits it.
    """
    told = dict(shop) | {
        "unsubscribe_url": marks.of("unsubscribe"),
        "preferences_url": marks.of("preferences"),
        "pixel": marks.of("pixel"),
        "preview": Markup(_line_html(draft.preview, marks)),  # noqa: S704 (escaped piece by piece)
    }
    blocks = [_block(block, marks, page, picture) for block in draft.blocks]
    html = environment.get_template("mail/mailing.html").render(told, blocks=[one.for_html() for one in blocks])
    text = environment.get_template("mail/mailing.txt").render(
        told | {"pixel": ""}, blocks=[one.for_text() for one in blocks]
    )
    as_words, as_page = marks.cut(tidy(text)), marks.cut(inline_styles(html, name="mail/mailing.html"))
    placeholders = {slot for slot in (*as_words.slots, *as_page.slots) if isinstance(slot, Placeholder)}
    goods = tuple(block for block in draft.blocks if block.of_goods)
    return Prepared(draft.subject, as_words, as_page, goods, tuple(placeholders))


@dataclass(frozen=True)
class _Words:
    """A block's finished words in both bodies."""

    kind: str
    html: str
    text: str
    title: tuple[str, str]
    words: tuple[str, str]
    link: str
    picture: str
    alt: str
    code: str

    def for_html(self) -> dict[str, Any]:
        escaped = {"html": self.html, "title": self.title[0], "words": self.words[0]}
        return self._shared() | {name: Markup(words) for name, words in escaped.items()}  # noqa: S704 (escaped already)

    def for_text(self) -> dict[str, Any]:
        return self._shared() | {"text": self.text, "title": self.title[1], "words": self.words[1]}

    def _shared(self) -> dict[str, Any]:
        return {"kind": self.kind, "link": self.link, "picture": self.picture, "alt": self.alt, "code": self.code}


def _block(block: Block, marks: Marks, page: PageLink, picture: WholeAddress) -> _Words:
    def address(path: str) -> str:
        return page(path, f"block-{block.number}")

    if block.of_goods:
        html = text = marks.of(block.number)
    else:
        html = as_html(block.nodes, mark=marks.of, address=address)
        text = as_text(block.nodes, mark=marks.of, address=address)
    return _Words(
        kind=block.kind, html=html, text=text,
        title=(_line_html(block.title, marks), _line_text(block.title, marks)),
        words=(_line_html(block.words, marks), _line_text(block.words, marks)),
        link=address(block.link) if block.link else "",
        picture=picture(block.picture) if block.picture else "", alt=block.alt, code=block.code,
    )  # fmt: skip


def _line_html(line: Sequence[str | Placeholder], marks: Marks) -> str:
    return "".join(escape(piece) if isinstance(piece, str) else marks.of(piece) for piece in line)


def _line_text(line: Sequence[str | Placeholder], marks: Marks) -> str:
    return "".join(piece if isinstance(piece, str) else marks.of(piece) for piece in line)

"""Blocks: what a marketer's e-mail is made of, read from JSON and checked before anything is sent.

Everything wrong is said at once and with its place: block 3, line 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from .markup import Node, wrong_link
from .markup import read as read_markup
from .placeholders import Piece, Problem, hidden_letters, pieces_of

MAX_BLOCKS = 40
MAX_SUBJECT, MAX_PREVIEW = 150, 150
MAX_GOODS = 12
KINDS = ("text", "hero", "picture", "products", "recommendations", "coupon", "button", "divider")
SOURCES = ("chosen", "search", "category")


class Complaint(NamedTuple):
    """Something that keeps an e-mail from being sent. `block` counts from 1 (0: the head), `line` too (0: all)."""

    block: int
    field: str
    line: int
    code: str
    values: Mapping[str, str]


class Unwritable(ValueError):
    """A mailing's text that can't be sent as it is; `complaints` say why and where."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        super().__init__(
            "; ".join(f"block {one.block}, {one.field}, line {one.line}: {one.code}" for one in complaints)
        )
        self.complaints = tuple(complaints)


Line = tuple[Piece, ...]
"""One line of text cut at its placeholders."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block as it was checked; `number` counts from 1. Which fields are used depends on `kind`."""

    number: int
    kind: str
    nodes: tuple[Node, ...] = ()
    title: Line = ()
    words: Line = ()
    picture: str = ""
    alt: str = ""
    link: str = ""
    source: str = ""
    products: tuple[str, ...] = ()
    query: str = ""
    count: int = 0
    columns: int = 2
    leave_out_owned: bool = False
    code: str = ""

    @property
    def of_goods(self) -> bool:
        """Whether it shows products, which are asked for just before sending."""
        return self.kind in {"products", "recommendations"}


@dataclass(frozen=True)
class Draft:
    """Everything that a variant of a mailing says."""

    subject: Line
    preview: Line
    blocks: tuple[Block, ...] = field(default=())

    @property
    def chosen_products(self) -> frozenset[str]:
        """Products that are named one by one."""
        return frozenset(one for block in self.blocks for one in block.products)


def _text(most: int, *, needed: bool = False) -> fields.String:
    checks: list[Any] = [validate.Length(max=most, error="too_long")]
    return fields.String(load_default="", validate=checks, metadata={"needed": needed})


class _Block(Schema):
    class Meta:
        unknown = RAISE

    kind = fields.String(required=True)
    needed: ClassVar[tuple[str, ...]] = ()


class _Text(_Block):
    text = _text(10_000)
    needed = ("text",)


class _Hero(_Block):
    title, text, picture, alt, link, words = _text(120), _text(600), _text(500), _text(200), _text(500), _text(60)
    needed = ("title",)


class _Picture(_Block):
    picture, alt, link = _text(500), _text(200), _text(500)
    needed = ("picture",)


class _Products(_Block):
    title, query = _text(120), _text(100)
    source = fields.String(load_default="chosen", validate=validate.OneOf(SOURCES, error="bad_choice"))
    products = fields.List(
        fields.String(validate=validate.Length(1, 64, error="too_long")), load_default=list,
        validate=validate.Length(max=60, error="too_many"),
    )  # fmt: skip
    count = fields.Integer(load_default=4, validate=validate.Range(1, MAX_GOODS, error="bad_number"))
    columns = fields.Integer(load_default=2, validate=validate.OneOf((2, 3), error="bad_number"))
    leave_out_owned = fields.Boolean(load_default=False)


class _Recommendations(_Block):
    title = _text(120)
    count = fields.Integer(load_default=4, validate=validate.Range(1, MAX_GOODS, error="bad_number"))
    columns = fields.Integer(load_default=2, validate=validate.OneOf((2, 3), error="bad_number"))


class _Coupon(_Block):
    code, text = _text(40), _text(300)
    needed = ("code", "text")


class _Button(_Block):
    words, link = _text(60), _text(500)
    needed = ("words", "link")


class _Divider(_Block):
    pass


_SCHEMAS: dict[str, type[_Block]] = {
    "text": _Text, "hero": _Hero, "picture": _Picture, "products": _Products, "recommendations": _Recommendations,
    "coupon": _Coupon, "button": _Button, "divider": _Divider,
}  # fmt: skip


def read_draft(subject: str, preview: str, blocks: Sequence[Mapping[str, Any]]) -> Draft:
    """A variant's texts, checked.

    Raises:
        Unwritable: with everything that is wrong.
    """
    complaints: list[Complaint] = []
    head = _Reader(0, complaints)
    title = head.line("subject", subject, most=MAX_SUBJECT, needed=True)
    lead = head.line("preview", preview, most=MAX_PREVIEW)
    if not blocks:
        head.complain("blocks", "no_blocks")
    if len(blocks) > MAX_BLOCKS:
        head.complain("blocks", "too_many_blocks", most=str(MAX_BLOCKS))
    read = [_block(number, raw, complaints) for number, raw in enumerate(blocks[:MAX_BLOCKS], start=1)]
    if complaints:
        raise Unwritable(complaints)
    return Draft(title, lead, tuple(one for one in read if one is not None))


def _block(number: int, raw: Mapping[str, Any], complaints: list[Complaint]) -> Block | None:
    reader = _Reader(number, complaints)
    schema = _SCHEMAS.get(str(raw.get("kind", "")))
    if schema is None:
        reader.complain("kind", "bad_kind")
        return None
    try:
        told = schema().load(raw)
    except ValidationError as error:
        codes: dict[str, Any] = error.messages if isinstance(error.messages, dict) else {"kind": error.messages}
        for name, found in codes.items():
            known = str(found[0]) if isinstance(found, list) and str(found[0]) in _CODES else "bad_value"
            reader.complain(str(name), known)
        return None
    for name in schema.needed:
        if not told[name].strip():
            reader.complain(name, "missing")
    return _built(reader, number, told)


_CODES = frozenset({"too_long", "too_many", "bad_choice", "bad_number"})


def _built(reader: _Reader, number: int, told: dict[str, Any]) -> Block:
    kind: str = told["kind"]
    if kind == "products":
        chosen = tuple(dict.fromkeys(one.strip() for one in told["products"] if one.strip()))
        if told["source"] == "chosen" and not chosen:
            reader.complain("products", "missing")
        if told["source"] != "chosen" and not told["query"].strip():
            reader.complain("query", "missing")
        told["products"] = chosen if told["source"] == "chosen" else ()
    if kind == "hero" and (told["link"].strip() or told["words"].strip()):
        for name in ("link", "words"):
            if not told[name].strip():
                reader.complain(name, "missing")
    return Block(
        number=number, kind=kind,
        nodes=reader.markup(told.get("text", "")),
        title=reader.line("title", told.get("title", ""), most=120),
        words=reader.line("words", told.get("words", ""), most=60),
        picture=reader.picture(told.get("picture", ""), told.get("alt", "")),
        alt=reader.plain("alt", told.get("alt", "")),
        link=reader.link(told.get("link", "")),
        source=told.get("source", ""), products=told.get("products", ()),
        query=reader.plain("query", told.get("query", "")), count=told.get("count", 0),
        columns=told.get("columns", 2), leave_out_owned=told.get("leave_out_owned", False),
        code=reader.plain("code", told.get("code", "")),
    )  # fmt: skip


class _Reader:
    """Reads the texts of one block and notes what is wrong with them."""

    def __init__(self, number: int, complaints: list[Complaint]) -> None:
        self._number, self._complaints = number, complaints

    def complain(self, name: str, code: str, *, line: int = 0, **values: str) -> None:
        self._complaints.append(Complaint(self._number, name, line, code, values))

    def line(self, name: str, text: str, *, most: int, needed: bool = False) -> Line:
        text = text.strip()
        if needed and not text:
            self.complain(name, "missing")
        if len(text) > most:
            self.complain(name, "too_long", most=str(most))
        if "\n" in text or "\r" in text or hidden_letters(text):
            self.complain(name, "hidden_letters")
        problems: list[Problem] = []
        pieces = pieces_of(text, problems)
        self._note(name, problems, lined=False)
        return tuple(pieces)

    def markup(self, text: str) -> tuple[Node, ...]:
        problems: list[Problem] = []
        nodes = read_markup(text, problems)
        self._note("text", problems, lined=True)
        return tuple(nodes)

    def plain(self, name: str, text: str) -> str:
        text = " ".join(text.split())
        problems: list[Problem] = []
        if any(not isinstance(piece, str) for piece in pieces_of(text, problems)) or problems:
            self.complain(name, "no_placeholder_here")
        if hidden_letters(text):
            self.complain(name, "hidden_letters")
        return text

    def link(self, text: str) -> str:
        text = text.strip()
        if text and (wrong := wrong_link(text)):
            self.complain("link", wrong, link=text[:80])
        return text

    def picture(self, text: str, alt: str) -> str:
        text = text.strip()
        if text and (wrong := wrong_link(text)):
            self.complain("picture", wrong, link=text[:80])
        elif text.partition("?")[0].lower().endswith((".svg", ".svgz")):
            self.complain("picture", "svg_picture")
        if text and not alt.strip():
            self.complain("alt", "missing")
        return text

    def _note(self, name: str, problems: Sequence[Problem], *, lined: bool) -> None:
        for one in problems:
            self._complaints.append(
                Complaint(self._number, name, one.line if lined else 0, one.code, one.values)
            )  # fmt: skip

"""The parts of a message: which are its text, which its HTML, and which are files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import compat32

from .budget import Budget
from .charsets import decoded
from .content_types import kept_type
from .headers import decoded_words, text_field
from .markup import bare_text, text_of
from .message import Attachment
from .names import safe_name
from .winmail import unpack

MOST_FILES = 100
MOST_BYTES = 30_000_000
MOST_TEXT = 500_000
"""Letters of text that are kept of one message; the whole of it goes beside it as a file."""
_DEEPEST = 60
_LINE = 2000


@dataclass
class Found:
    """What was found so far. `left_out` counts files beyond the limits; `budget` is the whole message's."""

    budget: Budget = field(default_factory=Budget)
    texts: list[str] = field(default_factory=list)
    htmls: list[str] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    size: int = 0
    left_out: int = 0

    @property
    def says_nothing(self) -> bool:
        """Whether there is no text yet; without putting it together, which takes long for many parts."""
        return all(not one or one.isspace() for one in self.texts)

    @property
    def text(self) -> str:
        return "\n\n".join(one.strip("\n") for one in self.texts if one.strip())

    @property
    def html(self) -> str:
        return "\n<hr>\n".join(one for one in self.htmls if one.strip())


def collect(message: Message) -> Found:
    """Everything in the message. Text and HTML of the same words are both taken, as `text` and `html`.

    Raises:
        RecursionError: for parts within parts, deeper than any letter has them.
        TooMuch: see `Budget`.
    """
    found = Found()
    _walk(message, found, depth=0)
    if found.says_nothing and found.html:
        found.texts = [_as_text(found.html, found)]
    _cut(found)
    return found


def _cut(found: Found) -> None:
    """What is beyond `MOST_TEXT` goes into a file, whole lines where there are any; it stands before all others."""
    text = found.text
    if len(text) <= MOST_TEXT:
        return
    end = max(text.rfind("\n", MOST_TEXT - _LINE, MOST_TEXT) + 1, 0) or MOST_TEXT
    rest = text[end:].encode("utf-8", "replace")
    found.texts = [text[:end]]
    found.files.insert(0, Attachment(name="rest of the message.txt", content_type="text/plain", content=rest))


def _walk(part: Message, found: Found, *, depth: int) -> None:
    inner = part.get_payload()
    kind = part.get_content_type()
    if depth >= _DEEPEST:
        raise RecursionError("more parts within parts than any letter has")
    found.budget.part(" ".join(str(part.get(name, "")) for name in ("Content-Type", "Content-Disposition")))
    if kind == "message/rfc822":
        _forwarded(part, found, depth=depth)
    elif kind == "multipart/alternative" and isinstance(inner, list):
        _alternative([one for one in inner if isinstance(one, Message)], found, depth=depth)
    elif isinstance(inner, list):
        for one in inner:
            if isinstance(one, Message):
                _walk(one, found, depth=depth + 1)
    else:
        _leaf(part, found)


def _alternative(parts: list[Message], found: Found, *, depth: int) -> None:
    """The same words in several ways: the first with text gives the text, the last with HTML gives the HTML."""
    text, html = "", ""
    for one in parts:
        mine = Found(budget=found.budget, size=found.size)
        _walk(one, mine, depth=depth + 1)
        text = text or mine.text
        html = mine.html or html
        found.left_out += mine.left_out
        for file in mine.files:
            _add(found, file)
    if not text and html:
        text = _as_text(html, found)
    found.texts.append(text)
    found.htmls.append(html)


def _leaf(part: Message, found: Found) -> None:
    kind, name = part.get_content_type(), _name(part)
    disposition = str(part.get("Content-Disposition", "")).strip().lower()
    is_text = kind in {"text/plain", "text/html", "text/enriched"} or (kind == "text/richtext")
    if is_text and not name and not disposition.startswith("attachment"):
        _words(part, found, html=kind == "text/html")
        return
    content = _content(part)
    if not content:
        return
    if kind == "application/ms-tnef" or name.lower() == "winmail.dat":
        _winmail(content, found)
    else:
        cid = text_field(part, "Content-ID", 200).strip("<> ")
        _file(found, name=name, said=kind, content=content, content_id=cid)


def _words(part: Message, found: Found, *, html: bool) -> None:
    raw = _content(part)
    most = 4 * MOST_TEXT
    text = decoded(raw[:most], _charset(part), may_guess=found.budget.has_guess, cut=len(raw) > most)
    if len(raw) > most or len(text) > MOST_TEXT:
        _file(found, name="", said="text/html" if html else "text/plain", content=raw)
        text = text[:MOST_TEXT]
    if part.get_param("format", "") == "flowed" and not html:
        text = _unflowed(text)
    if not html:
        found.texts.append(text)
    elif not any(one.strip() for one in found.htmls) and any(one.strip() for one in found.texts):
        found.htmls.append(text)  # a signature or a footer that a server added behind the text
        found.texts.append(_as_text(text, found))
    else:
        found.htmls.append(text)
        if found.texts:
            found.texts.append(_as_text(text, found))


def _as_text(html: str, found: Found) -> str:
    return text_of(html) if found.budget.has_html(html) else bare_text(html)


def _winmail(content: bytes, found: Found) -> None:
    inside = unpack(content) if found.budget.has_winmail() else None
    for name, file in inside.files if inside else ():
        _file(found, name=name, said="", content=file)
    if inside and (inside.text or inside.html) and found.says_nothing:
        found.texts.append(inside.text or _as_text(inside.html, found))
        found.htmls.append(inside.html)
    if not inside or not inside.whole or not (inside.files or inside.text or inside.html):
        _file(found, name="winmail.dat", said="application/ms-tnef", content=content)


def _forwarded(part: Message, found: Found, *, depth: int) -> None:
    """A message in the message: kept whole as a file, and read where the letter itself says nothing."""
    inner = part.get_payload()
    copy = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else None
    whole = _bytes_of(copy if copy is not None else part)
    found.budget.copy(len(whole))
    name = text_field(copy, "Subject", 80) if copy is not None else ""
    _file(found, name=f"{name or 'message'}.eml", said="message/rfc822", content=whole)
    if copy is None or not found.says_nothing:
        return
    mine = Found(budget=found.budget)
    _walk(copy, mine, depth=depth + 1)
    heads = (f"{one}: {text_field(copy, one, 300)}" for one in ("From", "Date", "Subject"))
    found.texts.append("\n".join([*heads, "", mine.text or _as_text(mine.html, found)]))


def _file(found: Found, *, name: str, said: str, content: bytes, content_id: str = "") -> None:
    kind = kept_type(content, said)
    otherwise = f"part-{len(found.files) + 1}{_ENDINGS.get(kind, '.bin')}"
    named = safe_name(name, otherwise=otherwise)
    _add(found, Attachment(name=named, content_type=kind, content=content, content_id=content_id))


def _add(found: Found, file: Attachment) -> None:
    if len(found.files) >= MOST_FILES or found.size + len(file.content) > MOST_BYTES:
        found.left_out += 1
        return
    found.size += len(file.content)
    found.files.append(file)


_ENDINGS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "application/pdf": ".pdf",
    "text/plain": ".txt", "text/html": ".html.txt", "application/zip": ".zip", "message/rfc822": ".eml",
}  # fmt: skip


def _content(part: Message) -> bytes:
    try:
        body = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # an encoding that is none
        body = None
    if isinstance(body, bytes):
        return body
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _charset(part: Message) -> str:
    try:
        return str(part.get_content_charset() or "")
    except (ValueError, LookupError, UnicodeError):
        return ""


def _name(part: Message) -> str:
    try:
        return decoded_words(str(part.get_filename() or ""))
    except (ValueError, LookupError, UnicodeError, TypeError):
        return "file"


def _bytes_of(message: Message) -> bytes:
    try:
        return message.as_bytes(policy=compat32)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "\n".join(_lines(message)).encode("utf-8", "replace")


def _lines(message: Message) -> Iterator[str]:
    yield from (f"{name}: {value}" for name, value in message.raw_items())
    yield ""
    body = message.get_payload()
    yield body if isinstance(body, str) else ""


def _unflowed(text: str) -> str:
    """Soft line ends go (RFC 3676 4.1), but for quotations and the mark before a signature."""
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and lines[-1].endswith(" ") and lines[-1] != "-- " and not lines[-1].startswith(">"):
            lines[-1] += line.removeprefix(" ")
        else:
            lines.append(line.removeprefix(" "))
    return "\n".join(lines)

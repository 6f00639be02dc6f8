"""The small markup of text blocks: `# heading`, `- item`, `1. item`, `**bold**`, `*italic*`, `[words](link)`. No HTML.

Read once into nodes; HTML and plain text are both written from them. Whatever isn't markup is text, and is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from .placeholders import Piece, Placeholder, Problem, hidden_letters, pieces_of

MAX_LINK = 500
_INLINE = re.compile(
    r"\[([^\]\n]+)\]\(((?:[^()\n]|\([^()\n]*\))*)\)|\*\*(?=\S)(.+?)(?<=\S)\*\*|\*(?=[^\s*])([^*\n]*[^\s*])\*"
)
_HEADING = re.compile(r"(#{1,2})\s+(.*)")
_ITEM = re.compile(r"(?:[-•*]|(\d{1,3})[.)])\s+(.*)")

Mark = Callable[[Placeholder], str]
Address = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text; `style` is empty, `strong` or `em`, `link` the path or address that it leads to."""

    pieces: tuple[Piece, ...]
    style: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """`kind`: h1, h2, p, ul or ol. A paragraph has a row a line, a list a row an item."""

    kind: str
    rows: tuple[tuple[Span, ...], ...]


def read(text: str, problems: list[Problem]) -> list[Node]:
    """The nodes of a text block; what is wrong with it is added to `problems`."""
    nodes: list[Node] = []
    kind, rows = "", list[tuple[Span, ...]]()

    def close() -> None:
        nonlocal kind
        if rows:
            nodes.append(Node(kind, tuple(rows)))
            rows.clear()
        kind = ""

    for number, written in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if hidden_letters(written):
            problems.append(Problem(number, "hidden_letters", {}))
        line = written.strip()
        heading, item = _HEADING.fullmatch(line), _ITEM.fullmatch(line)
        if not line:
            close()
            continue
        if heading:
            close()
            nodes.append(Node(f"h{len(heading.group(1))}", (_spans(heading.group(2), problems, number),)))
            continue
        wanted = ("ol" if item.group(1) else "ul") if item else "p"
        if wanted != kind:
            close()
            kind = wanted
        rows.append(_spans(item.group(2) if item else line, problems, number))
    close()
    return nodes


def _spans(text: str, problems: list[Problem], line: int, style: str = "") -> tuple[Span, ...]:
    spans: list[Span] = []

    def plain(part: str) -> None:
        if part:
            spans.append(Span(tuple(pieces_of(part, problems, first_line=line)), style))

    end = 0
    for match in _INLINE.finditer(text):
        words, link, strong, em = match.groups()
        plain(text[end : match.start()])
        if words is not None:
            if (wrong := wrong_link(link)) is not None:
                problems.append(Problem(line, wrong, {"link": link[:80]}))
            spans.append(Span(tuple(pieces_of(words, problems, first_line=line)), style, link.strip()))
        else:
            spans.extend(_spans(strong or em, problems, line, "strong" if strong else "em"))
        end = match.end()
    plain(text[end:])
    return tuple(spans)


def wrong_link(link: str) -> str | None:
    """The code of what is wrong with a link's target; None for a path of the shop or a whole http(s) address."""
    link = link.strip()
    if not link:
        return "no_link"
    if len(link) > MAX_LINK or not link.isprintable() or any(letter in link for letter in " \\{}<>\"'`"):
        return "bad_link"
    if link.startswith("/"):
        return "bad_link" if link.startswith("//") else None
    try:
        parts = urlsplit(link)
        _port = parts.port
    except ValueError:
        return "bad_link"
    fine = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return None if fine else "bad_link"


def as_html(nodes: Sequence[Node], *, mark: Mark, address: Address) -> str:
    """HTML of nodes.

    Args:
        mark: what stands for a placeholder, to be filled in per person.
        address: the whole address of a link's target.
    """
    parts: list[str] = []
    for node in nodes:
        rows = ["".join(_span_html(span, mark, address) for span in row) for row in node.rows]
        if node.kind in {"ul", "ol"}:
            parts.append(f"<{node.kind}>{''.join(f'<li>{row}</li>' for row in rows)}</{node.kind}>")
        else:
            parts.append(f"<{node.kind}>{'<br>'.join(rows)}</{node.kind}>")
    return "\n".join(parts)


def _span_html(span: Span, mark: Mark, address: Address) -> str:
    html = "".join(escape(piece) if isinstance(piece, str) else mark(piece) for piece in span.pieces)
    if span.style:
        html = f"<{span.style}>{html}</{span.style}>"
    return f'<a href="{escape(address(span.link))}">{html}</a>' if span.link else html


def as_text(nodes: Sequence[Node], *, mark: Mark, address: Address) -> str:
    """Plain text of nodes, with a link's address behind its words."""
    parts: list[str] = []
    for node in nodes:
        rows = ["".join(_span_text(span, mark, address) for span in row) for row in node.rows]
        if node.kind == "ul":
            rows = [f"- {row}" for row in rows]
        elif node.kind == "ol":
            rows = [f"{number}. {row}" for number, row in enumerate(rows, start=1)]
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _span_text(span: Span, mark: Mark, address: Address) -> str:
    words = "".join(piece if isinstance(piece, str) else mark(piece) for piece in span.pieces)
    return f"{words} ({address(span.link)})" if span.link else words

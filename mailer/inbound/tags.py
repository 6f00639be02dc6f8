"""HTML from strangers as plain tags: only names that are kept, written so that every reader sees the same of them.

What readers disagree about is gone: comments, scripts, end tags hidden in attributes; of what never ends, only the bare
text is left. Read in one
pass (WHATWG HTML 13.2.5, "Tokenization"), in time that grows with the length alone: each search that finds no end is
the last one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

_BEGIN = re.compile(r"<(?:(/?)([a-zA-Z][^\s/>]*)|!--|[!?/])")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)|(?=>)))?+"""
)
_REST = re.compile(r"[\s/]*+>")
ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_COMMENT_END = re.compile(r"--!?>")
_UNSEEN = frozenset({"script", "style", "title", "iframe", "noembed", "noframes", "xmp", "textarea", "template"})
"""Elements whose content is no text of the letter; a tag in them is none."""
_CODE = frozenset({"script", "style"})
_AS_DIV = frozenset({
    "section", "article", "header", "footer", "main", "center", "address", "nav", "aside", "form", "fieldset", "figure",
})  # fmt: skip
_UNCOUNTED = frozenset({"br", "hr", "p", "li", "td", "tr", "th", "tbody", "thead", "tfoot", "dd", "dt"})
_FORMATTING = frozenset({"a", "b", "code", "em", "i", "s", "small", "strike", "strong", "tt", "u"})
MOST_OPEN = 400
MOST_OPEN_FORMATTING = 30
_MOST_WORK = 6_000_000
"""Elements that whoever builds the tree looks through at most: each tag looks through those that are open."""


class Bottomless(ValueError):
    """It nests deeper than any mail program writes, or in so much of it that reading takes long."""


@dataclass
class _Open:
    """What is open at a place, counted as the browsers' tree would be built."""

    depth: int = 0
    formatting: int = 0
    work: int = 0
    still: Counter[str] = field(default_factory=Counter)

    def step(self, name: str, *, ends: bool) -> None:
        """A tag more.

        Raises:
            Bottomless: where it is too much.
        """
        self.work += 1 + self.depth + 10 * self.formatting
        if name not in _UNCOUNTED and not (ends and not self.still[name]):
            one = -1 if ends else 1
            self.still[name] += one
            self.depth += one
            self.formatting += one if name in _FORMATTING else 0
        if self.depth > MOST_OPEN or self.formatting > MOST_OPEN_FORMATTING or self.work > _MOST_WORK:
            raise Bottomless


def plain_tags(html: str, *, kept: Collection[str], attributes: Mapping[str, Collection[str]]) -> str:
    """The HTML with tags of these names and attributes alone, each attribute in double quotes.

    Args:
        attributes: by the tag's name, which of its attributes stay.

    Raises:
        Bottomless: see there.
    """
    found: list[str] = []
    opened, start = _Open(), 0
    while (begun := _BEGIN.search(html, start)) is not None:
        found.append(html[start : begun.start()].replace("<", "&lt;"))
        name = (begun.group(2) or "").lower()
        if not name:
            end = _end_of_comment(html, begun)
        else:
            end, tag = _tag(html, begun, attributes.get(name, ()))
            name = "div" if name in _AS_DIV else name
            if end is not None and name in kept:
                ends = bool(begun.group(1))
                opened.step(name, ends=ends)
                found.append(f"</{name}>" if ends else f"<{name}{tag}>")
            elif end is not None and name in _UNSEEN and not begun.group(1):
                end = _end_of_unseen(html, name, end)
        if end is None:  # browsers drop all that follows; but a mail that was cut has its words there
            return "".join([*found, "" if name in _CODE else _bare(html[begun.start() :])])
        start = end
    found.append(html[start:].replace("<", "&lt;"))
    return "".join(found)


def _bare(tail: str) -> str:
    """The words behind a tag or a comment that never ends."""
    return ANY_TAG.sub(" ", tail.removeprefix("<!--")).replace("<", "&lt;")


def _tag(html: str, begun: re.Match[str], wanted: Collection[str]) -> tuple[int | None, str]:
    """Where the tag ends, None where it never does, and its attributes as they are written out."""
    place, found = begun.end(), dict[str, str]()
    while (ended := _REST.match(html, place)) is None:
        attribute = _ATTRIBUTE.match(html, place)
        if attribute is None:
            return None, ""
        name = attribute.group(1).lower()
        if name in wanted:
            found.setdefault(name, next(filter(None, attribute.groups()[1:]), ""))
        place = attribute.end()
    written = (f' {name}="{value.replace(chr(34), "&quot;").replace("<", "&lt;")}"' for name, value in found.items())
    return ended.end(), "".join(written)


def _end_of_comment(html: str, begun: re.Match[str]) -> int | None:
    if begun.group() == "<!--":
        ended = _COMMENT_END.search(html, begun.start() + 2)  # `<!-->` is a whole one
        return ended.end() if ended is not None else None
    place = html.find(">", begun.end() - 1)
    return place + 1 if place >= 0 else None


def _end_of_unseen(html: str, name: str, start: int) -> int | None:
    ended = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(html, start)
    if ended is None:
        return None
    place = html.find(">", ended.end() - 1)
    return place + 1 if place >= 0 else None

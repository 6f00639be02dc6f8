"""HTML from strangers: made safe to show, and made into text. Nothing in it is ever loaded from anywhere.

Ammonia (nh3) takes quadratic time for what is nested deeply: 36 s for 100,000 `<div>`; what nests deeper than any mail
program writes is shown as text alone.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

import nh3
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from .charsets import clean

LONGEST = 300_000
"""Of the HTML that is read; what people write is a tenth of it."""
MOST_OPEN = 400
MOST_OPEN_FORMATTING = 30
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})\b")
"""Its end isn't looked for: that took quadratic time where none comes. `<div/>` is open, as browsers read it."""
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_UNSEEN = re.compile(r"<(script|style|head|title)\b", re.IGNORECASE)
_VOID = frozenset({
    "br", "img", "hr", "meta", "input", "link", "area", "base", "col", "embed", "source", "track", "wbr", "p", "li",
    "td", "tr", "th", "tbody", "thead", "tfoot", "dd", "dt", "option", "html", "body", "head",
})  # fmt: skip
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip


def safe_html(html: str) -> str:
    """What is left of it when only text, its structure and plain links are; empty where it can't be made safe.

    No pictures, no styles, no ids: nothing is loaded, nothing covers the page, nothing is named like a part of ours.
    """
    if len(html) > LONGEST or _bottomless(html):
        return ""
    safe = nh3.clean(
        html, tags=_TAGS, clean_content_tags={"script", "style", "title", "head"},
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return clean(safe) if len(safe) <= 4 * LONGEST else ""


def text_of(html: str) -> str:
    """The HTML as text: by inscriptis, which keeps lists and tables readable; without its tags where it is too much."""
    safe = safe_html(html)
    if not safe.strip():
        return _bare(html)
    try:
        return clean(get_text(safe, ParserConfig(css=CSS_PROFILES["strict"], display_links=False))).strip()
    except (RecursionError, ValueError, TypeError, AttributeError):
        return _bare(html)


def _bottomless(html: str) -> bool:
    depth, formatting = 0, 0
    still: Counter[str] = Counter()
    for tag in _TAG.finditer(html):
        name = tag.group(2).lower()
        if name in _VOID or (tag.group(1) and not still[name]):
            continue
        step = -1 if tag.group(1) else 1
        still[name] += step
        depth += step
        formatting += step if name in _FORMATTING else 0
        if depth > MOST_OPEN or formatting > MOST_OPEN_FORMATTING:
            return True
    return False


def _bare(html: str) -> str:
    text = _ANY_TAG.sub(" ", _seen(html[: 4 * LONGEST]))
    return "\n".join(filter(None, (" ".join(line.split()) for line in clean(unescape(text)).split("\n"))))


def _seen(html: str) -> str:
    """Without scripts, styles and head; in one pass, also where thousands of them never end."""
    kept, start = [], 0
    endless: set[str] = set()
    for begun in _UNSEEN.finditer(html):
        name = begun.group(1).lower()
        if begun.start() < start or name in endless:
            continue
        ended = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(html, begun.end())
        if ended is None:
            endless.add(name)
            continue
        kept.append(html[start : begun.start()])
        start = ended.end()
    return " ".join([*kept, html[start:]])

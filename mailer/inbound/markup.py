"""HTML from strangers: made safe to show, and made into text. Nothing in it is ever loaded from anywhere.

Ammonia (nh3) takes quadratic time for what is nested deeply: 36 s for 100,000 `<div>`. It is given plain tags
(`tags.plain_tags`), whose depth is what was counted; what nests deeper than any mail program writes is text alone.
"""

from __future__ import annotations

import re
from html import unescape

import nh3
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from .charsets import clean
from .tags import ANY_TAG, Bottomless, plain_tags

LONGEST = 300_000
"""Of the HTML that is read; what people write is a tenth of it."""
_KEPT = 0.9
"""Of the letters; with fewer, inscriptis lost some: its parser drops what nests deeper than 255 elements."""
_UNSEEN = re.compile(r"<(script|style|head|title)\b", re.IGNORECASE)
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip


def safe_html(html: str) -> str:
    """What is left of it when only text, its structure and plain links are; empty where it can't be made safe.

    No pictures, no styles, no ids: nothing is loaded, nothing covers the page, nothing is named like a part of ours.
    """
    if len(html) > LONGEST:
        return ""
    try:
        plain = plain_tags(html, kept=_TAGS, attributes=_ATTRIBUTES)
    except Bottomless:
        return ""
    safe = nh3.clean(
        plain, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return clean(safe) if len(safe) <= 4 * LONGEST else ""


def text_of(html: str) -> str:
    """The HTML as text: by inscriptis, which keeps lists and tables readable; without its tags where it is too much."""
    safe = safe_html(html)
    if not safe.strip():
        return bare_text(html)
    bare = bare_text(safe)
    try:
        text = clean(get_text(safe, ParserConfig(css=CSS_PROFILES["strict"], display_links=False))).strip()
    except (RecursionError, ValueError, TypeError, AttributeError):
        return bare
    return text if _letters(text) >= _KEPT * _letters(bare) else bare


def _letters(text: str) -> int:
    return sum(map(len, text.split()))


def bare_text(html: str) -> str:
    """The HTML without its tags, in one pass."""
    text = ANY_TAG.sub(" ", _seen(html))
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

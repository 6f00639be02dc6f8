"""HTML from strangers is read as a browser would, once, and nothing hidden in it makes it long to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.inbound.markup import safe_html, text_of


@pytest.mark.parametrize(
    "hidden",
    [
        "<div a='</div>'>", "<div><!--</div>-->", '<div a="<div b="</div>">', "<div><style></div></style>",
        "<div><? </div>", "<div></ div><!</div>",
    ],
)  # fmt: skip
def test_an_end_that_is_hidden_ends_nothing(hidden: str) -> None:
    assert safe_html(hidden * 2000) == ""


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ("1 < 2 & <b>3 > 2</b>", "1 &lt; 2 &amp; <b>3 &gt; 2</b>"),
        ("<a title='>' HREF=https://x.example/?a=1&amp;b=2 onclick='x()'>link</a>",
         '<a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">link</a>'),
        ("""<a href='https://x.example/"><script>'>a</a>""",
         '<a href="https://x.example/&quot;&gt;&lt;script&gt;" rel="noopener noreferrer nofollow">a</a>'),
        ("<!--[if mso]><p>twice</p><![endif]--><p>once", "<p>once</p>"), ("<p>a<q<b>b", "<p>ab</p>"),
        ("<section>one</section><section>two</section>", "<div>one</div><div>two</div>"),
        ("<p>before<script>x('</div>')</script >after", "<p>beforeafter</p>"),
        ("<p>seen<style>never ends", "<p>seen</p>"),
        ("<table><tr><td colspan=2 style='x'>c</table>",
         '<table><tbody><tr><td colspan="2">c</td></tr></tbody></table>'),
    ],
)  # fmt: skip
def test_safe_html_says_what_a_browser_would_show(html: str, safe: str) -> None:
    assert safe_html(html) == safe


@given(st.text(alphabet="<>/!-='\" abdivscript&;", max_size=80))
def test_no_markup_gets_a_tag_past_that_is_not_kept(html: str) -> None:
    assert "<script" not in safe_html(html)
    text_of(html)


def test_what_the_reader_of_tables_drops_is_read_all_the_same() -> None:
    assert text_of("<table><tr><td>" * 120 + "the words" + "</td></tr></table>" * 120) == "the words"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>before <!-- never ends <p>all my text", "before never ends all my text"),
        ("hello <a href='x>one</a> <p>two</p> three", "hello one two three"),
        ("<p>if a<b then c", "if a<b then c"), ("<title>all <b>my</b> text", "all my text"),
    ],
)  # fmt: skip
def test_the_words_behind_what_never_ends_are_read(html: str, text: str) -> None:
    assert " ".join(text_of(html).split()) == text

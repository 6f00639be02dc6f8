"""What marketers write is data: hostile texts come out as text or as errors with their place, never as code."""

from __future__ import annotations

from typing import Any

import pytest

from mailer.blocks import Unwritable, read_draft
from mailer.markup import as_html, as_text, read
from mailer.placeholders import Placeholder, Problem, filled, pieces_of, spoken

HOSTILE = (
    "{{ config }}", "{{ customer.email }}", "{{customer.password_hash}}", "{{ customer.delete() }}",
    "{{ 'a'*1000000000 }}", "{{ ''.__class__.__mro__ }}", "{{ self }}", "{{ request.environ }}",
    "{{ first_name.__class__ }}", "{{ first_name | upper() }}{{ x }}", "{{ first_name|attr('x')|there }}",
    "{% for x in range(10**9) %}{% endfor %}", "{% include '/etc/passwd' %}", "{% import 'os' as os %}",
    "{# a comment #}", "{{ first_name", "first_name }}", "{{{{ first_name }}}}", "{{ }}", "{{}}", "{{ | there }}",
    "{{ email }}", "{{ unsubscribe_url }}", "{{ First_Name }}", "{{ first name }}", "{{ first_name }}",
    "{{ first_name |   }}", "{{ first_name | {{ last_name }} }}", "{{ last_name | " + "x" * 100 + " }}",
    "[click](javascript:alert(1))", "[click](data:text/html,x)", "[click](//evil.example)", "[click](vbscript:x)",
    "[click](https://shop.example@evil.example/)", "[click](/\\evil.example)", "[click]()", "[click](mailto:a@b.c)",
    "[a](https://{{ first_name | x }}.example)", "hidden \u202e direction", "zero\u200bwidth", "a\x00b", "bell\x07",
)  # fmt: skip

HARMLESS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "${first_name}", "<%= 7*7 %>", "#{7*7}", "%(name)s",
    "=HYPERLINK(\"https://evil.example\")", "\"'><b>", "a & b", "{ first_name }", "100 % sure", "%s %d {0} {x!r}",
    "שלום עולם", "سلام دنیا", "नमस्ते दुनिया", "می‌خواهم", "[not a link]", "(nor this)", "***", "* * *", "**", "__x__",
)  # fmt: skip


def text_block(text: str) -> list[dict[str, Any]]:
    return [{"kind": "text", "text": text}]


def complaints(subject: str, blocks: Any) -> list[tuple[int, str, int, str]]:
    with pytest.raises(Unwritable) as refused:
        read_draft(subject, "", blocks)
    return [(one.block, one.field, one.line, one.code) for one in refused.value.complaints]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_refused_with_its_line(text: str) -> None:
    found = complaints("Hello", [{"kind": "divider"}, *text_block(f"Fine\n{text}")])
    assert found
    assert {(block, name, line) for block, name, line, _code in found} == {(2, "text", 2)}


@pytest.mark.parametrize("text", [text for text in HOSTILE if "](" not in text])
def test_a_hostile_subject_is_refused(text: str) -> None:
    assert {block for block, *_rest in complaints(text, text_block("Fine"))} == {0}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_code_is_text(text: str) -> None:
    nodes = read_draft("Hello", "", text_block(f"x {text}")).blocks[0].nodes
    html = as_html(nodes, mark=lambda _one: "!", address=lambda path: path)
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert as_text(nodes, mark=lambda _one: "!", address=lambda path: path).startswith("x ")


@pytest.mark.parametrize(
    "name",
    [
        "{{customer.email}}", "=HYPERLINK(1)", "https://evil.example", "www.evil.example", "evil.example", "<b>Ada</b>",
        "A\u202eda", "Ada\u200b", "+49 151 23456", "", "   ", "x" * 41, "win $1000", "@ada", "Ada\r\nBcc: x@y.z", "!!!",
    ],
)  # fmt: skip
def test_what_is_no_name_isnt_spoken(name: str) -> None:
    assert spoken(name) == ""


@pytest.mark.parametrize(
    "name", ["Ada", "Jean-Luc", "O'Neill", "J. R.", "María José", "李雷", "نازنین‌زهرا", "देवी", "Đặng"]
)
def test_a_name_is_spoken_as_it_is(name: str) -> None:
    assert spoken(name) == name


def test_a_placeholder_is_filled_once_and_what_it_holds_is_read_by_nobody() -> None:
    problems: list[Problem] = []
    pieces = pieces_of("Hi {{ first_name | there }}!", problems)
    assert pieces == ["Hi ", Placeholder("first_name", "there"), "!"]
    assert filled(pieces, {"first_name": "{{ last_name | x }}"}) == "Hi {{ last_name | x }}!"
    assert filled(pieces, {"first_name": ""}) == "Hi there!"
    assert problems == []


def test_markup_makes_headings_lists_links_and_emphasis_in_both_bodies() -> None:
    problems: list[Problem] = []
    nodes = read("# Big\nOne\ntwo **bold *both*** and [a shop](/goods)\n\n- a\n- b\n\n1. x\n2) y", problems)
    html = as_html(nodes, mark=lambda _one: "", address=lambda path: f"https://s.example{path}?u=1&v=2")
    assert html.split("\n")[0] == "<h1>Big</h1>"
    assert '<a href="https://s.example/goods?u=1&amp;v=2">a shop</a>' in html
    assert "<ul><li>a</li><li>b</li></ul>" in html
    assert "<ol><li>x</li><li>y</li></ol>" in html
    text = as_text(nodes, mark=lambda _one: "", address=lambda path: path)
    assert "a shop (/goods)" in text
    assert "- a\n- b" in text
    assert problems == []


@pytest.mark.parametrize(
    ("block", "field", "code"),
    [
        ({"kind": "text", "text": " "}, "text", "missing"),
        ({"kind": "picture", "picture": "", "alt": "x"}, "picture", "missing"),
        ({"kind": "picture", "picture": "/a.png"}, "alt", "missing"),
        ({"kind": "picture", "picture": "/a.svg", "alt": "x"}, "picture", "svg_picture"),
        ({"kind": "button", "words": "Go"}, "link", "missing"),
        ({"kind": "button", "words": "Go", "link": "shop.example"}, "link", "bad_link"),
        ({"kind": "coupon", "code": "", "text": "x"}, "code", "missing"),
        ({"kind": "products", "source": "chosen"}, "products", "missing"),
        ({"kind": "products", "source": "search"}, "query", "missing"),
        ({"kind": "products", "source": "moon"}, "source", "bad_choice"),
        ({"kind": "products", "products": ["1"], "count": 99}, "count", "bad_number"),
        ({"kind": "recommendations", "columns": 7}, "columns", "bad_number"),
        ({"kind": "recommendations", "count": "many"}, "count", "bad_value"),
        ({"kind": "text", "text": "x", "html": "<b>"}, "html", "bad_value"),
        ({"kind": "hero", "title": "x", "words": "Go"}, "link", "missing"),
        ({"kind": "iframe"}, "kind", "bad_kind"),
        ({}, "kind", "bad_kind"),
    ],
)  # fmt: skip
def test_a_block_that_cant_be_sent_says_which_field_and_why(block: dict[str, Any], field: str, code: str) -> None:
    assert (1, field, 0, code) in complaints("Hello", [block])


def test_a_mailing_needs_a_subject_and_a_block_and_all_that_is_wrong_is_said_at_once() -> None:
    assert set(complaints(" ", [])) == {(0, "subject", 0, "missing"), (0, "blocks", 0, "no_blocks")}
    assert len(complaints("", [{"kind": "text"}, {"kind": "button"}])) == 4

"""Rendering: styles get into the elements, Jinja's marks stay, the host's templates win, and nothing is left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from jinja2 import DictLoader, TemplateSyntaxError, UndefinedError

from mailer.rendering import Rendered, inline_styles, make_environment, render

LAYOUT = """<!doctype html><html><head><style>
.price { color: red } @media (prefers-color-scheme: dark) { .price { color: pink !important } }
</style></head><body><h1>{{ shop_name }}</h1>
<!-- content -->
</body></html>"""
OURS = {
    "mail/layout.html": LAYOUT,
    "mail/sale/subject.txt": "{{ _('Hello %(name)s', name=name) }}\n",
    "mail/sale/body.txt": "{% if name %}\n{{ name }}\n{% endif %}\n\n\n\nBye\n",
    "mail/sale/body.html": (
        "<table>{% for price in prices %}<tr><td class='price'>{{ price }}</td></tr>{% endfor %}</table>"
        "<a href='{{ link }}'>{{ name }}</a>"
    ),
}
TOLD: dict[str, Any] = {
    "shop_name": "Shop",
    "name": "Ada",
    "prices": ["1", "2"],
    "link": "https://shop.example/?a=1&b=2",
}


def rendered(*templates: Mapping[str, str], **changes: Any) -> Rendered:
    environment = make_environment(
        [DictLoader(dict(each)) for each in templates or (OURS,)],
        gettext=lambda message, **values: message % values if values else message,
        ngettext=lambda one, many, count, **values: (one if count == 1 else many) % {"num": count, **values},
        filters={"loud": lambda text: text.upper()},
    )
    return render(environment, "sale", TOLD | changes)


def test_styles_are_written_into_the_elements_and_media_queries_stay() -> None:
    html = rendered().html
    assert html.count('<td class="price" style="color: red;">') == 2
    assert "prefers-color-scheme: dark" in html
    assert "<h1>Shop</h1>" in html


def test_what_people_typed_is_escaped_in_html_and_plain_in_text() -> None:
    mail = rendered(name="<b>Ada & co</b>")
    assert "&lt;b&gt;Ada &amp; co&lt;/b&gt;" in mail.html
    assert "<b>Ada & co</b>" in mail.text
    assert mail.subject == "Hello <b>Ada & co</b>"


def test_a_subject_is_one_line_whatever_it_is_told() -> None:
    assert rendered(name="Ada\r\nBcc: all@example.com").subject == "Hello Ada Bcc: all@example.com"


def test_empty_lines_that_blocks_left_behind_are_closed_up() -> None:
    assert rendered().text == "Ada\n\nBye\n"


def test_the_hosts_template_wins_file_by_file() -> None:
    host = {"mail/sale/body.txt": "{{ name|loud }} from the host\n"}
    mail = rendered(host, OURS)
    assert mail.text == "ADA from the host\n"
    assert "<h1>Shop</h1>" in mail.html


def test_a_host_may_bring_a_whole_document_or_another_layout() -> None:
    whole = {
        "mail/sale/body.html": "<html><head><style>p{margin:0}</style></head><body><p>{{ name }}</p></body></html>"
    }
    assert '<p style="margin: 0;">Ada</p>' in rendered(whole, OURS).html
    assert "<h1>" not in rendered(whole, OURS).html
    layout = {"mail/layout.html": "<html><body><main><!-- content --></main></body></html>"}
    assert rendered(layout, OURS).html.startswith("<html><head></head><body><main><table>")


def test_a_hole_is_an_error_and_no_email() -> None:
    with pytest.raises(UndefinedError):
        rendered({"mail/sale/body.txt": "{{ nmae }}"}, OURS)


def test_a_statement_inside_of_a_tag_is_refused_with_its_line() -> None:
    with pytest.raises(TemplateSyntaxError, match="can't stand there"):
        inline_styles("<p>\n<a {% if x %}class='b'{% endif %}>x</a></p>", name="mail/x/body.html")


def test_styles_are_inlined_once_a_template_not_once_an_email() -> None:
    class Counting(DictLoader):
        reads = 0

        def get_source(self, environment: Any, template: str) -> Any:
            Counting.reads += 1
            return super().get_source(environment, template)

    environment = make_environment([Counting(OURS)], gettext=lambda m: m, ngettext=lambda *a: "", filters={})
    for _ in range(5):
        render(environment, "sale", TOLD)
    assert Counting.reads == 4  # three files and the layout

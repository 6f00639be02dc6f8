"""Every text that a person sees goes through gettext: in templates, and where views speak (flash, abort, forms)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.txt"))
MODULES = sorted((ROOT / "shop").rglob("*.py")) + sorted((ROOT / "ecrm").rglob("*.py"))
JINJA = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
HOLE = "\ufffc"
"""Stands where a template puts something in."""

NO_TEXT = {"script", "style", "svg", "code"}
READ_ATTRIBUTES = {"alt", "title", "placeholder", "aria-label", "aria-description", "label"}
SPEAKING = {"flash": 0, "abort": 1, "ValidationError": 0, "NotFound": 0, "Forbidden": 0, "BadRequest": 0, "Conflict": 0}
"""Functions whose argument of this place is read by people."""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_has_no_text_outside_of_gettext(path: Path) -> None:
    source = path.read_text()
    outside = HOLE.join(_data(source))
    found = list(_visible(outside)) if path.suffix == ".html" else outside.splitlines()
    bare = [" ".join(text.split()) for text in found if _is_words(text)]
    assert bare + list(_spoken_constants(source)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_view_speaks_through_gettext(path: Path) -> None:
    tree = ast.parse(path.read_text())
    bare = [
        f"line {call.lineno}: {ast.unparse(call)}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and (place := SPEAKING.get(_name(call.func))) is not None
        if len(call.args) > place and _is_literal(call.args[place])
    ]
    assert bare == []


def test_the_check_finds_bare_text() -> None:
    page = '<p title="Hello there">{{ _("fine") }} but this</p>{{ "Not fine" if x }}<img alt="{{ _("ok") }}"><code>x y'
    visible = [text.strip() for text in _visible(HOLE.join(_data(page))) if _is_words(text)]
    assert visible == ["Hello there", f"{HOLE} but this"]
    assert list(_spoken_constants(page)) == ["Not fine"]


def _data(source: str) -> list[str]:
    """What stands outside of Jinja's marks, in pieces."""
    return [text for _line, kind, text in JINJA.lex(source) if kind == "data"]


def _visible(html: str) -> Iterator[str]:
    parser = _Reader()
    parser.feed(html)
    parser.close()
    yield from parser.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [value for name, value in attrs if name in READ_ATTRIBUTES and value]
        if tag == "meta" and given.get("name") == "description":
            self.found.append(given.get("content") or "")
        if tag == "input" and given.get("type") in {"submit", "button", "reset"}:
            self.found.append(given.get("value") or "")
        self._silent += tag in NO_TEXT

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in NO_TEXT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def _is_words(text: str) -> bool:
    """Two letters in a row; single ones are marks (`x`, `·`) and units. A macro's set of attributes is no text."""
    text = re.sub(r"[\w-]+=\"[^\"]*\"|\brequired\b", " ", text).replace(HOLE, " ")
    return re.search(r"[^\W\d_]{2,}", text) is not None


def _spoken_constants(source: str) -> Iterator[str]:
    """Texts that an expression prints itself: `{{ "Sold out" if gone }}`. What is handed to a call isn't printed."""
    for output in JINJA.parse(source).find_all(nodes.Output):
        for part in output.nodes:
            if not isinstance(part, nodes.TemplateData):
                yield from (text for text in _printed(part) if re.search(r"[A-Z][a-z]{2,}|\w+ \w+ \w+", text))


def _printed(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _printed(node.expr1)
        if node.expr2 is not None:
            yield from _printed(node.expr2)
    elif isinstance(node, nodes.Concat | nodes.Or | nodes.Filter):
        for child in node.iter_child_nodes(only=("nodes", "left", "right", "node")):
            yield from _printed(child)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))

"""Rendering: a template's folder `mail/<name>/` and what it is told → subject, text and HTML.

A `body.html` is the content only; it is set into `mail/layout.html`, or into the layout that its first line names
(`{# layout: mail/marketing.html #}`), and the style sheet is written into the elements (mail programs drop style
sheets) once a template, not once an e-mail: on the template's source, with Jinja's marks set aside. A `body.html` that
brings its own `<html>` is taken as it is. Macros in `mail/parts*.html` get their styles in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import css_inline
from jinja2 import BaseLoader, ChoiceLoader, Environment, StrictUndefined, TemplateSyntaxError, select_autoescape

from .addressing import MAX_SUBJECT

LAYOUT = "mail/layout.html"
STYLE = "mail/style.css"
CONTENT_MARK = "<!-- content -->"
STYLE_MARK = "<!-- style -->"
_PART = "mail/parts"
_PART_MARK = "<!-- part -->"
_LAYOUT = re.compile(r"{#\s*layout:\s*([\w./-]+)\s*#}")
_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
_STATEMENT = re.compile(r"{%.*?%}", re.DOTALL)
_EXPRESSION = re.compile(r"{{.*?}}", re.DOTALL)


@dataclass(frozen=True)
class Rendered:
    """A finished e-mail's words; the subject is one line."""

    subject: str
    text: str
    html: str


def make_environment(
    loaders: Sequence[BaseLoader],
    *,
    gettext: Callable[..., str],
    ngettext: Callable[..., str],
    filters: Mapping[str, Callable[..., Any]],
) -> Environment:
    """A Jinja environment for e-mails; the first loader that has a template wins, so the host's go first.

    An unknown name in a template is an error: better no e-mail yet than one with a hole.
    """
    environment = Environment(
        loader=_Inlined(ChoiceLoader(list(loaders))),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(filters)
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def render(environment: Environment, template: str, context: Mapping[str, Any]) -> Rendered:
    """Render the three files of `mail/<template>/`.

    Raises:
        jinja2.TemplateError: where a file is missing, broken, or asks for what it isn't told.
    """
    subject, text, html = (
        environment.get_template(f"mail/{template}/{file}").render(context)
        for file in ("subject.txt", "body.txt", "body.html")
    )
    return Rendered(" ".join(subject.split())[:MAX_SUBJECT], tidy(text), html)


def tidy(text: str) -> str:
    """At most one empty line in a row: what blocks left behind."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


class _Inlined(BaseLoader):
    """Gives `body.html` files in their layout, with styles in the elements. Jinja keeps the compiled result."""

    def __init__(self, inner: BaseLoader) -> None:
        self._inner = inner

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, uptodate = self._inner.get_source(environment, template)
        if template.endswith("/body.html"):
            if "<html" not in source.lower():
                named = _LAYOUT.match(source)
                layout, _, _ = self._inner.get_source(environment, named.group(1) if named else LAYOUT)
                source = layout.replace(CONTENT_MARK, source, 1)
            source = inline_styles(self._styled(environment, source), name=template)
        elif template.startswith(_PART) and template.endswith(".html"):
            frame = f"<html><head>{STYLE_MARK}</head><body>{_PART_MARK}{source}{_PART_MARK}</body></html>"
            source = inline_styles(self._styled(environment, frame), name=template).split(_PART_MARK)[1]
        else:
            source = self._styled(environment, source)
        return source, filename, uptodate

    def _styled(self, environment: Environment, source: str) -> str:
        """With the shared style sheet where a layout wants it."""
        if STYLE_MARK not in source:
            return source
        style, _, _ = self._inner.get_source(environment, STYLE)
        return source.replace(STYLE_MARK, f"<style>\n{style}</style>", 1)

    def list_templates(self) -> list[str]:
        return self._inner.list_templates()


def inline_styles(source: str, *, name: str = "") -> str:
    """Write a template's style sheet into its elements; media queries stay in a `<style>`, Jinja's marks stay put.

    A statement stands as a comment meanwhile (the only thing that HTML allows everywhere in a table), an expression
    as a word.

    Raises:
        TemplateSyntaxError: where a mark doesn't survive, e.g. a statement inside of a tag.
    """
    marks: list[str] = []

    def set_aside(match: re.Match[str], form: str) -> str:
        marks.append(match.group())
        return form.format(len(marks) - 1)

    bare = _COMMENT.sub("", source)
    bare = _STATEMENT.sub(lambda match: set_aside(match, "<!--jinja-{}-->"), bare)
    bare = _EXPRESSION.sub(lambda match: set_aside(match, "jinja-{}-x"), bare)
    inlined = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(bare)
    for number, mark in enumerate(marks):
        form = f"<!--jinja-{number}-->" if mark.startswith("{%") else f"jinja-{number}-x"
        if inlined.count(form) != 1:
            raise TemplateSyntaxError(f"{mark} can't stand there", source[: source.index(mark)].count("\n") + 1, name)
        inlined = inlined.replace(form, mark)
    return inlined

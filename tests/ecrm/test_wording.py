"""What is worked out of texts once, and for whom."""

from __future__ import annotations

from flask import Flask
from flask_babel import Babel

from ecrm import wording


def test_what_is_made_of_texts_is_made_once_for_each_language() -> None:
    app, read, made = Flask(__name__), ["en"], []
    Babel(app, locale_selector=lambda: read[-1])

    @wording.by_language
    def greeting() -> tuple[str, ...]:
        made.append(wording.language())
        return ("Guten Tag",) if wording.language() == "de" else ("Good day",)

    def said_in(tongue: str) -> tuple[str, ...]:
        read.append(tongue)
        with app.test_request_context():
            return greeting()

    assert [said_in(one) for one in ("en", "de", "de", "en")] == [
        ("Good day",), ("Guten Tag",), ("Guten Tag",), ("Good day",),
    ]  # fmt: skip
    assert made == ["en", "de"]

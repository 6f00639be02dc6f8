"""The language of a text, where there is enough of it to say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

FEWEST_LETTERS = 25
SUREST = 0.9
_READ = 2000


def language_of(text: str) -> str:
    """Two letters (ISO 639-1), or nothing: for a few words, or where two languages are about as likely.

    py3langid 0.4 (a naive Bayes classifier over byte n-grams, Lui and Baldwin 2012); loading its model takes half a
    second once a process.
    """
    text = text[:_READ]
    if sum(letter.isalpha() for letter in text) < FEWEST_LETTERS:
        return ""
    language, probability = _identifier().classify(text)
    return str(language) if probability >= SUREST and len(language) == 2 else ""


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_modelpath(Path(MODEL_DIR) / MODEL_FILE, norm_probs=True)

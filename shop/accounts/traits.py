"""What a customer may tell about themselves, all of it optional: the choices, and how they are called."""

from __future__ import annotations

from ..wording import gettext as _

MOST_CHILDREN = 20
MOST_INTERESTS = 300  # characters


def households(present: str = "") -> list[tuple[str, str]]:
    """(value, words) to choose from; a value of other origin (an import) stays choosable for whom it describes."""
    known = [
        ("", _("I'd rather not say")),
        ("single", _("I live alone")),
        ("couple", _("Two of us")),
        ("family", _("A family with children")),
        ("shared", _("A shared home")),
    ]
    return known if present in {value for value, _words in known} else [*known, (present, present)]


def tidy_interests(text: str) -> str:
    """Interests as typed, separated by commas or line ends, each once: `baking, coffee`."""
    found = (" ".join(part.split()) for part in text.replace(";", ",").replace("\n", ",").split(","))
    return ", ".join({part.casefold(): part for part in found if part}.values())

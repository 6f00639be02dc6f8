"""Fields of a condition: what may be typed or chosen, how it is read, and what is refused in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ecrm.wording import gettext as _

from .choices import Named

LARGEST_MONEY = 10**12
Words = Callable[[], str]
_WHOLE = re.compile(r"[0-9]{1,15}")


class BadValue(ValueError):
    """What was typed can't be read; the message says what to type."""


@dataclass(frozen=True)
class Field:
    """One value of a condition.

    `type`: a whole `number`, `money` (kept in minor units), a `choice`, `many` choices, or a `text`. `options` are
    fixed choices; `named` those of the database, by the name of a field of `choices.Named`: anything may be typed
    there, since a brand may be new. An `optional` field may be left empty.
    """

    name: str
    type: Literal["number", "money", "choice", "many", "text"]
    label: Words
    options: Callable[[], Mapping[str, str]] | None = None
    named: str = ""
    optional: bool = False
    least: int = 0
    most: int = 100_000
    most_now: Callable[[], int] | None = None
    unit: Words = field(default=lambda: "")

    def choices(self, named: Named) -> Mapping[str, str]:
        """What to offer."""
        if self.options is not None:
            return self.options()
        found: Mapping[str, str] = getattr(named, self.named) if self.named else {}
        return found

    def read(self, value: Any) -> Any:
        """The value as it is kept; None where it may be empty and is.

        Raises:
            BadValue: saying what to type.
        """
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "" or value == []:
            if self.optional:
                return None
            raise BadValue(_("choose at least one") if self.type == "many" else _("fill this in"))
        if self.type in {"number", "money"}:
            return self._number(value)
        if self.type == "many":
            values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            return sorted({self._choice(one) for one in values})[:100]
        return self._choice(value) if self.options is not None else self._text(value)

    def _number(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            if not (isinstance(value, str) and value.isascii() and _WHOLE.fullmatch(value)):
                raise BadValue(_("type a whole number"))
            value = int(value)
        most = LARGEST_MONEY if self.type == "money" else self.most_now() if self.most_now else self.most
        if not self.least <= value <= most:
            raise BadValue(_("from %(least)s to %(most)s", least=self.least, most=most))
        return int(value)

    def _choice(self, value: Any) -> str:
        known = self.options() if self.options is not None else {}
        if not isinstance(value, str) or value not in known:
            raise BadValue(_("choose one that is offered"))
        return value

    def _text(self, value: Any) -> str:
        if not isinstance(value, str) or not value.isprintable() or len(value) > 100:
            raise BadValue(_("at most 100 letters in one line"))
        return value


def compare() -> Field:
    """At least or at most so many."""
    return Field(
        "compare", "choice", lambda: _("How many"), options=lambda: {"at_least": _("at least"), "at_most": _("at most")}
    )


def within_days(*, most: int = 3660, optional: bool = True) -> Field:
    """Only what happened in the last days; all time where it is empty."""
    return Field(
        "days", "number", lambda: _("In the last days"), optional=optional, least=1, most=most,
        unit=lambda: _("days; empty for all time") if optional else _("days"),
    )  # fmt: skip

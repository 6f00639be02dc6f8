"""Reading what stands behind the question mark: each filter is checked, and refused in words where it can't be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from unicodedata import category

from flask import request
from werkzeug.exceptions import BadRequest

from ecrm.wording import gettext as _
from tracking.clickstream.sources import UNSEEN

Choice = TypeVar("Choice", bound=StrEnum)
LARGEST = 2**63 - 1
LARGEST_INTEGER = 2**31 - 1
"""PostgreSQL refuses a larger number where it is compared with a column of this type."""
YEARS = range(1970, 9001)
"""The calendar's outer years overflow as soon as a time zone is applied or a window taken off."""


def text_arg(name: str, *, longest: int = 200) -> str:
    """A filter's text, stripped; empty where it isn't given.

    Raises:
        BadRequest: where it is too long or holds what no source keeps (`UNSEEN`). Whatever else a link of ours was made
            of is read: letters of a font's own, and those that are younger than this Python.
    """
    value = request.values.get(name, "").strip()
    if len(value) > longest or any(category(letter) in UNSEEN for letter in value):
        raise BadRequest(_("“%(name)s” can't be read. Clear it and try again.", name=name))
    return value


def number_arg(name: str, *, largest: int = LARGEST) -> int | None:
    """A positive whole number that fits the column it is compared with.

    Raises:
        BadRequest: for anything else.
    """
    value = text_arg(name)
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 19 and int(value) <= largest):
        raise BadRequest(_("“%(name)s” must be a whole number.", name=name))
    return int(value)


def day_arg(name: str) -> date | None:
    """A day as browsers send it (2026-11-03).

    Raises:
        BadRequest: for anything else.
    """
    value = text_arg(name)
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        raise BadRequest(_("“%(value)s” is not a day. Write it like 2026-11-03.", value=value))
    return day


def choice_arg(name: str, choices: type[Choice]) -> Choice | None:
    """One of an enumeration's values.

    Raises:
        BadRequest: for anything else.
    """
    value = text_arg(name)
    if not value:
        return None
    try:
        return choices(value)
    except ValueError:
        known = ", ".join(choices)
        raise BadRequest(_("“%(value)s” is not known here; there are: %(known)s.", value=value, known=known)) from None


def cursor_arg(name: str = "before") -> tuple[datetime, int] | None:
    """Where the page before ended, as `cursor` wrote it.

    Raises:
        BadRequest: for anything else.
    """
    value = text_arg(name)
    if not value:
        return None
    try:
        at, id_ = value.split("~")
        moment, number = datetime.fromisoformat(at), int(id_)
        if moment.tzinfo is None or moment.year not in YEARS or not 0 <= number <= LARGEST:
            raise ValueError(value)
        return moment.astimezone(UTC), number
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def cursor(at: datetime, id_: int) -> str:
    """Where a page ends, fit for a link."""
    return f"{at.isoformat()}~{id_}"


def day_cursor_arg(name: str = "before") -> tuple[date, int] | None:
    """Where the page before ended, as `day_cursor` wrote it.

    Raises:
        BadRequest: for anything else.
    """
    value = text_arg(name)
    if not value:
        return None
    day, _tilde, number = value.partition("~")
    if not (number.isascii() and number.isdigit() and len(number) <= 19 and int(number) <= LARGEST):
        raise bad_cursor()
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        raise bad_cursor() from None


def day_cursor(day: date, id_: int) -> str:
    """Where a page of rows that know their day only ends, fit for a link."""
    return f"{day}~{id_}"


def bad_cursor() -> BadRequest:
    """The refusal of a link that was cut or changed."""
    return BadRequest(_("This link to a next page is damaged. Start again from the first page."))

"""What somebody enters about a campaign: checked field by field, refused in words beside each field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ecrm.wording import gettext as _
from tracking.clickstream.dimensions import MAX_SOURCE
from tracking.clickstream.sources import folded_code

from .amounts import typed_amount
from .campaigns import CAMPAIGN_CHANNELS

MAX_NAME, MAX_NOTE, MAX_PATH, MAX_VANITY, MAX_CODES, MAX_REACHED = 120, 500, 300, 60, 2000, 2**31 - 1
FIELDS = (
    "name", "channel", "code", "first_day", "last_day", "budget", "reached", "vanity", "landing_path", "codes", "note",
)  # fmt: skip
_WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_YEARS = range(2000, 2100)


@dataclass(frozen=True)
class Draft:
    """A campaign as it should be. `codes`: further ones, folded, without `code` itself."""

    name: str
    channel: str
    code: str
    first_day: date
    last_day: date | None
    budget_minor: int | None
    reached: int | None
    vanity: str | None
    landing_path: str
    codes: tuple[str, ...]
    note: str


class Refused(ValueError):
    """What can't be taken, by field (of `FIELDS`), in the reader's language."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def read_draft(form: Mapping[str, str], *, decimals: int) -> Draft:
    """Read a form of `FIELDS`.

    Args:
        decimals: of the shop's currency.

    Raises:
        Refused: naming every field that can't be taken, not only the first.
    """
    said = {name: form.get(name, "").strip() for name in FIELDS}
    problems: dict[str, str] = {}
    first, last = _day(said, "first_day", problems), _day(said, "last_day", problems)
    if first is None and "first_day" not in problems:
        problems["first_day"] = _("Give the day on which the campaign begins.")
    if first and last and last < first:
        problems["last_day"] = _("The last day lies before the first one.")
    draft = Draft(
        name=_text(said, "name", problems, longest=MAX_NAME),
        channel=said["channel"],
        code=folded_code(said["code"]),
        first_day=first or date.min,
        last_day=last,
        budget_minor=_amount(said, "budget", problems, decimals=decimals),
        reached=_count(said, "reached", problems),
        vanity=_vanity(said, problems),
        landing_path=said["landing_path"] or "/",
        codes=_codes(said, problems),
        note=_text(said, "note", problems, longest=MAX_NOTE),
    )
    if not draft.name and "name" not in problems:
        problems["name"] = _("Give the campaign a name.")
    if draft.channel not in CAMPAIGN_CHANNELS:
        problems["channel"] = _("Choose a channel.")
    if not draft.code or len(said["code"]) > MAX_SOURCE:
        problems["code"] = _("Give the utm_campaign of its links: 1 to %(most)s characters.", most=MAX_SOURCE)
    if not is_local(draft.landing_path):
        problems["landing_path"] = _("Give a path of this shop, such as /tea; not another site's address.")
    if problems:
        raise Refused(problems)
    return draft


def is_local(path: str) -> bool:
    """Whether a path leads to a page of this shop and nowhere else, wherever it is put."""
    # Browsers read a backslash as a slash and drop tabs and line ends, which would turn a path into a host.
    return (
        path.startswith("/")
        and not path.startswith("//")
        and "\\" not in path
        and "#" not in path
        and path.isprintable()
        and len(path) <= MAX_PATH
        and _storable(path)
    )


def _text(said: Mapping[str, str], name: str, problems: dict[str, str], *, longest: int) -> str:
    value = " ".join(said[name].split())
    if len(value) > longest or not value.isprintable() or not _storable(value):
        problems[name] = _("Use at most %(most)s characters that can be seen.", most=longest)
    return value


def _day(said: Mapping[str, str], name: str, problems: dict[str, str]) -> date | None:
    if not said[name]:
        return None
    try:
        day = date.fromisoformat(said[name])
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        problems[name] = _("Write the day as 2026-11-20.")
        return None
    return day


def _amount(said: Mapping[str, str], name: str, problems: dict[str, str], *, decimals: int) -> int | None:
    if not said[name]:
        return None
    try:
        return typed_amount(said[name], decimals=decimals)
    except ValueError as error:
        problems[name] = str(error)
        return None


def _count(said: Mapping[str, str], name: str, problems: dict[str, str]) -> int | None:
    value = said[name]
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= MAX_REACHED):
        problems[name] = _("Give a whole number, or leave it empty.")
        return None
    return int(value)


def _vanity(said: Mapping[str, str], problems: dict[str, str]) -> str | None:
    word = said["vanity"].lower()
    if not word:
        return None
    if len(word) > MAX_VANITY or not word.isascii() or not _WORD.fullmatch(word):
        problems["vanity"] = _("Use small letters, digits and hyphens only, at most %(most)s.", most=MAX_VANITY)
        return None
    return word


def _codes(said: Mapping[str, str], problems: dict[str, str]) -> tuple[str, ...]:
    parts = [part.strip() for part in re.split(r"[\r\n,;]+", said["codes"])]
    codes = sorted({folded_code(part) for part in parts if part} - {"", folded_code(said["code"])})
    if any(len(part) > MAX_SOURCE for part in parts):
        problems["codes"] = _("A code has at most %(most)s characters; write one a line.", most=MAX_SOURCE)
    if len(codes) > MAX_CODES:
        problems["codes"] = _("Give at most %(most)s codes.", most=MAX_CODES)
    return tuple(codes)


def _storable(text: str) -> bool:
    """Halves of surrogate pairs can be written to no database."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)

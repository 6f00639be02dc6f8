"""What the forms of mailings send, read and checked: their settings, and the blocks of the editor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from ecrm.wording import gettext as _
from ecrm.wording import zone
from mailer.blocks import KINDS, MAX_BLOCKS
from mailer.consent import Topic
from mailer.mailings import LEAST_TEST, MAX_NAME, MOST_HOLDOUT, WinnerRule

SETTINGS = (
    "name", "topic", "segment", "campaign", "holdout_percent", "test_percent", "winner_by", "winner_after_hours",
)  # fmt: skip
TEXTS = {
    "text": ("text",), "hero": ("title", "text", "picture", "alt", "words", "link"),
    "picture": ("picture", "alt", "link"), "products": ("title", "source", "products", "query", "count", "columns"),
    "recommendations": ("title", "count", "columns"), "coupon": ("code", "text"), "button": ("words", "link"),
    "divider": (),
}  # fmt: skip
"""The fields of each kind of block, in the order of the form."""
MOST_HOURS = 168
_LONGEST = 12_000
_WORD = re.compile(r"[\s,;]+")


class Refused(ValueError):
    """A form that can't be taken; `problems` by field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Settings:
    """Whom a mailing goes to, and how its variants are tried."""

    name: str
    topic: str
    segment_id: int | None
    campaign: str
    holdout_percent: int
    test_percent: int
    winner_by: str
    winner_after_hours: int


def read_settings(form: Mapping[str, str], *, segments: set[int], campaigns: set[str]) -> Settings:
    """The settings as they were typed.

    Raises:
        Refused: with everything that is wrong.
    """
    problems: dict[str, str] = {}
    name = " ".join(form.get("name", "").split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        problems["name"] = _("Give the mailing a name of at most %(most)s characters.", most=MAX_NAME)
    topic = form.get("topic", "")
    if topic not in set(Topic):
        problems["topic"] = _("Choose what it is about: only those who agreed to that get it.")
    segment = form.get("segment", "")
    segment_id = int(segment) if segment.isascii() and segment.isdigit() and len(segment) < 19 else None
    if segment and segment_id not in segments:
        problems["segment"] = _("This segment is no more; choose another one.")
    campaign = form.get("campaign", "")
    if campaign and campaign not in campaigns:
        problems["campaign"] = _("This campaign is no more; choose another one.")
    rule = form.get("winner_by", WinnerRule.NONE)
    if rule not in set(WinnerRule):
        problems["winner_by"] = _("Choose by what the better variant is found.")
    return_of = {
        "holdout_percent": _number(form, "holdout_percent", 0, MOST_HOLDOUT, 0, problems),
        "test_percent": _number(form, "test_percent", LEAST_TEST, 100, 100, problems),
        "winner_after_hours": _number(form, "winner_after_hours", 1, MOST_HOURS, 4, problems),
    }
    if problems:
        raise Refused(problems)
    return Settings(name, topic, segment_id, campaign, winner_by=rule, **return_of)


def _number(form: Mapping[str, str], field: str, least: int, most: int, usual: int, problems: dict[str, str]) -> int:
    text = form.get(field, "").strip()
    if not text:
        return usual
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1
    if not least <= number <= most:
        problems[field] = _("Write a whole number from %(least)s to %(most)s.", least=least, most=most)
        return usual
    return number


def read_moment(written: str, *, now: datetime) -> datetime:
    """When a mailing begins: a moment of the shop's clock as browsers send it; at once where nothing is written.

    Raises:
        Refused: for what is no moment, or is past.
    """
    text = written.strip()
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refused({"at": _("Write day and time like 2026-11-27T09:00.")}) from None
    if at.year not in range(1970, 9000):
        raise Refused({"at": _("Write day and time like 2026-11-27T09:00.")})
    at = at.replace(tzinfo=zone()) if at.tzinfo is None else at
    if (now - at).total_seconds() > 120:
        raise Refused({"at": _("This moment is past; leave the field empty to begin at once.")})
    return max(at.astimezone(UTC), now)


def read_blocks(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    """The blocks of the editor's form, complete or not, as they are kept."""
    blocks: list[dict[str, Any]] = []
    for number in range(1, MAX_BLOCKS + 1):
        kind = form.get(f"b{number}-kind", "")
        if kind not in KINDS:
            break
        block: dict[str, Any] = {"kind": kind}
        for field in TEXTS[kind]:
            block[field] = _value(field, form.get(f"b{number}-{field}", ""))
        if kind == "products":
            block["leave_out_owned"] = form.get(f"b{number}-leave_out_owned") == "yes"
        blocks.append(block)
    return blocks


def _value(field: str, text: str) -> Any:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()[:_LONGEST]
    if field == "products":
        return [one for one in _WORD.split(text) if one][:60]
    if field in {"count", "columns"}:
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0
    return text


def rearranged(blocks: list[dict[str, Any]], wish: str) -> tuple[list[dict[str, Any]], int]:
    """The blocks after a button was pressed ("add:text", "up:2", "down:2", "remove:2"), and the one to look at."""
    deed, _colon, what = wish.partition(":")
    at = int(what) - 1 if what.isascii() and what.isdigit() and len(what) < 4 else -1
    if deed == "add" and what in KINDS and len(blocks) < MAX_BLOCKS:
        return [*blocks, new_block(what)], len(blocks) + 1
    if not 0 <= at < len(blocks):
        return blocks, 0
    if deed == "remove":
        return blocks[:at] + blocks[at + 1 :], min(at + 1, len(blocks) - 1)
    to = at - 1 if deed == "up" else at + 1
    if deed in {"up", "down"} and 0 <= to < len(blocks):
        blocks = list(blocks)
        blocks[at], blocks[to] = blocks[to], blocks[at]
        return blocks, to + 1
    return blocks, at + 1


def new_block(kind: str) -> dict[str, Any]:
    """A block as it is added."""
    if kind == "products":
        return {"kind": kind, "source": "chosen", "products": [], "count": 4, "columns": 2}
    if kind == "recommendations":
        return {"kind": kind, "count": 4, "columns": 2}
    return {"kind": kind}

"""Opening hours as people type them: "9:00-12:30, 14-18", a day a line; and how long a target is: "4 h", "2 d"."""

from __future__ import annotations

import re

from .hours import DAY

_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?")
_TARGET = re.compile(r"(\d{1,5})\s*(min|m|h|d)?", re.IGNORECASE)
_UNITS = {"min": 1, "m": 1, "h": 60, "d": 8 * 60, "": 60}
LONGEST_TARGET = 90 * 8 * 60


class Unreadable(ValueError):
    """What was typed is no such thing."""


def spans_of(typed: str) -> list[tuple[int, int]]:
    """Minutes of the day from and to, one pair a span; none for an empty text.

    Raises:
        Unreadable: for what is no list of spans.
    """
    spans = []
    for part in re.split(r"[,;]", typed):
        if not part.strip():
            continue
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise Unreadable(part.strip()[:40])
        first, last = _minutes(match[1], match[2]), _minutes(match[3], match[4])
        if not 0 <= first < last <= DAY:
            raise Unreadable(part.strip()[:40])
        spans.append((first, last))
    return spans


def typed_spans(spans: list[list[int]]) -> str:
    """The same spans as somebody would type them."""
    return ", ".join(f"{_clock(first)}-{_clock(last)}" for first, last in spans)


def minutes_of(typed: str) -> int | None:
    """Working minutes of a target: "30 min", "4 h" (also "4"), "2 d" (of eight hours); None for none.

    Raises:
        Unreadable: for anything else, nothing at all, and more than ninety days.
    """
    if typed.strip() in {"", "-", "–"}:
        return None
    match = _TARGET.fullmatch(typed.strip())
    minutes = int(match[1]) * _UNITS[(match[2] or "").lower()] if match else 0
    if not 0 < minutes <= LONGEST_TARGET:
        raise Unreadable(typed.strip()[:40])
    return minutes


def typed_minutes(minutes: int | None) -> str:
    """The same target as somebody would type it."""
    if minutes is None:
        return ""
    if minutes % 480 == 0:
        return f"{minutes // 480} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _minutes(hour: str, minute: str | None) -> int:
    if int(minute or 0) > 59:
        raise Unreadable(f"{hour}:{minute}")
    return int(hour) * 60 + int(minute or 0)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"

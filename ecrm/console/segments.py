"""The segment that a report is narrowed down to, as the address says, and the choices that its form offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import g, request
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ecrm.marketing.segment import Segment
from ecrm.wording import country
from ecrm.wording import gettext as _
from tracking.clickstream.dimensions import MAX_SOURCE, Audience, Source

from .queries import choice_arg, text_arg

UNKNOWN = "-"
"""How an address says "where it isn't known": an empty value is a form's "any"."""
MOST_CHOICES = 200


class Visitors(StrEnum):
    """Whether somebody had been here before."""

    NEW = "new"
    RETURNING = "returning"


@dataclass(frozen=True)
class Filter:
    """A field of the segment's form: a list to choose from, or with `suggested` a text with suggestions."""

    name: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...]
    suggested: bool = False


def chosen_segment() -> Segment:
    """The segment of this request.

    Raises:
        BadRequest: in words, for texts that no source has.
    """
    visitors = choice_arg("visitors", Visitors)
    return Segment(
        channel=_asked("channel"), source=_asked("source"), campaign=_asked("campaign"), device=_asked("device"),
        country=_asked("country"), medium=_asked("medium"), term=_asked("term"), content=_asked("content"),
        visitors=visitors.value if visitors else None,
    )  # fmt: skip


def in_address(value: str) -> str:
    """A segment's value as an address carries it."""
    return value or UNKNOWN


def segment_args(segment: Segment) -> dict[str, Any]:
    """The segment as arguments of a link."""
    return {name: in_address(value) for name, value in segment.args.items()}


def segment_words(segment: Segment) -> list[str]:
    """The segment's values in words."""
    named = {"channel": channel_name, "device": device_name, "country": country_name, "visitors": visitors_name}
    return [named[name](value) if name in named else value or unknown() for name, value in segment.args.items()]


def filters(session: Session) -> list[Filter]:
    """The form's fields with what the shop's visits have known so far; the rarer ones only where a link set them."""
    campaigns = _known(session, Source.campaign)
    own = [("medium", _("Medium")), ("term", _("Keyword of the link")), ("content", _("Content of the link"))]
    return [
        _filter("channel", _("Channel"), [(one, channel_name(one)) for one in _known(session, Source.channel)]),
        _filter("source", _("Source"), [(one, one) for one in _known(session, Source.source)], suggested=True),
        _filter("campaign", _("Campaign code"), [(one, one) for one in campaigns], suggested=True),
        _filter("device", _("Device"), [(one, device_name(one)) for one in _known(session, Audience.device)]),
        _filter("country", _("Country"), [(one, country_name(one)) for one in _known(session, Audience.country)]),
        _filter("visitors", _("Visitors"), [("new", _("new")), ("returning", _("returning"))]),
        *(_filter(name, label, [], suggested=True) for name, label in own if request.args.get(name)),
    ]  # fmt: skip


def channel_name(channel: str) -> str:
    """A channel in words."""
    if "ecrm_channels" not in g:  # a report names hundreds
        g.ecrm_channels = _channel_words()
    words: dict[str, str] = g.ecrm_channels
    return words.get(channel, channel or unknown())


def _channel_words() -> dict[str, str]:
    return {
        "direct": _("Direct"), "paid_search": _("Paid search"), "organic_search": _("Organic search"),
        "paid_social": _("Paid social"), "organic_social": _("Organic social"), "email": _("E-mail"),
        "affiliate": _("Affiliates"), "display": _("Display"), "referral": _("Referral"), "post": _("Post and print"),
        "ai_assistant": _("AI assistants"), "sms": _("Text messages"), "other": _("Other"),
    }  # fmt: skip


def device_name(device: str) -> str:
    """A kind of device in words."""
    words = {"desktop": _("Desk"), "mobile": _("Phone"), "tablet": _("Tablet"), "other": _("Other device")}
    return words.get(device, device or unknown())


def country_name(code: str) -> str:
    """A country in the reader's language."""
    return country(code) if code else unknown()


def visitors_name(value: str) -> str:
    """New or returning visitors in words."""
    return _("Returning visitors") if value == "returning" else _("New visitors")


def unknown() -> str:
    """What stands for an empty value."""
    return _("(not known)")


def _asked(name: str) -> str | None:
    value = text_arg(name, longest=MAX_SOURCE)
    return None if not value else "" if value == UNKNOWN else value


def _known(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    return list(session.scalars(select(column).distinct().order_by(column).limit(MOST_CHOICES)))


def _filter(name: str, label: str, choices: list[tuple[str, str]], *, suggested: bool = False) -> Filter:
    return Filter(
        name=name, label=label, value=request.args.get(name, ""), suggested=suggested,
        choices=tuple((in_address(value), words or unknown()) for value, words in choices),
    )  # fmt: skip

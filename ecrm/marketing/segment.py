"""Segment: the visits that a report is narrowed down to, by what an audience is made of."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Select, and_, select

from tracking.clickstream.dimensions import Audience, Source


@dataclass(frozen=True)
class Segment:
    """Each field narrows; None doesn't. An empty text asks for visits of which it isn't known.

    `campaign` is the code of a link, folded as `Source.campaign`; `visitors` is `new` or `returning`.
    """

    channel: str | None = None
    source: str | None = None
    campaign: str | None = None
    device: str | None = None
    country: str | None = None
    medium: str | None = None
    term: str | None = None
    content: str | None = None
    visitors: str | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    @property
    def args(self) -> dict[str, str]:
        """The fields that are set, by name."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in pairs if value is not None}


def conditions(segment: Segment) -> list[ColumnElement[bool]]:
    """The segment as conditions on `Audience` joined with its `Source`."""
    wanted: list[ColumnElement[bool]] = []
    for column, value in (
        (Source.channel, segment.channel), (Source.source, segment.source), (Source.campaign, segment.campaign),
        (Source.medium, segment.medium), (Source.term, segment.term), (Source.content, segment.content),
        (Audience.device, segment.device), (Audience.country, segment.country),
    ):  # fmt: skip
        if value is not None:
            wanted.append(column == value)
    if segment.visitors is not None:
        wanted.append(Audience.is_returning.is_(segment.visitors == "returning"))
    return wanted


def audiences_within(segment: Segment) -> Select[int]:
    """The ids of the audiences of a segment."""
    return select(Audience.id).join(Source, Source.id == Audience.source_id).where(and_(True, *conditions(segment)))

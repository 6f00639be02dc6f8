"""What audiences are made of, kept in memory: reports hold an audience's number and need its words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Audience, Source

from .segment import Segment

BATCH = 500


class AudienceFacts(NamedTuple):
    """An audience with its source spelled out."""

    channel: str
    source: str
    medium: str
    campaign: str
    term: str
    content: str
    device: str
    country: str
    visitors: str


GONE = AudienceFacts("", "", "", "", "", "", "", "", "new")
"""For a number without a row; audiences never go away, so this is only met in a damaged database."""

# Rows of dimensions never change, so what was read once holds for as long as the process lives.
_known: WeakKeyDictionary[Engine, dict[int, AudienceFacts]] = WeakKeyDictionary()


def facts_of(session: Session, audience_ids: Iterable[int]) -> list[AudienceFacts]:
    """The facts of each audience, in the order asked for."""
    wanted = list(audience_ids)
    bind = session.get_bind()
    known = _known.setdefault(bind if isinstance(bind, Engine) else bind.engine, {})
    missing = sorted({one for one in wanted if one not in known})
    columns = (
        Audience.id, Source.channel, Source.source, Source.medium, Source.campaign, Source.term, Source.content,
        Audience.device, Audience.country, Audience.is_returning,
    )  # fmt: skip
    for start in range(0, len(missing), BATCH):
        query = select(*columns).join(Source, Source.id == Audience.source_id)
        for row in session.execute(query.where(Audience.id.in_(missing[start : start + BATCH]))):
            known[row[0]] = AudienceFacts._make((*row[1:-1], "returning" if row[-1] else "new"))
    return [known.get(one, GONE) for one in wanted]


def within(segment: Segment) -> Callable[[AudienceFacts], bool]:
    """Says of an audience whether it lies within the segment."""
    wanted = [(AudienceFacts._fields.index(name), value) for name, value in segment.args.items()]
    return lambda facts: all(facts[place] == value for place, value in wanted)

"""What audiences are made of, kept in memory as columns: reports hold an audience's number and need its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Audience, Source

from .segment import Segment

BATCH = 500
Ints = NDArray[np.int64]


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


@dataclass(frozen=True)
class Audiences:
    """Some audiences as columns: `codes` (fields, n) say by number which of the field's `words` each audience has."""

    codes: Ints
    words: tuple[tuple[str, ...], ...]

    def having(self, field: str, values: Iterable[str]) -> NDArray[np.bool_]:
        """Which of them have one of these values."""
        place = AudienceFacts._fields.index(field)
        wanted = [code for code, word in enumerate(self.words[place]) if word in values]
        return np.isin(self.codes[place], wanted)

    def within(self, segment: Segment) -> NDArray[np.bool_]:
        """Which of them lie within the segment."""
        belongs = np.ones(self.codes.shape[1], dtype=bool)
        for field, value in segment.args.items():
            belongs &= self.having(field, (value,))
        return belongs

    def grouped_by(self, fields: Sequence[str]) -> tuple[list[tuple[str, ...]], Ints]:
        """The combinations of values that occur, and for each audience the place of its own among them."""
        places = [AudienceFacts._fields.index(field) for field in fields]
        mixed = np.zeros(self.codes.shape[1], dtype=np.int64)
        for place in places:  # nine fields of some thousand words would overflow; one to three don't
            mixed = mixed * len(self.words[place]) + self.codes[place]
        _distinct, first, group = np.unique(mixed, return_index=True, return_inverse=True)
        named = [tuple(self.words[place][self.codes[place, one]] for place in places) for one in first.tolist()]
        return named, group


class _Known(NamedTuple):
    """All audiences read so far; `ids` are sorted. Replaced as a whole, so that readers need no lock."""

    ids: Ints
    codes: Ints
    words: tuple[tuple[str, ...], ...]


_NONE = _Known(np.zeros(0, np.int64), np.zeros((len(AudienceFacts._fields), 0), np.int64), ((),) * len(GONE))

# Rows of dimensions never change, so what was read once holds for as long as the process lives.
_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


def audiences(session: Session, audience_ids: Ints) -> Audiences:
    """The audiences of these numbers, in the order asked for."""
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    known = _known.get(engine, _NONE)
    missing = np.setdiff1d(audience_ids, known.ids)
    if missing.size:
        known = _with(known, _read(session, missing.tolist()))
        _known[engine] = known
    return Audiences(known.codes[:, np.searchsorted(known.ids, audience_ids)], known.words)


def facts_of(session: Session, audience_ids: Iterable[int]) -> list[AudienceFacts]:
    """The facts of each audience, in the order asked for."""
    found = audiences(session, np.fromiter(audience_ids, dtype=np.int64))
    return [
        AudienceFacts(*(words[code] for words, code in zip(found.words, codes, strict=True)))
        for codes in found.codes.T.tolist()
    ]


def _read(session: Session, missing: list[int]) -> dict[int, AudienceFacts]:
    found = dict.fromkeys(missing, GONE)
    columns = (
        Audience.id, Source.channel, Source.source, Source.medium, Source.campaign, Source.term, Source.content,
        Audience.device, Audience.country, Audience.is_returning,
    )  # fmt: skip
    for start in range(0, len(missing), BATCH):
        query = select(*columns).join(Source, Source.id == Audience.source_id)
        for row in session.execute(query.where(Audience.id.in_(missing[start : start + BATCH]))):
            found[row[0]] = AudienceFacts._make((*row[1:-1], "returning" if row[-1] else "new"))
    return found


def _with(known: _Known, found: dict[int, AudienceFacts]) -> _Known:
    codes, words = [], []
    for place, before in enumerate(known.words):
        number = {word: code for code, word in enumerate(before)}
        codes.append([number.setdefault(facts[place], len(number)) for facts in found.values()])
        words.append(tuple(number))
    ids = np.concatenate([known.ids, np.fromiter(found, dtype=np.int64, count=len(found))])
    order = np.argsort(ids)
    return _Known(ids[order], np.concatenate([known.codes, np.array(codes, np.int64)], axis=1)[:, order], tuple(words))

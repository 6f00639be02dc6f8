"""Attribution models: which touch gets which share of an order. Pure functions; they know neither database nor shop.

The rules and the names are those of Google Analytics' multi-channel funnels ("About the default MCF attribution
models", support.google.com/analytics/answer/1665189), but for two things. As in GA4 ("Get started with attribution",
support.google.com/analytics/answer/10596866), direct visits are credited where nothing else is known, and only "last
touch" lets one go before a source. And touches of the very same moment share what one of them would have got, so that a
result never depends on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from math import lcm
from typing import NamedTuple

from ecrm.wording import gettext as _
from tracking.shares import split

from .credits import MILLION

HALF_LIFE = timedelta(days=7)
_ENDS, _MIDDLE = 40, 20  # percent, position-based
_FINE = 1 << 60  # time decay's factors become whole numbers of this fineness


class Model(StrEnum):
    """A rule that shares out an order. `bit` is its place in `Credit.models`: members keep their order for ever."""

    LAST_NON_DIRECT = "last_non_direct"
    LAST = "last"
    FIRST = "first"
    LINEAR = "linear"
    POSITION_BASED = "position_based"
    TIME_DECAY = "time_decay"
    DATA_DRIVEN = "data_driven"

    @property
    def bit(self) -> int:
        """Its bit in a mask of models."""
        return _BITS[self]

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return {
            Model.LAST_NON_DIRECT: _("Last touch but direct"),
            Model.LAST: _("Last touch"),
            Model.FIRST: _("First touch"),
            Model.LINEAR: _("Linear"),
            Model.POSITION_BASED: _("Position-based"),
            Model.TIME_DECAY: _("Time decay"),
            Model.DATA_DRIVEN: _("Data-driven"),
        }[self]

    @property
    def rule(self) -> str:
        """What it does, in a sentence in the reader's language."""
        return {
            Model.LAST_NON_DIRECT: _("The last touch that wasn't a direct visit gets everything."),
            Model.LAST: _("The last touch gets everything, also a direct visit."),
            Model.FIRST: _("The first touch that wasn't a direct visit gets everything."),
            Model.LINEAR: _("Each touch but direct visits gets the same share."),
            Model.POSITION_BASED: _("The first and the last touch get 40 % each, those between them share 20 %."),
            Model.TIME_DECAY: _("A touch gets half as much as one that was seven days later."),
            Model.DATA_DRIVEN: _("Channels count by how many orders would be missing without them."),
        }[self]


_BITS = {model: 1 << place for place, model in enumerate(Model)}
ALL_MODELS = sum(_BITS.values())
DEFAULT_MODEL = Model.LAST_NON_DIRECT


class Contact(NamedTuple):
    """What a model needs to know of a touch."""

    at: datetime
    channel: str
    is_direct: bool = False


Weights = Mapping[str, int]
"""What the data-driven model learnt: channel → weight in parts per million; empty where it learnt nothing yet."""


def shares(model: Model, contacts: Sequence[Contact], weights: Weights) -> list[int]:
    """Each contact's share in parts per million, in the order given; they sum to exactly one million.

    Args:
        contacts: those before the order and within the windows, in any order.
        weights: see `Weights`; only the data-driven model looks at them, and falls back to linear without.

    Raises:
        ValueError: without any contact; who pays for such an order is not a model's question.
    """
    if not contacts:
        raise ValueError("an order without contacts has nothing to be shared among")
    chosen = [index for index, one in enumerate(contacts) if not one.is_direct]
    if model is Model.LAST or not chosen:
        model, chosen = Model.LAST, list(range(len(contacts)))
    moments, channels = [contacts[index].at for index in chosen], [contacts[index].channel for index in chosen]
    parts = _parts(model, moments, channels, weights=weights)
    result = [0] * len(contacts)
    for index, part in zip(chosen, parts, strict=True):
        result[index] = part
    return result


def agreeing(contacts: Sequence[Contact], parties: Sequence[int], weights: Weights) -> dict[tuple[int, ...], int]:
    """All models at once: distinct shares of the parties → the mask of the models that give them.

    A party's share is the sum of what `shares` gives to its contacts.

    Args:
        parties: to which party each contact belongs (a source, or direct visits), numbered from 0.
    """
    count = max(parties) + 1
    if count == 1:
        return {(MILLION,): ALL_MODELS}
    sourced = {party for party, one in zip(parties, contacts, strict=True) if not one.is_direct}
    if len(sourced) == 1:  # one source and direct visits: only "last touch" may see it in another way
        (source,) = sourced
        others = tuple(MILLION * (party == source) for party in range(count))
        last = _of_parties(shares(Model.LAST, contacts, weights), parties, count)
        return {others: ALL_MODELS} if last == others else {others: ALL_MODELS ^ Model.LAST.bit, last: Model.LAST.bit}
    chosen = [(party, one.at, one.channel) for party, one in zip(parties, contacts, strict=True) if not one.is_direct]
    whose, moments, channels = zip(*chosen, strict=True)
    found: dict[tuple[int, ...], int] = {}
    for model in Model:
        if model is Model.DATA_DRIVEN and not weights:
            continue
        if model is Model.LAST:
            key = _of_parties(shares(model, contacts, weights), parties, count)
        else:
            key = _of_parties(_parts(model, moments, channels, weights=weights), whose, count)
        bits = model.bit if weights or model is not Model.LINEAR else model.bit | Model.DATA_DRIVEN.bit
        found[key] = found.get(key, 0) | bits
    return found


def _of_parties(parts: Sequence[int], parties: Sequence[int], count: int) -> tuple[int, ...]:
    sums = [0] * count
    for party, part in zip(parties, parts, strict=True):
        sums[party] += part
    return tuple(sums)


def _parts(model: Model, moments: Sequence[datetime], channels: Sequence[str], *, weights: Weights) -> Sequence[int]:
    heavy = _weights_of(model, moments, channels, weights)
    return split(MILLION, heavy) if model is Model.TIME_DECAY else _split(tuple(heavy))


@lru_cache(maxsize=4096)
def _split(heavy: tuple[int, ...]) -> tuple[int, ...]:
    """Most orders are alike, but for time decay: a history's are hundreds of thousands."""
    return tuple(split(MILLION, heavy))


def _weights_of(model: Model, moments: Sequence[datetime], channels: Sequence[str], weights: Weights) -> list[int]:
    match model:
        case Model.LAST_NON_DIRECT | Model.LAST:
            return _at_the_end(moments, last=True)
        case Model.FIRST:
            return _at_the_end(moments, last=False)
        case Model.POSITION_BASED:
            return _position_based(moments)
        case Model.TIME_DECAY:
            return _time_decay(moments)
        case Model.DATA_DRIVEN if weights:
            return _data_driven(channels, weights)
        case _:
            return [1] * len(moments)


def _at_the_end(moments: Sequence[datetime], *, last: bool) -> list[int]:
    end = max(moments) if last else min(moments)
    return [int(at == end) for at in moments]


def _position_based(moments: Sequence[datetime]) -> list[int]:
    """40/20/40; without anything in between 50/50."""
    first, last = min(moments), max(moments)
    if first == last:
        return [1] * len(moments)
    firsts, lasts = moments.count(first), moments.count(last)
    between = len(moments) - firsts - lasts
    fine = lcm(firsts, lasts, between or 1)
    return [
        _ENDS * fine // firsts if at == first else _ENDS * fine // lasts if at == last else _MIDDLE * fine // between
        for at in moments
    ]


def _time_decay(moments: Sequence[datetime]) -> list[int]:
    """2 ^ (-age / half-life). Ages count from the newest touch: from the order on, all would shrink alike."""
    newest = max(moments)
    return [max(1, round(_FINE * 2.0 ** -((newest - at) / HALF_LIFE))) for at in moments]


def _data_driven(channels: Sequence[str], weights: Weights) -> list[int]:
    """In proportion to the channels' weights. A channel's weight says what its presence in a path is worth, so several
    touches of one share it. A channel that came up after the learning counts as the average of those that it knows."""
    average = sum(weights.values()) // len(weights)
    counts = {channel: channels.count(channel) for channel in set(channels)}
    fine = lcm(*counts.values())
    return [weights.get(channel, average) * fine // counts[channel] for channel in channels]

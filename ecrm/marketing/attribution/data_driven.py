"""The data-driven model: what each channel is worth, learnt from the paths that led to an order and those that didn't.

Channels on the way are the states of a first-order Markov chain from "start" to "order" or "nothing". A channel's
weight is its removal effect: by how much the chance of an order falls when whoever reaches the channel leaves instead
(Anderl, Becker, von Wangenheim, Schumann: "Mapping the customer journey", International Journal of Research in
Marketing 33 (2016), 457-474).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.shares import split

from .credits import MILLION, ChannelWeight, Credit
from .models import Model, Weights

DAYS = 90
ENOUGH = 100
"""Paths to an order below which the removal effects are mostly chance, and the model stays linear."""
MAX_TOUCHES = 400_000
"""Of visits that led to nothing; of more, every n-th browser is read and counts n times."""
_NOTE = ""  # the row of `ChannelWeight` that says how many paths there were, whether they were enough or not

Path = tuple[str, ...]


@dataclass(frozen=True)
class Learnt:
    """What the last learning found, and when. Without weights, `paths` to an order were too few."""

    weights: Weights
    on: date | None = None
    paths: int = 0

    @property
    def enough(self) -> bool:
        """Whether the model goes by its own weights (else it is linear)."""
        return bool(self.weights)


def learnt(session: Session) -> Learnt:
    """What was learnt last."""
    rows = session.scalars(select(ChannelWeight)).all()
    note = next((row for row in rows if row.channel == _NOTE), None)
    weights = {row.channel: row.weight_ppm for row in sorted(rows, key=lambda row: row.channel) if row.channel != _NOTE}
    return Learnt(weights, note.learnt_on, note.paths) if note else Learnt(weights)


def weights_now(session: Session) -> Weights:
    """The weights learnt last; empty where there were too few paths."""
    return learnt(session).weights


def learn(session: Session, *, today: date) -> Learnt:
    """Learn the weights anew from the last `DAYS` days and keep them, in the caller's transaction."""
    since = today - timedelta(days=DAYS)
    converting = _converting(session, since)
    orders = sum(converting.values())
    weights: dict[str, int] = {}
    if orders >= ENOUGH:
        weights = removal_weights(converting, _ending(session, since))
    rows = [ChannelWeight(channel=_NOTE, weight_ppm=0, learnt_on=today, paths=orders)]
    rows += [
        ChannelWeight(channel=channel, weight_ppm=weight, learnt_on=today, paths=orders)
        for channel, weight in sorted(weights.items())
    ]
    session.execute(delete(ChannelWeight))
    session.add_all(rows)
    session.flush()
    return Learnt(weights, today, orders)


def removal_weights(converting: Mapping[Path, int], ending: Mapping[Path, int]) -> dict[str, int]:
    """Each channel's normalised removal effect, in parts per million summing to one million.

    Args:
        converting: paths of channels that led to an order, and how many.
        ending: those that led to none.
    """
    channels = sorted({channel for path in (*converting, *ending) for channel in path})
    place = {channel: index + 1 for index, channel in enumerate(channels)}  # 0 is the start
    size, order = len(channels) + 1, len(channels) + 1
    counts = np.zeros((size, size + 2))
    for paths, end in ((converting, order), (ending, order + 1)):
        for path, times in paths.items():
            states = [0, *(place[channel] for channel in path), end]
            for here, there in pairwise(states):
                counts[here, there] += times
    totals = counts.sum(axis=1, keepdims=True)
    steps = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    whole = _chance(steps, order, removed=None)
    effects = [
        max(1 - _chance(steps, order, removed=place[channel]) / whole, 0.0) if whole else 0.0 for channel in channels
    ]
    # whole numbers first: the split is exact and the same on every machine
    return dict(zip(channels, split(MILLION, [round(effect * 10**12) for effect in effects]), strict=True))


def _chance(steps: np.ndarray, order: int, *, removed: int | None) -> float:
    """The chance to get from the start to an order: absorbing chain, (I - Q) x = r."""
    size = steps.shape[0]
    inner, ends = steps[:, :size].copy(), steps[:, order].copy()
    if removed is not None:
        inner[:, removed] = 0
        inner[removed, :] = 0
        ends[removed] = 0
    return float(np.linalg.solve(np.eye(size) - inner, ends)[0])


def _converting(session: Session, since: date) -> dict[Path, int]:
    """The paths of the orders since a day: the linear model credits every touch that counts, and each once."""
    query = (
        select(Credit.order_id, Touchpoint.at, Touchpoint.id, Source.channel)
        .join(Touchpoint, Touchpoint.id == Credit.touchpoint_id)
        .join(Source, Source.id == Touchpoint.source_id)
        .where(Credit.kind == "order", Credit.day >= since, Credit.models.bitwise_and(Model.LINEAR.bit) != 0)
        .order_by(Credit.order_id, Touchpoint.at, Touchpoint.id)
    )
    return _paths(((order_id or 0, channel) for order_id, _, _, channel in session.execute(query)), weight=1)


def _ending(session: Session, since: date) -> dict[Path, int]:
    """The paths of browsers whose touches no order was credited to."""
    start = datetime.combine(since, time(), UTC)
    credited = select(Credit.touchpoint_id).where(Credit.day >= since, Credit.touchpoint_id.is_not(None))
    loose = (Touchpoint.kind == "visit", Touchpoint.at >= start, Touchpoint.id.not_in(credited))
    touches = session.scalar(select(func.count()).select_from(Touchpoint).where(*loose)) or 0
    every = -(-touches // MAX_TOUCHES) or 1
    query = (
        select(Touchpoint.visitor_id, Source.channel)
        .join(Source, Source.id == Touchpoint.source_id)
        .where(*loose, Touchpoint.visitor_id % every == 0)
        .order_by(Touchpoint.visitor_id, Touchpoint.at, Touchpoint.id)
    )
    return _paths(((visitor_id or 0, channel) for visitor_id, channel in session.execute(query)), weight=every)


def _paths(rows: Iterable[tuple[int, str]], *, weight: int) -> dict[Path, int]:
    """Channels by whom they belong to (rows come sorted) → how often each sequence of channels occurs."""
    by_whom: defaultdict[int, list[str]] = defaultdict(list)
    for whom, channel in rows:
        by_whom[whom].append(channel)
    found: defaultdict[Path, int] = defaultdict(int)
    for channels in by_whom.values():
        found[tuple(channels)] += weight
    return dict(found)

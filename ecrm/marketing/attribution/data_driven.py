"""The data-driven model: what each channel is worth, learnt from the paths that led to an order and those that didn't.

Channels on the way are the states of a first-order Markov chain from "start" to "order" or "nothing". A channel's
weight is its removal effect: by how much the chance of an order falls when whoever reaches the channel leaves instead
(Anderl, Becker, von Wangenheim, Schumann: "Mapping the customer journey", International Journal of Research in
Marketing 33 (2016), 457-474).
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ecrm.marketing.period import Period, bounds
from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder
from tracking.shares import split

from .chain import chains_of
from .credits import MILLION, ChannelWeight
from .models import Weights
from .order_facts import facts_of, orders_by_id
from .redeemed import CodesOf, code_channels
from .rules import Rules

DAYS = 90
ENOUGH = 100
"""Paths to an order below which the removal effects are mostly chance, and the model stays linear."""
MAX_TOUCHES = 400_000
"""Of visits that led to nothing; of more, every n-th browser is read and counts n times."""
_BATCH = 20_000  # orders at once
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


def learn(session: Session, *, today: date, rules: Rules) -> Learnt:
    """Learn the weights anew from the last `DAYS` days and keep them, in the caller's transaction.

    The orders needn't be booked yet: a history's are shared out by what was learnt from them.
    """
    since, _ = bounds(Period(today - timedelta(days=DAYS), today), ZoneInfo(rules.zone))
    converting, used = _converting(session, since, rules)
    orders = sum(converting.values())
    weights: dict[str, int] = {}
    if orders >= ENOUGH:
        weights = removal_weights(converting, _ending(session, since, used))
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


def _converting(session: Session, since: datetime, rules: Rules) -> tuple[dict[Path, int], np.ndarray]:
    """The paths of the orders since a moment, by the touches that count for each; and the ids of those touches."""
    found: defaultdict[Path, int] = defaultdict(int)
    used = array("q")
    query = select(SeenOrder.id).where(SeenOrder.placed_at >= since)
    order_ids = session.scalars(query.order_by(SeenOrder.customer_id, SeenOrder.id)).all()
    for start in range(0, len(order_ids), _BATCH):
        orders = orders_by_id(session, order_ids[start : start + _BATCH])
        codes = code_channels(
            session, [CodesOf(order.id, order.customer_id, order.placed_at, tuple(order.codes)) for order in orders]
        )
        facts = [facts_of(order) for order in orders if order.joined]
        chains = chains_of(session, facts, redeemed={}, rules=rules)
        for order in orders:
            chain = chains.get(order.id)
            touches = [touch for touch in chain.touches if touch.source_id is not None] if chain else []
            path = (*(touch.channel for touch in touches), *codes.get(order.id, ()))
            if path:
                found[path] += 1
                used.extend(touch.touchpoint_id for touch in touches if touch.touchpoint_id is not None)
    return dict(found), np.unique(np.array(used, dtype=np.int64))


def _ending(session: Session, since: datetime, used: np.ndarray) -> dict[Path, int]:
    """The paths of browsers by touches that counted for no order."""
    visits = (Touchpoint.kind == "visit", Touchpoint.at >= since)
    touches = session.scalar(select(func.count()).select_from(Touchpoint).where(*visits)) or 0
    every = -(-max(touches - len(used), 0) // MAX_TOUCHES) or 1
    query = (
        select(Touchpoint.id, Touchpoint.visitor_id, Source.channel)
        .join(Source, Source.id == Touchpoint.source_id)
        .where(*visits, Touchpoint.visitor_id % every == 0)
        .order_by(Touchpoint.visitor_id, Touchpoint.at, Touchpoint.id)
    )
    rows = session.execute(query).all()
    counted = np.isin(np.array([row[0] for row in rows], dtype=np.int64), used)
    return _paths(
        ((visitor_id or 0, channel) for (_, visitor_id, channel), was in zip(rows, counted, strict=True) if not was),
        weight=every,
    )


def _paths(rows: Iterable[tuple[int, str]], *, weight: int) -> dict[Path, int]:
    """Channels by whom they belong to (rows come sorted) → how often each sequence of channels occurs."""
    by_whom: defaultdict[int, list[str]] = defaultdict(list)
    for whom, channel in rows:
        by_whom[whom].append(channel)
    found: defaultdict[Path, int] = defaultdict(int)
    for channels in by_whom.values():
        found[tuple(channels)] += weight
    return dict(found)

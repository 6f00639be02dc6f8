"""The receipt of an order's attribution: the chain of touches, what each model gave to which, and what was left out.

The money is read from the postings, so that it is exactly what the reports add up; touches of one source share its
posting as the model weighs them. The chain is looked at anew; where it would be posted differently today (a browser was
claimed since, a late step arrived), the receipt says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder, SeenRefund
from tracking.shares import split

from .booking import stored_postings, wanted_postings
from .chain import Chain, LeftOut, Touch, Why, chains_of
from .data_driven import Learnt, learnt
from .models import Model, Weights, shares
from .order_facts import facts_of, orders_by_id
from .postings import Posting
from .redeemed import CodesOf, redeemed_by
from .rules import Rules

FURTHER = timedelta(days=60)
"""How far beyond the window, and after the order, touches that don't count are shown."""
MAX_LEFT_OUT = 50


class Share(NamedTuple):
    """What a model gave to a touch of an order, or took from it for a refund. Money in minor units."""

    share_ppm: int = 0
    amount_minor: int = 0


@dataclass(frozen=True)
class ReceiptLine:
    """A touch, or why there is none (`why`), with what each model gave it; `refunded`: what refunds took back."""

    at: datetime | None
    source: Source | None
    why: str
    kind: str
    session_id: int | None
    simulated: bool
    credited: Mapping[Model, Share]
    refunded: Mapping[Model, int]


@dataclass(frozen=True)
class Overlooked:
    """A touch that doesn't count, and why."""

    at: datetime
    source: Source | None
    reason: LeftOut
    simulated: bool


@dataclass(frozen=True)
class Receipt:
    """An order's attribution. `outdated`: booked anew, it would come out differently."""

    order: SeenOrder
    lines: tuple[ReceiptLine, ...]
    refunds: tuple[SeenRefund, ...]
    left_out: tuple[Overlooked, ...]
    more_left_out: int
    learnt: Learnt
    rules: Rules
    booked: bool
    outdated: bool

    def credited(self, model: Model) -> int:
        """The sum of what a model credited of the order: its total."""
        return sum(line.credited[model].amount_minor for line in self.lines)

    def refunded(self, model: Model) -> int:
        """The sum of what a model took back for refunds: that of the refunds."""
        return sum(line.refunded[model] for line in self.lines)


def receipt_of(session: Session, reference: str, *, rules: Rules) -> Receipt | None:
    """The receipt of the order with this number; None where there is no such order."""
    order = session.scalar(select(SeenOrder).where(SeenOrder.reference == reference))
    if order is None:
        return None
    rows = orders_by_id(session, [order.id])
    codes = [CodesOf(order.id, order.customer_id, order.placed_at, tuple(order.codes))]
    redeemed = redeemed_by(session, codes, write=False)
    chain = chains_of(session, [facts_of(rows[0])], redeemed=redeemed, rules=rules, further=FURTHER)[order.id]
    learning = learnt(session)
    posted = stored_postings(session, [order.id])
    wanted = wanted_postings(session, rows, redeemed=redeemed, rules=rules, weights=learning.weights, posted=posted)
    refunds = session.scalars(select(SeenRefund).where(SeenRefund.order_id == order.id).order_by(SeenRefund.id)).all()
    touched = [touch for touch, _ in chain.left_out]
    sources = _sources(session, posted, [*chain.touches, *touched])
    return Receipt(
        order=order,
        lines=_lines(session, posted, chain, sources=sources, weights=learning.weights),
        refunds=tuple(refunds),
        left_out=tuple(
            Overlooked(touch.at, sources.get(touch.source_id or 0), reason, touch.simulated)
            for touch, reason in chain.left_out[-MAX_LEFT_OUT:]
        ),
        more_left_out=max(len(chain.left_out) - MAX_LEFT_OUT, 0),
        learnt=learning,
        rules=rules,
        booked=bool(posted),
        outdated=_explained(wanted) != _explained(posted),
    )


def _explained(postings: Sequence[Posting]) -> Counter[Posting]:
    """Postings without the data-driven model's: it changes with every learning, and an order keeps what was known."""
    mask = ~Model.DATA_DRIVEN.bit
    merged: Counter[Posting] = Counter()
    for one in postings:
        if one.models & mask:
            merged[one._replace(models=one.models & mask)] += 1
    return merged


def _lines(
    session: Session, posted: Sequence[Posting], chain: Chain, *, sources: Mapping[int, Source], weights: Weights
) -> tuple[ReceiptLine, ...]:
    """Touches in the order of time, those without credit among them, and what is unexplained last."""
    by_party: defaultdict[tuple[int, str], list[Posting]] = defaultdict(list)
    for one in posted:
        by_party[one.source_id or 0, one.why].append(one)
    points = _points(session, posted, chain)
    touches = [touch for touch in chain.touches if touch.source_id is not None]
    met = {touch.source_id for touch in touches}
    touches += [  # credited once, and by no touch of the order's any more
        Touch(point.at, "", point.source_id, id_, point.session_id, point.simulated)
        for id_, point in points.items()
        if point.source_id not in met
    ]
    given = {model: shares(model, [touch.contact for touch in touches], weights) if touches else [] for model in Model}
    lines = []
    for number, touch in sorted(enumerate(touches), key=lambda one: (one[1].at, one[1].touchpoint_id or 0)):
        alike = [place for place, one in enumerate(touches) if one.source_id == touch.source_id]
        parts = _Parts(alike.index(number), {model: [given[model][place] for place in alike] for model in Model})
        known = points.get(touch.touchpoint_id or 0)
        kind = known.kind if known is not None else "visit" if touch.session_id else "code"
        lines.append(_line(touch, kind, "", by_party.get((touch.source_id or 0, ""), []), sources, parts))
    for source_id in sorted({id_ for id_, _ in by_party if id_} - {touch.source_id for touch in touches}):  # forgotten
        line = _line(None, "visit", "", by_party[source_id, ""], sources, _Parts())
        lines.append(replace(line, source=sources.get(source_id)))
    direct = [touch for touch in chain.touches if touch.source_id is None]
    others = {why: rows for (id_, why), rows in by_party.items() if not id_}
    if direct:
        others.setdefault(str(Why.DIRECT), [])
    for why, rows in sorted(others.items()):
        is_direct = why == Why.DIRECT
        of_line = direct[-1] if is_direct and direct else None
        lines.append(_line(of_line, "direct" if is_direct else "", why, rows, sources, _Parts()))
    return tuple(lines)


class _Parts(NamedTuple):
    """A touch's place among those of its source, and what each model gives to these."""

    place: int = 0
    given: Mapping[Model, Sequence[int]] = {}

    def of(self, model: Model, amount: int) -> int:
        """What the touch gets of what the model gave to its source; without a share of its own, the last one."""
        weights = self.given.get(model, (1,))
        if not any(weights):
            weights = [0] * (len(weights) - 1) + [1]
        return split(amount, weights)[self.place]


def _line(
    touch: Touch | None, kind: str, why: str, rows: Sequence[Posting], sources: Mapping[int, Source], parts: _Parts
) -> ReceiptLine:
    credited, refunded = {}, {}
    for model in Model:
        mine = [one for one in rows if one.models & model.bit]
        orders = [one for one in mine if one.kind == "order"]
        share, amount = sum(one.share_ppm for one in orders), sum(one.amount_minor for one in orders)
        credited[model] = Share(parts.of(model, share), parts.of(model, amount))
        refunded[model] = parts.of(model, sum(one.amount_minor for one in mine if one.kind == "refund"))
    return ReceiptLine(
        at=touch.at if touch else None,
        source=sources.get(touch.source_id or 0) if touch else None,
        why=why,
        kind=kind,
        session_id=touch.session_id if touch else None,
        simulated=touch.simulated if touch else any(one.simulated for one in rows),
        credited=credited,
        refunded=refunded,
    )


def _points(session: Session, posted: Sequence[Posting], chain: Chain) -> dict[int, Touchpoint]:
    wanted = {one.touchpoint_id for one in posted} | {one.touchpoint_id for one in chain.touches}
    return {row.id: row for row in session.scalars(select(Touchpoint).where(Touchpoint.id.in_(wanted - {None})))}


def _sources(session: Session, posted: Sequence[Posting], touches: Sequence[Touch]) -> dict[int, Source]:
    wanted = {one.source_id for one in posted} | {one.source_id for one in touches}
    return {row.id: row for row in session.scalars(select(Source).where(Source.id.in_(wanted - {None})))}

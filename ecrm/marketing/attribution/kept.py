"""Kept: how an order was shared out when it was booked, where that can't or mustn't be worked out anew.

- What led to an order is forgotten in time (`ECRM_KEEP_EVENTS_DAYS`), and at once where its customer is erased. Its
  postings are then all that is known, so they keep their shares; only money, costs and refunds are split along them.
- The data-driven model learns each night. An order keeps what was known when it was booked, so that a refund or a cost
  that arrives later rewrites no past day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.event import Event
from tracking.clickstream.touchpoints import Touchpoint

from .credits import MILLION
from .models import Model
from .postings import Division, Party, Posting
from .redeemed import Redeemed
from .rules import Rules
from .visits import in_chunks

_LEARNT = Model.DATA_DRIVEN.bit


def divisions_on_file(postings: Iterable[Posting]) -> dict[int, Division]:
    """How each order was shared out by its postings (in the order of their ids); damaged ones are left out."""
    by_order: dict[int, list[Posting]] = {}
    for one in postings:
        if one.kind == "order" and one.order_id is not None:
            by_order.setdefault(one.order_id, []).append(one)
    found = {order_id: _division(rows) for order_id, rows in by_order.items()}
    return {order_id: division for order_id, division in found.items() if division is not None}


def _division(rows: Sequence[Posting]) -> Division | None:
    """The linear model names the parties in the order in which they came up, as it gives each source something: by it
    leftover cents go to whom they went before."""
    parties: dict[tuple[int | None, str], Party] = {}
    for one in sorted(rows, key=lambda row: not row.models & Model.LINEAR.bit):
        parties.setdefault(_key(one), Party(one.source_id, one.touchpoint_id, one.why, one.simulated))
    place = {key: number for number, key in enumerate(parties)}
    shared: dict[tuple[int, ...], int] = {}
    for model in Model:
        shares = [0] * len(parties)
        for one in rows:
            if one.models & model.bit:
                shares[place[_key(one)]] += one.share_ppm
        if sum(shares) != MILLION:
            return None
        shared[tuple(shares)] = shared.get(tuple(shares), 0) | model.bit
    return Division(list(parties.values()), shared)


def _key(one: Posting | Party) -> tuple[int | None, str]:
    return one.source_id, one.why


def with_learnt_of(posted: Division, new: Division) -> Division:
    """The new division with the data-driven shares that were posted, where all other models agree with the posted."""
    if _rules_of(posted) != _rules_of(new):
        return new
    learnt = _by_party(posted, next(shares for shares, models in posted.shared.items() if models & _LEARNT))
    if not set(learnt) <= {_key(one) for one in new.parties}:
        return new
    shared = {shares: models & ~_LEARNT for shares, models in new.shared.items()}
    kept = tuple(learnt.get(_key(one), 0) for one in new.parties)
    shared[kept] = shared.get(kept, 0) | _LEARNT
    return Division(new.parties, {shares: models for shares, models in shared.items() if models})


def _rules_of(division: Division) -> dict[int, dict[tuple[int | None, str], int]]:
    """What each model but the data-driven one gives to whom."""
    return {
        model.bit: _by_party(division, shares)
        for shares, models in division.shared.items()
        for model in Model
        if models & model.bit & ~_LEARNT
    }


def _by_party(division: Division, shares: Sequence[int]) -> dict[tuple[int | None, str], int]:
    return {_key(one): share for one, share in zip(division.parties, shares, strict=True) if share}


def cut_off(session: Session, orders: Sequence[Any], posted: Mapping[int, Division], *, rules: Rules) -> set[int]:
    """Which of these orders have lost what led to them: too long ago, or their customer or browser was forgotten."""
    found = {order.id for order in orders if rules.is_forgotten(order.placed_at)}
    rest = [order for order in orders if order.id not in found]
    found |= _nameless(session, {order.id: posted[order.id] for order in rest})
    keys = {f"order-completed:{order.reference}": order.id for order in rest if order.id not in found}
    return found | {keys[key] for key in _emptied(session, sorted(keys))}


def _nameless(session: Session, posted: Mapping[int, Division]) -> set[int]:
    """Orders credited by a visit's touch that no longer says whose it was."""
    points = {order_id: {one.touchpoint_id for one in division.parties} for order_id, division in posted.items()}
    wanted = {id_ for ids in points.values() for id_ in ids if id_ is not None}
    nameless = (Touchpoint.kind == "visit", Touchpoint.visitor_id.is_(None))
    lost = {
        id_
        for some in in_chunks(wanted)
        for id_ in session.scalars(select(Touchpoint.id).where(Touchpoint.id.in_(some), *nameless))
    }
    return {order_id for order_id, ids in points.items() if ids & lost}


def _emptied(session: Session, keys: Sequence[str]) -> set[str]:
    """The told events of orders whose customer was erased: the key stays, the content is gone."""
    found: set[str] = set()
    for start in range(0, len(keys), 5000):
        emptied = (Event.message_id.in_(keys[start : start + 5000]), Event.subject == "")
        found |= {key for key in session.scalars(select(Event.message_id).where(*emptied)) if key}
    return found


def with_codes_now(
    session: Session, kept: Mapping[int, Division], redeemed: Mapping[int, Sequence[Redeemed]]
) -> dict[int, Division]:
    """Kept divisions whose codes go where their campaign belongs now: what a code means isn't forgotten with visits."""
    named = {one.source_id for order_id in kept for one in redeemed.get(order_id, ())}
    ids = named | {party.source_id for order_id in kept for party in kept[order_id].parties if party.source_id}
    points = {party.touchpoint_id for division in kept.values() for party in division.parties if party.touchpoint_id}
    codes = _codes(session, ids)
    of_codes = {
        id_
        for some in in_chunks(points)
        for id_ in session.scalars(select(Touchpoint.id).where(Touchpoint.id.in_(some), Touchpoint.kind == "code"))
    }
    result = {}
    for order_id, division in kept.items():
        means = {codes[one.source_id]: one for one in redeemed.get(order_id, ())}
        parties = [
            party._replace(source_id=one.source_id, touchpoint_id=one.touchpoint_id)
            if party.touchpoint_id in of_codes and (one := means.get(codes.get(party.source_id or 0, "")))
            else party
            for party in division.parties
        ]
        result[order_id] = Division(parties, division.shared)
    return result


def _codes(session: Session, source_ids: Collection[int]) -> dict[int, str]:
    return {
        id_: campaign
        for some in in_chunks(source_ids)
        for id_, campaign in session.execute(select(Source.id, Source.campaign).where(Source.id.in_(some)))
    }

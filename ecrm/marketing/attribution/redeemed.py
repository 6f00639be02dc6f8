"""Redeemed codes: an order that names a coupon or a vanity code says itself what brought it.

Each code becomes a `Touchpoint` of the kind "code". Its source is that of the campaign which owns the code; a code that
no campaign owns yet is a source of the channel "post" all the same, and finds its campaign when that is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.code_owners import code_owners
from tracking.bulk import insert_columns, take_ids
from tracking.clickstream.dimension_ids import ids_of
from tracking.clickstream.dimensions import Source
from tracking.clickstream.sources import CHANNELS, Origin, code_origin, folded_code
from tracking.clickstream.touchpoints import Touchpoint

from .visits import in_chunks

OWNERLESS = "post"


class Redeemed(NamedTuple):
    """A code touch of an order. `touchpoint_id` is None while it isn't written."""

    source_id: int
    channel: str
    touchpoint_id: int | None = None


class CodesOf(NamedTuple):
    """An order's codes, as the shop told them."""

    order_id: int
    customer_id: int
    placed_at: datetime
    codes: tuple[str, ...]


def redeemed_by(session: Session, orders: Sequence[CodesOf], *, write: bool) -> dict[int, list[Redeemed]]:
    """The code touches of each order that names codes, in the order of its codes.

    Args:
        write: make the touchpoints that are missing. Without, a code whose source is new is left out.
    """
    origins = _origins(session, orders)
    if not origins:
        return {}
    wanted = {origin for of_order in origins.values() for origin in of_order}
    source_ids = _known_sources(session, wanted)
    if write and len(source_ids) < len(wanted):
        made = ids_of(session, Source, [tuple(origin) for origin in wanted])
        source_ids = {origin: made[tuple(origin)] for origin in wanted}
    known = _touchpoints(session, origins)
    if write:
        known |= _write(session, orders, origins, source_ids=source_ids, known=known)
    return {
        order_id: [
            Redeemed(source_ids[origin], origin.channel, known.get((order_id, source_ids[origin])))
            for origin in of_order
            if origin in source_ids
        ]
        for order_id, of_order in origins.items()
    }


def code_channels(session: Session, orders: Sequence[CodesOf]) -> dict[int, list[str]]:
    """The channels of the codes that each order names, written down as touches or not yet."""
    return {order_id: [one.channel for one in of_order] for order_id, of_order in _origins(session, orders).items()}


def forget_others(session: Session, redeemed: Mapping[int, Sequence[Redeemed]]) -> None:
    """Delete code touchpoints of these orders that their codes don't mean any more (a campaign changed its channel).

    Their credits must be gone before.
    """
    for some in in_chunks(redeemed):
        query = select(Touchpoint.id, Touchpoint.order_id, Touchpoint.source_id).where(Touchpoint.order_id.in_(some))
        stale = [
            id_
            for id_, order_id, source_id in session.execute(query)
            if source_id not in {one.source_id for one in redeemed[order_id or 0]}
        ]
        if stale:
            session.execute(delete(Touchpoint).where(Touchpoint.id.in_(stale)))


def _origins(session: Session, orders: Iterable[CodesOf]) -> dict[int, list[Origin]]:
    folded = {order.order_id: list(dict.fromkeys(filter(None, map(folded_code, order.codes)))) for order in orders}
    codes = {code for of_order in folded.values() for code in of_order}
    channels = channels_of_codes(session, codes) if codes else {}
    return {
        order_id: [code_origin(channels.get(code, OWNERLESS), code) for code in of_order]
        for order_id, of_order in folded.items()
        if of_order
    }


def channels_of_codes(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """The channel of the campaign that owns each (folded) code; codes that none owns are missing."""
    wanted = sorted(set(codes))
    found: dict[str, str] = {}
    owners = code_owners()
    query = select(owners.c.code, Campaign.channel).join(Campaign, Campaign.id == owners.c.campaign_id)
    for start in range(0, len(wanted), 5000):
        some = wanted[start : start + 5000]
        rows = session.execute(query.where(owners.c.code.in_(some)))
        found |= {code: channel for code, channel in rows if channel in CHANNELS}
    return found


def _known_sources(session: Session, origins: Iterable[Origin]) -> dict[Origin, int]:
    """Looked up only: who shows a receipt must write nothing."""
    wanted = set(origins)
    codes = sorted({origin.campaign for origin in wanted})
    found: dict[Origin, int] = {}
    for start in range(0, len(codes), 5000):
        rows = session.scalars(select(Source).where(Source.campaign.in_(codes[start : start + 5000])))
        for row in rows:
            origin = Origin(row.channel, row.source, row.medium, row.campaign, row.term, row.content, row.click_id)
            if origin in wanted:
                found[origin] = row.id
    return found


def _touchpoints(session: Session, order_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    columns = (Touchpoint.order_id, Touchpoint.source_id, Touchpoint.id)
    return {
        (order_id or 0, source_id): id_
        for some in in_chunks(order_ids)
        for order_id, source_id, id_ in session.execute(select(*columns).where(Touchpoint.order_id.in_(some)))
    }


def _write(
    session: Session,
    orders: Iterable[CodesOf],
    origins: Mapping[int, Sequence[Origin]],
    *,
    source_ids: Mapping[Origin, int],
    known: Mapping[tuple[int, int], int],
) -> dict[tuple[int, int], int]:
    """The missing touchpoints. The orders are locked by the caller, so that nobody else writes theirs."""
    new = [
        (order, source_ids[origin])
        for order in orders
        for origin in origins.get(order.order_id, ())
        if (order.order_id, source_ids[origin]) not in known
    ]
    if not new:
        return {}
    connection, table = session.connection(), Touchpoint.metadata.tables[Touchpoint.__tablename__]
    ids = take_ids(connection, table, len(new))
    columns: dict[str, list[Any]] = {
        "id": ids,
        "kind": ["code"] * len(new),
        "at": [order.placed_at for order, _ in new],
        "source_id": [source_id for _, source_id in new],
        "customer_id": [order.customer_id for order, _ in new],
        "order_id": [order.order_id for order, _ in new],
        "simulated": [False] * len(new),
    }
    insert_columns(connection, table, columns)
    return {(order.order_id, source_id): id_ for (order, source_id), id_ in zip(new, ids, strict=True)}

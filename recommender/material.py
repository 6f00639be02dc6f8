"""Material: everything a training learns from, read in short transactions before the long work begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from scipy.sparse import csr_matrix
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive
from tracking.customers import Customer

from .candidates.als import Factors
from .catalogue import Catalogue, Description
from .clicks import Clicks, read_clicks
from .deeds import Deeds
from .doings import customers_of, led_to, read_deeds
from .imported_factors import imported_factors
from .interactions import Interactions, read_interactions

CLICK_DAYS = 90
"""What visitors looked at longer ago says nothing of what comes next in a visit."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What the shop says of itself: where its models lie, its calendar, its products as it describes them, and which
    customers (by id) don't want to see which of them."""

    folder: Path
    zone: tzinfo = UTC
    archive: Archive | None = None
    descriptions: Mapping[str, Description] = field(default_factory=dict)
    unwanted: Sequence[tuple[int, str]] = ()
    keep: int = 5


@dataclass(frozen=True)
class Material:
    """All purchases, all products, each customer's country, the clicks of the last weeks, what customers did beside
    buying, and how many looked at one product (row) and bought another; numbers are those of `interactions`.
    `factors` are those that were imported, None where nothing was."""

    interactions: Interactions
    catalogue: Catalogue
    regions: Sequence[str]
    clicks: Clicks
    deeds: Deeds
    led_to: csr_matrix
    factors: Factors | None = None


def read(sessions: sessionmaker[Session], shop: Shop, now: datetime) -> Material:
    """Read it as it is at this moment; a product that nobody bought yet is one without lines."""
    with sessions() as session:
        interactions = read_interactions(session, now, zone=shop.zone)
        known = select(Customer.id, Customer.country).where(Customer.country != "")
        countries = {row.id: row.country for row in session.execute(known)}
    unsold = sorted(set(shop.descriptions).difference(interactions.products))
    interactions = replace(interactions, products=[*interactions.products, *unsold])
    numbers = {product: number for number, product in enumerate(interactions.products)}
    since = now - timedelta(days=CLICK_DAYS)
    with sessions() as session:
        clicks = read_clicks(session, shop.archive, since=since, until=now, numbers=numbers)
        who = customers_of(session, clicks, since=since, customers=interactions.customers)
        deeds = read_deeds(session, clicks, who, interactions=interactions, until=now, unwanted=shop.unwanted)
    imported = imported_factors(shop.folder)
    return Material(
        interactions,
        Catalogue.of(interactions.products, shop.descriptions),
        [countries.get(customer, "") for customer in interactions.customers] if countries else [],
        clicks,
        deeds,
        led_to(clicks, who, interactions, until=now),
        imported.aligned(interactions) if imported else None,
    )

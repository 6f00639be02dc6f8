"""Whereabouts: where customers live, as their profile and their last checkout say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.calendar import Place, zone_of
from tracking.customers import Customer

from .customers.checkout_memory import CheckoutMemory

_AT_ONCE = 500


def places_of(session: Session, customer_ids: Collection[int], *, home: str) -> dict[int, Place]:
    """The place of each customer; who named no country is taken to live in the shop's (`home`).

    The subdivision is that of the last checkout, where it went to the customer's own country.
    """
    found: dict[int, Place] = {}
    everybody = sorted(set(customer_ids))
    for start in range(0, len(everybody), _AT_ONCE):
        some = everybody[start : start + _AT_ONCE]
        query = (
            select(Customer.id, Customer.country, CheckoutMemory.address)
            .outerjoin(CheckoutMemory, CheckoutMemory.customer_id == Customer.id)
            .where(Customer.id.in_(some))
        )
        for number, country, address in session.execute(query):
            found[number] = _place(country, address, home)
    return found


def zones_of_customers(session: Session, *, home: str, shop_zone: str) -> list[str]:
    """The time zones in which customers live, and that of the shop."""
    places = {Place(country or home) for country in session.scalars(select(Customer.country).distinct())}
    zones = {zone_of(place, otherwise=shop_zone).key for place in (*places, *_regions(session, home))}
    return sorted({shop_zone, *zones})


def _regions(session: Session, home: str) -> Iterator[Place]:
    """Of the countries with several zones, the subdivisions that somebody gave in a checkout."""
    address = CheckoutMemory.address
    query = select(address["country"].as_string(), address["region"].as_string()).distinct()
    for country, region in session.execute(query):
        yield _place(country or "", {"country": country, "region": region}, home)


def _place(country: str, address: Mapping[str, str] | None, home: str) -> Place:
    country = (country or home).upper()
    said = address or {}
    same = str(said.get("country") or "").upper() == country
    return Place(country, str(said.get("region") or "")[:80] if same else "")

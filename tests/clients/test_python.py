"""PyPI's segment-analytics-python against the collector: every call arrives, complete and once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import segment.analytics.client
from flask import Flask
from sqlalchemy import select

from ecrm.installation import installation
from tests.clients.conftest import Collected
from tracking.customers import customer_by_reference
from tracking.visitors import VisitorClaim


@pytest.mark.parametrize("gzip", [False, True])
def test_every_call_arrives_complete(
    app: Flask, base: str, keys: dict[str, str], collected: Collected, gzip: bool
) -> None:
    problems: list[object] = []
    client = segment.analytics.client.Client(
        keys["server"], host=base, gzip=gzip, on_error=lambda error, _batch: problems.append(error)
    )
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    client.identify("u-1", {"email": "Kim@example.com", "firstName": "Kim", "plan": "gold"}, anonymous_id="b-1")
    client.track("u-1", "Product Viewed", {"product_id": "507f1f77", "price": 18.99}, anonymous_id="b-1")
    client.track("u-1", "Order Completed", {"order_id": "50314b8e", "total": 27.5}, timestamp=an_hour_ago)
    client.page("u-1", "Docs", "Python", {"url": "https://shop.example.com/docs?utm_source=letter"}, anonymous_id="b-1")
    client.screen("u-1", "Docs", "Python")
    client.group("u-1", "g-1", {"name": "Initech"})
    client.alias("b-2", "u-1")
    for number in range(250):
        client.track("u-1", "Lamp Lit", {"number": number}, anonymous_id="b-1")
    client.flush()
    client.shutdown()
    found = collected(257)
    assert problems == []
    by_name = {event.name: event for event in found}
    assert len(found) == 257
    assert sorted(event.properties["number"] for event in found if event.name == "Lamp Lit") == list(range(250))
    assert by_name["Product Viewed"].subject == "507f1f77"
    assert by_name["Product Viewed"].properties["price"] == 18.99
    assert by_name["Page Viewed"].properties["utm_source"] == "letter"
    assert abs(by_name["Order Completed (reported)"].happened_at - an_hour_ago) < timedelta(seconds=30)
    with installation(app).sessions() as session:
        customer = customer_by_reference(session, "u-1")
        assert customer is not None
        assert (customer.email, customer.first_name, customer.traits) == ("Kim@example.com", "Kim", {"plan": "gold"})
        claims = session.scalars(select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer.id)).all()
        assert by_name["Product Viewed"].visitor_id in claims
        assert len(claims) == 2

"""The console's list of parcels: whatever a customer still waits for stands in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from ecrm import Staff, events
from tests.ecrm.kites import AT, open_kites, order, shipped


def test_a_parcel_that_waits_to_be_picked_up_is_still_waited_for(engine: Engine, tmp_path: Path) -> None:
    kites = open_kites(engine, tmp_path)
    kites.storefront.current_staff = lambda: Staff(staff_id="1", name="Olga", role="owner")  # type: ignore[method-assign]
    for told in (
        order(),
        shipped(),
        events.ParcelScanned(
            at=AT + timedelta(hours=9), shipment_id="P1", order_id="A1", scan_id="1", status="available_for_pickup"
        ),
    ):
        kites.tell(told)
    page = kites.app.test_client().get("/console/deliveries").text
    assert "A1" in page

"""News of parcels: out for delivery and late, each once, to whom the order belongs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm import events
from ecrm.delays import tell_delays
from ecrm.installation import installation
from mailer.outbox import Email
from tracking.delivery.shipment import Scan, Shipment, Status

from .kites import AT, Kites, delivered, open_kites, order, shipped


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def scanned(scan: str, status: str, *, hours: int = 30) -> events.ParcelScanned:
    parcel = shipped()
    return events.ParcelScanned(
        at=AT + timedelta(hours=hours), shipment_id=parcel.shipment_id, order_id=parcel.order_id, scan_id=scan,
        status=status, place="Bonn",
    )  # fmt: skip


def letters(kites: Kites) -> list[str]:
    return [mail.template for mail in kites.all(Email)]


def test_a_parcel_that_comes_today_is_announced_once(kites: Kites) -> None:
    for told in (order(), shipped(), scanned("1", "out_for_delivery"), scanned("1", "out_for_delivery"),
                 scanned("2", "out_for_delivery", hours=31)):  # fmt: skip
        kites.tell(told)
    assert letters(kites) == ["order_confirmation", "order_shipped", "order_out_for_delivery"]
    mail = kites.all(Email)[-1]
    assert mail.subject == "Your order A1 comes today"
    assert mail.transactional
    assert "should be with you today" in mail.text
    assert len(kites.all(Scan)) == 3


def test_a_message_that_comes_too_late_says_nothing(kites: Kites) -> None:
    for told in (order(), shipped(), delivered(), scanned("1", "out_for_delivery", hours=1)):
        kites.tell(told)
    assert "order_out_for_delivery" not in letters(kites)
    assert kites.only(Shipment).status == Status.DELIVERED


def test_a_carriers_word_of_the_delivery_counts_like_the_staffs_and_is_mailed_once(kites: Kites) -> None:
    for told in (order(), shipped(), scanned("1", "delivered"), delivered()):
        kites.tell(told)
    assert letters(kites).count("order_delivered") == 1


def test_a_scan_has_a_status_that_carriers_know() -> None:
    with pytest.raises(ValueError, match="out_for_delivery"):
        scanned("1", "lost in space")


def test_who_was_promised_a_parcel_by_yesterday_is_told_once_that_it_is_late(kites: Kites) -> None:
    kites.tell(order())  # promised for 24 November
    with kites.app.app_context():
        crm = installation(kites.app)
        told = [tell_delays(crm, now=AT + timedelta(days=days)) for days in (4, 5, 6)]
    assert told == [0, 1, 0]
    mail = kites.all(Email)[-1]
    assert (mail.template, mail.order_reference) == ("order_delayed", "A1")
    assert "Nov 24, 2026" in mail.text
    assert "Tracking number" not in mail.text  # it hasn't left yet


def test_what_arrived_or_is_long_past_is_not_called_late(kites: Kites) -> None:
    for told in (order(), shipped(), delivered()):
        kites.tell(told)
    kites.tell(order("A2"))
    with kites.app.app_context():
        assert tell_delays(installation(kites.app), now=AT + timedelta(days=20)) == 0

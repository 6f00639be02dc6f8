"""Every documented status of each aggregator is known, and means what it should."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.ecrm.carriers.payloads import aftership, easypost, shippo
from tracking.delivery.aggregators import aftership as a
from tracking.delivery.aggregators import easypost as e
from tracking.delivery.aggregators import shippo as s
from tracking.delivery.aggregators.heard import moment, normal_number
from tracking.delivery.shipment import Status

AT = "2026-11-21T08:00:00Z"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("unknown", None), ("pre_transit", "pre_transit"), ("in_transit", "in_transit"),
        ("out_for_delivery", "out_for_delivery"), ("delivered", "delivered"),
        ("available_for_pickup", "available_for_pickup"), ("return_to_sender", "return_to_sender"),
        ("failure", "exception"), ("cancelled", "cancelled"), ("error", None), ("brand new", None),
    ],
)  # fmt: skip
def test_easypost(said: str, meant: str | None) -> None:
    assert [scan.status for scan in e.read(json.loads(easypost((said, AT)))).scans] == ([meant] if meant else [])


@pytest.mark.parametrize(
    ("status", "detail", "meant"),
    [
        *(("in_transit", one, "exception") for one in (
            "address_correction", "damaged", "delayed", "delivery_exception", "failure", "held", "lost", "refused",
            "return", "transit_exception", "weather_delay",
        )),
        *(("in_transit", one, "in_transit") for one in (
            "arrived_at_destination", "arrived_at_facility", "arrived_at_pickup_location", "awaiting_information",
            "departed_facility", "departed_origin_facility", "in_transit", "missorted",
            "received_at_destination_facility", "received_at_origin_facility", "status_update",
            "transferred_to_destination_carrier", "unknown", "brand_new",
        )),
        ("pre_transit", "label_created", "pre_transit"), ("delivered", "arrived_at_destination", "delivered"),
        ("return_to_sender", "return", "return_to_sender"), ("cancelled", "cancelled", "cancelled"),
        ("out_for_delivery", "out_for_delivery", "out_for_delivery"), ("error", "expired", None),
    ],
)  # fmt: skip
def test_details_of_easypost(status: str, detail: str, meant: str | None) -> None:
    message = e.read(json.loads(easypost((status, AT, detail))))
    assert [scan.status for scan in message.scans] == ([meant] if meant else [])


@pytest.mark.parametrize(
    ("tag", "subtag", "meant"),
    [
        ("Pending", "", None), ("InfoReceived", "", "pre_transit"), ("InTransit", "InTransit_007", "in_transit"),
        ("OutForDelivery", "", "out_for_delivery"), ("AttemptFail", "", "exception"), ("Delivered", "", "delivered"),
        ("AvailableForPickup", "", "available_for_pickup"), ("Exception", "Exception_004", "exception"),
        ("Exception", "Exception_010", "return_to_sender"), ("Exception", "Exception_011", "return_to_sender"),
        ("Exception", "Exception_020", "cancelled"), ("Expired", "", None),
    ],
)  # fmt: skip
def test_aftership(tag: str, subtag: str, meant: str | None) -> None:
    assert [scan.status for scan in a.read(json.loads(aftership((tag, subtag, AT)))).scans] == (
        [meant] if meant else []
    )


@pytest.mark.parametrize(
    ("status", "code", "meant"),
    [
        ("UNKNOWN", "", None), ("PRE_TRANSIT", "", "pre_transit"), ("TRANSIT", "", "in_transit"),
        ("TRANSIT", "out_for_delivery", "out_for_delivery"), ("TRANSIT", "pickup_available", "available_for_pickup"),
        ("TRANSIT", "brand_new", "in_transit"), ("DELIVERED", "", "delivered"), ("RETURNED", "", "return_to_sender"),
        ("FAILURE", "", "exception"),
        *(("TRANSIT", code, "exception") for code in (
            "address_issue", "contact_carrier", "delayed", "delivery_attempted", "location_inaccessible", "notice_left",
            "package_damaged", "package_held", "reschedule_delivery",
        )),
        *(("TRANSIT", code, "in_transit") for code in (
            "delivery_rescheduled", "delivery_scheduled", "package_accepted", "package_arrived", "package_departed",
            "package_forwarded", "package_processed", "package_processing",
        )),
        ("PRE_TRANSIT", "information_received", "pre_transit"), ("DELIVERED", "delivered", "delivered"),
        ("RETURNED", "return_to_sender", "return_to_sender"), ("RETURNED", "package_unclaimed", "return_to_sender"),
        ("FAILURE", "package_undeliverable", "exception"), ("FAILURE", "package_disposed", "exception"),
        ("FAILURE", "package_lost", "exception"), ("UNKNOWN", "other", None),
    ],
)  # fmt: skip
def test_shippo(status: str, code: str, meant: str | None) -> None:
    assert [scan.status for scan in s.read(json.loads(shippo((status, code, AT)))).scans] == ([meant] if meant else [])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-21T08:00:00Z", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21T08:00:00+02:00", datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ("2026-11-21T08:00:00", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("", None), ("yesterday", None), ("0001-01-01T00:00:00", None), (17, None), (None, None),
    ],
)  # fmt: skip
def test_moments_as_aftership_writes_them(text: object, meant: datetime | None) -> None:
    assert moment(text) == meant


def test_numbers_are_compared_as_they_are_scanned() -> None:
    assert normal_number(" 1z 999 aa1 ") == "1Z999AA1"
    assert (normal_number("x" * 65), normal_number(None)) == ("", "")


def test_the_history_is_told_in_its_order_and_once() -> None:
    later, sooner = ("delivered", "2026-11-22T08:00:00Z"), ("in_transit", AT)
    told = e.read(json.loads(easypost(later, sooner, sooner))).scans
    assert [scan.status for scan in told] == [Status.IN_TRANSIT, Status.DELIVERED]

"""Webhooks of three aggregators: genuine ones move the parcel once, in whatever order; all others have no effect."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from ecrm.carriers.asking import follow_parcels
from mailer.outbox import Email
from tests.ecrm.kites import Kites, delivered, open_kites, order, shipped
from tracking.clickstream.event import Event
from tracking.delivery.messages import CarrierMessage
from tracking.delivery.shipment import Scan, Shipment, Status

from . import payloads
from .payloads import NUMBER, SECRET, aftership, easypost, shippo

ARRIVED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=10)  # its news is told while it is news
DAY1, DAY2, DAY3 = ((ARRIVED - timedelta(hours=hours)).isoformat() for hours in (30, 7, 0))
_AT_THE_END_OF_TIME = {"status": "delivered", "datetime": "9999-12-31T23:59:59-23:59"}
Sign = Callable[..., dict[str, str]]
WAYS: dict[str, tuple[bytes, Sign]] = {
    "easypost": (
        easypost(("in_transit", DAY1), ("out_for_delivery", DAY2), ("delivered", DAY3)), payloads.sign_easypost,
    ),
    "aftership": (
        aftership(
            ("InTransit", "InTransit_007", DAY1), ("OutForDelivery", "", DAY2), ("Delivered", "Delivered_001", DAY3)
        ),
        payloads.sign_aftership,
    ),
    "shippo": (
        shippo(("TRANSIT", "", DAY1), ("TRANSIT", "out_for_delivery", DAY2), ("DELIVERED", "delivered", DAY3)),
        payloads.sign_shippo,
    ),
}  # fmt: skip
ALL = pytest.mark.parametrize("source", list(WAYS))


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.app.config.update({f"ECRM_{name.upper()}_SECRETS": ("the one before", SECRET) for name in WAYS})
    return kites


def known_parcel(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped(tracking_number=NUMBER, carrier="UPS"))


def call(kites: Kites, source: str, body: bytes, headers: dict[str, str]) -> TestResponse:
    return kites.app.test_client().post(
        f"/ecrm/carriers/{source}", data=body, headers={"Content-Type": "application/json", **headers}
    )


def taken(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, (answer.json or {}).get("taken", "")


def scans(kites: Kites) -> list[tuple[str, str]]:
    return [(scan.status, scan.place) for scan in kites.all(Scan) if scan.place]


@ALL
def test_a_documented_webhook_brings_the_parcel_to_its_door(kites: Kites, source: str) -> None:
    known_parcel(kites)
    body, sign = WAYS[source]
    assert taken(call(kites, source, body, sign(body))) == (200, "taken")
    shipment = kites.only(Shipment)
    assert (shipment.status, shipment.delivered_at) == (Status.DELIVERED, ARRIVED)
    assert {status for status, _ in scans(kites)} == {"in_transit", "out_for_delivery", "delivered"}
    assert {place.casefold().split(",")[0] for _, place in scans(kites)} == {"köln"}
    assert len(kites.emails("order_delivered")) == 1


@ALL
def test_what_comes_ten_times_counts_once(kites: Kites, source: str) -> None:
    known_parcel(kites)
    body, sign = WAYS[source]
    answers = [taken(call(kites, source, body, sign(body))) for _ in range(10)]
    assert answers == [(200, "taken")] + [(200, "repeated")] * 9
    assert (len(scans(kites)), len(kites.emails("order_delivered"))) == (3, 1)


@ALL
def test_forged_cut_and_changed_ones_are_refused_and_do_nothing(kites: Kites, source: str) -> None:
    known_parcel(kites)
    body, sign = WAYS[source]
    right = sign(body)
    (name, value) = next(
        (name, value) for name, value in right.items() if name.lower().endswith(("signature", "sha256"))
    )
    calls = [
        (body, {}),
        (body, sign(body, secret="guessed")),
        (body, right | {name: value[:-4]}),
        (body, right | {name: ""}),
        (body, right | {name: "é"}),
        (body[:-1], right),
        (body.replace(NUMBER.encode(), b"1Z0000000000000000"), right),
    ]
    for tried, headers in calls:
        assert call(kites, source, tried, headers).status_code == 401
    assert (kites.only(Shipment).status, kites.all(CarrierMessage), scans(kites)) == (Status.IN_TRANSIT, [], [])


@pytest.mark.parametrize(("source", "sign"), [("easypost", payloads.sign_easypost), ("shippo", payloads.sign_shippo)])
@pytest.mark.parametrize("apart", [-6, 6, -60 * 24])
def test_old_and_future_timestamps_are_refused(kites: Kites, source: str, sign: Sign, apart: int) -> None:
    known_parcel(kites)
    body = WAYS[source][0]
    now = datetime.now(UTC)
    assert call(kites, source, body, sign(body, at=now + timedelta(minutes=apart))).status_code == 401
    assert kites.only(Shipment).status == Status.IN_TRANSIT
    assert taken(call(kites, source, body, sign(body, at=now))) == (200, "taken")


def test_a_wrong_newer_signature_of_easypost_is_not_made_good_by_a_right_older_one(kites: Kites) -> None:
    body = WAYS["easypost"][0]
    both = payloads.sign_easypost(body) | payloads.sign_easypost(body, secret="guessed", at=datetime.now(UTC))
    assert call(kites, "easypost", body, both).status_code == 401


def test_while_a_secret_makes_way_for_another_both_are_taken(kites: Kites) -> None:
    for number, secret in enumerate(("the one before", SECRET)):
        body = aftership(event=f"e{number}")
        assert call(kites, "aftership", body, payloads.sign_aftership(body, secret=secret)).status_code == 200


def test_without_a_secret_nothing_is_genuine(kites: Kites) -> None:
    kites.app.config["ECRM_AFTERSHIP_SECRETS"] = ()
    body = aftership()
    assert call(kites, "aftership", body, payloads.sign_aftership(body, secret="")).status_code == 401


def test_messages_in_the_wrong_order_end_alike(kites: Kites) -> None:
    known_parcel(kites)
    whole = [("in_transit", DAY1), ("out_for_delivery", DAY2), ("delivered", DAY3)]
    for count in (3, 1, 2):  # the last one comes first, and the history with each
        body = easypost(*whole[:count], event=f"evt_{count}")
        assert taken(call(kites, "easypost", body, payloads.sign_easypost(body))) == (200, "taken")
    assert (kites.only(Shipment).status, len(scans(kites))) == (Status.DELIVERED, 3)
    assert [len(kites.emails(name)) for name in ("order_delivered", "order_out_for_delivery")] == [1, 0]


@pytest.mark.parametrize(
    ("ends", "status", "mails"),
    [
        (("return_to_sender", "delivered"), Status.RETURN_TO_SENDER, 0),  # "delivered" there is: back at the sender
        (("delivered", "return_to_sender"), Status.DELIVERED, 1),
    ],
)
def test_of_two_ends_in_one_message_the_first_counts(
    kites: Kites, ends: tuple[str, str], status: Status, mails: int
) -> None:
    known_parcel(kites)
    body = easypost(("in_transit", DAY1), (ends[0], DAY2), (ends[1], DAY3))
    call(kites, "easypost", body, payloads.sign_easypost(body))
    assert (kites.only(Shipment).status, len(kites.emails("order_delivered"))) == (status, mails)


@pytest.mark.parametrize("status", ["delivered", "available_for_pickup", "out_for_delivery"])
def test_what_is_long_known_is_kept_and_not_mailed(kites: Kites, status: str) -> None:
    now = datetime.now(UTC)
    kites.tell(order(at=now - timedelta(days=9), promised_on=None))
    kites.tell(replace(shipped(tracking_number=NUMBER, carrier="UPS"), at=now - timedelta(days=8)))
    body = easypost((status, (now - timedelta(days=3, minutes=1)).isoformat()))
    call(kites, "easypost", body, payloads.sign_easypost(body))
    assert kites.only(Shipment).status == status
    assert [mail.template for mail in kites.all(Email)] == ["order_confirmation", "order_shipped"]


def test_two_aggregators_that_say_the_same_say_it_once(kites: Kites) -> None:
    known_parcel(kites)
    for source, (body, sign) in WAYS.items():
        assert taken(call(kites, source, body, sign(body))) == (200, "taken")
    assert len(scans(kites)) == 3


def test_what_is_said_of_an_unknown_number_waits_for_its_parcel(kites: Kites) -> None:
    body, sign = WAYS["easypost"]
    assert taken(call(kites, "easypost", body, sign(body))) == (200, "waiting")
    known_parcel(kites)
    assert kites.only(Shipment).status == Status.IN_TRANSIT
    with kites.app.app_context():
        words = follow_parcels(kites.crm, clock=lambda: datetime.now(UTC))
    assert "1 messages found their parcel" in words
    assert kites.only(Shipment).status == Status.DELIVERED
    row = kites.only(CarrierMessage)
    assert (row.state, row.tracking_number, row.scans) == ("taken", "", [])


def test_messages_that_nobody_waits_for_are_forgotten(kites: Kites) -> None:
    body, sign = WAYS["easypost"]
    call(kites, "easypost", body, sign(body))
    with kites.app.app_context():
        follow_parcels(kites.crm, clock=lambda: datetime.now(UTC) + timedelta(days=29))
        assert len(kites.all(CarrierMessage)) == 1
        follow_parcels(kites.crm, clock=lambda: datetime.now(UTC) + timedelta(days=31))
    assert kites.all(CarrierMessage) == []


def test_a_recycled_number_says_nothing_of_what_was_before_the_order(kites: Kites) -> None:
    known_parcel(kites)
    body = easypost(("delivered", "2026-03-01T10:00:00Z"), ("in_transit", DAY1))
    assert taken(call(kites, "easypost", body, payloads.sign_easypost(body))) == (200, "taken")
    assert (kites.only(Shipment).status, len(scans(kites))) == (Status.IN_TRANSIT, 1)


def test_a_number_that_was_given_to_another_parcel_waits_for_that_one(kites: Kites) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=150)
    kites.tell(order("A0", at=old, promised_on=None))
    kites.tell(replace(shipped("P0", "A0", tracking_number=NUMBER, carrier="UPS"), at=old))
    kites.tell(replace(delivered("P0", "A0"), at=old + timedelta(days=2)))
    body = easypost(("in_transit", DAY1), ("delivered", DAY3))
    assert taken(call(kites, "easypost", body, payloads.sign_easypost(body))) == (200, "waiting")
    with kites.app.app_context():
        assert "found their parcel" not in follow_parcels(kites.crm, clock=lambda: now)
        kites.tell(order("A1", at=now - timedelta(days=2), promised_on=None))
        kites.tell(replace(shipped("P1", "A1", tracking_number=NUMBER, carrier="UPS"), at=now - timedelta(days=2)))
        assert "1 messages found their parcel" in follow_parcels(kites.crm, clock=lambda: now)
    assert [(one.reference, one.delivered_at) for one in kites.all(Shipment)] == [
        ("P0", old + timedelta(days=2)),
        ("P1", ARRIVED),
    ]


def test_a_number_is_found_however_staff_spelt_it(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped(tracking_number="1z 999 aa1 01 2345 6784", carrier="UPS"))
    body = easypost(("delivered", DAY3))
    assert taken(call(kites, "easypost", body, payloads.sign_easypost(body))) == (200, "taken")


@pytest.mark.parametrize(("zone", "status"), [("+00:00", Status.IN_TRANSIT), ("", Status.DELIVERED)])
def test_only_a_clock_without_its_zone_may_be_ahead_and_nothing_arrives_in_the_future(
    kites: Kites, zone: str, status: Status
) -> None:
    known_parcel(kites)
    ahead = (datetime.now(UTC) + timedelta(hours=13)).replace(tzinfo=None).isoformat() + zone
    body = easypost(("delivered", ahead))
    call(kites, "easypost", body, payloads.sign_easypost(body))
    shipment = kites.only(Shipment)
    assert shipment.status == status
    assert shipment.delivered_at is None or shipment.delivered_at <= datetime.now(UTC)


def test_nothing_of_a_person_is_kept(kites: Kites) -> None:
    known_parcel(kites)
    body = easypost(("delivered", DAY3))
    call(kites, "easypost", body, payloads.sign_easypost(body))
    kept = json.dumps([row.properties for row in kites.all(Event)]) + str(
        [vars(row) for row in kites.all(CarrierMessage)]
    )
    assert "John Tester" not in kept


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"object": "Event"}' * 2,
        b"\xff\xfe",
        b'{"event": 1}',
        b'{"a": "b"}',
    ],
)
@ALL
def test_signed_nonsense_is_a_bad_request(kites: Kites, source: str, body: bytes) -> None:
    assert call(kites, source, body, WAYS[source][1](body)).status_code == 400


@pytest.mark.parametrize(
    "result",
    [
        None, {}, {"object": "Tracker"}, {"object": "Tracker", "tracking_code": 7, "tracking_details": {}},
        {"object": "Tracker", "tracking_code": "\x00\ud800", "tracking_details": [None, {"status": [], "datetime": 1}]},
        {"object": "Tracker", "tracking_code": "A" * 99, "tracking_details": [{"status": "delivered", "datetime": ""}]},
        {"object": "Tracker", "tracking_code": NUMBER, "tracking_details": [_AT_THE_END_OF_TIME]},
        {"object": "Shipment"},
    ],
)  # fmt: skip
def test_a_strange_tracker_moves_nothing(kites: Kites, result: Any) -> None:
    known_parcel(kites)
    body = easypost(result=result)
    assert taken(call(kites, "easypost", body, payloads.sign_easypost(body))) == (200, "empty")
    assert kites.only(Shipment).status == Status.IN_TRANSIT


def test_a_huge_body_and_an_unknown_aggregator_are_refused(kites: Kites) -> None:
    assert call(kites, "easypost", b"x" * (1024 * 1024 + 1), {}).status_code == 413
    assert call(kites, "parcelpost", b"{}", {}).status_code == 404

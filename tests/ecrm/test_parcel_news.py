"""News of parcels: out for delivery and late, each once, to whom the order belongs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, update

from ecrm import events, signals
from ecrm.delays import look_after_delays
from ecrm.installation import installation
from ecrm.parcels import announce_again
from mailer.outbox import Email
from tracking.delivery.foretelling import Why
from tracking.delivery.shipment import Scan, Shipment, Status

from .kites import AT, Kites, delivered, open_kites, order, person, shipped


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


def test_a_parcel_without_carrier_and_number_has_no_empty_lines_for_them(kites: Kites) -> None:
    for told in (order(), replace(shipped(), carrier="", tracking_number=""), scanned("1", "out_for_delivery")):
        kites.tell(told)
    sent, out = kites.all(Email)[-2:]
    assert (sent.template, out.template) == ("order_shipped", "order_out_for_delivery")
    assert "the carrier has your parcel" in sent.html
    for said in (sent.text, sent.html, out.text, out.html):
        assert "Carrier:" not in said
        assert ">Carrier<" not in said
        assert "Tracking number" not in said


def test_a_message_that_comes_too_late_says_nothing(kites: Kites) -> None:
    for told in (order(), shipped(), delivered(), scanned("1", "out_for_delivery", hours=1)):
        kites.tell(told)
    assert "order_out_for_delivery" not in letters(kites)
    assert kites.only(Shipment).status == Status.DELIVERED


def test_a_carriers_word_of_the_delivery_counts_like_the_staffs_and_is_mailed_once(kites: Kites) -> None:
    for told in (order(), shipped(), scanned("1", "delivered"), delivered()):
        kites.tell(told)
    assert letters(kites).count("order_delivered") == 1


def test_a_delivery_of_long_ago_is_not_mailed_by_the_shops_echo_of_it_either(kites: Kites) -> None:
    long_ago = replace(scanned("1", "delivered"), heard_at=AT + timedelta(days=40))
    for told in (order(), shipped(), long_ago, replace(delivered(), at=long_ago.at)):
        kites.tell(told)
    assert "order_delivered" not in letters(kites)
    assert kites.only(Shipment).status == Status.DELIVERED


def test_trouble_of_long_ago_is_no_reason_to_apologise_today(kites: Kites) -> None:
    kites.tell(order(promised_on=None))
    for told in (shipped(), scanned("1", "exception")):
        kites.tell(told)
    found = {}
    with kites.app.app_context():
        for days in (40, 1):  # first as a shop that begins to follow its parcels, then as one that does so at once
            found[days] = look_after_delays(kites.crm, now=AT.replace(hour=9) + timedelta(days=days + 1)).told
            with kites.crm.sessions.begin() as session:
                session.execute(update(Shipment).values(delayed_at=None))
    assert found == {40: 0, 1: 1}


def test_a_scan_has_a_status_that_carriers_know() -> None:
    with pytest.raises(ValueError, match="out_for_delivery"):
        scanned("1", "lost in space")


def test_who_was_promised_a_parcel_by_yesterday_is_told_once_that_it_is_late(kites: Kites) -> None:
    kites.tell(order())  # promised for 24 November
    with kites.app.app_context():
        crm = installation(kites.app)
        told = [look_after_delays(crm, now=AT + timedelta(days=days)).told for days in (4, 5, 6)]
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
        assert look_after_delays(installation(kites.app), now=AT + timedelta(days=20)).told == 0


def test_a_parcel_that_waits_to_be_picked_up_is_announced_once_with_its_place(kites: Kites) -> None:
    for told in (
        order(),
        shipped(),
        scanned("1", "available_for_pickup"),
        scanned("2", "available_for_pickup", hours=31),
    ):
        kites.tell(told)
    (mail,) = kites.emails("order_pickup")
    assert "waits for you at Bonn" in mail.text


def test_an_e_mail_says_what_is_in_its_parcel_and_what_is_still_to_come(kites: Kites) -> None:
    kites.tell(order())
    first = (events.ParcelLine(product_id="2", name="Blue <kite>", quantity=1),)
    kites.tell(replace(shipped(), lines=first))
    kites.tell(shipped("P2"))
    one, two = kites.emails("order_shipped")
    assert "1 × Blue <kite>" in one.text
    assert "Still to come: 1 × Blue <kite>, 1 × String." in one.text
    assert "Still to come" not in two.text
    assert "1 × String" in two.text


def test_nobody_is_told_of_a_delay_at_night(kites: Kites) -> None:
    kites.tell(order())
    night, morning = (datetime(2026, 11, 25, hour, 30, tzinfo=UTC) for hour in (1, 8))
    with kites.app.app_context():
        found = [look_after_delays(kites.crm, now=moment) for moment in (night, morning, morning)]
    assert [(one.late, one.told) for one in found] == [(1, 0), (0, 1), (0, 0)]
    assert kites.only(Shipment).delayed_why == Why.OVERDUE


@pytest.mark.parametrize("status", ["out_for_delivery", "available_for_pickup"])
def test_who_was_found_late_at_night_and_comes_in_the_morning_is_not_called_late(kites: Kites, status: str) -> None:
    kites.tell(order())
    kites.tell(shipped())
    night, morning = (datetime(2026, 11, 25, hour, 30, tzinfo=UTC) for hour in (1, 8))
    with kites.app.app_context():
        assert look_after_delays(kites.crm, now=night).late == 1
        kites.tell(scanned("1", status, hours=112))
        assert look_after_delays(kites.crm, now=morning).told == 0
    assert kites.emails("order_delayed") == []


def test_the_reason_that_is_told_is_the_present_one(kites: Kites) -> None:
    kites.tell(order(promised_on=None))
    for told in (shipped(), scanned("1", "exception")):
        kites.tell(told)
    with kites.app.app_context():
        assert look_after_delays(kites.crm, now=datetime(2026, 11, 22, 1, tzinfo=UTC)).late == 1
        kites.tell(scanned("2", "in_transit", hours=40))
        assert look_after_delays(kites.crm, now=datetime(2026, 11, 22, 9, tzinfo=UTC)).told == 0


def test_one_address_that_cannot_be_written_to_keeps_no_other_buyer_from_their_news(kites: Kites) -> None:
    kites.tell(order("A0", who=person("broken@@x")))
    kites.tell(order())
    with kites.app.app_context():
        assert look_after_delays(kites.crm, now=datetime(2026, 11, 25, 8, tzinfo=UTC)).told == 1
    assert [mail.order_reference for mail in kites.emails("order_delayed")] == ["A1"]


def test_a_parcel_in_trouble_is_told_once_also_when_it_gets_its_number_afterwards(kites: Kites) -> None:
    kites.tell(order(promised_on=None))
    for told in (shipped(), scanned("1", "exception")):
        kites.tell(told)
    with kites.app.app_context():
        assert [look_after_delays(kites.crm, now=AT + timedelta(days=2)).told for _ in range(2)] == [1, 0]
    (mail,) = kites.emails("order_delayed")
    assert "reports a problem" in mail.text


def test_a_move_is_announced_after_the_commit_and_a_receiver_that_fails_stops_nothing(kites: Kites) -> None:
    heard: list[tuple[str, str, str]] = []

    def moved(_app: Flask, *, shipment_id: str, order_id: str, status: str, at: datetime) -> None:
        assert kites.only(Shipment).status == status
        heard.append((shipment_id, order_id, status))
        raise ValueError("the receiver's own")

    with signals.parcel_moved.connected_to(moved, kites.app):
        for told in (
            order(),
            shipped(),
            scanned("1", "out_for_delivery"),
            scanned("1", "out_for_delivery"),
            delivered(),
        ):
            kites.tell(told)
    assert heard == [("P1", "A1", "out_for_delivery"), ("P1", "A1", "delivered")]
    assert kites.owed() == []


def test_a_delivery_that_a_receiver_missed_is_announced_again_for_a_week(kites: Kites) -> None:
    for told in (order(), shipped(), delivered()):
        kites.tell(told)
    heard: list[tuple[str, str, str, datetime]] = []

    def moved(_app: Flask, *, shipment_id: str, order_id: str, status: str, at: datetime) -> None:
        heard.append((shipment_id, order_id, status, at))
        raise ValueError("the receiver's own")

    with signals.parcel_moved.connected_to(moved, kites.app):
        found = [announce_again(kites.crm, now=AT + timedelta(days=days)) for days in (1, 6, 8)]
    assert found == [1, 1, 0]
    assert heard == [("P1", "A1", "delivered", AT)] * 2

"""Asking aggregators over HTTP, at a server of our own: answers move parcels, bad ones stop nothing and cost time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ecrm.carriers import simulated
from ecrm.carriers.asking import follow_parcels
from ecrm.scheduler import run_job
from ecrm.storefront import ShopFacts
from ecrm.timetable import job_named
from tests.ecrm.kites import Kites, KiteStorefront, open_kites, order, shipped
from tracking.delivery.polling import ShipmentPoll
from tracking.delivery.shipment import Scan, Shipment, Status

from .payloads import aftership, easypost, shippo

DAY1, DAY2 = "2026-11-21T08:00:00Z", "2026-11-22T14:00:00Z"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Carrier:
    """An aggregator's server: `answers` by tracking number, each a status, headers and a body; keeps the questions."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        carrier = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length).decode()
                carrier.asked.append((self.command, self.path, dict(self.headers), body))
                number = next((one for one in carrier.answers if one in self.path + body), "")
                status, headers, content = carrier.answers.get(number, (404, {}, b"{}"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET  # noqa: N815 (the standard library's names)

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    carrier = Carrier()
    yield carrier
    carrier.close()


@pytest.fixture
def kites(engine: Engine, tmp_path: Path, carrier: Carrier) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.app.config.update(ECRM_CARRIER="easypost", ECRM_CARRIER_KEY="key", ECRM_CARRIER_URL=carrier.url)
    for number in ("N1", "N2", "N3"):
        kites.tell(order(number))
        kites.tell(shipped(number, number, tracking_number=f"1Z{number}", carrier="UPS"))
    return kites


def run(kites: Kites, now: datetime = NOW) -> str:
    with kites.app.app_context():
        return follow_parcels(kites.crm, clock=lambda: now)


def statuses(kites: Kites) -> dict[str, str]:
    return {shipment.reference: shipment.status for shipment in kites.all(Shipment)}


def tracker(number: str, *details: tuple[str, str]) -> bytes:
    return json.dumps(json.loads(easypost(*details, number=number))["result"]).encode()


def test_answers_move_parcels_and_are_asked_for_again_later(kites: Kites, carrier: Carrier) -> None:
    carrier.answers["1ZN1"] = (200, {}, tracker("1ZN1", ("in_transit", DAY1), ("delivered", DAY2)))
    carrier.answers["1ZN2"] = (200, {}, tracker("1ZN2", ("out_for_delivery", DAY2)))
    carrier.answers["1ZN3"] = (200, {}, tracker("1ZN3"))
    assert run(kites) == "3 parcels asked for, 2 with news; 0 without an answer"
    assert statuses(kites) == {"N1": "delivered", "N2": "out_for_delivery", "N3": "in_transit"}
    method, path, headers, body = carrier.asked[0]
    assert (method, path, headers["Authorization"]) == ("POST", "/v2/trackers", "Basic a2V5Og==")
    assert json.loads(body) == {"tracker": {"tracking_code": "1ZN1", "carrier": "UPS"}}
    assert run(kites).startswith("0 parcels")
    assert run(kites, NOW + timedelta(minutes=31)).startswith("1 parcels asked for, 0 with news")


def test_one_bad_answer_stops_nothing(kites: Kites, carrier: Carrier) -> None:
    carrier.answers["1ZN1"] = (200, {}, b"<html>")
    carrier.answers["1ZN2"] = (500, {}, b"")
    carrier.answers["1ZN3"] = (200, {}, tracker("1ZN3", ("delivered", DAY2)))
    assert run(kites) == "1 parcels asked for, 1 with news; 2 without an answer"
    assert statuses(kites)["N3"] == "delivered"
    assert run(kites, NOW + timedelta(minutes=16)).endswith("2 without an answer")


def test_too_often_ends_the_run_and_is_kept_to(kites: Kites, carrier: Carrier) -> None:
    carrier.answers["1ZN1"] = (429, {"Retry-After": "7200"}, b"")
    assert run(kites) == "0 parcels asked for, 0 with news; 1 without an answer"
    assert len(carrier.asked) == 1
    first = min(kites.all(ShipmentPoll), key=lambda row: row.shipment_id)
    assert (first.next_at - NOW, first.failures) == (timedelta(hours=2), 1)


def test_a_carrier_that_is_down_is_left_alone_after_three(kites: Kites, carrier: Carrier) -> None:
    kites.app.config["ECRM_CARRIER_URL"] = "http://127.0.0.1:9"
    assert run(kites).endswith("3 without an answer")


def test_numbers_that_the_aggregator_refuses_keep_no_other_parcel_waiting(kites: Kites, carrier: Carrier) -> None:
    for number in ("N0", "N4", "N5"):
        kites.tell(order(number))
        kites.tell(shipped(number, number, tracking_number=f"1Z{number}", carrier="UPS"))
    carrier.answers = {f"1Z{number}": (422, {}, b"{}") for number in ("N1", "N2", "N3", "N0")}
    carrier.answers["1ZN5"] = (200, {}, tracker("1ZN5", ("delivered", DAY2)))
    assert run(kites) == "1 parcels asked for, 1 with news; 5 without an answer"


def test_nobody_is_asked_about_the_shops_own_van(kites: Kites, carrier: Carrier) -> None:
    kites.tell(order("N4"))
    kites.tell(shipped("N4", "N4", tracking_number="VAN1", carrier="Own van"))
    run(kites)
    assert "VAN1" not in str(carrier.asked)


def test_no_redirect_is_followed(kites: Kites, carrier: Carrier) -> None:
    carrier.answers["1ZN1"] = (302, {"Location": f"{carrier.url}/elsewhere"}, b"")
    run(kites)
    assert not [path for _, path, _, _ in carrier.asked if "elsewhere" in path]


def test_an_answer_about_another_parcel_is_nobodys(kites: Kites, carrier: Carrier) -> None:
    carrier.answers["1ZN1"] = (200, {}, tracker("1ZN2", ("delivered", DAY2)))
    run(kites)
    assert set(statuses(kites).values()) == {Status.IN_TRANSIT}


def test_aftership_is_told_of_what_it_does_not_know(kites: Kites, carrier: Carrier) -> None:
    kites.app.config["ECRM_CARRIER"] = "aftership"
    known = json.loads(aftership(("Delivered", "", DAY2), number="1ZN1"))["msg"]
    carrier.answers["1ZN1"] = (200, {}, json.dumps({"data": {"trackings": [known]}}).encode())
    carrier.answers["1ZN2"] = carrier.answers["1ZN3"] = (200, {}, b'{"data": {"trackings": []}}')
    assert run(kites).startswith("3 parcels asked for, 1 with news")
    told = [json.loads(body) for method, _, _, body in carrier.asked if method == "POST"]
    assert told == [{"tracking_number": "1ZN2", "slug": "ups"}, {"tracking_number": "1ZN3", "slug": "ups"}]
    assert {headers["As-Api-Key"] for _, _, headers, _ in carrier.asked} == {"key"}


def test_shippo_is_asked_by_carrier_and_number(kites: Kites, carrier: Carrier) -> None:
    kites.app.config["ECRM_CARRIER"] = "shippo"
    track = json.loads(shippo(("DELIVERED", "", DAY2), number="1ZN1"))["data"]
    carrier.answers["1ZN1"] = (200, {}, json.dumps(track).encode())
    run(kites)
    assert statuses(kites)["N1"] == "delivered"
    assert carrier.asked[0][:2] == ("GET", "/tracks/ups/1ZN1")
    assert carrier.asked[0][2]["Authorization"] == "ShippoToken key"


def test_the_job_says_that_nobody_is_asked(kites: Kites) -> None:
    kites.app.config["ECRM_CARRIER"] = "none"
    assert job_named("poll-carriers").run(kites.crm) == "no carrier is asked"


class TestSimulated:
    """The demo's carrier."""

    def test_it_refuses_where_the_data_are_not_a_demos(self, kites: Kites) -> None:
        kites.app.config["ECRM_CARRIER"] = "simulated"
        with kites.app.app_context(), pytest.raises(simulated.RealShop, match="easypost, aftership or shippo"):
            follow_parcels(kites.crm, clock=lambda: NOW)
        assert [scan for scan in kites.all(Scan) if scan.note == simulated.MARK] == []

    def test_parcels_move_by_themselves_and_say_that_it_is_simulated(self, kites: Kites) -> None:
        plain = kites.storefront.facts()
        told = ShopFacts(**(vars(plain) | {"data_note": "all made up"}))
        kites.crm.storefront = type("Demo", (KiteStorefront,), {"facts": lambda self: told})()
        kites.app.config["ECRM_CARRIER"] = "simulated"
        for hours in range(0, 24 * 12, 6):
            run(kites, NOW - timedelta(days=3) + timedelta(hours=hours))
        assert set(statuses(kites).values()) <= {"delivered", "return_to_sender"}
        made_up = [scan for scan in kites.all(Scan) if scan.note == simulated.MARK]
        assert len(made_up) >= 6
        before = len(kites.all(Scan))
        run(kites, NOW + timedelta(days=20))
        assert len(kites.all(Scan)) == before

    def test_a_way_is_always_the_same_and_ends(self) -> None:
        ways = [simulated.way_of(f"N{number}", NOW) for number in range(1000)]
        assert ways[7] == simulated.way_of("N7", NOW)
        ends = [way[-1].status for way in ways]
        assert set(ends) == {Status.DELIVERED, Status.RETURN_TO_SENDER}
        late = sum(way[-1].at - NOW > timedelta(days=3, hours=1) for way in ways)
        trouble = sum(any(scan.status is Status.EXCEPTION for scan in way) for way in ways)
        assert (50 < late < 300, 40 < trouble < 160) == (True, True)
        assert all(list(way) == sorted(way, key=lambda scan: scan.at) for way in ways)

    def test_days_pass_faster_at_a_pace(self) -> None:
        slow, fast = simulated.way_of("N1", NOW), simulated.way_of("N1", NOW, pace=48)
        assert (slow[-1].at - NOW) / 48 == fast[-1].at - NOW


def test_the_job_runs_by_its_name(kites: Kites, carrier: Carrier) -> None:
    run_job(kites.crm, job_named("poll-carriers"))
    assert len(carrier.asked) == 3

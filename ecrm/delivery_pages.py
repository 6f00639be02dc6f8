"""`<public>/delivery/<token>`: where a parcel is, for whoever has its link. A parcel's token is 128 random bits.

States and moments only: no name, no address, no price, no goods, and no carrier's number, with which a carrier tells
more than we do.

Times are those of the country that the parcel goes to, the shop's where that isn't known; the page says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask, Response, request
from sqlalchemy import select

from tracking.delivery.shipment import Shipment

from .collector.blueprint import public
from .collector.pace import Pace, TooMany
from .consent.page import consent_page
from .delivery_shown import as_shown, scans_of, status_name, zone_of_parcel
from .installation import installation
from .wording import local_moment

LOOKS_A_MINUTE = 30
"""Of one client."""


@dataclass(frozen=True)
class Happened:
    """Something that was said of the parcel, with its moment on the clock of where it goes."""

    name: str
    at: str
    moment: datetime


@public.record_once
def _counting(state: object) -> None:
    app: Flask = state.app  # type: ignore[attr-defined]  # Flask's BlueprintSetupState
    app.extensions["ecrm_delivery_pace"] = Pace(LOOKS_A_MINUTE)


@public.get("/delivery/<token>")
def delivery_status(token: str) -> Response:
    """The parcel of this token; the same 404 for every other text."""
    crm = installation()
    try:
        crm.app.extensions["ecrm_delivery_pace"].count(request.remote_addr or "")
    except TooMany as wait:
        page = consent_page("delivery_status.html", status=429, wait=int(str(wait)), delivery=None)
        page.headers["Retry-After"] = str(wait)
        return page
    with crm.sessions() as session:
        shipment = session.scalar(select(Shipment).where(Shipment.token == token[:64].replace("\x00", "")))
        if shipment is None or len(token) > 64 or shipment.shipped_at is None:
            return consent_page("delivery_status.html", status=404, wait=0, delivery=None)
        scans = scans_of(session, [shipment.id]).get(shipment.id, [])
    zone = zone_of_parcel(shipment)
    happened = [
        Happened(status_name(scan.status), local_moment(scan.scanned_at, zone), scan.scanned_at)
        for scan in reversed(scans)
    ]
    return consent_page(
        "delivery_status.html", wait=0, delivery=as_shown(shipment, scans), happened=happened, zone=_city(zone),
        state=status_name(shipment.status),
    )  # fmt: skip


def _city(zone: ZoneInfo) -> str:
    return zone.key.rpartition("/")[2].replace("_", " ")

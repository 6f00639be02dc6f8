"""Carriers that staff can choose, and where a customer follows a parcel of theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Carrier:
    """`link` takes the tracking number in place of `{}`; empty where the carrier has no public page."""

    code: str
    name: str
    link: str = ""


CARRIERS = (
    Carrier("dhl", "DHL", "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}"),
    Carrier("dpd", "DPD", "https://tracking.dpd.de/parcelstatus?query={}&locale=en"),
    Carrier("evri", "Evri", "https://www.evri.com/track/parcel/{}"),
    Carrier("fedex", "FedEx", "https://www.fedex.com/fedextrack/?trknbr={}"),
    Carrier("gls", "GLS", "https://gls-group.com/EU/en/parcel-tracking?match={}"),
    Carrier("hermes", "Hermes", "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{}"),
    Carrier("royal-mail", "Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{}"),
    Carrier("ups", "UPS", "https://www.ups.com/track?tracknum={}"),
    Carrier("usps", "USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"),
    Carrier("own", "Own van"),
)
_BY_CODE = {carrier.code: carrier for carrier in CARRIERS}


def carrier_name(code: str) -> str:
    """The carrier in words; the code itself where it is unknown."""
    return _BY_CODE[code].name if code in _BY_CODE else code


def carrier_named(words: str) -> str:
    """The code of a carrier from its code or its name, however they are written; empty where there is none."""
    key = re.sub(r"[^a-z]", "", words.lower())
    return next(
        (one.code for one in CARRIERS if key in {re.sub(r"[^a-z]", "", name.lower()) for name in (one.code, one.name)}),
        "",
    )


def is_carrier(code: str) -> bool:
    """Whether staff may choose it."""
    return code in _BY_CODE


def tracking_link(code: str, tracking_number: str) -> str:
    """The carrier's page about a parcel, or an empty text."""
    carrier = _BY_CODE.get(code)
    return carrier.link.format(quote(tracking_number, safe="")) if carrier and carrier.link else ""

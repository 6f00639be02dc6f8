"""All dedup keys in one place: made of stable ids, so that one cause makes one e-mail however often it is handled."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256


def order_confirmation(order_reference: str) -> str:
    """One an order."""
    return f"order-confirmation:{order_reference}"


def order_shipped(shipment_reference: str) -> str:
    """One a parcel: an order in two parcels is announced twice, each with its own number."""
    return f"order-shipped:{shipment_reference}"


def order_delivered(shipment_reference: str) -> str:
    """One a parcel."""
    return f"order-delivered:{shipment_reference}"


def order_out_for_delivery(shipment_reference: str) -> str:
    """One a parcel, even where the carrier tries twice."""
    return f"order-out-for-delivery:{shipment_reference}"


def order_pickup(shipment_reference: str) -> str:
    """One a parcel."""
    return f"order-pickup:{shipment_reference}"


def order_delayed(shipment_reference: str) -> str:
    """One a parcel: that it is late is no news the second time."""
    return f"order-delayed:{shipment_reference}"


def of_host(template: str, cause: str) -> str:
    """One a template and cause that the host names; a long cause is hashed, as the key has room for 120 characters."""
    key = f"{template}:{cause}"
    return key if len(key) <= 120 else f"{template[:50]}:{sha256(cause.encode()).hexdigest()}"


def consent_confirm(request_id: int) -> str:
    """One a request to be written to; how many of those there may be, says `double_opt_in.ask`."""
    return f"consent-confirm:{request_id}"


def recall(folded_email: str, *, browser: str, now: datetime) -> str:
    """One an address, browser and ten minutes: impatient clicks make one e-mail.

    The browser is in it because a link works in the browser that asked for it only; without it, a stranger who asks
    with somebody's address would use up that person's turn. The address is hashed: it is as long as 254 characters.
    """
    slot = int(now.timestamp()) // 600
    return f"recall:{sha256(f'{folded_email} {browser}'.encode()).hexdigest()[:40]}:{slot}"


def mailing(mailing_id: int, lot: str) -> str:
    """One a mailing and person, whichever variant and mailbox gets it; `lot` as `mailing_people.lot_of` names them."""
    return f"mailing:{mailing_id}:{lot}"


def mailing_test(mailing_id: int, variant: str, *, address: str, now: datetime) -> str:
    """One a mailing, variant, address and ten seconds: a second click makes no second e-mail."""
    slot = int(now.timestamp()) // 10
    return f"mailing-test:{mailing_id}:{variant}:{sha256(address.encode()).hexdigest()[:24]}:{slot}"


def case_received(reference: str) -> str:
    """One a case: that it arrived."""
    return f"case-received:{reference}"


def case_reply(reference: str, version: int) -> str:
    """One a case and version of it: each answer makes a new version, and a second click comes with the old one."""
    return f"case-reply:{reference}:{version}"


def about_return(template: str, reference: str) -> str:
    """One a return and kind of letter."""
    return f"{template}:{reference}"


def satisfaction(reference: str) -> str:
    """One a case, even where it is solved a second time."""
    return f"satisfaction:{reference}"

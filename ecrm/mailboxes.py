"""The contacts of this app: as `mailer.mailboxes`, with the app's own key for hashes of addresses."""

from __future__ import annotations

import hmac
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy.orm import Session

from mailer.address_hash import AddressHash
from mailer.contacts import Contact
from mailer.mailboxes import contact_of


def address_hash(app: Flask | None = None) -> AddressHash:
    """Hashes with ECRM_ADDRESS_KEY, or with a key made of SECRET_KEY; what SECRET_KEY_FALLBACKS hashed is found, too.

    Raises:
        RuntimeError: where there is neither.
    """
    config = (app or current_app).config
    own = config["ECRM_ADDRESS_KEY"]
    secrets = [config["SECRET_KEY"], *(config.get("SECRET_KEY_FALLBACKS") or ())]
    derived = [
        hmac.digest(one.encode() if isinstance(one, str) else one, b"ecrm address hashes", "sha256")
        for one in secrets
        if one
    ]
    keys = [own.encode(), *derived] if own else derived
    if not keys:
        raise RuntimeError("addresses are hashed with a key: set ECRM_ADDRESS_KEY or SECRET_KEY")
    return AddressHash(keys)


def contact_for(session: Session, address: str, *, now: datetime) -> Contact:
    """The contact of this address, made where there is none; see `mailer.mailboxes.contact_of`."""
    return contact_of(session, address, now=now, hashed=address_hash())

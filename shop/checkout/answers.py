"""What is known of a buyer's answers: given for this cart, remembered by whoever is plugged in, or from the account."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..accounts.account import Account, Address
from ..cart.basket import signed_in_account_id
from ..cart.cart import Cart
from ..hooks import remembered_checkout
from ..profile import ShopProfile
from . import delivery, payment
from .details import Details
from .draft import draft_of
from .forms import read_details


def complete_answers(session: Session, cart: Cart, profile: ShopProfile) -> Details | None:
    """All answers, checked as if they were typed now: the order is one confirming click. Else None."""
    drafted = draft_of(session, cart)
    if drafted is not None:
        return drafted
    remembered = remembered_checkout()
    return None if remembered is None else read_details(asdict(remembered), profile)[0]


def first_answers(session: Session, cart: Cart, profile: ShopProfile) -> dict[str, str]:
    """What the form shows before anything is typed: as much as is known, the shop's country, the usual methods."""
    usual = {
        "country": profile.country,
        "delivery_method": delivery.METHODS[0].code,
        "payment_method": payment.payment_methods()[0].code,
    }
    drafted, remembered = draft_of(session, cart), remembered_checkout()
    known = drafted.as_dict() if drafted else asdict(remembered) if remembered else _of_account(session)
    return {**dict.fromkeys(Details.names(), ""), **usual, **{name: value for name, value in known.items() if value}}


def arrival_quotes(goods_minor: int, country: str, profile: ShopProfile) -> list[delivery.Quote]:
    """The ways of delivery as they would be today."""
    return delivery.quotes(goods_minor=goods_minor, country=country, profile=profile, now=datetime.now(UTC))


def _of_account(session: Session) -> dict[str, str]:
    """Name, e-mail and the default address of whoever is signed in."""
    account_id = signed_in_account_id()
    if account_id is None:
        return {}
    account = session.get_one(Account, account_id)
    known = {
        "email": account.email,
        "name": f"{account.first_name} {account.last_name}".strip(),
        "phone": account.phone,
    }
    query = select(Address).where(Address.account_id == account_id).order_by(Address.is_default.desc(), Address.id)
    address = session.scalars(query.limit(1)).one_or_none()
    if address is not None:
        parts = ("name", "line1", "line2", "city", "postcode", "region", "country", "phone")
        known |= {part: value for part in parts if (value := getattr(address, part))}
    return known

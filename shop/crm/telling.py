"""Promises of the shop as events of the CRM, inside the shop's transaction: orders, refunds, parcels, accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask, has_request_context, request

from ecrm import events

from ..accounts.account import Account, SignIn
from ..catalog.product import Product
from ..checkout.order import Order, Refund
from ..database import db
from ..email_address import fold
from ..fulfilment.carriers import carrier_name
from ..fulfilment.parcel import Parcel
from .plugin import crm


def person_of(account: Any) -> events.Person:
    """Of an `Account` or a row of its table."""
    traits = {
        "household": account.household,
        "children": account.children,
        "interests": account.interests,
        "birthday": account.birthday.isoformat() if account.birthday else None,
    }
    return events.Person(
        email=account.email,
        customer_id=str(account.id),
        email_proved=account.email_proved_at is not None or account.password_hash is None,
        first_name=account.first_name,
        last_name=account.last_name,
        phone=account.phone,
        traits={key: value for key, value in traits.items() if value not in (None, "")},
    )


def _buyer(order: Order) -> events.Person:
    account = db.session.get(Account, order.account_id) if order.account_id else None
    if account is not None:
        return person_of(account)
    return guest_of(order)


def guest_of(order: Any) -> events.Person:
    """Of an `Order` or a row of its table."""
    first, _, last = order.ship_name.partition(" ")
    return events.Person(
        email=order.email, first_name=first, last_name=last, phone=order.ship_phone, country=order.ship_country
    )


def order_completed(
    order: Any, lines: tuple[events.OrderLine, ...], person: events.Person, *, codes: tuple[str, ...]
) -> events.OrderCompleted:
    """The event of an `Order` or a row of its table; live and for the history of an import alike.

    A coupon is in the lines' `net_minor` already: `discount_minor` tells only what concerns no line.
    """
    return events.OrderCompleted(
        at=order.placed_at,
        order_id=order.number,
        person=person,
        currency=order.currency,
        lines=lines,
        goods_minor=order.goods_minor,
        shipping_minor=order.shipping_minor,
        discount_minor=order.discount_minor,
        total_minor=order.total_minor,
        delivery_method=order.delivery_method,
        payment_method=order.payment_method,
        address=_address(order) if order.ship_line1 else None,
        promised_on=order.promised_on,
        codes=codes,
        contact_email="" if order.email_folded == fold(person.email) else order.email,
    )


def _address(order: Any) -> events.Address:
    return events.Address(
        name=order.ship_name,
        line1=order.ship_line1,
        line2=order.ship_line2,
        city=order.ship_city,
        postcode=order.ship_postcode,
        region=order.ship_region,
        country=order.ship_country,
        phone=order.ship_phone,
    )


def order_placed(_app: Flask, *, order: Order) -> None:
    codes = tuple(use.code for use in order.coupons)
    lines = tuple(
        events.OrderLine(
            product_id=str(line.product_id), name=line.name, quantity=line.quantity, net_minor=line.net_minor,
            cost_minor=line.cost_minor,
        )
        for line in order.lines
    )  # fmt: skip
    crm.tell(order_completed(order, lines, _buyer(order), codes=codes), session=db.session())
    by_account = order.account_id is not None and fold(_buyer(order).email) == order.email_folded
    _tell_consent(
        _buyer(order) if by_account else guest_of(order), how="checkout", consent_id=order.number, at=order.placed_at
    )


def _tell_consent(person: events.Person, *, how: str, consent_id: str, at: datetime) -> None:
    """What the box in the present form says; in the same transaction as what the form is about."""
    topics, wording = crm.agreed(request.form) if has_request_context() else ((), "")
    if topics:
        crm.tell(
            events.ConsentGiven(at=at, person=person, topics=topics, wording=wording, how=how, consent_id=consent_id),
            session=db.session(),
        )


def order_refunded(_app: Flask, *, refund: Refund) -> None:
    crm.tell(
        events.OrderRefunded(
            at=refund.refunded_at,
            refund_id=refund.number,
            order_id=refund.order.number if refund.order else None,
            person=_buyer(refund.order) if refund.order else None,
            currency=refund.currency,
            amount_minor=refund.amount_minor,
            lines=_refunded_lines(refund),
            # this shop gives back goods by line: without any it was the delivery
            shipping_minor=None if refund.lines else refund.amount_minor,
            unsent=_unsent_lines(refund),
            return_id=refund.return_id or "",
            reason=refund.reason,
        ),
        session=db.session(),
    )


def _refunded_lines(refund: Refund) -> tuple[events.OrderLine, ...]:
    """What came back, by the names under which it was bought."""
    return tuple(
        events.OrderLine(
            product_id=str(line.product_id), name=_bought_as(refund.order, line.product_id), quantity=line.quantity,
            net_minor=line.amount_minor,
        )
        for line in refund.lines
    )  # fmt: skip


def _unsent_lines(refund: Refund) -> tuple[events.ParcelLine, ...]:
    return tuple(
        events.ParcelLine(
            product_id=str(line.product_id), name=_bought_as(refund.order, line.product_id), quantity=line.unsent
        )
        for line in refund.lines
        if line.unsent
    )


def _bought_as(order: Order | None, product_id: int) -> str:
    names = (line.name for line in order.lines if line.product_id == product_id) if order else iter(())
    return next(names, "") or db.session.get_one(Product, product_id).name


def order_cancelled(_app: Flask, *, order: Order, at: datetime) -> None:
    crm.tell(events.OrderCancelled(at=at, order_id=order.number), session=db.session())


def parcel_shipped(_app: Flask, *, parcel: Parcel) -> None:
    crm.tell(
        events.OrderShipped(
            at=parcel.shipped_at,
            shipment_id=str(parcel.id),
            order_id=parcel.order.number,
            carrier=carrier_name(parcel.carrier),
            tracking_number=parcel.tracking_number,
            lines=tuple(
                events.ParcelLine(
                    product_id=str(line.product_id),
                    name=_bought_as(parcel.order, line.product_id),
                    quantity=line.quantity,
                    serial_numbers=tuple(line.serial_numbers),
                )
                for line in parcel.lines
            ),
        ),
        session=db.session(),
    )


def parcel_delivered(_app: Flask, *, parcel: Parcel) -> None:
    crm.tell(
        events.OrderDelivered(
            at=parcel.delivered_at or datetime.now(UTC), shipment_id=str(parcel.id), order_id=parcel.order.number
        ),
        session=db.session(),
    )


def account_opened(_app: Flask, *, account: Account) -> None:
    crm.tell(events.SignedUp(at=account.created_at, person=person_of(account)), session=db.session())
    _tell_consent(person_of(account), how="registration", consent_id=str(account.id), at=account.created_at)


def signed_in(_app: Flask, *, account: Account, sign_in: SignIn) -> None:
    crm.tell(
        events.SignedIn(at=sign_in.started_at, person=person_of(account), sign_in_id=str(sign_in.id)),
        session=db.session(),
    )


def account_changed(_app: Flask, *, account: Account) -> None:
    now = datetime.now(UTC)
    change_id = f"{account.id}:{now.isoformat()}"
    crm.tell(events.ProfileChanged(at=now, person=person_of(account), change_id=change_id), session=db.session())


def product_restocked(_app: Flask, *, product: Product) -> None:
    now = datetime.now(UTC)
    crm.tell(
        events.ProductRestocked(
            at=now, product_id=str(product.id), pieces=product.stock, change_id=_change_of(product, now)
        ),
        session=db.session(),
    )


def price_changed(_app: Flask, *, product: Product, before_minor: int) -> None:
    now = datetime.now(UTC)
    crm.tell(
        events.PriceChanged(
            at=now, product_id=str(product.id), price_minor=product.price_minor, before_minor=before_minor,
            change_id=_change_of(product, now),
        ),
        session=db.session(),
    )  # fmt: skip


def product_listed(_app: Flask, *, product: Product) -> None:
    now = datetime.now(UTC)
    crm.tell(
        events.ProductListed(at=now, product_id=str(product.id), change_id=_change_of(product, now)),
        session=db.session(),
    )


def _change_of(product: Product, now: datetime) -> str:
    return f"{product.id}:{now.isoformat()}"

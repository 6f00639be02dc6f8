"""The one file that knows the shop and the e-CRM: answers the CRM's questions, and tells it what happens.

Delete it and its two lines in `app.py`: the shop runs without the CRM.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ecrm import ECRM, CustomerFacts, ProductCard, ShopFacts, Staff, events, migrating
from ecrm.history import backfill, simulate_history
from ecrm.installation import installation
from ecrm.training import train_models

from . import signals
from .accounts.account import Account, SignIn
from .cart.basket import product_ids_in_cart
from .catalog.pictures import picture_url
from .catalog.product import Product
from .catalog.search import on_sale
from .checkout.order import Order, Refund
from .checkout.order_links import signed_order_path
from .database import db
from .email_address import fold
from .fulfilment.carriers import carrier_name
from .fulfilment.parcel import Parcel
from .hooks import CheckoutDefaults, Letter, hooks
from .importing.filling import Progress
from .importing.history import history, history_size
from .profile import shop_profile

crm = ECRM()
_MOST_DIGITS = 9  # longer numbers are nobody's product id and don't fit the column


def install_crm(app: Flask) -> None:
    """Plug the CRM into the shop and connect what the shop announces; nothing where `SHOP_CRM` is off."""
    if not app.config["SHOP_CRM"]:
        return
    crm.init_app(app, storefront=ShopStorefront())
    hooks(app).checkout_defaults.append(_remembered)
    hooks(app).letters.append(_send_letter)
    hooks(app).tables_current.append(migrating.is_current)
    for signal, receiver in _RECEIVERS.items():
        signal.connect(receiver, app)


class ShopStorefront:
    """Answers from the shop's own tables; see `ecrm.Storefront` for the questions."""

    def facts(self) -> ShopFacts:
        profile = shop_profile()
        return ShopFacts(
            name=profile.name,
            base_url=current_app.config["SHOP_BASE_URL"].rstrip("/"),
            currency=profile.currency,
            country=profile.country,
            time_zone=profile.time_zone,
            sender=profile.email,
            data_note=profile.data_note,
        )

    def current_customer(self) -> CustomerFacts | None:
        if not current_user.is_authenticated:
            return None
        account: Account = current_user.account
        return CustomerFacts(
            customer_id=str(account.id), email=account.email, first_name=account.first_name, last_name=account.last_name
        )

    def current_staff(self) -> Staff | None:
        if not current_user.is_authenticated or not current_user.account.role:
            return None
        account: Account = current_user.account
        return Staff(staff_id=str(account.id), name=account.first_name, role=account.role or "")

    def sign_in_url(self, *, next_path: str) -> str:
        return url_for("accounts.sign_in", next=next_path)

    def sign_out_url(self) -> str:
        return url_for("accounts.sign_out")

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        wanted = [int(text) for text in product_ids if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS]
        found = {
            product.id: product
            for product in db.session.scalars(
                select(Product).where(Product.id.in_(wanted), on_sale() == 1).options(joinedload(Product.category))
            )
        }
        currency = shop_profile().currency
        return [_card(found[product_id], currency) for product_id in wanted if product_id in found]

    def best_sellers(self, *, limit: int) -> list[str]:
        query = select(Product.id).where(Product.listed, Product.stock > 0)
        return [str(id_) for id_ in db.session.scalars(query.order_by(Product.sold.desc(), Product.id).limit(limit))]

    def cart_product_ids(self) -> frozenset[str]:
        return frozenset(str(product_id) for product_id in product_ids_in_cart())

    def add_to_cart_url(self) -> str | None:
        return url_for("cart.add")

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return signed_order_path(order_id) if signed else url_for("checkout.order_page", number=order_id)

    def staff_order_url(self, order_id: str) -> str:
        return url_for("backoffice.order", number=order_id)


def _card(product: Product, currency: str) -> ProductCard:
    return ProductCard(
        product_id=str(product.id),
        name=product.name,
        url=url_for("catalog.product", product_id=product.id, slug=product.slug),
        image_url=picture_url(product),
        price_minor=product.price_minor,
        currency=currency,
        brand=product.brand,
        category=product.category.name,
        detail=product.size,
        was_minor=product.was_minor,
        available=product.stock > 0,
    )


def _person(account: Any) -> events.Person:
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
        return _person(account)
    return _guest(order)


def _guest(order: Any) -> events.Person:
    """Of an `Order` or a row of its table."""
    first, _, last = order.ship_name.partition(" ")
    return events.Person(
        email=order.email, first_name=first, last_name=last, phone=order.ship_phone, country=order.ship_country
    )


def order_completed(order: Any, lines: Sequence[Any], person: events.Person) -> events.OrderCompleted:
    """The event of an `Order` or a row of its table, and of its lines; live and for the history of an import alike."""
    return events.OrderCompleted(
        at=order.placed_at,
        order_id=order.number,
        person=person,
        currency=order.currency,
        lines=tuple(_event_line(line) for line in lines),
        goods_minor=order.goods_minor,
        shipping_minor=order.shipping_minor,
        discount_minor=order.discount_minor,
        total_minor=order.total_minor,
        delivery_method=order.delivery_method,
        payment_method=order.payment_method,
        address=_address(order) if order.ship_line1 else None,
        promised_on=order.promised_on,
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


def _event_line(line: Any) -> events.OrderLine:
    """Of an `OrderLine` or a row of history's lines."""
    return events.OrderLine(
        product_id=str(line.product_id), name=line.name, quantity=line.quantity, net_minor=line.net_minor
    )


def _order_placed(_app: Flask, *, order: Order) -> None:
    crm.tell(order_completed(order, order.lines, _buyer(order)), session=db.session())


def _order_refunded(_app: Flask, *, refund: Refund) -> None:
    crm.tell(
        events.OrderRefunded(
            at=refund.refunded_at,
            refund_id=refund.number,
            order_id=refund.order.number if refund.order else None,
            person=_buyer(refund.order) if refund.order else None,
            currency=refund.currency,
            amount_minor=refund.amount_minor,
            lines=_refunded_lines(refund),
            reason=refund.reason,
        ),
        session=db.session(),
    )


def _refunded_lines(refund: Refund) -> tuple[events.OrderLine, ...]:
    """What came back, by the names under which it was bought."""
    names = {line.product_id: line.name for line in refund.order.lines} if refund.order else {}
    return tuple(
        events.OrderLine(
            product_id=str(line.product_id), quantity=line.quantity, net_minor=line.amount_minor,
            name=names.get(line.product_id) or db.session.get_one(Product, line.product_id).name,
        )
        for line in refund.lines
    )  # fmt: skip


def _parcel_shipped(_app: Flask, *, parcel: Parcel) -> None:
    crm.tell(
        events.OrderShipped(
            at=parcel.shipped_at,
            shipment_id=str(parcel.id),
            order_id=parcel.order.number,
            carrier=carrier_name(parcel.carrier),
            tracking_number=parcel.tracking_number,
        ),
        session=db.session(),
    )


def _parcel_delivered(_app: Flask, *, parcel: Parcel) -> None:
    crm.tell(
        events.OrderDelivered(
            at=parcel.delivered_at or datetime.now(UTC), shipment_id=str(parcel.id), order_id=parcel.order.number
        ),
        session=db.session(),
    )


def _account_opened(_app: Flask, *, account: Account) -> None:
    crm.tell(events.SignedUp(at=account.created_at, person=_person(account)), session=db.session())


def _signed_in(_app: Flask, *, account: Account, sign_in: SignIn) -> None:
    crm.tell(
        events.SignedIn(at=sign_in.started_at, person=_person(account), sign_in_id=str(sign_in.id)),
        session=db.session(),
    )


def _account_changed(_app: Flask, *, account: Account) -> None:
    now = datetime.now(UTC)
    change_id = f"{account.id}:{now.isoformat()}"
    crm.tell(events.ProfileChanged(at=now, person=_person(account), change_id=change_id), session=db.session())


def _product_shown(_app: Flask, *, product: Product) -> None:
    crm.observe(events.ProductViewed(product_id=str(product.id)))


def _list_shown(_app: Flask, *, list_id: str, product_ids: list[int], first_position: int) -> None:
    shown = tuple(str(product_id) for product_id in product_ids)
    crm.observe(events.ProductListViewed(list_id=list_id, product_ids=shown, first_position=first_position))


def _searched(_app: Flask, *, query: str, results: int, product_ids: list[int], first_position: int) -> None:
    shown = tuple(str(product_id) for product_id in product_ids)
    crm.observe(events.ProductsSearched(query=query, results=results, product_ids=shown, first_position=first_position))


def _cart_added(_app: Flask, *, product: Product, quantity: int) -> None:
    crm.observe(events.ProductAdded(product_id=str(product.id), quantity=quantity))


def _cart_removed(_app: Flask, *, product: Product, quantity: int) -> None:
    crm.observe(events.ProductRemoved(product_id=str(product.id), quantity=quantity))


def _cart_shown(_app: Flask, *, product_ids: list[int]) -> None:
    crm.observe(events.CartViewed(product_ids=tuple(str(product_id) for product_id in product_ids)))


def _checkout_started(_app: Flask, *, value_minor: int, currency: str) -> None:
    crm.observe(events.CheckoutStarted(value_minor=value_minor, currency=currency))


def _checkout_step_done(_app: Flask, *, step: str) -> None:
    crm.observe(events.CheckoutStepCompleted(step=step))
    if step == "review":
        crm.forget_remembered()


def _signed_out(_app: Flask, *, account: Account) -> None:
    crm.observe(events.SignedOut())


def _remembered() -> CheckoutDefaults | None:
    memory = crm.remembered_checkout()
    return None if memory is None else CheckoutDefaults(**memory)


def _send_letter(letter: Letter) -> bool:
    return crm.send_letter(
        template=letter.template,
        to=letter.to_address,
        to_name=letter.to_name,
        dedup=letter.causes,
        context=letter.context,
        session=db.session(),
    )


def _history_imported(app: Flask, *, progress: Progress) -> None:
    """Tells the CRM what an import brought, and lets it learn; a demo gets made-up visits before its purchases too."""
    whole, done = history_size(db.session()), 0

    def told(events_told: int) -> None:
        nonlocal done
        done += events_told
        progress("Telling the CRM", done, whole)

    backfill(installation(app), _past(), progress=told)
    if app.config["SHOP_ENV"] == "demo":
        simulate_history(installation(app), progress=lambda orders, of: progress("Simulating visits", orders, of))
    progress("Learning what goes with what", 0, 1)
    train_models(installation(app))
    progress("Learning what goes with what", 1, 1)


def _past() -> Iterator[events.Told]:
    """What an import brought, as events in the order of time."""
    buyers: dict[int | None, events.Person] = {}
    for kind, row, lines in history(db.session()):
        if kind == "account":
            buyers[row.id] = _person(row)
            yield events.SignedUp(at=row.created_at, person=buyers[row.id])
        elif kind == "order":
            yield order_completed(row, lines, buyers.get(row.account_id) or _guest(row))
        else:
            yield events.OrderRefunded(
                at=row.refunded_at, refund_id=row.number, order_id=row.order_number, person=buyers.get(row.account_id),
                currency=row.currency, amount_minor=row.amount_minor, reason=row.reason,
                lines=tuple(_event_line(line) for line in lines),
            )  # fmt: skip


def _tables_upgraded(app: Flask) -> None:
    migrating.upgrade(installation(app).sessions.kw["bind"])


_RECEIVERS: dict[Any, Any] = {
    signals.tables_upgraded: _tables_upgraded,
    signals.history_imported: _history_imported,
    signals.order_placed: _order_placed,
    signals.order_refunded: _order_refunded,
    signals.parcel_shipped: _parcel_shipped,
    signals.parcel_delivered: _parcel_delivered,
    signals.account_opened: _account_opened,
    signals.signed_in: _signed_in,
    signals.account_changed: _account_changed,
    signals.product_shown: _product_shown,
    signals.list_shown: _list_shown,
    signals.searched: _searched,
    signals.cart_added: _cart_added,
    signals.cart_removed: _cart_removed,
    signals.cart_shown: _cart_shown,
    signals.checkout_started: _checkout_started,
    signals.checkout_step_done: _checkout_step_done,
    signals.signed_out: _signed_out,
}

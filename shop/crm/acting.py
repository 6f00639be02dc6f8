"""What the CRM's console may have done in the shop (`ecrm.acting.Acts`): each deed in a transaction of the shop's own.

The rights are the shop's: whoever may not send parcels in the staff area may not do it from the console either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from ecrm.acting import NotActed

from ..accounts.permissions import Permission, may
from ..checkout.finding import find_order
from ..checkout.order import Order
from ..checkout.refunding import NothingLeft, RefundAsked, refund
from ..database import db
from ..fulfilment.carriers import carrier_named
from ..fulfilment.forms import carrier_for, is_number
from ..fulfilment.parcel import Parcel
from ..fulfilment.remaining import pieces_of
from ..fulfilment.shipping import NotLeft, NotShippable, NumberTaken, mark_delivered, ship
from ..wording import gettext as _

T = TypeVar("T")
_MOST_DIGITS = 9


class Deeds:
    """Mixed into the storefront."""

    def ship(
        self, order_id: str, *, carrier: str, tracking_number: str, lines: Mapping[str, int] | None, now: datetime
    ) -> str:
        order = _order(order_id, Permission.ORDERS_SHIP)
        number = "".join(tracking_number.split()).upper()
        if not is_number(number):
            raise NotActed(_("A tracking number has 4 to 64 letters and digits, as printed on the label."))
        code, problem = carrier_for(carrier_named(carrier) or carrier, number)
        if problem:
            raise NotActed(problem)
        pieces = None if lines is None else _pieces(order, lines)

        def send() -> str:
            sent = ship(db.session(), order, carrier=code, tracking_number=number, pieces=pieces, now=now)
            return str(sent.id)

        return _done(send)

    def give_back(
        self,
        order_id: str,
        *,
        lines: Mapping[str, int],
        shipping: bool,
        reason: str,
        return_id: str,
        now: datetime,
        restock: bool = False,
    ) -> str:
        order = _order(order_id, Permission.ORDERS_REFUND)
        asked = RefundAsked(
            pieces=_pieces(order, lines), shipping=shipping, restock=restock, reason=reason[:200], return_id=return_id
        )
        return _done(lambda: refund(db.session(), order, asked, now=now).number)

    def mark_delivered(self, shipment_id: str, *, now: datetime) -> None:
        _allowed(Permission.ORDERS_SHIP)
        known = shipment_id.isascii() and shipment_id.isdigit() and len(shipment_id) <= _MOST_DIGITS
        parcel = db.session.get(Parcel, int(shipment_id)) if known else None
        if parcel is None:
            raise NotActed(_("The shop knows no such parcel."))
        _done(lambda: mark_delivered(db.session(), parcel, now=now))


def _allowed(permission: Permission) -> None:
    if not may(permission):
        raise NotActed(
            _("Your role in the shop doesn't allow this. Ask somebody who sends parcels or gives money back.")
        )


def _order(number: str, permission: Permission) -> Order:
    _allowed(permission)
    order = find_order(db.session(), number)
    if order is None:
        raise NotActed(_("The shop knows no order %(number)s.", number=number[:60]))
    return order


def _pieces(order: Order, lines: Mapping[str, int]) -> dict[int, int]:
    """By the shop's own product ids."""
    known = {str(one.product_id) for one in pieces_of(db.session(), order)}
    if strange := sorted(set(lines) - known):
        raise NotActed(_("Order %(number)s has no product %(product)s.", number=order.number, product=strange[0][:60]))
    return {int(product): count for product, count in lines.items()}


def _done(deed: Callable[[], T]) -> T:
    """Commit what the deed did, or say why it can't be done."""
    try:
        answer = deed()
        db.session.commit()
    except NotShippable:
        raise _undone(_("This order was cancelled: nothing was sent.")) from None
    except NumberTaken:
        raise _undone(_("This number belongs to a parcel of another order.")) from None
    except NotLeft as refused:
        words = _("That is more than is left to send, or nothing at all: %(left)d pieces are left.",
                  left=sum(refused.left.values()))  # fmt: skip
        raise _undone(words) from None
    except NothingLeft:
        raise _undone(
            _("That is more than is left of this order, or nothing at all. Nothing was given back.")
        ) from None
    return answer


def _undone(words: str) -> NotActed:
    db.session.rollback()
    return NotActed(words)

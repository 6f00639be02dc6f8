"""What staff in the console ask the shop to do: send a parcel, give money back, mark a parcel as delivered.

The CRM never writes the shop's tables. A storefront may offer these deeds beside its answers; each is done in a
transaction of the shop's own, which tells the event that goes with it (`OrderShipped`, `OrderRefunded`,
`OrderDelivered`), so that the CRM learns of it as of any other. Call them with no writing transaction of the CRM open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol, cast

from .storefront import Storefront
from .wording import gettext as _

Deed = Literal["ship", "give_back", "mark_delivered"]


class NotActed(Exception):
    """The shop didn't do it, and nothing was changed; the message says in words for staff why, and what to do."""


class Acts(Protocol):
    """Deeds that a storefront may offer; none of them has to be there. Each commits, or raises and changes nothing.

    They are done in the name of the member of staff of the present request; the shop asks its own table of rights.
    Product and order ids are the shop's, as text.
    """

    def ship(
        self, order_id: str, *, carrier: str, tracking_number: str, lines: Mapping[str, int] | None, now: datetime
    ) -> str:
        """Hand a parcel to a carrier.

        Args:
            carrier: its code or name; empty = by the number, where that says it.
            lines: pieces by product; None = all that is left of the order.

        Returns:
            The shop's id of the parcel (`OrderShipped.shipment_id`). A parcel that was entered already is answered
            again, and nothing is changed.

        Raises:
            NotActed: no such order, cancelled, more than is left, an unknown carrier, another order's number …
        """

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
        """Give back the money of these pieces, and of the delivery if asked.

        Args:
            lines: pieces by product.
            reason: the customer can read it.
            return_id: the CRM's return that it closes (`OrderRefunded.return_id`), empty for none; one return is paid
                once: asked again with the same one, the first refund is answered.
            restock: the goods came back and can be sold again.

        Returns:
            The shop's id of the refund (`OrderRefunded.refund_id`).

        Raises:
            NotActed: more than is left of the order, nothing at all, no right to …
        """

    def mark_delivered(self, shipment_id: str, *, now: datetime) -> None:
        """A parcel has arrived; said twice, it has arrived once.

        Raises:
            NotActed: no such parcel.
        """


def can(storefront: Storefront, deed: Deed) -> bool:
    """Whether this shop offers the deed to the console; where it doesn't, its own pages are the place for it."""
    return getattr(storefront, deed, None) is not None


def acting(storefront: Storefront, deed: Deed) -> Acts:
    """This shop as one that does this deed (no promise of the others).

    Raises:
        NotActed: the shop doesn't offer it.
    """
    if not can(storefront, deed):
        raise NotActed(
            _("The console can't do this in your shop. Do it on the order's page in the shop's own staff area.")
        )
    return cast(Acts, storefront)

"""What a shop tells the CRM: frozen dataclasses named as in the Segment e-commerce spec.

Ids are the shop's own, as text. Money is in minor units with an ISO 4217 currency. Times are aware.

`Told` events are promises (an order, a refund, a parcel, a registration): hand them to `crm.tell`, which commits
them with the shop's own transaction. `Seen` events are steps of a visitor: hand them to `crm.observe`, which
costs the request next to nothing and stores them in the background.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from .parcel_events import SCANNED as SCANNED
from .parcel_events import OrderDelivered as OrderDelivered
from .parcel_events import OrderShipped as OrderShipped
from .parcel_events import ParcelScanned as ParcelScanned
from .steps import (
    CartViewed as CartViewed,
)
from .steps import (
    CheckoutStarted as CheckoutStarted,
)
from .steps import (
    CheckoutStepCompleted as CheckoutStepCompleted,
)
from .steps import (
    ExperimentViewed as ExperimentViewed,
)
from .steps import (
    PageEngaged as PageEngaged,
)
from .steps import (
    PageViewed as PageViewed,
)
from .steps import (
    ProductAdded as ProductAdded,
)
from .steps import (
    ProductClicked as ProductClicked,
)
from .steps import (
    ProductListViewed as ProductListViewed,
)
from .steps import (
    ProductRemoved as ProductRemoved,
)
from .steps import (
    ProductsSearched as ProductsSearched,
)
from .steps import (
    ProductViewed as ProductViewed,
)
from .steps import (
    RecommendationsShown as RecommendationsShown,
)
from .steps import (
    Seen as Seen,
)
from .steps import (
    SignedOut as SignedOut,
)
from .told import Address as Address
from .told import OrderLine as OrderLine
from .told import ParcelLine as ParcelLine
from .told import Person as Person
from .told import Told as Told


@dataclass(frozen=True, kw_only=True)
class OrderCompleted(Told):
    """A customer placed an order. total = goods + shipping - discount, checked on construction.

    `contact_email` is where this order's e-mails go, if not to the person; nobody is recognised by it.
    `codes`: the coupons and vanity codes that the customer named, as they were given out; case doesn't matter.
    """

    name: ClassVar[str] = "Order Completed"
    order_id: str
    person: Person
    currency: str
    lines: tuple[OrderLine, ...]
    goods_minor: int
    shipping_minor: int = 0
    discount_minor: int = 0
    total_minor: int
    delivery_method: str = ""
    payment_method: str = ""
    address: Address | None = None
    promised_on: date | None = None
    contact_email: str = ""
    codes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.goods_minor + self.shipping_minor - self.discount_minor != self.total_minor:
            raise ValueError(f"order {self.order_id}: total_minor must be goods + shipping - discount")
        if sum(line.net_minor for line in self.lines) != self.goods_minor:
            raise ValueError(f"order {self.order_id}: goods_minor must be the sum of its lines' net_minor")

    @property
    def key(self) -> str:
        return f"order-completed:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class OrderRefunded(Told):
    """Money went back to the customer. `order_id` is None where the source doesn't name the order.

    `lines` say for which goods it went back, with the money of each; what they leave of the amount was for delivery.
    Without lines the amount is spread over what is left of the order's lines and delivery, unless `shipping_minor`
    says how much of it was for delivery (all of it, where a late parcel was paid for).
    `unsent`: what of the order was not sent and never will be; nobody waits for it any more. `return_id`: the CRM's
    return that it settles (`ecrm.acting.Acts.give_back`), empty for none.
    """

    name: ClassVar[str] = "Order Refunded"
    refund_id: str
    order_id: str | None
    person: Person | None
    currency: str
    amount_minor: int
    lines: tuple[OrderLine, ...] = ()
    shipping_minor: int | None = None
    unsent: tuple[ParcelLine, ...] = ()
    return_id: str = ""
    reason: str = ""

    @property
    def key(self) -> str:
        return f"order-refunded:{self.refund_id}"


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(Told):
    """An order was given up before anything of it left: no parcel is expected any more.

    It moves no money. What goes back is told by `OrderRefunded`; an order of free goods has nothing to give back.
    """

    name: ClassVar[str] = "Order Cancelled"
    order_id: str

    @property
    def key(self) -> str:
        return f"order-cancelled:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class SignedUp(Told):
    """A person opened an account."""

    name: ClassVar[str] = "Signed Up"
    person: Person

    @property
    def key(self) -> str:
        return f"signed-up:{self.person.customer_id}"


@dataclass(frozen=True, kw_only=True)
class SignedIn(Told):
    """A customer signed in; `sign_in_id` is unique per sign-in."""

    name: ClassVar[str] = "Signed In"
    person: Person
    sign_in_id: str

    @property
    def key(self) -> str:
        return f"signed-in:{self.sign_in_id}"


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Told):
    """A customer changed name, address or traits; `change_id` is unique per change.

    `person` is the whole profile: a name, phone or trait that isn't in it was taken back and is forgotten.
    """

    name: ClassVar[str] = "Profile Changed"
    person: Person
    change_id: str

    @property
    def key(self) -> str:
        return f"profile-changed:{self.change_id}"


@dataclass(frozen=True, kw_only=True)
class HeardOfUs(Told):
    """A buyer answered where they heard of the shop; the first answer of an order counts."""

    name: ClassVar[str] = "Heard Of Us"
    order_id: str
    answer: str

    @property
    def key(self) -> str:
        return f"heard-of-us:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class ProductRestocked(Told):
    """More pieces of a product came in: a delivery, a correction, goods that were sent back. `pieces` are there now.

    `change_id` is unique per change.
    """

    name: ClassVar[str] = "Product Restocked"
    product_id: str
    pieces: int
    change_id: str

    @property
    def key(self) -> str:
        return f"product-restocked:{self.change_id}"


@dataclass(frozen=True, kw_only=True)
class PriceChanged(Told):
    """A product costs something else from now on; `change_id` is unique per change."""

    name: ClassVar[str] = "Price Changed"
    product_id: str
    price_minor: int
    before_minor: int
    change_id: str

    @property
    def key(self) -> str:
        return f"price-changed:{self.change_id}"


@dataclass(frozen=True, kw_only=True)
class ProductListed(Told):
    """A product is sold from now on: a new one, or one that wasn't for a while; `change_id` is unique per change."""

    name: ClassVar[str] = "Product Listed"
    product_id: str
    change_id: str

    @property
    def key(self) -> str:
        return f"product-listed:{self.change_id}"


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Told):
    """A person agreed to get e-mails about these topics (`mailer.consent.Topic`), in these words.

    Who hasn't shown that the mailbox is theirs is asked by an e-mail first. `how`: where they said it, e.g.
    `checkout`; `consent_id` is unique there, e.g. the order's number.
    """

    name: ClassVar[str] = "Consent Given"
    person: Person
    topics: tuple[str, ...]
    wording: str
    how: str
    consent_id: str

    @property
    def key(self) -> str:
        return f"consent-given:{self.how}:{self.consent_id}"


@dataclass(frozen=True, kw_only=True)
class Identified(Told):
    """One of the shop's own servers named a customer over the collector (Segment's `identify`, secret write key).

    What `person` doesn't say stays as it is; an empty e-mail address is none. Told under the message's own id.
    """

    name: ClassVar[str] = "Identified"
    person: Person
    message_id: str

    @property
    def key(self) -> str:
        return self.message_id


TOLD: tuple[type[Told], ...] = (
    OrderCompleted, OrderRefunded, OrderCancelled, OrderShipped, ParcelScanned, OrderDelivered, SignedUp, SignedIn,
    ProfileChanged, Identified, HeardOfUs, ProductRestocked, PriceChanged, ProductListed, ConsentGiven,
)  # fmt: skip

BY_THE_PERSON = (OrderCompleted, SignedUp, SignedIn, ProfileChanged)
"""What a person causes in their own browser. A refund or a parcel is told in that of a member of staff, which says
nothing about the customer and must not be joined to them."""

"""The steps of a visitor that a shop tells the CRM of: frozen dataclasses named as in the Segment e-commerce spec.

Hosts import them from `ecrm.events`, where the promises (orders, refunds, parcels …) stand, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tracking.visitors import Grade

MOST_POSITION = 100
"""Of a product in a list that is counted; what lies beyond nobody looks at."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Base of a visitor's steps. `subject` is what the step is about, shown first in every list.

    `known` is the grade of consent from which on the step is stored with its visitor.
    """

    name: ClassVar[str]
    known: ClassVar[Grade] = Grade.ANALYTICS

    @property
    def subject(self) -> str:
        return ""


@dataclass(frozen=True, kw_only=True)
class PageViewed(Seen):
    """Recorded by the plugin itself for each HTML page of the shop."""

    name: ClassVar[str] = "Page Viewed"
    path: str
    title: str = ""
    status: int = 200
    milliseconds: int = 0

    @property
    def subject(self) -> str:
        return self.path


@dataclass(frozen=True, kw_only=True)
class PageEngaged(Seen):
    """A page was left: how many seconds it was visible since the last report, and how far it was scrolled."""

    name: ClassVar[str] = "Page Engaged"
    path: str
    seconds: int
    scroll: int

    @property
    def subject(self) -> str:
        return self.path


@dataclass(frozen=True, kw_only=True)
class ProductViewed(Seen):
    """A product page was shown."""

    name: ClassVar[str] = "Product Viewed"
    product_id: str

    @property
    def subject(self) -> str:
        return self.product_id


@dataclass(frozen=True, kw_only=True)
class ProductListViewed(Seen):
    """A list was shown; `product_ids` in the order shown, the first at `first_position` (counted from 1)."""

    name: ClassVar[str] = "Product List Viewed"
    list_id: str
    product_ids: tuple[str, ...]
    first_position: int = 1

    @property
    def subject(self) -> str:
        return self.list_id


@dataclass(frozen=True, kw_only=True)
class ProductsSearched(Seen):
    """Somebody searched the shop; `results` is the whole count, not that of the page shown."""

    name: ClassVar[str] = "Products Searched"
    query: str
    results: int
    product_ids: tuple[str, ...] = ()
    first_position: int = 1

    @property
    def subject(self) -> str:
        return self.query


@dataclass(frozen=True, kw_only=True)
class ProductAdded(Seen):
    """A product went into the cart."""

    name: ClassVar[str] = "Product Added"
    product_id: str
    quantity: int

    @property
    def subject(self) -> str:
        return self.product_id


@dataclass(frozen=True, kw_only=True)
class ProductRemoved(Seen):
    """A product left the cart."""

    name: ClassVar[str] = "Product Removed"
    product_id: str
    quantity: int

    @property
    def subject(self) -> str:
        return self.product_id


@dataclass(frozen=True, kw_only=True)
class CartViewed(Seen):
    """The cart page was shown."""

    name: ClassVar[str] = "Cart Viewed"
    product_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CheckoutStarted(Seen):
    """The checkout was entered with a cart worth `value_minor`."""

    name: ClassVar[str] = "Checkout Started"
    value_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class CheckoutStepCompleted(Seen):
    """A step of the checkout was answered, e.g. `details` or `review`."""

    name: ClassVar[str] = "Checkout Step Completed"
    step: str

    @property
    def subject(self) -> str:
        return self.step


@dataclass(frozen=True, kw_only=True)
class SignedOut(Seen):
    """A customer signed out; the visitor ends here and a new one begins."""

    name: ClassVar[str] = "Signed Out"


@dataclass(frozen=True, kw_only=True)
class RecommendationsShown(Seen):
    """A placement showed recommendations, in this order; recorded by the plugin itself.

    `reasons` are the reason codes of `recommender.reasons`, one a product. They tell what a signed-in customer
    bought, so they are joined to a browser only where it agreed to be joined to its customer. `strategy` (of
    `recommender.asking`) chose the products, `model` is the name of what it was learnt as.
    """

    name: ClassVar[str] = "Recommendations Shown"
    known: ClassVar[Grade] = Grade.PERSONAL
    placement: str
    product_ids: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    strategy: str = ""
    model: str = ""

    @property
    def subject(self) -> str:
        return self.placement


@dataclass(frozen=True, kw_only=True)
class ProductClicked(Seen):
    """A product was opened from a recommendation or, with `added`, put into the cart there; recorded by the plugin.

    `list_id` is the placement, `position` counts from 1 (Segment's e-commerce spec); `strategy` as above.
    """

    name: ClassVar[str] = "Product Clicked"
    product_id: str
    list_id: str
    position: int
    strategy: str = ""
    added: bool = False

    @property
    def subject(self) -> str:
        return self.product_id


@dataclass(frozen=True, kw_only=True)
class ExperimentViewed(Seen):
    """The visitor met what an experiment tries, or, in the control group, would have met it; recorded by the plugin
    itself. The properties are those of Segment's A/B testing spec.
    """

    name: ClassVar[str] = "Experiment Viewed"
    experiment_id: str
    experiment_name: str
    variation_id: str

    @property
    def subject(self) -> str:
        return self.experiment_id

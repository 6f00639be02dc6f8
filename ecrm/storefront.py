"""What the CRM asks of a shop: one Protocol and the plain facts that it answers with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class ShopFacts:
    """The shop itself. `base_url` without a trailing slash; `time_zone` is an IANA name.

    `data_note` says where demo data come from and is shown wherever such figures are; empty in a live shop.
    """

    name: str
    base_url: str
    currency: str
    country: str
    time_zone: str
    language: str = "en"
    sender: str
    data_note: str = ""


@dataclass(frozen=True, kw_only=True)
class CustomerFacts:
    """The signed-in customer of the present request."""

    customer_id: str
    email: str
    first_name: str
    last_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Staff:
    """A member of the shop's staff; `role` is one of `ecrm.access.roles.Role`."""

    staff_id: str
    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class ProductCard:
    """What is needed to show a product in a list or an e-mail. URLs are absolute paths of the shop.

    `detail` tells it from its siblings of the same name, e.g. its size; `was_minor` is the price before a reduction.
    `available`: in stock and sold to the region of the present visitor; `age_limited`: not sold to everybody.
    `mail_image_url`: the picture for e-mails, where `image_url` is an SVG, which many mail programs don't show.
    """

    product_id: str
    name: str
    url: str
    image_url: str
    price_minor: int
    currency: str
    brand: str = ""
    category: str = ""
    detail: str = ""
    was_minor: int | None = None
    available: bool = True
    age_limited: bool = False
    mail_image_url: str = ""


@dataclass(frozen=True, kw_only=True)
class CartFacts:
    """The cart of an account as it lies there. `cart_id` stays the same until it is ordered: one cart, one reminder.

    `customer_id`: the shop's account id. `products`: product id and pieces.
    """

    cart_id: str
    customer_id: str
    touched_at: datetime
    products: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class ProductFacts:
    """What is learnt of a listed product beside its sales. `text`: name and description, in the shop's language."""

    product_id: str
    text: str
    brand: str = ""
    category: str = ""
    price_minor: int | None = None
    added_at: datetime | None = None
    available: bool = True


class Storefront(Protocol):
    """The questions. Each is answered from the shop's own data at the moment of asking; none may write."""

    def facts(self) -> ShopFacts:
        """The shop's name, address, currency, zone and sender. Asked in and outside of requests."""

    def current_customer(self) -> CustomerFacts | None:
        """Who is signed in in this request."""

    def current_staff(self) -> Staff | None:
        """The staff member of this request, or None; decides who may open the console."""

    def sign_in_url(self, *, next_path: str) -> str:
        """Where a person who must sign in first is sent."""

    def sign_out_url(self) -> str:
        """Where "Not you?" posts to (a POST with the form field `csrf_token`)."""

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        """The cards of those that exist and are listed, in the order asked; unknown ids are left out."""

    def best_sellers(self, *, limit: int) -> list[str]:
        """Product ids to show before anything was learnt (a shop's first day)."""

    def cart_product_ids(self) -> frozenset[str]:
        """What lies in the present visitor's cart."""

    def add_to_cart_url(self) -> str | None:
        """Where the "Add" button of a recommended product posts to; None: the cards have no such button.

        The form's fields: `product_id`, `quantity` (1), `next` (a path of the present page with a `#fragment`, where
        the shopper goes on; check it before redirecting) and `csrf_token`.
        """

    def order_url(self, order_id: str, *, signed: bool) -> str:
        """The order's page; `signed` gives a link that opens it without an account.

        E-mails add `utm_…` parameters to it, so the signature must not cover the whole query.
        """

    def staff_order_url(self, order_id: str) -> str:
        """The order's page in the shop's back office."""


class Advised(Protocol):
    """Questions that a storefront may answer, too, so that recommendations know more than what was sold. None of them
    has to be there: the functions below say what a shop without them is taken to answer.
    """

    def catalogue(self) -> Iterable[ProductFacts]:
        """All listed products; asked by trainings, outside of requests."""

    def arrivals(self, since: datetime) -> Sequence[ProductFacts]:
        """Listed products added after `since`, the newest first, a few hundred at most."""

    def present_region(self) -> str:
        """The country that the present visitor would have things sent to, in two letters; empty if unknown."""

    def is_adult(self) -> bool:
        """Whether the present visitor confirmed an age that opens whatever is `age_limited`."""

    def products_for(self, product_ids: Sequence[str], *, region: str, adult: bool) -> list[ProductCard]:
        """As `products`, for somebody who isn't here: an e-mail's reader, or a customer whom staff serve.

        Args:
            region: the country that their things would go to, in two letters.
            adult: whether they may have whatever is `age_limited`.
        """

    def pieces(self, product_ids: Sequence[str]) -> Mapping[str, int]:
        """How many pieces of each listed product can be sold at this moment; who waits for a product is told by it."""

    def promised_day(self, method: str, *, region: str, now: datetime) -> date | None:
        """The day for which an order placed now would be promised there; None where the method doesn't go there.

        Args:
            method: as in `OrderCompleted.delivery_method`; empty for the usual one.
        """

    def found(self, *, query: str, category: str, limit: int) -> Sequence[str]:
        """Products that a search for `query` finds, or that are of a category called so, what sells best first.

        Asked for e-mails, outside of requests; one of the two is empty.
        """

    def cart_url(self) -> str:
        """Where a customer finds their cart; the front page, of a shop that doesn't say."""


def cart_url_of(storefront: Storefront) -> str:
    """Where a customer finds their cart."""
    ask = _question(storefront, "cart_url")
    return ask() if ask else "/"


def found_products(storefront: Storefront, *, query: str, category: str, limit: int) -> Sequence[str]:
    """What a search finds or a category holds; none from a shop that doesn't say."""
    ask = _question(storefront, "found")
    return ask(query=query, category=category, limit=limit) if ask else ()


class KnowsWarranties(Protocol):
    """A question that a storefront may answer; one that doesn't leaves it to the setting ECRM_WARRANTY_MONTHS."""

    def warranty_months(self, product_ids: Sequence[str]) -> Mapping[str, int]:
        """Months of warranty from the sale on; a product without any has 0, one that isn't named takes the setting."""


def warranty_months_of(storefront: Storefront, product_ids: Sequence[str]) -> Mapping[str, int]:
    """Months by product; nothing from a shop that doesn't say."""
    ask = _question(storefront, "warranty_months")
    found: Mapping[str, int] = ask(product_ids) if ask else {}
    return found


class TellsCarts(Protocol):
    """Questions about carts that a storefront may answer, outside of requests. One that doesn't has its carts worked
    out from what visitors did, of those who agreed to that.
    """

    def open_carts(self, *, since: datetime, until: datetime) -> Sequence[CartFacts]:
        """Carts of accounts that hold something and were touched last after `since` and not after `until`."""

    def open_cart(self, cart_id: str) -> CartFacts | None:
        """This cart as it lies there; None where it was ordered, emptied or is unknown."""


def open_carts_of(storefront: Storefront, *, since: datetime, until: datetime) -> Sequence[CartFacts] | None:
    """Carts that were touched in this stretch; None from a shop that doesn't tell."""
    ask = _question(storefront, "open_carts")
    return ask(since=since, until=until) if ask else None


def open_cart_of(storefront: Storefront, cart_id: str) -> CartFacts | None:
    """This cart; None where it isn't there any more, or from a shop that doesn't tell."""
    ask = _question(storefront, "open_cart")
    return ask(cart_id) if ask else None


def catalogue_of(storefront: Storefront) -> Iterable[ProductFacts]:
    """All listed products; none from a shop that doesn't say: models then know products by their sales alone."""
    ask = _question(storefront, "catalogue")
    return ask() if ask else ()


def arrivals_of(storefront: Storefront, since: datetime) -> Sequence[ProductFacts]:
    """What came after `since`; none from a shop that doesn't say: new products then wait for the next training."""
    ask = _question(storefront, "arrivals")
    return ask(since) if ask else ()


def region_of(storefront: Storefront) -> str:
    """The present visitor's country in two letters; empty where nobody knows."""
    ask = _question(storefront, "present_region")
    return ask() if ask else ""


def is_adult(storefront: Storefront) -> bool:
    """Whether age-limited products may be recommended to the present visitor; no, from a shop that doesn't ask."""
    ask = _question(storefront, "is_adult")
    return bool(ask()) if ask else False


def products_for(storefront: Storefront, product_ids: Sequence[str], *, region: str, adult: bool) -> list[ProductCard]:
    """The cards as they are for somebody who isn't here; those of the present visitor, from a shop that doesn't say.

    Args:
        region: in two letters; empty where nobody knows, which is taken for the shop's own country.
    """
    if ask := _question(storefront, "products_for"):
        found: list[ProductCard] = ask(product_ids, region=region or storefront.facts().country, adult=adult)
        return found
    return storefront.products(product_ids)


def pieces_of(storefront: Storefront, product_ids: Sequence[str]) -> Mapping[str, int]:
    """Pieces of each listed product. A shop that doesn't say is asked whether it has any, which is taken for one: too
    few are told then, never too many."""
    if ask := _question(storefront, "pieces"):
        found: Mapping[str, int] = ask(product_ids)
        return found
    return {card.product_id: int(card.available) for card in storefront.products(product_ids)}


def promised_day(storefront: Storefront, method: str, *, region: str, now: datetime) -> date | None:
    """The day for which an order placed now would be promised; None from a shop that doesn't say."""
    ask = _question(storefront, "promised_day")
    found: date | None = ask(method, region=region, now=now) if ask else None
    return found


def _question(storefront: Storefront, name: str) -> Callable[..., Any] | None:
    found: Callable[..., Any] | None = getattr(storefront, name, None)
    return found

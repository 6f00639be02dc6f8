"""What the CRM asks of the shop, answered from the shop's own tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import current_app, has_request_context, url_for
from flask_login import current_user
from sqlalchemy import bindparam, func, select

from ecrm import CartFacts, CustomerFacts, ProductCard, ProductFacts, ShopFacts, Staff

from ..accounts.account import Account
from ..cart.basket import product_ids_in_cart
from ..catalog.pictures import picture_version
from ..catalog.product import Category, Product
from ..catalog.restrictions import AGES, barred_countries, confirmed_age, present_country
from ..catalog.search import matching, on_sale
from ..checkout.delivery import METHODS, NoSuchDelivery
from ..checkout.delivery import quote as quote_delivery
from ..checkout.order_links import signed_order_path
from ..database import db
from ..profile import shop_profile
from .acting import Deeds
from .carts import cart_as_it_lies, carts_touched

_AT_ONCE = 5_000
_MOST_ARRIVALS = 500
_MOST_DIGITS = 9  # longer numbers are nobody's product id and don't fit the column


class ShopStorefront(Deeds):
    """Answers from the shop's own tables; see `ecrm.Storefront` for the questions, `ecrm.acting.Acts` for the deeds."""

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
        age = confirmed_age() if has_request_context() else 0
        return self._cards(product_ids, country=self.present_region(), age=age)

    def products_for(self, product_ids: Sequence[str], *, region: str, adult: bool) -> list[ProductCard]:
        return self._cards(product_ids, country=region, age=max(AGES) if adult else 0)

    def _cards(self, product_ids: Sequence[str], *, country: str, age: int) -> list[ProductCard]:
        wanted = _numbers(product_ids)
        if not wanted:
            return []
        rows = db.session.connection().execute(_CARDS, {"ids": wanted}).all()
        found: dict[int, Any] = {row.id: row for row in rows}
        here = _Here(
            currency=shop_profile().currency,
            country=country,
            age=age,
            page=url_for("catalog.product", product_id=_NUMBER, slug=_WORD),
            picture=url_for("catalog.artwork", product_id=_NUMBER, v=_WORD),
            mail_picture=url_for("catalog.artwork_png", product_id=_NUMBER, v=_WORD),
        )
        return [_card(found[product_id], here) for product_id in wanted if product_id in found]

    def best_sellers(self, *, limit: int) -> list[str]:
        return [str(id_) for id_ in db.session.connection().scalars(_SOLD_MOST, {"limit": limit})]

    def catalogue(self) -> Iterator[ProductFacts]:
        return (_facts(row) for row in db.session.connection().execute(_FACTS).yield_per(_AT_ONCE))

    def arrivals(self, since: datetime) -> list[ProductFacts]:
        newest = _FACTS.where(_PRODUCT.added_at > since).order_by(_PRODUCT.added_at.desc(), _PRODUCT.id)
        return [_facts(row) for row in db.session.connection().execute(newest.limit(_MOST_ARRIVALS))]

    def pieces(self, product_ids: Sequence[str]) -> dict[str, int]:
        wanted = _numbers(product_ids)
        rows = db.session.connection().execute(_PIECES, {"ids": wanted}).all() if wanted else ()
        return {str(row.id): row.stock for row in rows}

    def promised_day(self, method: str, *, region: str, now: datetime) -> date | None:
        try:
            found = quote_delivery(
                method or METHODS[0].code, goods_minor=0, country=region, profile=shop_profile(), now=now
            )
        except NoSuchDelivery:
            return None
        return found.promised_on

    def found(self, *, query: str, category: str, limit: int) -> list[str]:
        words = matching(db.session(), query) if query else func.lower(_CATEGORY.name) == category.strip().lower()
        if words is None:
            return []
        rows = (
            select(Product.id)
            .join(Category, Category.id == Product.category_id)
            .where(words, on_sale() == 1, Product.stock > 0)
            .order_by(Product.sold.desc(), Product.id)
        )
        return [str(id_) for id_ in db.session.connection().scalars(rows.limit(limit))]

    def present_region(self) -> str:
        return present_country() if has_request_context() else shop_profile().country

    def is_adult(self) -> bool:
        return has_request_context() and confirmed_age() >= max(AGES)

    def cart_product_ids(self) -> frozenset[str]:
        return frozenset(str(product_id) for product_id in product_ids_in_cart())

    def add_to_cart_url(self) -> str | None:
        return url_for("cart.add")

    def open_carts(self, *, since: datetime, until: datetime) -> list[CartFacts]:
        return carts_touched(db.session(), since=since, until=until)

    def open_cart(self, cart_id: str) -> CartFacts | None:
        return cart_as_it_lies(db.session(), cart_id)

    def cart_url(self) -> str:
        return url_for("cart.show")

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return signed_order_path(order_id) if signed else url_for("checkout.order_page", number=order_id)

    def staff_order_url(self, order_id: str) -> str:
        return url_for("backoffice.order", number=order_id)


# Plain columns of the tables: rows of the class cost a page twice as much.
_PRODUCT, _CATEGORY = Product.__table__.c, Category.__table__.c
_CARDS = (
    select(
        _PRODUCT.id, _PRODUCT.name, _PRODUCT.slug, _PRODUCT.brand, _PRODUCT.size, _PRODUCT.price_minor,
        _PRODUCT.was_minor, _PRODUCT.stock, _PRODUCT.category_id, _PRODUCT.age_limit, _PRODUCT.barred_in,
        _CATEGORY.name.label("category"), _CATEGORY.department_id,
    )
    .join(Category.__table__, _CATEGORY.id == _PRODUCT.category_id)
    .where(_PRODUCT.id.in_(bindparam("ids", expanding=True)), on_sale() == 1)
)  # fmt: skip
_FACTS = (
    select(
        _PRODUCT.id, _PRODUCT.name, _PRODUCT.brand, _PRODUCT.size, _PRODUCT.price_minor, _PRODUCT.stock,
        _PRODUCT.added_at, _CATEGORY.name.label("category"),
    )
    .join(Category.__table__, _CATEGORY.id == _PRODUCT.category_id)
    .where(_PRODUCT.listed)
)  # fmt: skip


_PIECES = select(_PRODUCT.id, _PRODUCT.stock).where(_PRODUCT.id.in_(bindparam("ids", expanding=True)), _PRODUCT.listed)
_SOLD_MOST = (
    select(_PRODUCT.id)
    .where(_PRODUCT.listed, _PRODUCT.stock > 0)
    .order_by(_PRODUCT.sold.desc(), _PRODUCT.id)
    .limit(bindparam("limit"))
)
_NUMBER, _WORD = 987654321, "w-o-r-d"
"""Stand for a product's number and for its slug or its picture's version in the addresses below."""


_CARDS_KEPT = 5_000


class _Here(NamedTuple):
    """What the cards of one answer share: Flask takes longer to write an address than the database to read a row."""

    currency: str
    country: str
    age: int
    page: str
    picture: str
    mail_picture: str


def _numbers(product_ids: Sequence[str]) -> list[int]:
    return [int(text) for text in product_ids if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS]


@lru_cache(maxsize=_CARDS_KEPT)
def _card(row: Any, here: _Here) -> ProductCard:
    """Remembered, as long as the row is the same: a mailing shows one to thousands."""
    number, version = str(row.id), picture_version(row)
    return ProductCard(
        product_id=number,
        name=row.name,
        url=here.page.replace(str(_NUMBER), number).replace(_WORD, quote(row.slug)),
        image_url=here.picture.replace(str(_NUMBER), number).replace(_WORD, version),
        mail_image_url=here.mail_picture.replace(str(_NUMBER), number).replace(_WORD, version),
        price_minor=row.price_minor,
        currency=here.currency,
        brand=row.brand,
        category=row.category,
        detail=row.size,
        was_minor=row.was_minor,
        available=row.stock > 0 and here.country not in barred_countries(row.barred_in),
        age_limited=row.age_limit is not None and row.age_limit > here.age,
    )


def _facts(row: Any) -> ProductFacts:
    return ProductFacts(
        product_id=str(row.id),
        text=" ".join(part for part in (row.name, row.size) if part),
        brand=row.brand,
        category=row.category,
        price_minor=row.price_minor,
        added_at=row.added_at,
        available=row.stock > 0,
    )

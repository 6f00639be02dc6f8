"""What the CRM asks of the shop, answered from the shop's own tables."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ecrm import CustomerFacts, ProductCard, ShopFacts, Staff

from ..accounts.account import Account
from ..cart.basket import product_ids_in_cart
from ..catalog.pictures import picture_url
from ..catalog.product import Product
from ..catalog.search import on_sale
from ..checkout.order_links import signed_order_path
from ..database import db
from ..profile import shop_profile

_MOST_DIGITS = 9  # longer numbers are nobody's product id and don't fit the column


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

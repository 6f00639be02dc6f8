"""What can be done to the lines of a cart, and what they say today: price, stock and changes since they were chosen.

Prices are read from the product each time; a line keeps none that is charged. Every deed returns what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session, contains_eager

from ..catalog.product import Category, Product
from ..catalog.restrictions import Buyer, Refusal, refusal
from ..coupons.coupon import find_coupon
from ..coupons.discount import Applied, Priced, apply
from ..writes import insert_for
from .cart import Cart, CartLine

MOST = 99
"""Pieces of one product in one cart."""


class NotForSale(LookupError):
    """There is no such product, or it isn't listed (any more)."""


class NotForThisBuyer(ValueError):
    """The buyer hasn't said that they are old enough for `product`."""

    def __init__(self, product: Product) -> None:
        super().__init__(product.name)
        self.product = product


@dataclass(frozen=True)
class Change:
    """What a deed did: the product, pieces before and after, and how many had been asked for."""

    product: Product
    before: int
    after: int
    asked: int

    @property
    def short(self) -> bool:
        """Fewer than asked, because of stock or because of the limit for one cart."""
        return self.after < self.asked


@dataclass(frozen=True)
class Line:
    """A line as it stands now. `seen_minor` is set only where the price has changed since it was chosen.

    `discount_minor`: the line's share of what the cart's coupon takes off. `refusal`: why the buyer who was asked for
    can't have it.
    """

    product: Product
    quantity: int
    seen_minor: int | None
    discount_minor: int = 0
    refusal: Refusal | None = None

    @property
    def unit_minor(self) -> int:
        return self.product.price_minor

    @property
    def total_minor(self) -> int:
        """Before coupons."""
        return self.product.price_minor * self.quantity

    @property
    def net_minor(self) -> int:
        """What is paid for it."""
        return self.total_minor - self.discount_minor

    @property
    def available(self) -> int:
        """Pieces that could be bought of it."""
        return min(self.product.stock, MOST) if self.product.listed else 0

    @property
    def buyable(self) -> bool:
        return self.refusal is None and 0 < self.quantity <= self.available


@dataclass(frozen=True)
class Contents:
    """A cart as it is shown: lines to buy, lines saved for later, the coupon entered, and the sums in minor units."""

    lines: tuple[Line, ...] = ()
    saved: tuple[Line, ...] = ()
    coupon: Applied | None = None

    @property
    def full_minor(self) -> int:
        """The goods before coupons."""
        return sum(line.total_minor for line in self.lines)

    @property
    def goods_minor(self) -> int:
        """What is paid for the goods."""
        return sum(line.net_minor for line in self.lines)

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def buyable(self) -> bool:
        return bool(self.lines) and all(line.buyable for line in self.lines)


def contents(
    session: Session, cart: Cart | None, *, buyer: Buyer | None = None, now: datetime | None = None
) -> Contents:
    """Everything in a cart with today's prices, stock and discount, in the order in which it was put in.

    Args:
        buyer: for whom each line's `refusal` is judged; None leaves it out.
    """
    if cart is None:
        return Contents()
    query = (
        select(CartLine)
        .join(CartLine.product)
        .join(Product.category)
        .options(contains_eager(CartLine.product).contains_eager(Product.category).joinedload(Category.department))
        .where(CartLine.cart_id == cart.id)
        .order_by(CartLine.id)
        .execution_options(populate_existing=True)
    )
    found = [(row.saved, _as_line(row, buyer)) for row in session.scalars(query)]
    chosen = tuple(line for saved, line in found if not saved)
    coupon = _coupon(session, cart, chosen, now or datetime.now(UTC))
    if coupon is not None:
        chosen = tuple(replace(line, discount_minor=share) for line, share in zip(chosen, coupon.shares, strict=True))
    return Contents(lines=chosen, saved=tuple(line for saved, line in found if saved), coupon=coupon)


def enter_coupon(session: Session, cart: Cart, code: str | None) -> None:
    """Keep the code (as `read_code` writes it) with the cart in place of another; None takes it off."""
    session.execute(update(Cart).where(Cart.id == cart.id).values(coupon_code=code, touched_at=datetime.now(UTC)))
    session.refresh(cart)


def add(session: Session, cart: Cart, product_id: int, *, quantity: int, buyer: Buyer | None = None) -> Change:
    """Put pieces into the cart, beside those that lie there; at most what is in stock and `MOST`.

    Raises:
        NotForSale: unknown or unlisted product. A sold-out one changes nothing and comes back `short`.
        NotForThisBuyer: `buyer` isn't old enough, as far as they said.
    """
    product = _product(session, product_id)
    if buyer is not None and refusal(product, buyer) is Refusal.AGE:
        raise NotForThisBuyer(product)
    limit = min(product.stock, MOST)
    before = _quantity(session, cart, product_id, saved=False)
    if limit == 0:
        return Change(product, before, before, before + quantity)
    insert = insert_for(session, CartLine).values(
        cart_id=cart.id,
        product_id=product_id,
        saved=False,
        quantity=min(quantity, limit),
        seen_minor=product.price_minor,
    )
    together = CartLine.quantity + quantity
    statement = insert.on_conflict_do_update(
        index_elements=["cart_id", "product_id", "saved"],
        set_={"quantity": case((together > limit, limit), else_=together), "seen_minor": product.price_minor},
    ).returning(CartLine.quantity)
    after = session.execute(statement).scalar_one()
    _touch(session, cart)
    return Change(product, before, after, before + quantity)


def change(session: Session, cart: Cart, product_id: int, *, quantity: int) -> Change:
    """Set the pieces of a line; 0 removes it. More than is in stock becomes what is in stock.

    Raises:
        NotForSale: the cart has no such line.
    """
    line = _line(session, cart, product_id, saved=False)
    before, product = line.quantity, line.product
    available = min(product.stock, MOST) if product.listed else 0
    after = (
        min(quantity, available) if available else min(quantity, before)
    )  # sold out: it stays, marked, until removed
    if quantity == 0:
        session.execute(delete(CartLine).where(CartLine.id == line.id))
        after = 0
    else:
        session.execute(
            update(CartLine).where(CartLine.id == line.id).values(quantity=after, seen_minor=product.price_minor)
        )
    _touch(session, cart)
    return Change(product, before, after, quantity)


def remove(session: Session, cart: Cart, product_id: int, *, saved: bool = False) -> Change:
    """Take a line out of the cart or off the saved ones.

    Raises:
        NotForSale: the cart has no such line.
    """
    product = session.get(Product, product_id)
    if product is None:
        raise NotForSale(product_id)
    before = _take(session, cart, product_id, saved=saved)
    _touch(session, cart)
    return Change(product, before, 0, 0)


def save_for_later(session: Session, cart: Cart, product_id: int) -> Change:
    """Move a whole line to the saved ones; pieces saved before are added to (up to `MOST`).

    Raises:
        NotForSale: the cart has no such line.
    """
    moved = remove(session, cart, product_id)
    put_aside(session, cart, product_id, quantity=moved.before)
    return moved


def move_to_cart(session: Session, cart: Cart, product_id: int) -> Change:
    """Move a saved line into the cart, as many pieces as can be bought; the rest stays saved.

    Raises:
        NotForSale: no such saved line, or the product isn't sold any more.
    """
    wanted = _take(session, cart, product_id, saved=True)
    added = add(session, cart, product_id, quantity=wanted)
    if rest := wanted - max(added.after - added.before, 0):
        put_aside(session, cart, product_id, quantity=rest)
    return added


def put_aside(session: Session, cart: Cart, product_id: int, *, quantity: int) -> None:
    """Add pieces to the saved ones of a product (up to `MOST`)."""
    together = CartLine.quantity + quantity
    price = select(Product.price_minor).where(Product.id == product_id).scalar_subquery()
    insert = insert_for(session, CartLine).values(
        cart_id=cart.id, product_id=product_id, saved=True, quantity=min(quantity, MOST), seen_minor=price
    )
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["cart_id", "product_id", "saved"],
            set_={"quantity": case((together > MOST, MOST), else_=together)},
        )
    )


def _coupon(session: Session, cart: Cart, chosen: Sequence[Line], now: datetime) -> Applied | None:
    code = session.scalar(select(Cart.coupon_code).where(Cart.id == cart.id))
    if code is None:
        return None
    priced = [Priced(line.product.id, line.total_minor) for line in chosen]
    return apply(find_coupon(session, code), priced, code=code, now=now)


def _as_line(row: CartLine, buyer: Buyer | None) -> Line:
    changed = row.seen_minor is not None and row.seen_minor != row.product.price_minor
    refused = None if buyer is None else refusal(row.product, buyer)
    return Line(row.product, row.quantity, row.seen_minor if changed else None, refusal=refused)


def _product(session: Session, product_id: int) -> Product:
    product = session.get(Product, product_id, populate_existing=True)
    if product is None or not product.listed:
        raise NotForSale(product_id)
    return product


def _line(session: Session, cart: Cart, product_id: int, *, saved: bool) -> CartLine:
    query = select(CartLine).where(
        CartLine.cart_id == cart.id, CartLine.product_id == product_id, CartLine.saved.is_(saved)
    )
    line = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if line is None:
        raise NotForSale(product_id)
    session.refresh(line.product)
    return line


def _take(session: Session, cart: Cart, product_id: int, *, saved: bool) -> int:
    """Take a line away and say how many pieces it had; of two that try at once only one gets them."""
    here = (CartLine.cart_id == cart.id) & (CartLine.product_id == product_id) & CartLine.saved.is_(saved)
    pieces = session.execute(delete(CartLine).where(here).returning(CartLine.quantity)).scalar_one_or_none()
    if pieces is None:
        raise NotForSale(product_id)
    return pieces


def _quantity(session: Session, cart: Cart, product_id: int, *, saved: bool) -> int:
    query = select(CartLine.quantity).where(
        CartLine.cart_id == cart.id, CartLine.product_id == product_id, CartLine.saved.is_(saved)
    )
    return session.scalar(query) or 0


def _touch(session: Session, cart: Cart) -> None:
    session.execute(update(Cart).where(Cart.id == cart.id).values(touched_at=datetime.now(UTC)))

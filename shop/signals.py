"""What the shop announces, by `announce`: every signal is sent with the Flask app as sender.

The signals of promises (`order_placed`, `order_refunded`, `order_cancelled`, `parcel_shipped`, `parcel_delivered`,
`account_opened`, `signed_in`, `account_changed`, `product_restocked`, `price_changed`, `product_listed`) are sent
inside the shop's transaction, before its commit: a receiver may add to `db.session` and must not commit; if it raises,
nothing is committed. The others are sent after the fact and carry plain ids.
"""

from __future__ import annotations

from typing import Any

from blinker import NamedSignal, Namespace
from flask import current_app

_signals = Namespace()

order_placed = _signals.signal("order-placed")
"""order: Order, with its lines, flushed. Sent once per order, never for a retry."""
order_refunded = _signals.signal("order-refunded")
"""refund: Refund, with its lines, flushed."""
order_cancelled = _signals.signal("order-cancelled")
"""order: Order; at: when. Nothing of it will be sent. The money that goes back, if any, is an `order_refunded` of its
own."""
parcel_shipped = _signals.signal("parcel-shipped")
"""parcel: Parcel, flushed."""
parcel_delivered = _signals.signal("parcel-delivered")
"""parcel: Parcel, flushed."""
account_opened = _signals.signal("account-opened")
"""account: Account, flushed."""
signed_in = _signals.signal("signed-in")
"""account: Account; sign_in: SignIn, flushed."""
account_changed = _signals.signal("account-changed")
"""account: Account, flushed."""

product_restocked = _signals.signal("product-restocked")
"""product: Product, with the pieces that are there now; more than before."""
price_changed = _signals.signal("price-changed")
"""product: Product, with its new price; before_minor: the old one."""
product_listed = _signals.signal("product-listed")
"""product: Product. It wasn't sold until now."""

product_shown = _signals.signal("product-shown")
"""product: Product."""
list_shown = _signals.signal("list-shown")
"""list_id: str (the category's slug path); product_ids: list[int]; first_position: int, from 1."""
searched = _signals.signal("searched")
"""query: str as typed; results: int, the whole count; product_ids: list[int] of this page; first_position: int."""
cart_added = _signals.signal("cart-added")
"""product: Product; quantity: int."""
cart_removed = _signals.signal("cart-removed")
"""product: Product; quantity: int."""
cart_shown = _signals.signal("cart-shown")
"""product_ids: list[int]."""
checkout_started = _signals.signal("checkout-started")
"""value_minor: int; currency: str."""
checkout_step_done = _signals.signal("checkout-step-done")
"""step: str: `details` or `review`."""
signed_out = _signals.signal("signed-out")
"""account: Account."""
history_imported = _signals.signal("history-imported")
"""progress: called with a stage in words, what is done and the whole of it. Sent when the importers finished and
committed: orders and refunds with `source != "shop"` came."""
tables_upgraded = _signals.signal("tables-upgraded")
"""Nothing more: the shop's tables are up to date; whoever is plugged in brings its own up to date now."""


def announce(signal: NamedSignal, **facts: Any) -> None:
    """Tell whoever listens in the present app; what a signal carries is said above."""
    signal.send(current_app._get_current_object(), **facts)  # type: ignore[attr-defined]  # receivers know the app itself

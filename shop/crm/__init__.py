"""The one package that knows the shop and the e-CRM: answers the CRM's questions, and tells it what happens.

Delete it and its two lines in `app.py`: the shop runs without the CRM.
"""

from __future__ import annotations

from typing import Any

import click
from flask import Flask

from ecrm import migrating
from ecrm.catching_up import catch_up
from ecrm.collector.openapi import describe
from ecrm.database import keep_prepared
from ecrm.installation import installation
from ecrm.signals import parcel_moved

from .. import health, signals
from ..hooks import hooks
from . import asking, hearing, past, seeing, telling
from .plugin import crm
from .storefront import ShopStorefront


def install_crm(app: Flask) -> None:
    """Plug the CRM into the shop and connect what the shop announces; nothing where `SHOP_CRM` is off."""
    if not app.config["SHOP_CRM"]:
        return
    crm.init_app(app, storefront=ShopStorefront())
    keep_prepared(installation(app).sessions.kw["bind"])
    hooks(app).checkout_defaults.append(asking.remembered)
    hooks(app).knows_visitor.append(asking.knows_visitor)
    hooks(app).in_their_order.append(asking.in_their_order)
    hooks(app).letters.append(asking.send_letter)
    hooks(app).carrier_of.append(asking.carrier_of)
    hooks(app).tables_current.append(migrating.is_current)
    for endpoint, operation in health.OPENAPI.items():
        describe(app, endpoint, operation)
    for signal, receiver in _RECEIVERS.items():
        signal.connect(receiver, app)
    parcel_moved.connect(hearing.parcel_moved, app)


def _tables_upgraded(app: Flask) -> None:
    plugged = installation(app)
    migrating.upgrade(plugged.sessions.kw["bind"])
    catch_up(plugged, say=click.echo)


_RECEIVERS: dict[Any, Any] = {
    signals.tables_upgraded: _tables_upgraded,
    signals.history_imported: past.history_imported,
    signals.order_placed: telling.order_placed,
    signals.order_refunded: telling.order_refunded,
    signals.order_cancelled: telling.order_cancelled,
    signals.parcel_shipped: telling.parcel_shipped,
    signals.parcel_delivered: telling.parcel_delivered,
    signals.account_opened: telling.account_opened,
    signals.signed_in: telling.signed_in,
    signals.account_changed: telling.account_changed,
    signals.product_restocked: telling.product_restocked,
    signals.price_changed: telling.price_changed,
    signals.product_listed: telling.product_listed,
    signals.product_shown: seeing.product_shown,
    signals.list_shown: seeing.list_shown,
    signals.searched: seeing.searched,
    signals.cart_added: seeing.cart_added,
    signals.cart_removed: seeing.cart_removed,
    signals.cart_shown: seeing.cart_shown,
    signals.checkout_started: seeing.checkout_started,
    signals.checkout_step_done: seeing.checkout_step_done,
    signals.signed_out: seeing.signed_out,
}

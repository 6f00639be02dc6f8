"""The imported past, told to the CRM in bulk; what a demo lacks of it (visits, consents, parcels) is made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from ecrm import events
from ecrm.carriers.simulated_past import simulate_deliveries
from ecrm.consent.demo import simulate_consents
from ecrm.history import backfill, simulate_history
from ecrm.installation import installation
from ecrm.marketing.attribution.missing import book_missing
from ecrm.marketing.campaigns import found as found_campaign
from ecrm.service.demo_desk import simulate_desk
from ecrm.training import train_quickly

from ..database import db
from ..importing.filling import Progress
from ..importing.history import codes_of_orders, history, history_size, imported_mailings
from .telling import guest_of, order_completed, person_of


def history_imported(app: Flask, *, progress: Progress) -> None:
    """Tells the CRM what an import brought, credits it to campaigns, and lets the CRM learn from it.

    A demo gets made-up consents, made-up visits before its purchases, and where the shop says that its data are
    made up or borrowed, made-up ways of its parcels and a desk that has been at work, too.
    """
    _found_campaigns(app)
    whole, done = history_size(db.session()), 0

    def told(events_told: int) -> None:
        nonlocal done
        done += events_told
        progress("Telling the CRM", done, whole)

    backfill(installation(app), _past(), progress=told)
    if app.config["SHOP_ENV"] == "demo":
        simulate_consents(installation(app), now=datetime.now(UTC))
        simulate_history(installation(app), progress=lambda orders, of: progress("Simulating visits", orders, of))
        if installation(app).storefront.facts().data_note:
            simulate_deliveries(
                installation(app), now=datetime.now(UTC),
                progress=lambda orders, of: progress("Simulating parcels", orders, of),
            )  # fmt: skip
            simulate_desk(installation(app), now=datetime.now(UTC))
    book_missing(installation(app), progress=lambda orders, of: progress("Crediting orders", orders, of))
    progress("Learning what goes with what", 0, 1)
    train_quickly(installation(app))  # the timetable follows with a full model within minutes
    progress("Learning what goes with what", 1, 1)


def _found_campaigns(app: Flask) -> None:
    """Each round of coupons that was mailed is a campaign of the channel "post"; its coupons' codes mean it.

    Before the orders are told, so that a code finds its campaign.
    """
    with installation(app).sessions.begin() as session:
        for mailing in imported_mailings(db.session()):
            found_campaign(
                session, code=f"{mailing.source}-{mailing.reference}", name=mailing.name, channel="post",
                first_day=mailing.first_day, last_day=mailing.last_day, reached=mailing.reached,
                codes=[coupon.code for coupon in mailing.coupons], now=datetime.now(UTC),
            )  # fmt: skip


def _past() -> Iterator[events.Told]:
    """What an import brought, as events in the order of time."""
    buyers: dict[int | None, events.Person] = {}
    codes = codes_of_orders(db.session())
    for kind, row, lines in history(db.session()):
        if kind == "account":
            buyers[row.id] = person_of(row)
            yield events.SignedUp(at=row.created_at, person=buyers[row.id])
        elif kind == "order":
            buyer = buyers.get(row.account_id) or guest_of(row)
            yield order_completed(row, _lines(lines), buyer, codes=codes.get(row.id, ()))
        else:
            yield events.OrderRefunded(
                at=row.refunded_at, refund_id=row.number, order_id=row.order_number, person=buyers.get(row.account_id),
                currency=row.currency, amount_minor=row.amount_minor, reason=row.reason,
                lines=_lines(lines),
            )  # fmt: skip


def _lines(rows: Sequence[Any]) -> tuple[events.OrderLine, ...]:
    """By place: a year of a grocer's has more than a million, and a column's name costs more than its value."""
    return tuple(
        events.OrderLine(product_id=str(product_id), name=name, quantity=quantity, net_minor=net, cost_minor=cost)
        for _, product_id, name, quantity, net, cost in rows
    )

"""The imported past, told to the CRM in bulk; a demo gets made-up visits before its purchases, too."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ecrm import events
from ecrm.history import backfill, simulate_history
from ecrm.installation import installation
from ecrm.training import train_models

from ..database import db
from ..importing.filling import Progress
from ..importing.history import history, history_size
from .telling import event_line, guest_of, order_completed, person_of


def history_imported(app: Flask, *, progress: Progress) -> None:
    """Tells the CRM what an import brought, and lets it learn; a demo gets made-up visits before its purchases too."""
    whole, done = history_size(db.session()), 0

    def told(events_told: int) -> None:
        nonlocal done
        done += events_told
        progress("Telling the CRM", done, whole)

    backfill(installation(app), _past(), progress=told)
    if app.config["SHOP_ENV"] == "demo":
        simulate_history(installation(app), progress=lambda orders, of: progress("Simulating visits", orders, of))
    progress("Learning what goes with what", 0, 1)
    train_models(installation(app))
    progress("Learning what goes with what", 1, 1)


def _past() -> Iterator[events.Told]:
    """What an import brought, as events in the order of time."""
    buyers: dict[int | None, events.Person] = {}
    for kind, row, lines in history(db.session()):
        if kind == "account":
            buyers[row.id] = person_of(row)
            yield events.SignedUp(at=row.created_at, person=buyers[row.id])
        elif kind == "order":
            yield order_completed(row, lines, buyers.get(row.account_id) or guest_of(row))
        else:
            yield events.OrderRefunded(
                at=row.refunded_at, refund_id=row.number, order_id=row.order_number, person=buyers.get(row.account_id),
                currency=row.currency, amount_minor=row.amount_minor, reason=row.reason,
                lines=tuple(event_line(line) for line in lines),
            )  # fmt: skip

"""What the CRM announces to its host: every signal is sent with the Flask app as sender, after the CRM's own commit.

A receiver may open a transaction of its own; what it raises is logged and stops nobody. A crash between the commit
and the signal loses the signal: a host that must not miss a thing also asks, e.g. once a day.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from blinker import NamedSignal, Namespace
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from .installation import installation

log = logging.getLogger("ecrm.signals")
_signals = Namespace()

parcel_moved = _signals.signal("parcel-moved")
"""shipment_id, order_id: str, the shop's own, as in `OrderShipped`; status: str (`tracking.delivery.shipment.Status`);
at: datetime, when it was seen so. Sent for each move that a message about the parcel made; and each
hour for a week for what was delivered, in case a receiver failed: find what you have done already, and do nothing."""
case_changed = _signals.signal("case-changed")
"""reference: str, the case's `C-…`; state: str; order_id: str, empty where the case is about none."""


def announce_after_commit(session: Session, signal: NamedSignal, **facts: Any) -> None:
    """Send a signal once `session`'s transaction is committed; never if it isn't.

    As with the ledger's reactions, the transaction has ended and its connection is back in the pool by then.
    """
    app = installation().app
    if "ecrm_signals" not in session.info:
        session.info["ecrm_signals"], session.info["ecrm_signals_due"] = [], []
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_rollback", lambda s: s.info["ecrm_signals"].clear())
        event.listen(session, "after_transaction_end", _ended)
    session.info["ecrm_signals"].append(lambda: signal.send(app, **facts))


def _committed(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info["ecrm_signals_due"] += session.info["ecrm_signals"]
        session.info["ecrm_signals"] = []


def _ended(session: Session, transaction: SessionTransaction) -> None:
    """A broad `except` stands here on purpose: what was committed must not look as if it hadn't been."""
    if transaction.parent is not None:
        return
    due: list[Callable[[], Any]]
    due, session.info["ecrm_signals_due"] = session.info["ecrm_signals_due"], []
    for send in due:
        try:
            send()
        except Exception:
            log.exception("a receiver of the CRM's signal failed")

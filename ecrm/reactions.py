"""What happens when …: one ordered table from event to reactions. Read it to know everything an event causes.

A reaction gets the CRM's own session, the event's row in the ledger and the typed event. It commits nothing, may
run more than once over a row of retries, and reaches its effect once: its "done" is in the transaction of its work.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import events, ledger
from .collector.heard import remember_heard
from .collector.identified import take_over_profile
from .consent.signing_up import take_consent
from .customers.checkout_memory import remember_checkout
from .customers.recognition import recognise
from .installation import Installation
from .mail import confirm_order, tell_delivered, tell_scanned, tell_shipped
from .marketing.attribution.crediting import attribute_customer, attribute_order, attribute_refund
from .parcels import cancel_shipment, drop_unsent, expect_shipment, finish_shipment, note_scan, start_shipment
from .returns.closing import close_return
from .sales import remember_order, remember_refund
from .service.parcels_back import hand_to_desk
from .service.units_told import keep_units
from .waiting.looking import ask_shop_for_new, tell_who_waits

REACTIONS: dict[str, Sequence[ledger.React]] = {
    events.SignedUp.name: (recognise, attribute_customer),
    events.SignedIn.name: (recognise, attribute_customer),
    events.ProfileChanged.name: (recognise,),
    events.Identified.name: (take_over_profile, attribute_customer),
    events.OrderCompleted.name: (
        recognise,
        remember_order,
        attribute_order,
        remember_checkout,
        expect_shipment,
        confirm_order,
    ),
    events.OrderRefunded.name: (recognise, remember_refund, attribute_refund, drop_unsent, close_return),
    events.OrderCancelled.name: (cancel_shipment,),
    events.OrderShipped.name: (start_shipment, keep_units, tell_shipped),
    events.ParcelScanned.name: (note_scan, tell_scanned, hand_to_desk),
    events.OrderDelivered.name: (finish_shipment, tell_delivered),
    events.HeardOfUs.name: (remember_heard,),
    events.ProductRestocked.name: (tell_who_waits,),
    events.PriceChanged.name: (tell_who_waits,),
    events.ProductListed.name: (ask_shop_for_new,),
    events.ConsentGiven.name: (take_consent,),
}


def reaction_names(event: events.Told) -> list[str]:
    """The reactions owed to an event, in order."""
    return [react.__name__ for react in REACTIONS[event.name]]


def run_reactions(crm: Installation, event_ids: Sequence[int] | None = None) -> int:
    """Run due reactions (of these events, or of all); returns how many were done."""
    with crm.app.app_context():
        return ledger.run_reactions(crm.sessions, REACTIONS, event_ids=event_ids)

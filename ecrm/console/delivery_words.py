"""The words of deliveries: states of a shipment and signs that it is late, for staff."""

from __future__ import annotations

from ecrm.wording import gettext as _
from tracking.delivery.foretelling import Why
from tracking.delivery.shipment import Status


def status_words() -> dict[str, str]:
    """States as the lists of deliveries name them."""
    return {
        Status.PRE_TRANSIT: _("To be packed"),
        Status.IN_TRANSIT: _("On its way"),
        Status.OUT_FOR_DELIVERY: _("Out for delivery"),
        Status.AVAILABLE_FOR_PICKUP: _("To be picked up"),
        Status.DELIVERED: _("Delivered"),
        Status.EXCEPTION: _("Problem"),
        Status.RETURN_TO_SENDER: _("On its way back"),
        Status.CANCELLED: _("Cancelled"),
    }


def why_words() -> dict[str, str]:
    """By which sign a parcel is known to be late."""
    return {
        Why.FORETOLD: _("its like take longer than is left"),
        Why.SILENT: _("no news for longer than of 95 in 100 of its like"),
        Why.NOT_LEFT: _("it hasn't left in time"),
        Why.EXCEPTION: _("the carrier reports a problem"),
        Why.OVERDUE: _("its day has passed"),
    }

"""The customer's words for states and kinds: what it means for them, not for the desk."""

from __future__ import annotations

from ecrm.service.cases import Kind, State
from ecrm.wording import gettext as _


def state_words() -> dict[str, str]:
    """Whose turn it is."""
    return {
        State.NEW: _("we have it"), State.OPEN: _("we are on it"), State.WAITING: _("waits for your answer"),
        State.SOLVED: _("solved"), State.CLOSED: _("closed"),
    }  # fmt: skip


def kind_words() -> dict[str, str]:
    """What a case is about."""
    return {
        Kind.QUESTION: _("Question"), Kind.COMPLAINT: _("Complaint"), Kind.PRAISE: _("Praise"),
        Kind.RETURN: _("Return"), Kind.WARRANTY: _("Warranty"), Kind.DELIVERY: _("Delivery"),
        Kind.DATA: _("Your data"), Kind.OTHER: _("Other"),
    }  # fmt: skip


def parcel_words() -> dict[str, str]:
    """Where a parcel is, by its status."""
    return {
        "pre_transit": _("being prepared"), "in_transit": _("on its way"), "out_for_delivery": _("comes today"),
        "available_for_pickup": _("waits to be picked up"), "delivered": _("delivered"),
        "exception": _("the carrier reports a problem"), "return_to_sender": _("goes back to us"),
        "cancelled": _("cancelled"),
    }  # fmt: skip

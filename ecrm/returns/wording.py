"""Returns in words: their states, for customers and for staff, and their reasons."""

from __future__ import annotations

from ecrm.wording import gettext as _
from tracking.delivery.returns import Reason, Return, ReturnState


def reason_names() -> dict[str, str]:
    """Each reason as it is offered and reported."""
    return {
        Reason.DAMAGED: _("It arrived damaged, or doesn't work"),
        Reason.WRONG_ITEM: _("Something else came than was ordered"),
        Reason.NOT_AS_DESCRIBED: _("It isn't as described"),
        Reason.TOO_LATE: _("It came too late"),
        Reason.DOES_NOT_FIT: _("It doesn't fit"),
        Reason.CHANGED_MIND: _("I don't want it any more"),
        Reason.OTHER: _("Another reason"),
    }


def state_names() -> dict[str, str]:
    """Each state in a word or two, for staff."""
    return {
        ReturnState.REQUESTED: _("asked for"),
        ReturnState.APPROVED: _("approved"),
        ReturnState.SENT: _("on its way back"),
        ReturnState.RECEIVED: _("received"),
        ReturnState.REFUNDED: _("paid back"),
        ReturnState.REFUSED: _("refused"),
        ReturnState.CANCELLED: _("withdrawn"),
    }


def state_words(found: Return) -> str:
    """What the state means for the customer."""
    return {
        ReturnState.REQUESTED: _("We have your request and will answer it soon."),
        ReturnState.APPROVED: _("Please send it back: print the label and put the slip into the parcel."),
        ReturnState.SENT: _("It is on its way to us."),
        ReturnState.RECEIVED: _("It has arrived. Your money goes back as soon as we have looked at it."),
        ReturnState.REFUNDED: _("Done: the money has gone back."),
        ReturnState.REFUSED: _("We can't take it back."),
        ReturnState.CANCELLED: _("You keep it after all."),
    }[ReturnState(found.state)]

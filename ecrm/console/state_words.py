"""What becomes of e-mails, parcels, jobs and mailings, in words: the chips of every list."""

from __future__ import annotations

from ecrm import wording

_ = wording.gettext


@wording.by_language
def words_of_states() -> dict[str, str]:
    """By state; a page has dozens of chips."""
    return {
        "queued": _("queued"), "claimed": _("being sent"), "sent": _("sent"), "failed": _("failed"),
        "unknown": _("in doubt"), "deferred": _("deferred"), "bounced": _("bounced"), "suppressed": _("held back"),
        "dropped": _("dropped"), "pre_transit": _("to be packed"), "in_transit": _("on its way"),
        "out_for_delivery": _("out for delivery"), "available_for_pickup": _("to be picked up"),
        "return_to_sender": _("on its way back"), "delivered": _("delivered"), "exception": _("problem"),
        "cancelled": _("cancelled"), "pending": _("owed"), "done": _("done"), "given_up": _("given up"),
        "running": _("running"), "draft": _("draft"), "scheduled": _("planned"), "paused": _("paused"),
        "finished": _("finished"), "stopped": _("stopped"),
    }  # fmt: skip

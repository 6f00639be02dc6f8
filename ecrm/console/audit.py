"""Audit: who opened whose data and why; for the owner."""

from __future__ import annotations

from flask import render_template

from ecrm.access.audit import Action, entries
from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.wording import gettext as _

from .blueprint import console
from .queries import choice_arg, number_arg, text_arg

PAGE = 100


@console.get("/audit")
@needs(Permission.AUDIT)
def audit() -> str:
    """The record, newest first; all, or of one action or one subject."""
    action, subject, before = choice_arg("action", Action), text_arg("subject"), number_arg("before")
    with installation().sessions() as session:
        rows = entries(session, before_id=before, action=action, subject=subject, limit=PAGE + 1)
    return render_template(
        "ecrm/console/audit.html",
        entries=rows[:PAGE],
        more=rows[PAGE - 1].id if len(rows) > PAGE else None,
        action=action,
        subject=subject,
        deeds=_deeds(),
    )


def _deeds() -> dict[str, str]:
    return {
        Action.CUSTOMER_OPENED: _("opened a customer"),
        Action.CUSTOMER_NOT_FOUND: _("looked for somebody, found nobody"),
        Action.CUSTOMERS_LISTED: _("saw who fits a name or number"),
        Action.EMAIL_READ: _("read an e-mail"),
        Action.EMAIL_SENT_AGAIN: _("had an e-mail sent again"),
        Action.DOUBTFUL_SENT_AGAIN: _("had doubtful e-mails sent again"),
        Action.CASE_OPENED: _("opened a case"),
        Action.CASES_CHANGED: _("changed many cases at once"),
        Action.CASE_FILE_READ: _("opened a file of a case"),
        Action.DESK_CHANGED: _("changed how the desk is set up"),
        Action.EVENTS_READ: _("read a customer's events"),
        Action.EVENTS_ERASED: _("erased a customer's events"),
        Action.RECOMMENDATIONS_READ: _("read a customer's recommendations"),
        Action.ORDERS_EXPORTED: _("exported orders"),
        Action.REACTION_RETRIED: _("had a reaction tried again"),
        Action.WRITE_KEY_MADE: _("made a write key"),
        Action.WRITE_KEY_REVOKED: _("revoked a write key"),
        Action.CLAIM_TAKEN_BACK: _("took a browser from a customer"),
        Action.CLAIM_PUT_BACK: _("gave a browser back to a customer"),
        Action.EXPERIMENT_STARTED: _("started an experiment"),
        Action.EXPERIMENT_STOPPED: _("stopped an experiment"),
        Action.HELD_OUT_EXPORTED: _("exported whom a campaign leaves out"),
        Action.CAMPAIGN_CHANGED: _("changed a campaign"),
        Action.COSTS_CHANGED: _("changed costs"),
        Action.RULE_MADE: _("made a rule for recommendations"),
        Action.RULE_ENDED: _("ended a rule for recommendations"),
        Action.FLOW_CHANGED: _("changed a flow"),
        Action.DELIVERY_OPENED: _("opened a delivery"),
        Action.PARCEL_SCANNED: _("entered what a carrier said of a parcel"),
        Action.PARCEL_DELIVERED: _("marked a parcel as delivered"),
        Action.PARCELS_ENTERED: _("entered many tracking numbers"),
        Action.UNITS_CHECKED: _("looked whose addresses in a file of pieces are known"),
        Action.UNITS_ENTERED: _("entered many serial numbers"),
        Action.SEGMENT_CHANGED: _("changed a segment"),
        Action.SEGMENT_READ: _("looked at who is in a segment"),
        Action.LIST_CHANGED: _("changed a list of addresses"),
        Action.MODEL_CHOSEN: _("went back to a model of recommendations"),
        Action.SUPPRESSION_SEARCHED: _("looked whether a mailbox is held back"),
        Action.SUPPRESSED: _("held a mailbox back"),
        Action.SUPPRESSION_LIFTED: _("let a mailbox be written to again"),
        Action.SUPPRESSIONS_IMPORTED: _("imported mailboxes to hold back"),
        Action.SUPPRESSIONS_EXPORTED: _("exported the hashes of held back mailboxes"),
        Action.PAUSE_RELEASED: _("let paused marketing go on"),
        Action.CONSENT_WITHDRAWN: _("ended marketing because a customer asked"),
        Action.MAILBOX_ERASED: _("erased what was kept of a mailbox"),
    }

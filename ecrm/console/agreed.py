"""Ending marketing for a customer who asks staff for it; nobody can be subscribed here."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.consent.unsubscribing import wait_until_settled
from ecrm.installation import installation
from ecrm.wording import gettext as _
from mailer.consent import withdraw
from mailer.mailboxes import contacts_of_customer

from .blueprint import console
from .queries import LARGEST, text_arg


@console.post(f"/customers/<int(max={LARGEST}):customer_id>/withdraw")
@needs(Permission.CUSTOMERS)
def withdraw_for_customer(customer_id: int) -> Response:
    """Withdraw every topic for every mailbox of theirs, with what the customer said."""
    note, staff, now = text_arg("note"), signed_in_staff(), datetime.now(UTC)
    if not note:
        raise BadRequest(_("Say how they asked for it: it is kept in the log."))
    with installation().sessions.begin() as session:
        contacts = sorted(contact.id for contact in contacts_of_customer(session, customer_id))
        for contact_id in contacts:  # by id, as everybody locks them
            withdraw(session, contact_id, how="asked staff", now=now, actor=staff.name, proof=note)
        if contacts:
            subject = f"customer:{customer_id}"
            record(session, staff, Action.CONSENT_WITHDRAWN, subject=subject, reason=note, now=now)
    if not contacts:
        flash(_("No mailbox is known to be this customer's: they get no marketing anyway."))
    else:
        for contact_id in contacts:
            wait_until_settled(contact_id)
        flash(_("They get no marketing any more."))
    return redirect(url_for("console.customer", customer_id=customer_id, _anchor="agreed"), 303)

"""What staff do on a customer's page: notes, and noting that they offered something."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.recommending.choices import Choice, Chooser, TooMany, choose
from ecrm.service import notes
from ecrm.service.offers_shown import note_offer as keep_offer
from ecrm.service.offers_shown import offered_before, offers_shown
from ecrm.wording import gettext as _
from tracking.customers import Customer

from .blueprint import console
from .customer_page import PATH, customer_page
from .offer_words import DECLINED, how_words, offerer
from .queries import LARGEST


@console.post(f"{PATH}/notes")
@needs(Permission.CUSTOMERS)
def write_note(customer_id: int) -> Response | tuple[str, int]:
    """Keep a note; one that can't be kept stays in its field."""
    typed = {"text": request.form.get("text", "")[: 2 * notes.LONGEST], "pinned": request.form.get("pinned", "")}
    try:
        with installation().sessions.begin() as session:
            if session.get(Customer, customer_id) is None:
                raise NotFound(_("There is no such customer. They may have been erased."))
            notes.write(
                session, customer_id, typed["text"], pinned=bool(typed["pinned"]), by=signed_in_staff(),
                now=datetime.now(UTC),
            )  # fmt: skip
    except notes.BadNote as wrong:
        return customer_page(customer_id, typed=typed, problem=str(wrong)), 422
    flash(_("The note is kept."))
    return _back(customer_id, "notes")


@console.post(f"{PATH}/notes/<int(max={LARGEST}):note_id>")
@needs(Permission.CUSTOMERS)
def change_note(customer_id: int, note_id: int) -> Response:
    """Pin a note, take it down, or remove one's own."""
    deed, staff = request.form.get("deed", ""), signed_in_staff()
    with installation().sessions.begin() as session:
        note = notes.note_of(session, customer_id, note_id)
        if note is None:
            raise NotFound(_("There is no such note. A colleague may have removed it."))
        if deed in {"pin", "unpin"}:
            note.pinned = deed == "pin"
        elif deed == "remove" and note.staff_id == staff.staff_id:
            session.delete(note)
        elif deed == "remove":
            raise BadRequest(_("Only whoever wrote a note removes it."))
        else:
            raise BadRequest(_("Choose what is to be done with the note."))
    return _back(customer_id, "notes")


@console.post(f"{PATH}/offers")
@needs(Permission.CUSTOMERS)
def note_offer(customer_id: int) -> Response:
    """Note that a product was offered, or declined; one that somebody offered lately only for whoever saw the
    warning."""
    product, how, now = request.form.get("product", "")[:64], request.form.get("how", ""), datetime.now(UTC)
    crm = installation()
    cards = crm.storefront.products([product]) if product else []
    if not cards or how not in how_words():
        raise BadRequest(_("Choose a product of the shop, and how it was offered."))
    with crm.sessions.begin() as session:
        if session.get(Customer, customer_id, with_for_update=True) is None:
            raise NotFound(_("There is no such customer. They may have been erased."))
        before = offered_before(offers_shown(session, customer_id, now=now), product)
        if how == DECLINED:
            _leave_out(session, customer_id, product, now=now)
        if before is None or how == DECLINED or request.form.get("again"):
            keep_offer(
                session, customer_id, product=product, name=cards[0].name, how=how, by=signed_in_staff(), now=now
            )
            flash(
                _("Noted: it isn't recommended to them any more.")
                if how == DECLINED
                else _("Noted: your colleagues see that it was offered.")
            )
        else:
            flash(_("Not noted: it was offered in the last 30 days (%(by)s). Look at the warning.", by=offerer(before)))
    return _back(customer_id, "offers")


def _leave_out(session: Session, customer_id: int, product: str, *, now: datetime) -> None:
    """As if they had said "not interested" themselves: on the shop's pages, in e-mails and here."""
    try:
        choose(session, Chooser(customer_id, None), product=product, choice=Choice.NOT_INTERESTED, now=now)
    except TooMany:
        raise BadRequest(_("They refused so many products already that no more are kept.")) from None


def _back(customer_id: int, anchor: str) -> Response:
    return redirect(url_for("console.customer", customer_id=customer_id, _anchor=anchor), 303)

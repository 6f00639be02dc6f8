"""Taking back that a customer used a browser, and putting it back; from the customer's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.identity import put_back, take_back
from ecrm.installation import installation
from ecrm.wording import gettext as _
from tracking.visitors import VisitorClaim

from .blueprint import console
from .queries import LARGEST

MAX_REASON = 200
_PATH = f"/customers/<int(max={LARGEST}):customer_id>/browsers/<int(max={LARGEST}):claim_id>"


@console.post(f"{_PATH}/take-back")
@needs(Permission.CUSTOMERS)
def take_back_browser(customer_id: int, claim_id: int) -> Response:
    """This customer didn't use this browser: its visits are theirs no more."""
    if _changed(customer_id, claim_id, take_back, Action.CLAIM_TAKEN_BACK):
        flash(_("Taken back: the browser's visits are no longer this customer's, and the reports follow."))
    else:
        flash(_("This was taken back before."))
    return _back(customer_id)


@console.post(f"{_PATH}/put-back")
@needs(Permission.CUSTOMERS)
def put_back_browser(customer_id: int, claim_id: int) -> Response:
    """It was this customer after all."""
    if _changed(customer_id, claim_id, put_back, Action.CLAIM_PUT_BACK):
        flash(_("Put back: the browser's visits are this customer's again, and the reports follow."))
    else:
        flash(_("It was put back before."))
    return _back(customer_id)


def _changed(customer_id: int, claim_id: int, change: Callable[..., bool], action: Action) -> bool:
    """Change the claim with the reason that the form gives; recorded where it isn't so already."""
    reason, staff, now = _reason(), signed_in_staff(), datetime.now(UTC)
    with installation().sessions.begin() as session:
        _claim_of(session, customer_id, claim_id)
        changed = change(session, claim_id, by=staff.name, reason=reason, at=now)
        if changed:
            record(session, staff, action, subject=f"customer:{customer_id}", reason=reason, now=now)
    return changed


def _reason() -> str:
    """Why, in the staff's own words: without them nobody could judge the change later."""
    words = "".join(letter if letter.isprintable() else " " for letter in request.form.get("reason", ""))
    reason = " ".join(words.split())
    if not reason:
        raise BadRequest(_("Please say why, in a few words: it is kept with the change."))
    if len(reason) > MAX_REASON:
        raise BadRequest(_("Please use at most %(number)s characters.", number=MAX_REASON))
    return reason


def _claim_of(session: Session, customer_id: int, claim_id: int) -> None:
    claim = session.get(VisitorClaim, claim_id)
    if claim is None or claim.customer_id != customer_id:
        raise NotFound(_("This customer has no such browser."))


def _back(customer_id: int) -> Response:
    return redirect(url_for("console.customer_browsers", customer_id=customer_id), 303)

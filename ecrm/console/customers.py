"""Customers: found by whatever they can say, opened with a reason, and every opening and list is recorded."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service.lookup import By, Miss, Several, look_up, masked
from ecrm.wording import gettext as _

from .blueprint import DEFAULT_REASON, console, kept_reason


@console.get("/customers")
@needs(Permission.CUSTOMERS)
def customers() -> str:
    """The lookup."""
    return render_template("ecrm/console/customers.html", miss=None, asked="", reasons=_reasons())


@console.post("/customers")
@needs(Permission.CUSTOMERS)
def find_customer() -> Response | tuple[str, int]:
    """Look somebody up; by POST, so that addresses stand in no log and no history."""
    asked = request.form.get("asked", "")[:300]
    words = "".join(letter if letter.isprintable() else " " for letter in request.form.get("reason", ""))
    given = " ".join(words.split())[:200]
    session["ecrm_reason"] = given or kept_reason() or DEFAULT_REASON
    crm, now = installation(), datetime.now(UTC)
    country = crm.storefront.facts().country
    with crm.sessions() as own:
        found = look_up(own, asked, country=country)
    if isinstance(found, Miss):
        status = 400 if found in {Miss.EMPTY, Miss.UNREADABLE, Miss.SHORT_NAME} else 404
        if status == 404:
            with crm.sessions.begin() as own:
                record(
                    own, signed_in_staff(), Action.CUSTOMER_NOT_FOUND,
                    subject=masked(asked), reason=kept_reason(), now=now,
                )  # fmt: skip
        page = render_template("ecrm/console/customers.html", miss=found, asked=asked, reasons=_reasons())
        return page, status
    if isinstance(found, Several):
        if found.by is not By.ADDRESS:  # names are shown
            with crm.sessions.begin() as own:
                record(
                    own, signed_in_staff(), Action.CUSTOMERS_LISTED,
                    subject=masked(asked), reason=kept_reason(), now=now,
                )  # fmt: skip
        return render_template("ecrm/console/namesakes.html", found=found, asked=asked.strip()), 200
    anchor = f"order-{found.order_reference}" if found.order_reference else None
    return redirect(url_for("console.customer", customer_id=found.customer_id, _anchor=anchor), 303)


def _reasons() -> tuple[str, ...]:
    """Suggestions; any other words are as good."""
    return (
        _("customer asked"), _("question about an order"), _("complaint"), _("request for data or erasure"),
        _("suspected misuse"),
    )  # fmt: skip

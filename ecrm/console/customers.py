"""Customers: found by whatever they can say, opened with a reason, and every opening and list is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service import cases
from ecrm.service.cases import Case
from ecrm.service.lookup import By, Miss, Several, Unowned, bare_address, look_up, masked
from ecrm.wording import gettext as _
from tracking.phone_number import country_calling_code, readable

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
        nameless = _cases_from(own, asked) if found is Miss.NO_SUCH_ADDRESS else []
    if isinstance(found, Unowned):
        return redirect(where, 303) if (where := _page_of(found)) else (_not_found(Miss.NO_SUCH_NUMBER, asked), 404)
    if isinstance(found, Miss):
        status = 400 if found in {Miss.EMPTY, Miss.UNREADABLE, Miss.SHORT_NAME} else 404
        if status == 404:
            with crm.sessions.begin() as own:
                record(
                    own, signed_in_staff(), Action.CUSTOMER_NOT_FOUND,
                    subject=masked(asked), reason=kept_reason(), now=now,
                )  # fmt: skip
        return _not_found(found, asked, nameless), status
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


def _not_found(miss: Miss, asked: str, nameless: Sequence[Case] = ()) -> str:
    country = installation().storefront.facts().country
    return render_template(
        "ecrm/console/customers.html", miss=miss, asked=asked, reasons=_reasons(), nameless=nameless,
        code=country_calling_code(country), as_number=readable(asked, country),
    )  # fmt: skip


def _cases_from(own: Session, asked: str) -> list[Case]:
    """Cases that came from an address that is nobody's: whoever wrote them has never been in the shop."""
    if not may(signed_in_staff(), Permission.CASES):
        return []
    return [one for one in cases.of_address(own, bare_address(asked), limit=5) if not one.spam]


def _page_of(found: Unowned) -> str:
    """Where a thing is shown that is nobody's; empty where this member of staff doesn't see such."""
    needed, page, argument = {
        By.CASE: (Permission.CASES, "console.case", "reference"),
        By.RETURN: (Permission.DELIVERIES, "console.one_return", "reference"),
        By.PARCEL: (Permission.DELIVERIES, "console.delivery", "shipment_id"),
        By.PIECE: (Permission.CUSTOMERS, "console.unit", "unit_id"),
    }[found.by]
    where: dict[str, Any] = {argument: found.reference or found.thing_id}
    return url_for(page, **where) if may(signed_in_staff(), needed) else ""


def _reasons() -> tuple[str, ...]:
    """Suggestions; any other words are as good."""
    return (
        _("customer asked"), _("question about an order"), _("complaint"), _("request for data or erasure"),
        _("suspected misuse"),
    )  # fmt: skip

"""Events: the log as it is (database and archive), filtered; persons appear only to roles that may see customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm import events as vocabulary
from ecrm.access.audit import Action, record_look
from ecrm.access.roles import NotPermitted, Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.period import Period, bounds
from ecrm.service.queues import reactions_of
from ecrm.wording import gettext as _
from ecrm.wording import zone
from tracking.clickstream.log import Log, Wanted, person
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import customers_by_email

from .blueprint import console, kept_reason
from .product_names import product_names
from .queries import LARGEST, LARGEST_INTEGER, cursor, cursor_arg, day_arg, number_arg, text_arg

PAGE = 50
WINDOW = timedelta(days=31)
"""An unspecific search looks this far back at a time, so that a rare name never makes it read the whole log."""

# What a role that may not see customers may see of an event. A list of what is shown, not of what is hidden:
# a property that somebody adds later stays hidden until somebody decides otherwise.
IMPERSONAL = frozenset({
    "currency", "goods_minor", "shipping_minor", "discount_minor", "total_minor", "amount_minor", "lines",
    "delivery_method", "payment_method", "promised_on", "carrier", "order_id", "refund_id", "shipment_id",
    "path", "title", "status", "milliseconds", "product_id", "product_ids", "list_id", "first_position", "query",
    "results", "quantity", "value_minor", "step", "placement", "seconds", "scroll", "at",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id",
    "experiment_id", "experiment_name", "variation_id", "position", "strategy", "added", "model",
})  # fmt: skip


def event_names() -> list[str]:
    """Every name that the seam knows."""
    seen = [kind.name for kind in vocabulary.Seen.__subclasses__()]
    return sorted({*seen, *(kind.name for kind in vocabulary.TOLD)})


@console.get("/events")
@needs(Permission.EVENTS)
def events() -> str:
    """The ledger, newest first; by name, day, order, visit or (for roles that may) customer."""
    name, order, day = text_arg("name", longest=60), text_arg("order", longest=64).lstrip("#"), day_arg("day")
    visit, customer_id, before = number_arg("visit"), number_arg("customer", largest=LARGEST_INTEGER), cursor_arg()
    crm = installation()
    with crm.sessions.begin() as session:
        if customer_id is not None:
            _record_person(session, customer_id)
        if visit is not None and session.get(Visit, visit) is None:
            raise NotFound(_("There is no such visit."))
        wanted = Wanted(
            names=(name,) if name else (),
            orders={order, order.upper()} if order else (),
            visit=visit,
            person=None if customer_id is None else person(session, customer_id, window=_window()),
        )
        oldest = None
        if day:
            start, end = bounds(Period(day, day), zone())
            wanted = replace(wanted, since=start, until=end)
        elif name and not order and customer_id is None and visit is None:
            oldest = (before[0] if before else datetime.now(UTC)) - WINDOW
            wanted = replace(wanted, since=oldest)
        log = Log(session, crm.archive)
        rows = log.page(wanted, limit=PAGE + 1, before=before)
        more = cursor(rows[PAGE - 1].happened_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
        if not more and oldest is not None and log.any_before(oldest):
            more = cursor(oldest, 0)
    return render_template(
        "ecrm/console/events.html",
        events=rows[:PAGE], more=more, kinds=event_names(), name=name, order=order, day=day, visit=visit,
        customer_id=customer_id, asked="", missed=False, names=product_names(rows[:PAGE]),
    )  # fmt: skip


@console.post("/events")
@needs(Permission.EVENTS)
def find_events() -> Response | tuple[str, int]:
    """Turn the filter form into a link; a customer's address becomes a number here, so that no link holds it."""
    wanted: dict[str, Any] = {key: value for key in ("name", "order", "day") if (value := text_arg(key))}
    asked = text_arg("email", longest=254)
    if not asked:
        return redirect(url_for("console.events", **wanted), 303)
    if not may(signed_in_staff(), Permission.CUSTOMERS):
        raise NotPermitted(signed_in_staff())
    with installation().sessions() as session:
        known = customers_by_email(session, asked)
    if not known:
        page = render_template(
            "ecrm/console/events.html",
            events=[], more="", kinds=event_names(), name=wanted.get("name", ""), order=wanted.get("order", ""),
            day=day_arg("day"), visit=None, customer_id=None, asked=asked, missed=True, names={},
        )  # fmt: skip
        return page, 404
    return redirect(url_for("console.events", customer=known[0].id, **wanted), 303)


@console.get(f"/events/<int(max={LARGEST}):event_id>")
@needs(Permission.EVENTS)
def event(event_id: int) -> str:
    """One event: its properties, and the reactions that it caused."""
    staff = signed_in_staff()
    with installation().sessions.begin() as session:
        found = Log(session, installation().archive).event(event_id)
        if found is None:
            raise NotFound(_("There is no such event."))
        personal = may(staff, Permission.CUSTOMERS)
        if personal and found.customer_id is not None:
            _record_person(session, found.customer_id)
        reactions = reactions_of(session, event_id)
    return render_template(
        "ecrm/console/event.html",
        event=found, reactions=reactions, names=product_names([found]),
        properties=_flat(found.properties if personal else impersonal(found.properties)),
        hidden=0 if personal else len(found.properties) - len(impersonal(found.properties)),
    )  # fmt: skip


def impersonal(properties: dict[str, Any]) -> dict[str, Any]:
    """What is left of an event's properties for a role that may not see customers."""
    return {key: value for key, value in properties.items() if key in IMPERSONAL}


def _flat(properties: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested properties as dotted names, so that they fit a table."""
    rows: list[tuple[str, Any]] = []
    for key, value in properties.items():
        if isinstance(value, dict) and value:
            rows += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for number, one in enumerate(value, 1):
                rows += _flat(one, f"{prefix}{key}.{number}.")
        elif isinstance(value, list):
            rows.append((f"{prefix}{key}", ", ".join(map(str, value))))
        else:
            rows.append((f"{prefix}{key}", value))
    return rows


def _window() -> timedelta:
    return timedelta(days=int(installation().app.config["ECRM_IDENTITY_DAYS"]))


def _record_person(session: Session, customer_id: int) -> None:
    staff = signed_in_staff()
    if not may(staff, Permission.CUSTOMERS):
        raise NotPermitted(staff)
    record_look(
        session, staff, Action.EVENTS_READ,
        subject=f"customer:{customer_id}", reason=kept_reason(), now=datetime.now(UTC),
    )  # fmt: skip

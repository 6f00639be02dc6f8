"""A case that staff open: from the customer's page, from a call, or from a letter that came by post."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service import cases
from ecrm.service.cases import Channel, Direction, Kind, Opened, Priority, Said
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox
from tracking.customers import Customer

from .blueprint import console
from .case_page import case_url
from .case_words import kind_words, priority_words
from .queries import LARGEST

FIELDS = ("customer", "address", "name", "channel", "kind", "priority", "order", "product", "subject", "text")
_BY = (Channel.STAFF, Channel.PHONE)


@console.get("/cases/new")
@needs(Permission.CASES)
def new_case() -> str:
    """The form; a link may fill it in (`?customer=…&order=…&product=…&kind=…`)."""
    typed = {name: request.args.get(name, "")[:300] for name in FIELDS}
    with installation().sessions() as session:
        customer = _customer(session, typed["customer"])
    if customer is not None and not typed["address"]:
        typed |= {"address": customer.email, "name": f"{customer.first_name} {customer.last_name}".strip()}
    return _form(typed)


@console.post("/cases/new")
@needs(Permission.CASES)
def open_new_case() -> Response | tuple[str, int]:
    """Open it; what can't be is said at once, and what was typed stays."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    staff, now = signed_in_staff(), datetime.now(UTC)
    if wrong := _wrong(typed):
        return _form(typed, wrong), 422
    with installation().sessions.begin() as session:
        customer = _customer(session, typed["customer"])
        opened = Opened(
            channel=Channel(typed["channel"] or Channel.STAFF), kind=Kind(typed["kind"] or Kind.QUESTION),
            subject=typed["subject"], priority=Priority(int(typed["priority"] or Priority.NORMAL)), by=staff,
            customer_id=customer.id if customer else None, from_address=typed["address"], from_name=typed["name"],
            order_reference=typed["order"].lstrip("#"), product=typed["product"],
            said=Said(direction=Direction.NOTE, text=typed["text"], by=staff) if typed["text"] else None,
        )  # fmt: skip
        reference = cases.open_case(session, opened, now=now).reference
    return redirect(case_url(reference), 303)


def _form(typed: dict[str, str], wrong: dict[str, str] | None = None) -> str:
    words = {Channel.STAFF: _("ourselves"), Channel.PHONE: _("telephone")}
    return render_template(
        "ecrm/console/new_case.html", typed=typed, wrong=wrong or {}, kind_words=kind_words(),
        priority_words=priority_words(), channels={one.value: words[one] for one in _BY},
    )  # fmt: skip


def _wrong(typed: dict[str, str]) -> dict[str, str]:
    """By field, what is wrong with it."""
    wrong = {}
    if not typed["subject"]:
        wrong["subject"] = _("Say in a few words what it is about.")
    if typed["address"]:
        try:
            Mailbox("", typed["address"])
        except BadHeader:
            wrong["address"] = _("This isn't an e-mail address. Leave it empty if none is known.")
    for name, known in (("channel", {*_BY, ""}), ("kind", {*Kind, ""}), ("priority", {"", "1", "2", "3", "4"})):
        if typed[name] not in known:
            wrong[name] = _("Choose one of the list.")
    for name, longest in (("order", 64), ("product", 64), ("text", 100_000), ("subject", 300), ("name", 200)):
        if len(typed[name]) > longest:
            wrong[name] = _("This is too long: at most %(most)s letters.", most=longest)
    for name in ("order", "product"):  # searched for as they stand; texts and names are cleaned where they are kept
        if not typed[name].isprintable():
            wrong[name] = _("This number can't be read. Type it anew.")
    return wrong


def _customer(session: Session, number: str) -> Customer | None:
    if not (number.isascii() and number.isdigit() and len(number) <= 19 and int(number) <= LARGEST):
        return None
    return session.get(Customer, int(number))

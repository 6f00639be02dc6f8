"""Calls: the log, the card of whoever rings, and a case of what they said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.phones import call_link, customers_by_phone
from ecrm.installation import installation
from ecrm.service import cases
from ecrm.service.calls import MOST_WORDS, Call, Outcome, Way, latest, of_customer, of_number, open_case_of
from ecrm.service.calls import enter_call as write_down
from ecrm.service.cases import Case
from ecrm.wording import gettext as _
from tracking.customers import Customer
from tracking.orders import SeenOrder
from tracking.phone_number import fold_phone, readable

from .blueprint import console
from .queries import LARGEST, choice_arg, cursor, cursor_arg, number_arg, text_arg

PAGE = 50
CARDS = 5
ORDERS = 3


@dataclass(frozen=True)
class Card:
    """Somebody who is known under the number: their last orders and what of theirs is open."""

    customer: Customer
    orders: list[SeenOrder]
    cases: list[Case]
    link: str


@console.get("/calls")
@needs(Permission.CASES)
def calls() -> str:
    """The latest calls; with a number or a customer, the card of whoever it is. No card is shown that wasn't recorded
    first."""
    return _page(text_arg("number", longest=60), customer_id=number_arg("customer"))


@console.post("/calls")
@needs(Permission.CASES)
def enter_call() -> Response | tuple[str, int]:
    """Write down a call that staff had; by the other button, a case of it."""
    crm, now, staff = installation(), datetime.now(UTC), signed_in_staff()
    country, chosen = crm.storefront.facts().country, number_arg("customer")
    typed, words = request.form.get("number", "").strip()[:60], request.form.get("words", "").replace("\x00", "")
    outcome, direction = choice_arg("outcome", Outcome), choice_arg("direction", Way)
    if typed and not fold_phone(typed, country):
        trouble = _(
            "This can't be a telephone number. Type it with its area code, or leave it empty if it was withheld."
        )
    elif not typed and not words.strip():
        trouble = _("Type the number, or what was said: there is nothing to keep yet.")
    elif len(words) > MOST_WORDS:
        trouble = _("At most %(most)s letters, please.", most=MOST_WORDS)
    else:
        trouble = ""
    if trouble:
        return _page("", customer_id=chosen, trouble=trouble, typed=_typed(typed, words)), 422
    with crm.sessions.begin() as session:
        known = session.get(Customer, chosen) if chosen is not None else None
        call = write_down(
            session, number=typed, direction=direction or Way.IN, outcome=outcome or Outcome.ANSWERED, words=words,
            by=staff, customer_id=known.id if known else None, country=country, now=now,
        )  # fmt: skip
        reference = ""
        if request.form.get("deed") == "case":
            reference = open_case_of(session, call, subject=_subject(call), by=staff, now=now).reference
        number = call.number
    if reference:
        return redirect(url_for("console.case", reference=reference), 303)
    flash(_("The call is written down."))
    if known is not None and "back" in request.form:
        return redirect(url_for("console.calls", customer=known.id), 303)
    return redirect(url_for("console.calls", number=number or None), 303)


@console.post(f"/calls/<int(max={LARGEST}):call_id>/case")
@needs(Permission.CASES)
def open_case_of_call(call_id: int) -> Response:
    """Open a case of a call, of the customer who was chosen; the one that it has already, where it has one."""
    now, staff = datetime.now(UTC), signed_in_staff()
    with installation().sessions.begin() as session:
        call = session.get(Call, call_id, with_for_update=True)
        if call is None:
            raise NotFound(_("There is no such call. It may have been erased."))
        chosen = number_arg("customer")
        if call.customer_id is None and chosen is not None and session.get(Customer, chosen) is not None:
            call.customer_id = chosen
        reference = open_case_of(session, call, subject=_subject(call), by=staff, now=now).reference
    return redirect(url_for("console.case", reference=reference), 303)


def _page(asked: str, *, customer_id: int | None = None, trouble: str = "", typed: dict[str, str] | None = None) -> str:
    crm = installation()
    facts = crm.storefront.facts()
    number = fold_phone(asked, facts.country)
    if asked and not number:
        trouble = _("“%(asked)s” is no telephone number. Type it with its area code.", asked=asked)
    with crm.sessions.begin() as session:
        chosen = session.get(Customer, customer_id) if customer_id is not None and not asked else None
        if customer_id is not None and chosen is None and not asked and request.method == "GET":
            raise NotFound(_("There is no such customer. They may have been erased."))
        if chosen is not None:
            number = chosen.phone_folded
        calls_of: Sequence[Call] = ()
        if chosen is not None:
            calls_of = of_customer(session, chosen.id, limit=PAGE)
        elif number:
            calls_of = of_number(session, number, country=facts.country, limit=PAGE)
        cards = _cards(session, [chosen] if chosen else customers_by_phone(session, number, country=facts.country))
        everybodys = chosen is None and not number
        shown = latest(session, limit=PAGE + 1, before=cursor_arg("after")) if everybodys else calls_of
        names = _names(session, shown)
        references = _references(session, shown)
        session.flush()  # the looks, before what they were about is let go
        session.expunge_all()
    more = cursor(shown[PAGE - 1].started_at, shown[PAGE - 1].id) if len(shown) > PAGE else ""
    return render_template(
        "ecrm/console/calls.html",
        asked=asked, number=number, of=cards[0].customer if chosen is not None else None, readable=readable,
        country=facts.country, cards=cards, calls=shown[:PAGE],
        names=names, references=references, more=more, trouble=trouble, typed=typed or {"number": number, "words": ""},
        link=call_link(number, country=facts.country, facts=facts) if number else "", outcomes=outcome_words(),
    )  # fmt: skip


def _typed(number: str, words: str) -> dict[str, str]:
    return {
        "number": number, "words": words, "outcome": request.form.get("outcome", ""),
        "direction": request.form.get("direction", ""),
    }  # fmt: skip


def outcome_words() -> dict[str, str]:
    """What came of a call, in words."""
    return {
        Outcome.RINGING: _("rings"), Outcome.ANSWERED: _("answered"), Outcome.MISSED: _("missed"),
        Outcome.BUSY: _("busy"), Outcome.VOICEMAIL: _("voicemail"), Outcome.FAILED: _("failed"),
    }  # fmt: skip


def _cards(session: Session, people: Sequence[Customer]) -> list[Card]:
    facts, now = installation().storefront.facts(), datetime.now(UTC)
    found = []
    for customer in people[:CARDS]:
        record_look(
            session, signed_in_staff(), Action.CUSTOMER_OPENED,
            subject=f"customer:{customer.id}", reason=_("call"), now=now,
        )  # fmt: skip
        orders = select(SeenOrder).where(SeenOrder.customer_id == customer.id).order_by(SeenOrder.placed_at.desc())
        found.append(
            Card(
                customer,
                list(session.scalars(orders.limit(ORDERS))),
                list(cases.of_customer(session, customer.id, limit=5, unsolved=True)),
                call_link(customer.phone, country=customer.country, facts=facts),
            )
        )
    return found


def _names(session: Session, shown: Sequence[Call]) -> dict[int, str]:
    ids = {one.customer_id for one in shown if one.customer_id is not None}
    rows = session.execute(
        select(Customer.id, Customer.first_name, Customer.last_name, Customer.email).where(Customer.id.in_(ids))
    )
    return {row.id: f"{row.first_name} {row.last_name}".strip() or row.email for row in rows}


def _references(session: Session, shown: Sequence[Call]) -> dict[int, str]:
    ids = {one.case_id for one in shown if one.case_id is not None}
    rows = session.execute(select(Case.id, Case.reference).where(Case.id.in_(ids)))
    return {row.id: row.reference for row in rows}


def _subject(call: Call) -> str:
    first = " ".join(call.words.split())[:80]
    return first or _("A call from %(number)s", number=readable(call.number) if call.number else _("a withheld number"))

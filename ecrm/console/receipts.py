"""Receipts: what brought an order, touch by touch, and the money that each attribution model gives to each of them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.attribution.chain import LeftOut, Why
from ecrm.marketing.attribution.models import DEFAULT_MODEL, Model
from ecrm.marketing.attribution.receipt import Receipt, ReceiptLine, receipt_of
from ecrm.marketing.attribution.rules import rules_of
from ecrm.wording import gettext as _
from ecrm.wording import number
from tracking.clickstream.dimensions import Source
from tracking.customers import Customer

from .blueprint import console
from .segments import channel_name

MAX_REFERENCE = 64


@dataclass(frozen=True)
class SourceWords:
    """A source for a reader: its channel, and what else is known of it."""

    channel: str
    more: str


@console.get("/orders/<path:reference>/receipt")
@needs(Permission.OVERVIEW)
def receipt(reference: str) -> str:
    """The chain of an order's touches, the rule of each model, and the money. Who ordered, only for who may see it."""
    if not reference.isprintable() or len(reference) > MAX_REFERENCE:
        raise NotFound(_("There is no order of this number."))
    sees_persons = may(signed_in_staff(), Permission.CUSTOMERS)
    with installation().sessions() as session:
        found = receipt_of(session, reference, rules=rules_of())
        if found is None:
            raise NotFound(_("There is no order of this number."))
        customer = session.get(Customer, found.order.customer_id) if sees_persons else None
    return render_template(
        "ecrm/console/receipt.html",
        receipt=found,
        order=found.order,
        customer=customer,
        models=list(Model),
        default_model=DEFAULT_MODEL,
        source_words=source_words,
        line_words=line_words,
        reasons=_reasons(found),
        learning=_learning(found),
    )


def source_words(source: Source | None) -> SourceWords:
    """A source as a reader knows it; without one, a direct visit."""
    if source is None:
        return SourceWords(channel_name("direct"), "")
    known = [source.campaign, *(part for part in (source.source, source.medium) if part != "code"), source.term]
    return SourceWords(channel_name(source.channel), " · ".join(part for part in known if part))


def line_words(line: ReceiptLine) -> str:
    """What kind of touch a line is, or why nothing is credited."""
    if line.kind == "code":
        return _("named by the order")
    return {
        "": _("visit"),
        str(Why.DIRECT): _("visit without a source"),
        str(Why.UNKNOWN): _("no visit of this customer is on file"),
        str(Why.NOT_JOINED): _(
            "the browser agreed to statistics only, at least for a part of the visit; that may not explain an order"
        ),
    }[line.why]


def _reasons(receipt: Receipt) -> dict[LeftOut, str]:
    rules = receipt.rules
    return {
        LeftOut.TOO_OLD: _("more than %(days)s days before the order", days=rules.window.days),
        LeftOut.EMAIL_TOO_OLD: _(
            "an e-mail, more than %(days)s days before the order", days=rules.window_of("email").days
        ),
        LeftOut.AFTER: _("after the order"),
    }


def _learning(receipt: Receipt) -> str:
    learnt = receipt.learnt
    if learnt.on is None:
        return _("The data-driven model hasn't learnt yet; it shares like the linear one.")
    if not learnt.enough:
        return _(
            "The data-driven model knows only %(paths)s paths to an order, too few to learn from; it shares like the"
            " linear one.",
            paths=number(learnt.paths),
        )
    return _("The data-driven model learnt from %(paths)s paths to an order.", paths=number(learnt.paths))

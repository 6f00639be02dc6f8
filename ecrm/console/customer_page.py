"""A customer's page: the whole relationship in one screen, with the timeline a page at a time.

What is looked at rarely has pages of its own: why something was (not) mailed, the browsers, a visit's steps, and
everything that is held. Nothing is shown that wasn't recorded first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.consent.words import topic_words
from ecrm.customers.agreed import agreed
from ecrm.customers.desk_facts import desk_facts
from ecrm.customers.identity import browsers_of
from ecrm.customers.mailed import mailed
from ecrm.customers.profile import profile
from ecrm.customers.rfm import group_name
from ecrm.customers.standing import standing_of
from ecrm.customers.timeline import Cursor, Kind, steps_of_visit, timeline
from ecrm.flow_shop import budget_of
from ecrm.installation import Installation, installation
from ecrm.recommending.choices import Chooser, choices_of
from ecrm.recommending.for_people import for_desk
from ecrm.returns.wording import reason_names
from ecrm.service.notes import LONGEST as LONGEST_NOTE
from ecrm.service.offers_shown import offered_before
from ecrm.wording import gettext as _
from ecrm.wording import today
from tracking.customers import Customer

from .blueprint import console, kept_reason
from .offer_words import offerer
from .product_names import product_names
from .queries import LARGEST, bad_cursor, text_arg
from .suppression import reason_words

PAGE = 30
_ABOUT_A_PRODUCT = frozenset({Kind.REVIEW, Kind.QUESTION})
PATH = f"/customers/<int(max={LARGEST}):customer_id>"


@console.get(PATH)
@needs(Permission.CUSTOMERS)
def customer(customer_id: int) -> str:
    """A customer with the whole timeline, a page at a time."""
    return customer_page(customer_id)


def customer_page(customer_id: int, *, typed: dict[str, str] | None = None, problem: str = "") -> str:
    """The page; `typed` is what a form of it couldn't take, with the problem in words."""
    crm, now = installation(), datetime.now(UTC)
    kinds, before = _kinds(), _cursor()
    window = timedelta(days=crm.app.config["ECRM_IDENTITY_DAYS"])
    with crm.sessions() as own:
        person = _look(own, customer_id, now=now)
        own.commit()  # written down before anything is read of them
        known = profile(own, person.id)
        if known is None:
            raise NotFound(_("There is no such customer. They may have been erased."))
        facts = desk_facts(own, customer_id, now=now, zone=crm.storefront.facts().time_zone)
        page = timeline(
            own, customer_id, archive=crm.archive, window=window, kinds=kinds, before=before, limit=PAGE
        )  # fmt: skip
        offers = for_desk(crm, own, customer_id, exclude=[one.product for one in facts.units])
        said = agreed(own, customer_id)
        choices = choices_of(own, Chooser(customer_id, None))
        standing = standing_of(
            own, customer_id, contacts=said.contacts if said else (), now=now, window=window
        )  # fmt: skip
    chosen = {card.product_id: card.name for card in crm.storefront.products([one.product for one in choices])}
    about = (entry.record.product for entry in page.entries if entry.kind in _ABOUT_A_PRODUCT)
    names = product_names((step for entry in page.entries for step in entry.steps), also=about)
    return render_template(
        "ecrm/console/customer.html",
        known=known, page=page, kinds=list(Kind), chosen_kinds=kinds, toggled=_toggled(kinds), before=before,
        names=names, offers=offers, choices=choices, chosen=chosen, agreed=said,
        before_now={
            one.product.product_id: offered_before(facts.offered.offers, one.product.product_id) for one in offers
        },
        desk=facts, labels={one.topic: one.label for one in topic_words()}, held_reasons=reason_words(),
        standing=standing, group_name=group_name, longest_note=LONGEST_NOTE, now=now, today=today(),
        typed=typed or {}, problem=problem, return_reasons=reason_names(), offerer=offerer,
    )  # fmt: skip


@console.get(f"{PATH}/mail")
@needs(Permission.CUSTOMERS)
def customer_mail(customer_id: int) -> str:
    """Why something was mailed, and why not: mailboxes, flows and the latest e-mails."""
    crm, now = installation(), datetime.now(UTC)
    person = look(crm, customer_id, now=now)
    with crm.sessions() as own:
        mail = mailed(own, customer_id, budget=budget_of(crm), now=now)
    return render_template("ecrm/console/customer_mail.html", person=person, mail=mail)


@console.get(f"{PATH}/browsers")
@needs(Permission.CUSTOMERS)
def customer_browsers(customer_id: int) -> str:
    """The browsers that are taken for theirs, each with the way to take it back."""
    crm = installation()
    person = look(crm, customer_id, now=datetime.now(UTC))
    window = timedelta(days=crm.app.config["ECRM_IDENTITY_DAYS"])
    with crm.sessions() as own:
        browsers = browsers_of(own, customer_id, window=window)
    return render_template("ecrm/console/customer_browsers.html", person=person, browsers=browsers)


@console.get(f"{PATH}/visits/<int(max={LARGEST}):visit_id>")
@needs(Permission.CUSTOMERS)
def visit_steps(customer_id: int, visit_id: int) -> str:
    """A visit with all its steps, from the archive where they lie there."""
    crm = installation()
    person = look(crm, customer_id, now=datetime.now(UTC))
    window = timedelta(days=crm.app.config["ECRM_IDENTITY_DAYS"])
    with crm.sessions() as own:
        found = steps_of_visit(own, customer_id, visit_id, archive=crm.archive, window=window)
    if found is None:
        raise NotFound(_("This customer has no such visit."))
    visit, steps = found
    return render_template(
        "ecrm/console/visit_steps.html", person=person, visit=visit, steps=steps, names=product_names(steps)
    )


def look(crm: Installation, customer_id: int, *, now: datetime) -> Customer:
    """Record that a member of staff looks at this person, and give them.

    Raises:
        NotFound: there is no such customer.
    """
    with crm.sessions.begin() as own:
        return _look(own, customer_id, now=now)


def _look(own: Session, customer_id: int, *, now: datetime) -> Customer:
    person = own.get(Customer, customer_id)
    if person is None:
        raise NotFound(_("There is no such customer. They may have been erased."))
    record_look(
        own, signed_in_staff(), Action.CUSTOMER_OPENED,
        subject=f"customer:{customer_id}", reason=kept_reason(), now=now,
    )  # fmt: skip
    return person


def _kinds() -> tuple[Kind, ...]:
    """The kinds asked for, in the order of the filter."""
    asked = set(request.args.getlist("kind")) - {""}
    if unknown := sorted(asked - set(Kind)):
        raise BadRequest(_("“%(kind)s” is nothing that the timeline can show.", kind=unknown[0][:40]))
    return tuple(kind for kind in Kind if kind.value in asked)


def _toggled(kinds: Sequence[Kind]) -> dict[str, str]:
    """For each kind, the address's query after a click on it."""
    after = {kind.value: [("kind", one.value) for one in Kind if (one in kinds) != (one is kind)] for kind in Kind}
    return {kind: f"?{urlencode(left)}" if left else "" for kind, left in after.items()}


def _cursor() -> Cursor | None:
    text = text_arg("before")
    try:
        return Cursor.parse(text) if text else None
    except (ValueError, OverflowError):
        raise bad_cursor() from None

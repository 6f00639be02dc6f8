"""Customers: found by e-mail address or order number, opened with a reason, and every opening is recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.consent.words import topic_words
from ecrm.customers.agreed import agreed
from ecrm.customers.identity import browsers_of
from ecrm.customers.mailed import mailed
from ecrm.customers.profile import profile
from ecrm.customers.rfm import group_name
from ecrm.customers.standing import standing_of
from ecrm.customers.timeline import Cursor, Kind, timeline
from ecrm.flow_shop import budget_of
from ecrm.installation import installation
from ecrm.recommending.choices import Chooser, choices_of
from ecrm.recommending.for_people import for_desk
from ecrm.service.lookup import Miss, Several, look_up, masked
from ecrm.wording import gettext as _

from .blueprint import DEFAULT_REASON, console, kept_reason
from .product_names import product_names
from .queries import LARGEST, bad_cursor, choice_arg, text_arg
from .suppression import reason_words

PAGE = 30


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
    crm = installation()
    with crm.sessions.begin() as own:
        found = look_up(own, asked)
        if isinstance(found, Miss):
            if found in {Miss.NO_SUCH_ADDRESS, Miss.NO_SUCH_ORDER}:
                record(
                    own, signed_in_staff(), Action.CUSTOMER_NOT_FOUND,
                    subject=masked(asked), reason=kept_reason(), now=datetime.now(UTC),
                )  # fmt: skip
            status = 404 if found in {Miss.NO_SUCH_ADDRESS, Miss.NO_SUCH_ORDER} else 400
            page = render_template("ecrm/console/customers.html", miss=found, asked=asked, reasons=_reasons())
            return page, status
    if isinstance(found, Several):
        return render_template("ecrm/console/namesakes.html", namesakes=found.namesakes, asked=asked.strip()), 200
    anchor = f"order-{found.order_reference}" if found.order_reference else None
    return redirect(url_for("console.customer", customer_id=found.customer_id, _anchor=anchor), 303)


@console.get(f"/customers/<int(max={LARGEST}):customer_id>")
@needs(Permission.CUSTOMERS)
def customer(customer_id: int) -> str:
    """A customer with the whole timeline, a page at a time. Nothing is shown that wasn't recorded first."""
    crm = installation()
    kind, before = choice_arg("kind", Kind), _cursor()
    with crm.sessions.begin() as own:
        record_look(
            own, signed_in_staff(), Action.CUSTOMER_OPENED,
            subject=f"customer:{customer_id}", reason=kept_reason(), now=datetime.now(UTC),
        )  # fmt: skip
        known = profile(own, customer_id)
        if known is None:
            raise NotFound(_("There is no such customer. They may have been erased."))
    window = timedelta(days=crm.app.config["ECRM_IDENTITY_DAYS"])
    with crm.sessions() as own:
        browsers = browsers_of(own, customer_id, window=window)
        page = timeline(
            own,
            customer_id,
            archive=crm.archive,
            window=window,
            kinds=(kind,) if kind else (),
            before=before,
            limit=PAGE,
        )
        offers = for_desk(crm, own, customer_id)
        said = agreed(own, customer_id)
        mail = mailed(own, customer_id, budget=budget_of(crm), now=datetime.now(UTC))
        choices = choices_of(own, Chooser(customer_id, None))
        standing = standing_of(own, customer_id, now=datetime.now(UTC), window=window)
    chosen = {card.product_id: card.name for card in crm.storefront.products([one.product for one in choices])}
    names = product_names(step for entry in page.entries for step in entry.steps)
    return render_template(
        "ecrm/console/customer.html",
        known=known, browsers=browsers, page=page, kinds=list(Kind), kind=kind, before=before, names=names,
        offers=offers, choices=choices, chosen=chosen, mail=mail, agreed=said,
        labels={one.topic: one.label for one in topic_words()}, held_reasons=reason_words(),
        standing=standing, group_name=group_name,
    )  # fmt: skip


def _cursor() -> Cursor | None:
    text = text_arg("before")
    try:
        return Cursor.parse(text) if text else None
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def _reasons() -> tuple[str, ...]:
    """Suggestions; any other words are as good."""
    return (
        _("customer asked"), _("question about an order"), _("complaint"), _("request for data or erasure"),
        _("suspected misuse"),
    )  # fmt: skip

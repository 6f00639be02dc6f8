"""The form to write to us: a page of its own, and a slot for the host's. Whether an address is known, nobody learns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import abort, current_app, redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from ecrm import csp
from ecrm.collector.blueprint import public
from ecrm.collector.pace import Pace, TooMany
from ecrm.consent.page import consent_page
from ecrm.csrf import csrf_token
from ecrm.installation import installation
from ecrm.wording import gettext as _
from tracking.customers import customer_by_reference

from . import contact
from .cases import Kind
from .contact import Picked, Problems, Question

_TRAP = "website"
"""A field that people don't see and programs fill in."""
_PACE, _SENT = "ecrm_contact_pace", "ecrm_contact"
FORMS_A_MINUTE = 6
_FORM_ROOM = 200_000


@public.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: Mapping[str, object] | None) -> None:
    """Files are larger than the host's limit for forms; here, since the check of the token reads the body first."""
    if endpoint == "ecrm.contact_now":
        request.max_content_length = contact.MOST_BYTES + _FORM_ROOM


@public.get("/contact")
def contact_page() -> Response:
    """The form; or, after it was sent in this browser, its number and what happens next."""
    sent = session.pop(_SENT, None) if "sent" in request.args else None
    return consent_page("contact.html", sent=sent, **_context(order=request.args.get("order", "")[:64]))


@public.post("/contact")
def contact_now() -> Response:
    """Take it; the answer is the same for every address."""
    paces: Pace = current_app.extensions.setdefault(_PACE, Pace(FORMS_A_MINUTE))
    try:
        paces.count(request.remote_addr or "")
    except TooMany as wait:
        abort(
            429, _("That were many messages from your network. Please try again in %(seconds)s seconds.", seconds=wait)
        )
    crm, now, question = installation(), datetime.now(UTC), _question()
    if request.form.get(_TRAP):
        return _sent("")  # a program learns nothing from the answer
    problems = contact.check(question)
    with crm.sessions.begin() as own:
        if not problems and contact.too_often(own, question.email, now=now):
            problems = Problems({"words": _("You wrote often within an hour. Please answer the e-mail that you got.")})
        reference = "" if problems else contact.ask(crm, own, question, now=now).reference
    if problems:
        return consent_page("contact.html", status=422, sent=None, **_context(question=question, problems=problems))
    return _sent(reference)


def contact_form_html(order: str = "") -> Markup:
    """The form for a page of the host's; what is wrong is said on the plugin's own page."""
    html = render_template("ecrm/slots/contact.html", csrf_token=csrf_token, _=_, **_context(order=order))
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def contact_address() -> str:
    """Where the form's own page is."""
    return url_for("ecrm.contact_page")


def kind_choices() -> dict[str, str]:
    """What it may be about, in the customer's words."""
    return {
        Kind.QUESTION: _("A question"), Kind.DELIVERY: _("A delivery"), Kind.RETURN: _("Sending something back"),
        Kind.WARRANTY: _("Something broke"), Kind.COMPLAINT: _("A complaint"), Kind.PRAISE: _("Praise"),
        Kind.DATA: _("My data"), Kind.OTHER: _("Something else"),
    }  # fmt: skip


def _context(*, question: Question | None = None, problems: Problems | None = None, order: str = "") -> dict[str, Any]:
    crm = installation()
    signed_in = crm.storefront.current_customer()
    orders: list[str] = []
    if signed_in is not None:
        with crm.sessions() as own:
            known = customer_by_reference(own, signed_in.customer_id)
            orders = [one.reference for one in contact.orders_of(own, known.id)] if known is not None else []
    name = f"{signed_in.first_name} {signed_in.last_name}".strip() if signed_in else ""
    return {
        "action": url_for("ecrm.contact_now"), "kinds": kind_choices(), "signed_in": signed_in, "orders": orders,
        "problems": problems.by_field if problems else {}, "most_files": contact.MOST_FILES,
        "most_mb": contact.MOST_BYTES // 1_000_000, "most_words": contact.MOST_WORDS,
        "most_bytes": contact.MOST_BYTES, "nonce": csp.nonce(),
        "typed": {
            "kind": question.kind if question else "", "name": question.name if question else name,
            "email": question.email if question else "", "words": question.words if question else "",
            "order": question.order if question else order,
        },
    }  # fmt: skip


def _question() -> Question:
    crm, form = installation(), request.form
    signed_in = crm.storefront.current_customer()
    customer_id = None
    if signed_in is not None:
        with crm.sessions() as own:
            known = customer_by_reference(own, signed_in.customer_id)
            customer_id = known.id if known is not None else None
    return Question(
        kind=form.get("kind", ""), name=form.get("name", "")[:200],
        email=(signed_in.email if signed_in else form.get("email", "")).strip()[:300],
        words=form.get("words", "")[: contact.MOST_WORDS + 1], order=form.get("order", "").strip()[:64],
        files=[_picked(one) for one in request.files.getlist("files") if one.filename], customer_id=customer_id,
    )  # fmt: skip


def _picked(file: FileStorage) -> Picked:
    try:
        return Picked(file.filename or "", file.read())
    finally:
        file.close()  # large ones lie in a file of their own meanwhile


def _sent(reference: str) -> Response:
    session[_SENT] = reference
    return redirect(url_for("ecrm.contact_page", sent=1), 303)

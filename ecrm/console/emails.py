"""E-mails: every one that was written, to whom, why, what became of it, and how it looks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, defer
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import NotPermitted, Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service.lookup import masked
from ecrm.wording import gettext as _
from mailer.outbox import Email, State, send_again
from tracking.customers import customers_by_email

from .blueprint import console, kept_reason
from .queries import LARGEST, choice_arg, cursor, cursor_arg, number_arg, text_arg
from .readable import readable
from .source_words import source_words

PAGE = 50


@console.get("/emails")
@needs(Permission.EMAILS)
def emails() -> str:
    """The outbox, newest first; filtered by state, customer, order or the address of another e-mail."""
    state, order = choice_arg("state", State), text_arg("order", longest=64)
    source = text_arg("source", longest=60)
    customer_id, like_id, before = number_arg("customer"), number_arg("like"), cursor_arg()
    with installation().sessions() as session:
        like = session.get(Email, like_id) if like_id else None
        query = _listed()
        if state:
            query = query.where(Email.state == state)
        if order:
            query = query.where(Email.order_reference == order)
        if customer_id:
            query = query.where(Email.customer_id == customer_id)
        if source:
            query = query.where(Email.source == source)
        if like_id:
            query = query.where(Email.to_address == (like.to_address if like else ""))
        if before:
            at, id_ = before
            query = query.where(or_(Email.queued_at < at, and_(Email.queued_at == at, Email.id < id_)))
        rows = session.scalars(query.limit(PAGE + 1)).all()
        counted = select(Email.state, func.count()).group_by(Email.state)
        counts = {row[0]: row[1] for row in session.execute(counted)}
        names = source_words(session, {*(row.source for row in rows), source})
    more = cursor(rows[PAGE - 1].queued_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return render_template(
        "ecrm/console/emails.html",
        emails=rows[:PAGE], more=more, state=state, states=list(State), counts=counts, order=order,
        customer_id=customer_id, like=like, asked="", missed=False, masked=masked, names=names, source=source,
    )  # fmt: skip


@console.post("/emails")
@needs(Permission.EMAILS)
def find_emails() -> AnyResponse | tuple[str, int]:
    """Find by address or order number; by POST, so that addresses stand in no log and no history."""
    asked = text_arg("asked", longest=254)
    if not asked:
        return redirect(url_for("console.emails"), 303)
    if "@" in asked and not may(signed_in_staff(), Permission.CUSTOMERS):
        raise NotPermitted(signed_in_staff())
    with installation().sessions() as session:
        filters = _filters(session, asked)
    if filters is None:
        page = render_template(
            "ecrm/console/emails.html",
            emails=[], more="", state=None, states=list(State), counts={}, order="", customer_id=None, like=None,
            asked=asked, missed=True, masked=masked, names={},
        )  # fmt: skip
        return page, 404
    return redirect(url_for("console.emails", **filters), 303)


@console.get(f"/emails/<int(max={LARGEST}):email_id>")
@needs(Permission.EMAILS)
def email(email_id: int) -> str:
    """One e-mail with its history, its text and its looks."""
    found = _opened(email_id)
    body = readable(found) if may(signed_in_staff(), Permission.CUSTOMERS) else None
    return render_template("ecrm/console/email.html", email=found, body=body, masked=masked)


@console.get(f"/emails/<int(max={LARGEST}):email_id>/html")
@needs(Permission.CUSTOMERS)
def email_html(email_id: int) -> Response:
    """The HTML part alone, for the sandboxed frame: it may show pictures of the shop and do nothing else."""
    crm = installation()
    shop = "{0.scheme}://{0.netloc}".format(urlsplit(crm.storefront.facts().base_url))
    response = Response(readable(_opened(email_id)).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"sandbox; default-src 'none'; img-src 'self' data: {shop} {request.host_url.rstrip('/')}; "
        "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@console.post(f"/emails/<int(max={LARGEST}):email_id>/send-again")
@needs(Permission.CUSTOMERS)
def send_email_again(email_id: int) -> AnyResponse:
    """Queue a failed or doubtful e-mail once more; for those who answer the customer."""
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        if session.scalar(select(Email.id).where(Email.id == email_id)) is None:
            raise NotFound(_("There is no such e-mail."))
        queued = send_again(session, email_id, now=now)
        if queued:
            record(
                session, signed_in_staff(), Action.EMAIL_SENT_AGAIN,
                subject=f"email:{email_id}", reason=kept_reason(), now=now,
            )  # fmt: skip
    if queued:
        flash(_("The e-mail is queued again and goes out within seconds."))
    else:
        flash(_("This e-mail needs no second try: it is waiting, or it was sent meanwhile."))
    return redirect(url_for("console.email", email_id=email_id), 303)


def _opened(email_id: int) -> Email:
    """The e-mail, after the look was recorded.

    Raises:
        NotFound: where there is none.
    """
    with installation().sessions.begin() as session:
        found = session.get(Email, email_id)
        if found is None:
            raise NotFound(_("There is no such e-mail."))
        record_look(
            session, signed_in_staff(), Action.EMAIL_READ,
            subject=f"email:{email_id}", reason=kept_reason(), now=datetime.now(UTC),
        )  # fmt: skip
        return found


def _listed() -> Select[Email]:
    without_bodies = (defer(Email.text, raiseload=True), defer(Email.html, raiseload=True))
    return select(Email).options(*without_bodies).order_by(Email.queued_at.desc(), Email.id.desc())


def _filters(session: Session, asked: str) -> dict[str, Any] | None:
    """The list's filters for an address or an order number; None where no e-mail fits."""
    if "@" not in asked:
        number = asked.lstrip("#").strip()
        for order in (number, number.upper()):
            if session.scalar(select(Email.id).where(Email.order_reference == order).limit(1)):
                return {"order": order}
        return None
    known = customers_by_email(session, asked)
    if len(known) == 1 and session.scalar(select(Email.id).where(Email.customer_id == known[0].id).limit(1)):
        return {"customer": known[0].id}
    # Several customers' address, or nobody's, e.g. one that asked for its details: no index, but seldom asked.
    same = select(Email.id).where(func.lower(Email.to_address) == asked.lower()).order_by(Email.id.desc())
    like = session.scalar(same.limit(1))
    return {"like": like} if like else None

"""How a mailing looks to one real person, wide and narrow, light and dark, as text; and a test to one's own mailbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import NotPermitted, Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.mailing_checks import recipients
from ecrm.mailing_preview import NotAllowed, in_the_dark, send_test, shown_to, test_addresses
from ecrm.service.lookup import masked
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader
from mailer.blocks import Unwritable
from mailer.contacts import Contact
from mailer.mailboxes import contact_by_address
from mailer.mailings import Mailing, variants_of
from mailer.writing import Answer, Dropped, Held, Written

from .blueprint import console, kept_reason
from .mailings import ONE, mailing_or_404, variant_or_404
from .queries import number_arg, text_arg

_LOOK = f"{ONE}/<any(a,b,c,d):name>/look"


@console.get(_LOOK)
@needs(Permission.CAMPAIGNS)
def look_at_mailing(mailing_id: int, name: str) -> str:
    """The variant as one recipient would get it: the first one, the next one, or one that was looked up."""
    with installation().sessions.begin() as session:
        row, variant = mailing_or_404(session, mailing_id), variant_or_404(session, mailing_id, name)
        contact = _asked_for(session, row)
        answer = _answer(session, row, name, contact)
        after = contact.id if contact else 0
        following = recipients(session, row, now=datetime.now(UTC), limit=1, window=_window(), after=after)
        return render_template(
            "ecrm/console/mailing_look.html", mailing=row, variant=variant, variants=variants_of(session, mailing_id),
            contact=contact, masked=masked, following=following[0].id if following else 0,
            written=answer if isinstance(answer, Written) else None, why_not=_why_not(answer),
            narrow=text_arg("width") == "narrow", dark=text_arg("dark") == "1",
            test_addresses=test_addresses(installation()),
        )  # fmt: skip


@console.get(f"{_LOOK}/page")
@needs(Permission.CAMPAIGNS)
def mailing_html(mailing_id: int, name: str) -> Response:
    """The HTML part alone, for the sandboxed frame."""
    crm = installation()
    with crm.sessions.begin() as session:
        row = mailing_or_404(session, mailing_id)
        variant_or_404(session, mailing_id, name)
        answer = _answer(session, row, name, _asked_for(session, row))
    if not isinstance(answer, Written):
        raise NotFound(_("There is nothing to show; the page around this says why."))
    html = in_the_dark(answer.html) if text_arg("dark") == "1" else answer.html
    shop = "{0.scheme}://{0.netloc}".format(urlsplit(crm.storefront.facts().base_url))
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"sandbox; default-src 'none'; img-src https: data: {shop} {request.host_url.rstrip('/')}; "
        "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@console.post(_LOOK)
@needs(Permission.CAMPAIGNS)
def find_reader(mailing_id: int, name: str) -> AnyResponse:
    """Look somebody up by address, by POST, so that it stands in no log; for roles that may see customers."""
    if not may(signed_in_staff(), Permission.CUSTOMERS):
        raise NotPermitted(signed_in_staff())
    asked = text_arg("asked", longest=254)
    with installation().sessions() as session:
        mailing_or_404(session, mailing_id)
        found = contact_by_address(session, asked) if asked else None
    if found is None:
        flash(_("Nobody with this address is known here."))
    contact = found.id if found else None
    return redirect(url_for("console.look_at_mailing", mailing_id=mailing_id, name=name, contact=contact), 303)


@console.post(f"{_LOOK}/test")
@needs(Permission.CAMPAIGNS)
def test_mailing(mailing_id: int, name: str) -> AnyResponse:
    """Send the variant, as this recipient would get it, to a mailbox of the staff."""
    crm, now, address = installation(), datetime.now(UTC), text_arg("address", longest=254)
    with crm.sessions.begin() as session:
        row, variant = mailing_or_404(session, mailing_id), variant_or_404(session, mailing_id, name)
        contact = _asked_for(session, row)
        contact_id = contact.id if contact else 0
        try:
            answer = send_test(crm, session, row, variant, address=address, contact_id=contact_id, now=now)
        except NotAllowed:
            allowed = ", ".join(test_addresses(crm))
            said = _("Tests go to %(allowed)s only (ECRM_MAIL_TEST_ADDRESSES).", allowed=allowed)
        except BadHeader:
            said = _("This is no e-mail address: check its spelling.")
        except Unwritable:
            said = _("It can't be written yet; the editor says what is missing.")
        else:
            said = (
                _("The test is queued and goes out within seconds.")
                if isinstance(answer, Written)
                else _why_not(answer)
            )
            record(session, signed_in_staff(), Action.MAILING_TESTED, subject=f"mailing:{mailing_id}", now=now)
    flash(said)
    shown = contact_id or None
    return redirect(url_for("console.look_at_mailing", mailing_id=mailing_id, name=name, contact=shown), 303)


def _window() -> timedelta:
    return timedelta(days=installation().app.config["ECRM_IDENTITY_DAYS"])


def _asked_for(session: Session, row: Mailing) -> Contact | None:
    """Whose e-mail is shown; that somebody looked is written down. None where nobody would get it."""
    number, now = number_arg("contact"), datetime.now(UTC)
    if number is None:
        found = next(iter(recipients(session, row, now=now, limit=1, window=_window())), None)
    else:
        found = session.get(Contact, number)
        if found is None:
            raise NotFound(_("There is no such recipient."))
    if found is not None:
        record_look(
            session, signed_in_staff(), Action.MAILING_PREVIEWED, subject=f"contact:{found.id}", reason=kept_reason(),
            now=now,
        )  # fmt: skip
    return found


def _answer(session: Session, row: Mailing, name: str, contact: Contact | None) -> Answer | Unwritable:
    variant = variant_or_404(session, row.id, name)
    contact_id = contact.id if contact else 0
    try:
        return shown_to(installation(), session, row, variant, contact_id=contact_id, now=datetime.now(UTC))
    except Unwritable as error:
        return error


def _why_not(answer: Answer | Unwritable) -> str:
    match answer:
        case Unwritable():
            return _("It can't be written yet; the editor says what is missing.")
        case Held(_until, reason):
            return _("This person's e-mail would be held: %(reason)s.", reason=reason)
        case Dropped(reason):
            return _("This person's e-mail would be dropped: %(reason)s.", reason=reason)
        case _:
            return ""

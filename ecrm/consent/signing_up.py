"""Signing up: the newsletter's form for everybody, and the box in the shop's registration and checkout.

Nobody learns from the answer whether an address is known here. A mailbox that wasn't proved gets a letter with a link
first (`double_opt_in`); nothing else is sent to it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Response, abort, current_app, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.collector.pace import Pace, TooMany
from ecrm.events import ConsentGiven, Told
from ecrm.installation import installation
from ecrm.mailboxes import contact_for
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox
from mailer.consent import Topic, confirm, not_withdrawn_since, subscribe
from tracking.clickstream.event import Event
from tracking.customers import customer_by_email

from .double_opt_in import ask_to_confirm
from .page import consent_page
from .words import VERSION, label_of

FIELD = "ecrm_agree"
"""Name of the box in the host's forms."""
_TRAP = "website"
"""A field that people don't see and programs fill in."""
_PACE = "ecrm_signup_pace"
SIGN_UPS_A_MINUTE = 10
ANSWER_AFTER = 0.1
"""Seconds that an answer takes at least: more than any of the cases needs, so that none can be told by its time."""


def sign_up_topics() -> list[Topic]:
    """What people agree to by the form and the box (`ECRM_SIGNUP_TOPICS`)."""
    return [Topic(topic) for topic in current_app.config["ECRM_SIGNUP_TOPICS"]]


def sign_up_words() -> str:
    """The words beside the form and the box; they are kept with the consent."""
    names = [label_of(topic) for topic in sign_up_topics()]
    return _(
        "Yes, write to me by e-mail (%(topics)s). I can end it at any time with one click in each e-mail.",
        topics=", ".join(names),
    )


@public.post("/newsletter")
def sign_up() -> AnyResponse:
    """Send the letter with the link; the answer is the same for every address."""
    paces: Pace = current_app.extensions.setdefault(_PACE, Pace(SIGN_UPS_A_MINUTE))
    try:
        paces.count(request.remote_addr or "")
    except TooMany as wait:
        words = _("That were many sign-ups from your network. Please try again in %(seconds)s seconds.", seconds=wait)
        abort(429, words)
    typed = request.form.get("email", "").strip()
    try:
        address = Mailbox("", typed).address
    except BadHeader:
        return consent_page("newsletter.html", status=422, email=typed[:254], words=sign_up_words(), asked=False)
    start = time.monotonic()
    if not request.form.get(_TRAP):
        with installation().sessions.begin() as session:
            ask_to_confirm(
                session, address, sign_up_topics(), how="newsletter form", wording=_kept_words(), now=datetime.now(UTC)
            )
    time.sleep(max(0.0, start + ANSWER_AFTER - time.monotonic()))
    return redirect(url_for("ecrm.newsletter", asked=1), 303)


@public.get("/newsletter")
def newsletter() -> Response:
    """The form on a page of its own, or what happens next."""
    return consent_page("newsletter.html", email="", words=sign_up_words(), asked="asked" in request.args)


def newsletter_form_html() -> Markup:
    """The form for the shop's footer; for who is signed in, the way to their preferences."""
    known = installation().storefront.current_customer() is not None
    html = render_template(
        "ecrm/slots/newsletter.html", action=url_for("ecrm.sign_up"), known=known, words=sign_up_words(),
        preferences=url_for("ecrm.own_preferences"), _=_,
    )  # fmt: skip
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def consent_box_html() -> Markup:
    """A box for a form of the host; give its answer to `agreed`. It is ticked only in a form that comes back for
    another mistake, where the person ticked it."""
    ticked = request.method == "POST" and request.form.get(FIELD) == "yes"
    html = render_template("ecrm/slots/consent_box.html", field=FIELD, words=sign_up_words(), ticked=ticked)
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def agreed(form: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """What somebody agreed to by the box in this form: topics and words; neither, where it wasn't ticked."""
    if form.get(FIELD) != "yes":
        return (), ""
    return tuple(str(topic) for topic in sign_up_topics()), _kept_words()


def take_consent(session: Session, row: Event, told: Told) -> None:
    """Subscribe who has shown that the mailbox is theirs; ask everybody else by a letter first."""
    assert isinstance(told, ConsentGiven)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    topics = [Topic(topic) for topic in told.topics if topic in set(Topic)]
    row.properties = row.properties | {"person": {"email": ""}}  # the log has what proves it
    owner = customer_by_email(session, told.person.email)
    row.customer_id = owner.id if owner is not None and owner.reference is not None else None
    if owner is not None and told.person.customer_id and owner.reference == told.person.customer_id:
        contact = contact_for(session, told.person.email, now=told.at)
        confirm(session, contact.id, now=told.at)
        # This runs later than it was said, and what they withdrew meanwhile was acknowledged.
        if standing := not_withdrawn_since(session, contact.id, topics, since=told.at):
            subscribe(
                session, contact.id, standing, how=told.how, wording=told.wording, now=told.at, actor="customer",
                proof=told.key,
            )  # fmt: skip
    else:
        ask_to_confirm(
            session, told.person.email, topics, how=told.how, wording=told.wording, now=told.at,
            about={"event": told.key},
        )  # fmt: skip


def _kept_words() -> str:
    return f"{VERSION}: {sign_up_words()}"

""" "Where did you hear of us?": asked once an order, on the page that thanks for it, and kept beside what was tracked.

Who may answer for an order is whoever its page was shown to: the form carries a signed token of it. The answer is an
event of its own, so that it waits where the order's reactions are still to run.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import abort, current_app, redirect, render_template, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ecrm import ledger
from ecrm.csrf import csrf_token
from ecrm.events import HeardOfUs, Told
from ecrm.installation import installation
from ecrm.remembered import remembered_order
from ecrm.wording import gettext as _
from tracking.clickstream.event import Event
from tracking.clickstream.sightings import storable
from tracking.orders import SeenOrder

from .blueprint import public
from .views import local_path

MAX_ANSWER = 100
TOKEN_LASTS = timedelta(days=30)
OWN_WORDS = "other"
"""The choice that means: what stands in the text field."""


def heard_form_html(order_reference: str, *, next_path: str) -> Markup:
    """The question, or a word of thanks once it is answered; nothing where no answers are configured."""
    choices: tuple[str, ...] = current_app.config["ECRM_HEARD_CHOICES"]
    if not choices:
        return Markup()
    with installation().sessions() as session:
        answered = _answered(session, order_reference)
    html = render_template(
        "ecrm/slots/heard_of_us.html",
        action=f"{current_app.config['ECRM_PUBLIC_PREFIX'].rstrip('/')}/heard",
        answered=answered,
        choices=choices,
        own_words=OWN_WORDS,
        longest=MAX_ANSWER,
        order_token=_serializer().dumps(order_reference),
        next_path=next_path,
        csrf_token=csrf_token,
        _=_,
    )
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


@public.post("/heard")
def heard() -> Response:
    """Keep the first answer and go back to the order's page; later ones change nothing."""
    order_reference = _order_of(request.form.get("order", ""))
    answer = _answer(request.form.get("answer", ""), request.form.get("words", ""))
    told, crm = HeardOfUs(at=datetime.now(UTC), order_id=order_reference, answer=answer), installation()
    with crm.sessions.begin() as session:
        event_id = ledger.write(session, told, reactions=[remember_heard.__name__])
    if event_id is not None:
        ledger.run_reactions(crm.sessions, {HeardOfUs.name: (remember_heard,)}, event_ids=[event_id])
    return redirect(local_path(request.form.get("next", "")), code=303)


def remember_heard(session: Session, row: Event, told: Told) -> None:
    """Put the answer beside its order, once."""
    assert isinstance(told, HeardOfUs)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    order = remembered_order(session, told.order_id)
    row.customer_id = order.customer_id
    session.execute(
        update(SeenOrder).where(SeenOrder.id == order.id, SeenOrder.heard_from == "").values(heard_from=told.answer)
    )


def _answered(session: Session, order_reference: str) -> bool:
    """From the ledger, which has the answer before the order has it."""
    key = HeardOfUs(at=datetime.now(UTC), order_id=order_reference, answer="").key
    return session.scalar(select(Event.id).where(Event.message_id == key)) is not None


def _order_of(token: str) -> str:
    try:
        return str(_serializer().loads(token, max_age=int(TOKEN_LASTS.total_seconds())))
    except BadSignature:
        abort(400, _("This question is out of date. Please open your order's page again and answer there."))


def _answer(choice: str, words: str) -> str:
    """One of the choices, or the customer's own words."""
    if choice in current_app.config["ECRM_HEARD_CHOICES"]:
        return choice[:MAX_ANSWER]
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in str(storable(words))).split())
    if not said or (choice and choice != OWN_WORDS):
        abort(400, _("Please choose one of the answers, or write a few words of your own."))
    if len(said) > MAX_ANSWER:
        abort(400, _("Please use at most %(number)s characters.", number=MAX_ANSWER))
    return said


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="ecrm-heard")

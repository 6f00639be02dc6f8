"""The pages: an overview, a case with its thread and an answer, what is held to take home, and a request to be erased.

All of it is asked for by whoever is signed in at the shop; what belongs to somebody else doesn't exist.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from uuid import uuid4

from flask import Response, current_app, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.collector.pace import Pace, TooMany
from ecrm.consent.page import consent_page
from ecrm.installation import installation
from ecrm.recommending.feedback import own_page as own_recommendations
from ecrm.returns.wording import state_words as return_words
from ecrm.service import cases
from ecrm.service.cases import UNSOLVED, Channel, Direction, Kind, Opened, Said, State
from ecrm.voice.typed import lines
from ecrm.voice.writing import signed_in_customer
from ecrm.wording import gettext as _
from tracking.customers import Customer
from tracking.email_address import fold

from .holding import holding, own_case, said_in
from .taking_home import taken_home
from .words import kind_words, parcel_words, state_words

LONGEST = 10_000
ANSWERS_A_MINUTE = 6
_PACE = "ecrm_own_page_pace"
SHOWN_TRAITS = 40
_FORM = re.compile("[0-9a-f]{32}")


@public.get("/me")
def me() -> AnyResponse:
    """Everything at a glance."""
    customer_id = signed_in_customer()
    if customer_id is None:
        return _sign_in(url_for("ecrm.me"))
    if not customer_id:
        return consent_page("me_unknown.html")
    crm = installation()
    with crm.sessions() as session:
        held = holding(session, customer_id)
    # a guest's order belongs to no account of the shop: whoever reads the mailbox gets the link of its letter
    person = crm.storefront.current_customer()
    signed = person is not None and fold(person.email) in held.addresses
    products = {one.product for one in held.reviews} | {one.product for one in held.questions}
    cards = {card.product_id: card for card in crm.storefront.products(sorted(products))}
    return consent_page(
        "me.html", held=held, cards=cards, kinds=kind_words(), states=state_words(), parcels=parcel_words(),
        order_url=lambda reference: crm.storefront.order_url(reference, signed=signed),
        return_words=return_words,
        traits=sorted(held.customer.traits.items())[:SHOWN_TRAITS], recommendations=own_recommendations(),
        asked=request.args.get("asked", ""), currency=crm.storefront.facts().currency,
    )  # fmt: skip


@public.get("/me/cases/<reference>")
def my_case(reference: str) -> AnyResponse:
    """What was said in a case of theirs."""
    customer_id = signed_in_customer()
    if customer_id is None:
        return _sign_in(url_for("ecrm.my_case", reference=reference))
    return _case_page(customer_id, reference)


@public.post("/me/cases/<reference>")
def answer_my_case(reference: str) -> AnyResponse:
    """Say something in a case; one that is closed goes on in a new one."""
    customer_id = signed_in_customer()
    if customer_id is None:
        return _sign_in(url_for("ecrm.my_case", reference=reference))
    text = lines(request.form.get("text", ""))
    if not text:
        return _case_page(customer_id, reference, problem=_("Write what you would like to say."), status=422)
    if len(text) > LONGEST:
        problem = _("That is too long: %(count)s of at most %(most)s letters.", count=len(text), most=LONGEST)
        return _case_page(customer_id, reference, problem=problem, status=422)
    if (wait := _too_fast(customer_id)) is not None:
        return _case_page(customer_id, reference, problem=wait, status=429)
    now, crm = datetime.now(UTC), installation()
    person = crm.storefront.current_customer()
    with crm.sessions.begin() as session:
        case = own_case(session, customer_id, reference)
        if case is None or person is None:
            return _none()
        cases.take(session, case)  # of two posts of one form, the second sees what the first one said
        name = f"{person.first_name} {person.last_name}".strip()
        said = Said(
            direction=Direction.IN, channel=Channel.FORM, text=text, from_address=person.email, author_name=name,
            message_id=_message_id(customer_id),
        )  # fmt: skip
        if case.state == State.CLOSED:
            case = cases.open_case(
                session,
                Opened(
                    channel=Channel.FORM, subject=case.subject, kind=Kind(case.kind), said=said,
                    customer_id=customer_id, from_address=person.email, from_name=name,
                    order_reference=case.order_reference, product=case.product, language=case.language,
                ),
                now=now,
            )  # fmt: skip
        else:
            cases.add_message(session, case, said, now=now)
        goes_on = case.reference
    return redirect(url_for("ecrm.my_case", reference=goes_on, said=1), 303)


@public.get("/me/data.json")
def my_data() -> AnyResponse:
    """What is held, to take home."""
    customer_id = signed_in_customer()
    if customer_id is None:
        return _sign_in(url_for("ecrm.me"))
    with installation().sessions() as session:
        held = taken_home(session, customer_id) if customer_id else {}
    answer = Response(json.dumps(held, ensure_ascii=False, indent=1), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@public.post("/me/erasure")
def ask_erasure() -> AnyResponse:
    """Ask to be forgotten: a case for a person, as orders must be kept as long as the law wants them."""
    customer_id = signed_in_customer()
    if customer_id is None:
        return _sign_in(url_for("ecrm.me"))
    person, now = installation().storefront.current_customer(), datetime.now(UTC)
    if not customer_id or person is None:
        return redirect(url_for("ecrm.me"), 303)
    subject = _("Please erase my data")
    with installation().sessions.begin() as session:
        session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
        open_ones = cases.of_customer(session, customer_id, unsolved=True, limit=100)
        if not any(one.kind == Kind.DATA and one.channel == Channel.FORM for one in open_ones):
            said = Said(
                direction=Direction.IN, channel=Channel.FORM, from_address=person.email,
                text=_("I ask you to erase what you hold of me. Asked for on my own page, signed in."),
                author_name=f"{person.first_name} {person.last_name}".strip(),
            )  # fmt: skip
            cases.open_case(
                session,
                Opened(
                    channel=Channel.FORM, subject=subject, kind=Kind.DATA, said=said, customer_id=customer_id,
                    from_address=person.email, from_name=f"{person.first_name} {person.last_name}".strip(),
                ),
                now=now,
            )  # fmt: skip
    return redirect(url_for("ecrm.me", asked="erasure"), 303)


def _case_page(customer_id: int, reference: str, *, problem: str = "", status: int = 200) -> AnyResponse:
    with installation().sessions() as session:
        case = own_case(session, customer_id, reference) if customer_id else None
        if case is None:
            return _none()
        messages = said_in(session, case, customer_id)
        attached = cases.attachments_of(session, [one.id for one in messages])
    return consent_page(
        "my_case.html", status=status, case=case, messages=messages, attached=attached, problem=problem,
        typed=request.form.get("text", "")[:LONGEST] if problem else "", state=state_words()[case.state],
        kind=kind_words()[case.kind], said="said" in request.args, closed=case.state == State.CLOSED,
        solved=case.state not in UNSOLVED, form_id=_form_id(), shop_name=installation().storefront.facts().name,
    )  # fmt: skip


def _form_id() -> str:
    typed = request.form.get("form_id", "")
    return typed if _FORM.fullmatch(typed) else uuid4().hex


def _message_id(customer_id: int) -> str | None:
    """One of a form that was shown once: posted again, it says nothing new. None for a form without a number."""
    form = request.form.get("form_id", "")
    return f"<{customer_id}.{form}@own-page.invalid>" if _FORM.fullmatch(form) else None


def _too_fast(customer_id: int) -> str | None:
    paces: Pace = current_app.extensions.setdefault(_PACE, Pace(ANSWERS_A_MINUTE))
    try:
        paces.count(str(customer_id))
    except TooMany as wait:
        return _("That was very fast. Please send it in %(seconds)s seconds.", seconds=wait)
    return None


def _none() -> Response:
    return consent_page("my_case_gone.html", status=404)


def _sign_in(path: str) -> AnyResponse:
    return redirect(installation().storefront.sign_in_url(next_path=path))

"""Asking to be told: the form on a product's page, without script, and what becomes of it.

Who is signed in with a proved mailbox waits at once; everybody else gets a letter first (`consent.double_opt_in`), and
the same answer whether or not the address is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, current_app, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.collector.pace import Pace, TooMany
from ecrm.collector.views import local_path
from ecrm.consent.double_opt_in import ON_CONFIRMED, ask_to_confirm
from ecrm.consent.page import consent_page
from ecrm.consent.preferences import own_contact
from ecrm.csrf import csrf_token
from ecrm.installation import installation
from ecrm.mailboxes import contact_for
from ecrm.storefront import ProductCard, region_of
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox
from mailer.consent import Topic, subscribe
from mailer.double_opt_in import ConsentRequest
from mailer.waitlists import LONGEST_SUBJECT, Kind, TooManyWaits, ask, prove
from tracking.customers import customer_by_email

from .words import wish_about, wish_words

HOW = "waitlist"
TOPIC_OF = {
    Kind.STOCK: Topic.RESTOCK, Kind.PRICE: Topic.RESTOCK, Kind.BRAND: Topic.ARRIVALS, Kind.CATEGORY: Topic.ARRIVALS,
}  # fmt: skip
LETTERS_A_MINUTE = 10
"""That one network address may cause."""
_PACE = "ecrm_tell_me_pace"
_TRAP = "website"
"""A field that people don't see and programs fill in."""


@dataclass(frozen=True)
class Wish:
    """What can be asked for on a product's page; `subject` is the product, its brand or its category."""

    kind: Kind
    subject: str
    words: str
    about: str


def wishes_of(card: ProductCard) -> list[Wish]:
    """What one may ask to be told about, from a product's page; the likeliest first."""
    first = Kind.PRICE if card.available else Kind.STOCK
    kinds = [
        (first, card.product_id, card.name),
        (Kind.BRAND, card.brand, card.brand),
        (Kind.CATEGORY, card.category, card.category),
    ]
    return [
        Wish(kind, subject, wish_words(kind, name), wish_about(kind, name))
        for kind, subject, name in kinds
        if 0 < len(subject) <= LONGEST_SUBJECT
    ]


@public.post("/tell-me")
def tell_me() -> AnyResponse:
    """Put wishes on the list."""
    crm = installation()
    cards = crm.storefront.products([request.form.get("product_id", "")[:64]])
    if not cards:
        return consent_page("tell_me_gone.html", status=404)
    card = cards[0]
    wanted = request.form.getlist("want")
    wishes = [wish for wish in wishes_of(card) if wish.kind in wanted]
    if not wishes:
        return _again(card, _("Please tick what you would like to hear of."))
    own = own_contact()
    if own is not None:
        return _at_once(own, wishes, card)
    try:
        email = Mailbox("", request.form.get("email", "").strip()).address
    except BadHeader:
        return _again(card, _("That is no e-mail address we could write to. Please look it over."), wanted=wanted)
    paces: Pace = current_app.extensions.setdefault(_PACE, Pace(LETTERS_A_MINUTE))
    try:
        paces.count(request.remote_addr or "")
    except TooMany as wait:
        return _again(card, _("That was asked very often. Please try again in %(seconds)s seconds.", seconds=wait), 429)
    if not request.form.get(_TRAP):
        _by_letter(email, wishes, card)
    return redirect(url_for("ecrm.told_so", asked="letter", next=_back(card)), 303)


@public.get("/tell-me")
def told_so() -> Response:
    """What happens next, in words that fit every address."""
    asked = request.args.get("asked", "")
    return consent_page("tell_me_done.html", asked=asked, back=local_path(request.args.get("next", "/")))


def _at_once(contact_id: int, wishes: Sequence[Wish], card: ProductCard) -> AnyResponse:
    now, crm = datetime.now(UTC), installation()
    with crm.sessions.begin() as session:
        try:
            _ask(session, contact_id, wishes, card, proved=True, now=now)
        except TooManyWaits:
            return _again(card, _("You wait for very many things already. End some of them among your e-mails first."))
        _agree(session, contact_id, wishes, now=now)
    return redirect(url_for("ecrm.told_so", asked="now", next=_back(card)), 303)


def _by_letter(email: str, wishes: Sequence[Wish], card: ProductCard) -> None:
    now = datetime.now(UTC)
    words = "; ".join(wish.words for wish in wishes)
    with installation().sessions.begin() as session:
        contact = contact_for(session, email, now=now)
        try:
            waits = _ask(session, contact.id, wishes, card, proved=False, now=now)
        except TooManyWaits:
            waits = []  # no word of it: that an address is known here is nobody's business
        topics = sorted({TOPIC_OF[wish.kind] for wish in wishes})
        ask_to_confirm(
            session, email, topics, how=HOW, wording=words, now=now, about={"waits": waits},
            what="; ".join(wish.about for wish in wishes),
        )  # fmt: skip


def _ask(
    session: Session, contact_id: int, wishes: Sequence[Wish], card: ProductCard, *, proved: bool, now: datetime
) -> list[int]:
    region = region_of(installation().storefront)
    return [
        ask(
            session, contact_id=contact_id, kind=wish.kind, subject=wish.subject, region=region[:2],
            price_minor=card.price_minor if wish.kind in (Kind.STOCK, Kind.PRICE) else None, proved=proved, now=now,
        )
        for wish in wishes
    ]  # fmt: skip


def _agree(session: Session, contact_id: int, wishes: Sequence[Wish], *, now: datetime) -> None:
    for wish in wishes:
        subscribe(session, contact_id, [TOPIC_OF[wish.kind]], how=HOW, wording=wish.words, now=now, actor="customer")


def confirmed(session: Session, request_used: ConsentRequest) -> None:
    """The mailbox is proved: what was asked for with that letter counts from now on."""
    waits = request_used.about.get("waits")
    if isinstance(waits, list):
        prove(session, [int(one) for one in waits], contact_id=request_used.contact_id)


ON_CONFIRMED.append(confirmed)


def _again(card: ProductCard, problem: str, status: int = 422, *, wanted: Sequence[str] = ()) -> AnyResponse:
    return consent_page(
        "tell_me.html", status=status, card=card, wishes=wishes_of(card), wanted=wanted, problem=problem,
        email=request.form.get("email", "")[:254], known=proved_theirs(), next=_back(card), csrf_token=csrf_token,
    )  # fmt: skip


def _back(card: ProductCard) -> str:
    return local_path(request.form.get("next", "") or card.url)


def tell_me_html(product_id: str, *, next_path: str) -> Markup:
    """The form for a product's page; nothing for a product that the shop doesn't list."""
    cards = installation().storefront.products([product_id])
    if not cards:
        return Markup()
    known, customer = proved_theirs(), installation().storefront.current_customer()
    html = render_template(
        "ecrm/slots/tell_me.html", card=cards[0], wishes=wishes_of(cards[0]), wanted=(), problem="",
        email=customer.email if customer is not None and not known else "", known=known,
        next=next_path or cards[0].url, csrf_token=csrf_token, ecrm_gettext=_,
    )  # fmt: skip
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def proved_theirs() -> bool:
    """Whether who is signed in owns their mailbox; reads only, as product pages ask it."""
    crm = installation()
    present = crm.storefront.current_customer()
    if present is None:
        return False
    with crm.sessions() as session:
        owner = customer_by_email(session, present.email)
    return owner is not None and owner.reference == present.customer_id

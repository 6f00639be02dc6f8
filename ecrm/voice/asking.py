"""Asking about a product, "me too" and answering, in public: signed in at once, everybody else by the link of a letter.

Whether an address is known here is said to nobody: known and unknown ones get the same answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import time

from flask import Response, current_app, redirect, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.collector.pace import Pace, TooMany
from ecrm.collector.views import local_path
from ecrm.consent.page import consent_page
from ecrm.consent.preferences import own_contact
from ecrm.installation import Installation, installation
from ecrm.letters import post, shop_context, write
from ecrm.mail_links import Purpose, mail_keys, mail_links
from ecrm.mailboxes import contact_for
from ecrm.service import cases
from ecrm.service.cases import Channel, Direction, Opened
from ecrm.service.cases import Kind as CaseKind
from ecrm.storefront import ProductCard
from ecrm.wording import gettext as _
from mailer.addressing import BadHeader, Mailbox
from mailer.contacts import Contact
from mailer.outbox import Email

from . import questions
from .buyers import is_buyer
from .questions import LONGEST_ANSWER, LONGEST_NAME, LONGEST_QUESTION, ProductQuestion, QuestionState
from .typed import lines, listed_word, looks_like_address, one_line
from .writing import signed_in_customer

LINK_LASTS = timedelta(days=7)
POSTS_A_MINUTE = 10
"""Of one network address."""
LETTERS_A_DAY = 5
"""To one mailbox: whoever types somebody's address can't fill it."""
_PACE = "ecrm_question_pace"
_TRAP = "website"
OWN, FOLLOW = "ask", "follow"


@public.post("/questions")
def ask_question() -> AnyResponse:
    """Ask about a product."""
    crm = installation()
    card = _card(crm, request.form.get("product", "")[:64])
    if card is None:
        return _gone()
    words, name = lines(request.form.get("words", "")), one_line(request.form.get("name", ""))
    problem = _problem(words, name, longest=LONGEST_QUESTION)
    if problem:
        return _again(card, problem)
    now, own = datetime.now(UTC), own_contact()
    if own is not None:
        with crm.sessions.begin() as session:
            contact = session.get_one(Contact, own)
            question = questions.ask(
                session, product=card.product_id, words=words, display_name=name, customer_id=contact.customer_id,
                contact_id=own, state=_state(words, name), now=now,
            )  # fmt: skip
            _to_the_desk(session, question, contact, card, now=now)
        return _done(card, "now")
    email, problem, status = _typed_address()
    if problem:
        return _again(card, problem, status)
    if not request.form.get(_TRAP):
        with crm.sessions.begin() as session:
            contact = contact_for(session, email, now=now)
            if _may_write(session, contact.id, now=now):
                question = questions.ask(
                    session, product=card.product_id, words=words, display_name=name, customer_id=None,
                    contact_id=contact.id, state=QuestionState.UNCONFIRMED, now=now,
                )  # fmt: skip
                _send_link(crm, session, question, contact, card, what=OWN, now=now)
    return _done(card, "letter")


@public.post("/questions/<int(max=9223372036854775807):question_id>/me-too")
def follow_question(question_id: int) -> AnyResponse:
    """Hear of the answer, too."""
    crm, now, own = installation(), datetime.now(UTC), own_contact()
    with crm.sessions() as session:
        question = _shown(session, question_id)
        card = _card(crm, question.product) if question is not None else None
    if question is None or card is None:
        return _gone()
    if own is not None:
        with crm.sessions.begin() as session:
            questions.follow(session, question_id, own, confirmed=True, now=now)
        return _done(card, "follow")
    email, problem, status = _typed_address()
    if problem:
        return _again(card, problem, status, question=question)
    if not request.form.get(_TRAP):
        with crm.sessions.begin() as session:
            contact = contact_for(session, email, now=now)
            if _may_write(session, contact.id, now=now):
                questions.follow(session, question_id, contact.id, confirmed=False, now=now)
                _send_link(crm, session, question, contact, card, what=FOLLOW, now=now)
    return _done(card, "letter")


@public.post("/questions/<int(max=9223372036854775807):question_id>/answer")
def answer_question(question_id: int) -> AnyResponse:
    """A verified buyer answers; staff do so in the console."""
    crm, now, customer_id = installation(), datetime.now(UTC), signed_in_customer()
    with crm.sessions() as session:
        question = _shown(session, question_id)
        card = _card(crm, question.product) if question is not None else None
        bought = question is not None and bool(customer_id) and is_buyer(session, customer_id or 0, question.product)
    if question is None or card is None:
        return _gone()
    if customer_id is None:
        return redirect(crm.storefront.sign_in_url(next_path=card.url))
    words, name = lines(request.form.get("words", "")), one_line(request.form.get("name", ""))
    problem = _problem(words, name, longest=LONGEST_ANSWER)
    if not bought:
        problem = _("Only who bought this product and got it can answer.")
    if problem:
        return _again(card, problem, question=question, answering=True)
    with crm.sessions.begin() as session:
        questions.answer(
            session, question, words=words, display_name=name, customer_id=customer_id, state=_state(words, name),
            now=now,
        )  # fmt: skip
    return _done(card, "answer")


@public.get("/questions/confirm/<token>")
def confirm_question(token: str) -> Response:
    """Changes nothing: programs that check e-mails open links before people do."""
    asked = _asked(token)
    if asked is None:
        return consent_page("link_broken.html", status=404)
    with installation().sessions() as session:
        question = session.get(ProductQuestion, asked[1])
        words = question.words if question is not None else ""
    return consent_page("question_confirm.html", token=token, done=False, own=asked[0] == OWN, words=words)


@public.post("/questions/confirm/<token>")
def confirm_question_now(token: str) -> Response:
    """The reader of the mailbox says yes; saying it again changes nothing."""
    asked, crm, now = _asked(token), installation(), datetime.now(UTC)
    if asked is None:
        return consent_page("link_broken.html", status=404)
    what, question_id, contact_id = asked
    with crm.sessions.begin() as session:
        question, contact = session.get(ProductQuestion, question_id), session.get(Contact, contact_id)
        card = _card(crm, question.product) if question is not None else None
        if question is None or contact is None or not contact.address or card is None:
            return consent_page("link_broken.html", status=404)
        if what == OWN and questions.confirm(
            session, question_id, contact_id, state=_state(question.words, question.display_name)
        ):
            session.refresh(question)
            question.customer_id = contact.customer_id
            _to_the_desk(session, question, contact, card, now=now)
        questions.follow(session, question_id, contact_id, confirmed=True, now=now)
    return consent_page("question_confirm.html", token=token, done=True, own=what == OWN, card=card)


@public.get("/questions")
def question_asked() -> Response:
    """What happens next, in words that fit every address."""
    asked = request.args.get("asked", "")
    return consent_page("question_done.html", asked=asked, back=local_path(request.args.get("next", "/")))


def _to_the_desk(
    session: Session, question: ProductQuestion, contact: Contact, card: ProductCard, *, now: datetime
) -> None:
    """The question as a case of the inbox, by which the shop's targets hold for it."""
    said = cases.Said(
        direction=Direction.IN, channel=Channel.FORM, text=question.words, from_address=contact.address,
        author_name=question.display_name,
    )  # fmt: skip
    case = cases.open_case(
        session,
        Opened(
            channel=Channel.FORM, subject=_("Question about %(product)s", product=card.name), kind=CaseKind.QUESTION,
            said=said, customer_id=contact.customer_id, from_address=contact.address, product=question.product,
            from_name=question.display_name,
        ),
        now=now,
    )  # fmt: skip
    question.case_id = case.id


def _send_link(
    crm: Installation, session: Session, question: ProductQuestion, contact: Contact, card: ProductCard, *, what: str,
    now: datetime,
) -> None:  # fmt: skip
    """Without a word of the question: anybody can type anybody's address, and the letter would carry what they like."""
    expires = int((now + LINK_LASTS).timestamp())
    token = mail_keys(crm.app).sign_until(Purpose.QUESTION, what, question.id, contact.id, expires=expires)
    with shop_context(crm) as facts:
        letter = write(
            facts, template="question_confirm",
            context={
                "own": what == OWN, "product": card.name, "days": LINK_LASTS.days,
                "link": f"{mail_links(crm).public}/questions/confirm/{token}",
            },
            to_address=contact.address,
        )  # fmt: skip
    post(session, letter, dedup_key=f"question-confirm:{what}:{question.id}:{contact.id}", now=now)


def _may_write(session: Session, contact_id: int, *, now: datetime) -> bool:
    query = select(func.count()).where(
        Email.contact_id == contact_id, Email.template == "question_confirm", Email.queued_at > now - timedelta(days=1)
    )
    return (session.scalar(query) or 0) < LETTERS_A_DAY


def _typed_address() -> tuple[str, str, int]:
    """The address that was typed; or what to put right, and with which status."""
    try:
        email = Mailbox("", request.form.get("email", "").strip()).address
    except BadHeader:
        return "", _("That is no e-mail address we could write to. Please look it over."), 422
    paces: Pace = current_app.extensions.setdefault(_PACE, Pace(POSTS_A_MINUTE))
    try:
        paces.count(request.remote_addr or "")
    except TooMany as wait:
        return "", _("That was asked very often. Please try again in %(seconds)s seconds.", seconds=wait), 429
    return email, "", 200


def _problem(words: str, name: str, *, longest: int) -> str:
    if not words:
        return _("Write what you would like to say.")
    if len(words) > longest or len(name) > LONGEST_NAME:
        return _(
            "That is too long: at most %(most)s letters, and %(name)s for the name.", most=longest, name=LONGEST_NAME
        )
    if looks_like_address(words) or looks_like_address(name):
        return _("Everybody can read it: leave e-mail addresses out.")
    return ""


def _state(words: str, name: str) -> QuestionState:
    config = current_app.config
    clean = not listed_word(f"{words} {name}", config["ECRM_REVIEW_WORDS"])
    return QuestionState.SHOWN if config["ECRM_REVIEWS_AT_ONCE"] and clean else QuestionState.WAITING


def _asked(token: str) -> tuple[str, int, int] | None:
    parts = mail_keys().read_fresh(Purpose.QUESTION, token, now=time())
    return (parts[0], int(parts[1]), int(parts[2])) if parts and len(parts) == 3 else None


def _shown(session: Session, question_id: int) -> ProductQuestion | None:
    found = session.get(ProductQuestion, question_id)
    return found if found is not None and found.state == QuestionState.SHOWN else None


def _card(crm: Installation, product: str) -> ProductCard | None:
    return next(iter(crm.storefront.products([product])), None)


def _again(
    card: ProductCard, problem: str, status: int = 422, *, question: ProductQuestion | None = None,
    answering: bool = False,
) -> AnyResponse:  # fmt: skip
    return consent_page(
        "question.html", status=status, card=card, problem=problem, question=question, answering=answering,
        typed=request.form, known=own_contact() is not None,
    )  # fmt: skip


def _gone() -> Response:
    return consent_page("question_gone.html", status=404)


def _done(card: ProductCard, asked: str) -> AnyResponse:
    back = local_path(card.url)
    return redirect(url_for("ecrm.question_asked", asked=asked, next=back), 303)

"""Returns: what customers want to send back, decided, received and paid back; and which products come back, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask import abort, render_template, request
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ecrm.access import audit
from ecrm.access.roles import Permission, may, needs, present_staff
from ecrm.acting import NotActed, acting, can
from ecrm.installation import installation
from ecrm.returns.figures import by_product, by_reason
from ecrm.returns.letters import return_address, write_about
from ecrm.returns.wording import reason_names, state_names
from ecrm.storefront import Staff
from ecrm.wording import gettext as _
from tracking.delivery import returns as book
from tracking.delivery.returns import LONGEST_WORDS, OPEN, Return, ReturnLine, ReturnState

from .blueprint import console
from .queries import choice_arg, cursor, cursor_arg, text_arg

PAGE = 50
REPORTED = timedelta(days=90)
TONES = {
    "requested": "warn",
    "approved": "info",
    "sent": "info",
    "received": "warn",
    "refunded": "good",
    "refused": "bad",
}


@console.get("/returns")
@needs(Permission.DELIVERIES)
def returns() -> str:
    """Open returns, the longest waiting first; those of one state; or those of an order or a number."""
    state, asked = choice_arg("state", ReturnState), text_arg("number", longest=64).lstrip("#").upper()
    after, query = cursor_arg("after"), select(Return)
    oldest_first = state is None or state in OPEN
    if asked:
        query = query.where(or_(Return.reference == asked, Return.order_reference == asked))
    else:
        query = query.where(Return.state.in_((state,) if state else OPEN))
    if after:
        at, id_ = after
        later = or_(Return.asked_at > at, and_(Return.asked_at == at, Return.id > id_))
        earlier = or_(Return.asked_at < at, and_(Return.asked_at == at, Return.id < id_))
        query = query.where(later if oldest_first else earlier)
    columns = (Return.asked_at, Return.id)
    query = query.order_by(*(column if oldest_first else column.desc() for column in columns))
    with installation().sessions() as session:
        rows = session.scalars(query.limit(PAGE + 1)).all()
        lines = book.lines_of(session, [row.id for row in rows[:PAGE]])
        counted = select(Return.state, func.count()).group_by(Return.state)
        counts = {row[0]: row[1] for row in session.execute(counted)}
    more = cursor(rows[PAGE - 1].asked_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return render_template(
        "ecrm/console/returns.html", rows=rows[:PAGE], lines=lines, counts=counts, more=more, state=state, asked=asked,
        states=state_names(), reasons=reason_names(), tones=TONES, waiting=sum(counts.get(one, 0) for one in OPEN),
    )  # fmt: skip


@console.get("/returns/reasons")
@needs(Permission.DELIVERIES)
def return_reasons() -> str:
    """Which products came back in the last 90 days, and why."""
    now = datetime.now(UTC)
    with installation().sessions() as session:
        products = by_product(session, since=now - REPORTED, until=now)
        reasons = by_reason(session, since=now - REPORTED, until=now)
    return render_template(
        "ecrm/console/return_reasons.html", products=products, reasons=reasons, names=reason_names(),
        days=REPORTED.days,
    )  # fmt: skip


@console.get("/returns/<reference>")
@needs(Permission.DELIVERIES)
def one_return(reference: str) -> str:
    """A return with what can be done about it now."""
    with installation().sessions.begin() as session:
        found = _found(session, reference)
        if _sees_people() and found.customer_id is not None:
            audit.record_look(
                session, _staff(), audit.Action.RETURN_READ, subject=f"return:{found.reference}", reason=_("a return"),
                now=datetime.now(UTC),
            )  # fmt: skip
    return _page(reference)


@console.post("/returns/<reference>")
@needs(Permission.DELIVERIES)
def change_return(reference: str) -> str | tuple[str, int]:
    """Approve, refuse, note what came, or pay back."""
    deed = request.form.get("deed", "")
    do = {"approve": _approve, "refuse": _refuse, "receive": _receive, "pay": _pay_back, "paid": _paid}.get(deed)
    if do is None:
        return _page(reference, problem=_("Choose what to do.")), 422
    with installation().sessions() as session:
        _found(session, reference)
    if problem := do(reference, request.form):
        return _page(reference, problem=problem, typed=request.form), 422
    return _page(reference, done=True)


def _approve(reference: str, form: Mapping[str, str]) -> str:
    if not return_address():
        return _("Say first where parcels go back to: ECRM_RETURN_ADDRESS. The label would be empty.")
    return _decide(reference, form, ReturnState.APPROVED, "return_approved")


def _refuse(reference: str, form: Mapping[str, str]) -> str:
    if len(form.get("answer", "").strip()) < 3:
        return _("Say why: the customer reads it.")
    return _decide(reference, form, ReturnState.REFUSED, "return_refused")


def _decide(reference: str, form: Mapping[str, str], to: ReturnState, template: str) -> str:
    answer, now = form.get("answer", "").strip(), datetime.now(UTC)
    if len(answer) > LONGEST_WORDS:
        return _("At most %(most)s letters, please.", most=LONGEST_WORDS)
    with installation().sessions.begin() as session:
        found = _found(session, reference)
        if not book.move(session, found, to, now=now, answer=_clean(answer)):
            return _gone_on(found)
        write_about(session, found, template=template, now=now)
        _note(session, found, audit.Action.RETURN_DECIDED, now=now)
    return ""


def _receive(reference: str, form: Mapping[str, str]) -> str:
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        found = _found(session, reference)
        lines = book.lines_of(session, [found.id]).get(found.id, [])
        typed = {line.product: form.get(f"came-{line.product}", "").strip() for line in lines}
        if not all(text.isascii() and text.isdigit() and len(text) <= 6 for text in typed.values()):
            return _("Say for each product how many pieces came.")
        try:
            came = book.note_received(session, found, {key: int(text) for key, text in typed.items()}, now=now)
        except ValueError:
            return _("More than was to come back, or nothing: look at the numbers again.")
        if not came:
            return _gone_on(found)
        write_about(session, found, template="return_received", now=now)
        _note(session, found, audit.Action.RETURN_RECEIVED, now=now)
    return ""


def _pay_back(reference: str, form: Mapping[str, str]) -> str:
    """The shop pays, in a transaction of its own; its event closes the return."""
    crm, now = installation(), datetime.now(UTC)
    with crm.sessions() as session:
        found = _found(session, reference)
        lines = book.to_pay_back(book.lines_of(session, [found.id]).get(found.id, []))
    if found.state not in (ReturnState.APPROVED, ReturnState.SENT, ReturnState.RECEIVED):
        return _gone_on(found)
    try:
        acting(crm.storefront, "give_back").give_back(
            found.order_reference, lines=lines, shipping=form.get("shipping") == "1",
            reason=_("Return %(reference)s", reference=found.reference), return_id=found.reference, now=now,
            restock=form.get("restock") == "1",
        )  # fmt: skip
    except NotActed as refused:
        return str(refused)
    with crm.sessions.begin() as session:
        _note(session, found, audit.Action.RETURN_PAID_BACK, now=now)
    return ""


def _paid(reference: str, form: Mapping[str, str]) -> str:
    """Somebody paid it back in the shop, which doesn't tell for which return."""
    now = datetime.now(UTC)
    if can(installation().storefront, "give_back"):
        return _("This shop pays back from here: use that button.")
    with installation().sessions.begin() as session:
        found = _found(session, reference)
        if not book.move(session, found, ReturnState.REFUNDED, now=now):
            return _gone_on(found)
        _note(session, found, audit.Action.RETURN_PAID_BACK, now=now)
    return ""


def _page(reference: str, *, problem: str = "", done: bool = False, typed: Mapping[str, str] | None = None) -> str:
    crm = installation()
    with crm.sessions() as session:
        found = _found(session, reference)
        lines: list[ReturnLine] = book.lines_of(session, [found.id]).get(found.id, [])
    following = book.MOVES[ReturnState(found.state)]
    return render_template(
        "ecrm/console/return.html", found=found, lines=lines, problem=problem, done=done, typed=typed or {},
        states=state_names(), reasons=reason_names(), tones=TONES, following=following, address=return_address(),
        can_pay=can(crm.storefront, "give_back"), sees_people=_sees_people(), longest=LONGEST_WORDS,
        back=book.to_pay_back(lines),
    )  # fmt: skip


def _found(session: Session, reference: str) -> Return:
    return book.return_by_reference(session, reference) or abort(404)


def _gone_on(found: Return) -> str:
    return _("This return is “%(state)s” by now: nothing was changed.", state=state_names()[found.state])


def _clean(text: str) -> str:
    return "".join(one for one in text.replace("\r\n", "\n") if one == "\n" or one.isprintable())


def _note(session: Session, found: Return, action: audit.Action, *, now: datetime) -> None:
    audit.record(session, _staff(), action, subject=f"return:{found.reference}", now=now)


def _staff() -> Staff:
    staff = present_staff()
    assert staff is not None  # noqa: S101 (`needs` lets nobody else in)
    return staff


def _sees_people() -> bool:
    """The customer's own words are for those who may see customers."""
    return may(_staff(), Permission.CUSTOMERS)

"""`<public>/returns/<token>`: the customer asks to send something back, sees what became of it, and prints the label.

The page knows goods and states; no name and no address of the customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask import Response, current_app, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.consent.page import consent_page
from ecrm.installation import installation
from ecrm.wording import gettext as _
from tracking.delivery import returns
from tracking.delivery.contents import Goods
from tracking.delivery.returns import LONGEST_WORDS, NotReturnable, Reason, Return, ReturnState
from tracking.orders import SeenOrder, order_by_reference

from .letters import return_address, write_about
from .links import order_of_token, return_token
from .wording import reason_names, state_words


def window() -> timedelta:
    """How long after it arrived something may be sent back."""
    return timedelta(days=int(current_app.config["ECRM_RETURN_DAYS"]))


def returns_html(order_reference: str) -> Markup:
    """The slot on the order's page: what is on its way back, and the way to send something back; else nothing."""
    with installation().sessions() as session:
        found = returns.returns_of(session, order_reference)
        left = returns.returnable(session, order_reference, window=window(), now=datetime.now(UTC))
    if not found and not left:
        return Markup()
    link = url_for("ecrm.return_page", token=return_token(order_reference))
    slot = render_template("ecrm/slots/returns.html", found=found, left=left, link=link, words=state_words, _=_)
    return Markup(slot)  # noqa: S704 (our own template, autoescaped)


@public.get("/returns/<token>")
def return_page(token: str) -> Response:
    """What can be sent back, and what is on its way."""
    return _page(token)


@public.post("/returns/<token>")
def ask_return(token: str) -> AnyResponse:
    """Ask to send something back."""
    with installation().sessions.begin() as session:
        order = _order(session, token)
        if order is None:
            return _broken()
        wanted, problem = _read(request.form)
        if not problem:
            try:
                made = returns.ask(
                    session, order, pieces=wanted, reason=Reason(request.form["reason"]),
                    words=_words(request.form), window=window(), now=datetime.now(UTC),
                )  # fmt: skip
                if current_app.config["ECRM_RETURNS_AT_ONCE"]:
                    now = datetime.now(UTC)
                    returns.move(session, made, ReturnState.APPROVED, now=now)
                    write_about(session, made, template="return_approved", now=now)
            except NotReturnable:
                problem = _("Please choose what to send back, not more than you have.")
    return _page(token, problem=problem, status=422) if problem else _back(token, "asked")


@public.post("/returns/<token>/<reference>")
def change_return(token: str, reference: str) -> AnyResponse:
    """The customer sent it, or keeps it after all."""
    deed = request.form.get("deed", "")
    to = {"sent": ReturnState.SENT, "keep": ReturnState.CANCELLED}.get(deed)
    with installation().sessions.begin() as session:
        order = _order(session, token)
        found = returns.return_by_reference(session, reference) if order is not None else None
        if order is None or found is None or found.order_reference != order.reference:
            return _broken()
        done = to is not None and returns.move(session, found, to, now=datetime.now(UTC))
    return _back(token, deed) if done else _page(token, problem=_("It has gone on meanwhile: see below."), status=409)


@public.get("/returns/<token>/<reference>/label")
def return_label(token: str, reference: str) -> Response:
    """The label to print and the slip that goes into the parcel."""
    with installation().sessions() as session:
        order = _order(session, token)
        found = returns.return_by_reference(session, reference) if order is not None else None
        if order is None or found is None or found.order_reference != order.reference or not has_label(found):
            return _broken()
        lines = returns.lines_of(session, [found.id]).get(found.id, [])
    return consent_page(
        "return_label.html", found=found, lines=lines, address=return_address(), token=token,
        shop_name=installation().storefront.facts().name,
    )  # fmt: skip


def has_label(found: Return) -> bool:
    """Whether it may be sent."""
    return found.state in (ReturnState.APPROVED, ReturnState.SENT)


def _page(token: str, *, problem: str = "", status: int = 200) -> Response:
    with installation().sessions() as session:
        order = _order(session, token)
        if order is None:
            return _broken()
        found = returns.returns_of(session, order.reference)
        lines = returns.lines_of(session, [one.id for one in found])
        left: list[Goods] = returns.returnable(session, order.reference, window=window(), now=datetime.now(UTC))
    return consent_page(
        "returns.html", status=status, token=token, order=order.reference, found=found, lines=lines, left=left,
        reasons=reason_names(), words=state_words, problem=problem, typed=request.form if problem else {},
        done=request.args.get("done", "") if not problem else "", days=window().days, has_label=has_label,
        longest=LONGEST_WORDS,
    )  # fmt: skip


def _order(session: Session, token: str) -> SeenOrder | None:
    reference = order_of_token(token)
    return order_by_reference(session, reference) if reference else None


def _read(form: Mapping[str, str]) -> tuple[dict[str, int], str]:
    """Pieces by product from `pieces-<product>`; or what to put right."""
    pieces: dict[str, int] = {}
    for name, value in form.items():
        product = name.removeprefix("pieces-")
        if product == name or not value.strip():
            continue
        if not (value.strip().isascii() and value.strip().isdigit() and len(value) <= 6) or len(product) > 64:
            return {}, _("Pieces are whole numbers.")
        pieces[product] = int(value)
    if form.get("reason") not in set(Reason):
        return {}, _("Please choose why it goes back.")
    if len(form.get("words", "")) > LONGEST_WORDS:
        return {}, _("At most %(most)s letters, please.", most=LONGEST_WORDS)
    if not any(pieces.values()):
        return {}, _("Please choose what to send back, not more than you have.")
    return pieces, ""


def _words(form: Mapping[str, str]) -> str:
    text = form.get("words", "").encode("utf-8", "replace").decode().replace("\r\n", "\n")
    return "".join(one for one in text if one == "\n" or one.isprintable()).strip()


def _back(token: str, done: str) -> AnyResponse:
    return redirect(url_for("ecrm.return_page", token=token, done=done), 303)


def _broken() -> Response:
    return consent_page("link_broken.html", status=404)

"""Segments of people: the list, the editor with its live count, who is in, and why somebody is or isn't."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from babel.numbers import get_currency_precision
from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import Permission, may, needs, signed_in_staff
from ecrm.customers.segments.choices import named
from ecrm.customers.segments.kinds import ALL, KINDS
from ecrm.customers.segments.members import count, matching, why
from ecrm.customers.segments.rules import BadRules, Problem, checked, group_of, words
from ecrm.customers.segments.scope import Scope
from ecrm.customers.segments.segment import MOST_NAME, Segment, archive, save
from ecrm.customers.segments.segment import segments as all_segments
from ecrm.installation import installation
from ecrm.service.lookup import masked
from ecrm.wording import gettext as _
from ecrm.wording import ngettext
from mailer.contacts import Contact
from tracking.customers import Customer
from tracking.email_address import fold

from .blueprint import console, kept_reason
from .queries import LARGEST, number_arg
from .segment_form import Draft, changed, draft_from, with_money

PAGE = 50


@console.get("/people")
@needs(Permission.CAMPAIGNS)
def audience() -> str:
    """All segments, with their conditions in words."""
    with installation().sessions() as session:
        scope = _scope(session)
        shown = [(one, in_words(one.rules, scope)) for one in all_segments(session)]
        away = all_segments(session, archived=True)
    return render_template("ecrm/console/audience.html", segments=shown, archived=away)


@console.get("/people/new")
@needs(Permission.CAMPAIGNS)
def new_segment() -> Response:
    """An empty editor."""
    return _editor(None, name="", draft={"all": []})


@console.post("/people/new")
@needs(Permission.CAMPAIGNS)
def make_segment() -> BaseResponse:
    """A button of the empty editor."""
    return _edited(None)


@console.get(f"/people/<int(max={LARGEST}):segment_id>")
@needs(Permission.CAMPAIGNS)
def segment(segment_id: int) -> Response:
    """The editor of a segment."""
    found = _segment(segment_id)
    currency = installation().storefront.facts().currency
    draft = with_money(found.rules, decimals=0, inward=False, currency=currency)
    return _editor(found, name=found.name, draft=draft)


@console.post(f"/people/<int(max={LARGEST}):segment_id>")
@needs(Permission.CAMPAIGNS)
def change_segment(segment_id: int) -> BaseResponse:
    """A button of the editor."""
    return _edited(_segment(segment_id))


@console.post("/people/count")
@needs(Permission.CAMPAIGNS)
def count_segment() -> Response:
    """How many people what is typed at the moment stands for, in words; for the editor's script."""
    _draft, _rules, problems, counted = _looked_at()
    said = counted if not problems else _("%(count)s to put right first", count=len(problems))
    return Response(said, mimetype="text/plain")


@console.post(f"/people/<int(max={LARGEST}):segment_id>/archive")
@needs(Permission.CAMPAIGNS)
def archive_segment(segment_id: int) -> BaseResponse:
    """Put a segment away, or back."""
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        if not archive(session, segment_id, archived=request.form.get("archived") == "yes", now=now):
            raise NotFound(_("There is no such segment."))
        record(session, signed_in_staff(), Action.SEGMENT_CHANGED, subject=f"segment:{segment_id}", now=now)
    return redirect(url_for("console.audience"), 303)


@console.get(f"/people/<int(max={LARGEST}):segment_id>/members")
@needs(Permission.CAMPAIGNS)
def segment_members(segment_id: int) -> str:
    """Who is in, masked for whoever may not see customers; nothing is shown that wasn't recorded first."""
    found, now, after = _segment(segment_id), datetime.now(UTC), number_arg("after") or 0
    whole = may(signed_in_staff(), Permission.CUSTOMERS)
    with installation().sessions.begin() as session:
        _look(session, Action.SEGMENT_READ, f"segment:{segment_id}")
        query = matching(session, found.rules, now=now, window=_window()).where(Contact.id > after)
        ids = list(session.scalars(query.order_by(Contact.id).limit(PAGE + 1)))
        people = session.execute(
            select(Contact, Customer)
            .outerjoin(Customer, Customer.id == Contact.customer_id)
            .where(Contact.id.in_(ids[:PAGE]))
            .order_by(Contact.id)
        )
        rows = [
            (contact, customer, contact.address if whole else masked(contact.address)) for contact, customer in people
        ]
    return render_template(
        "ecrm/console/segment_members.html", segment=found, rows=rows, whole=whole, after=after,
        more=ids[PAGE - 1] if len(ids) > PAGE else 0,
    )  # fmt: skip


@console.get(f"/people/<int(max={LARGEST}):segment_id>/why")
@needs(Permission.CAMPAIGNS)
def segment_why(segment_id: int) -> str:
    """Condition by condition, why somebody is in or isn't."""
    found, contact_id = _segment(segment_id), number_arg("contact") or 0
    return _why_page(found, contact_id, "")


@console.post(f"/people/<int(max={LARGEST}):segment_id>/why")
@needs(Permission.CAMPAIGNS)
def find_in_segment(segment_id: int) -> BaseResponse | tuple[str, int]:
    """Look an address up; by POST, so that addresses stand in no log and no history."""
    found, asked = _segment(segment_id), request.form.get("asked", "")[:300]
    with installation().sessions.begin() as session:
        contact_id = session.scalar(select(Contact.id).where(Contact.folded == fold(asked)))
        if contact_id is None:
            _look(session, Action.CUSTOMER_NOT_FOUND, masked(asked))
    if contact_id is None:
        return _why_page(found, 0, _("Nobody is known by this address.")), 404
    return redirect(url_for("console.segment_why", segment_id=segment_id, contact=contact_id), 303)


def in_words(rules: Any, scope: Scope) -> str:
    """A segment's conditions in one line."""
    group = group_of(rules)
    if group is None:
        return words(rules, scope)
    parts = [f"({in_words(one, scope)})" if group_of(one) else in_words(one, scope) for one in rules[group]]
    if not parts:
        return _("everybody")
    return {"all": _(" and "), "any": _(" or "), "none": _(", nor ")}[group].join(
        [_("neither %(first)s", first=parts[0]), *parts[1:]] if group == "none" else parts
    )


def _edited(found: Segment | None) -> BaseResponse:
    draft, rules, problems, counted = _looked_at()
    deed, name = request.form.get("deed", "count"), request.form.get("name", "")
    if deed.startswith(("add ", "group ", "remove ")):
        chosen = {key.removeprefix("new."): value for key, value in request.form.items() if key.startswith("new.")}
        return _editor(found, name=name, draft=changed(draft, deed, chosen))
    if deed != "save":
        return _editor(found, name=name, draft=draft, problems=problems, counted=counted)
    now, staff = datetime.now(UTC), signed_in_staff()
    version = request.form.get("version", "0")
    try:
        with installation().sessions.begin() as session:
            kept = save(
                session, name=name, rules=rules, by=staff.name, now=now, segment_id=found.id if found else None,
                version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
            )  # fmt: skip
            record(session, staff, Action.SEGMENT_CHANGED, subject=f"segment:{kept.id}", now=now)
    except BadRules as bad:
        page = _editor(found, name=name, draft=draft, problems=bad.problems)
        page.status_code = 400
        return page
    flash(_("The segment is kept."))
    return redirect(url_for("console.segment", segment_id=kept.id), 303)


def _looked_at() -> tuple[Draft, Draft, list[Problem], str]:
    """The draft as typed, with amounts in minor units, what is wrong with it, and how many it finds."""
    draft = draft_from(request.form)
    decimals = get_currency_precision(installation().storefront.facts().currency)
    rules = with_money(draft, decimals=decimals, inward=True)
    try:
        return draft, rules, [], _counted(checked(rules))
    except BadRules as bad:
        return draft, rules, bad.problems, ""


def _counted(rules: Draft) -> str:
    with installation().sessions() as session:
        found = count(session, rules, now=datetime.now(UTC), window=_window())
    return ngettext("%(num)s address", "%(num)s addresses", found)


def _editor(
    found: Segment | None, *, name: str, draft: Draft, problems: list[Problem] | None = None, counted: str = ""
) -> Response:
    """The editor; its script may ask this host alone for the count."""
    if not counted and not problems and not request.form:
        counted = _counted(found.rules) if found else ""
    with installation().sessions() as session:
        choices = named(session)
    places = {
        f"0.{one.place}" if one.place and one.place != "name" else one.place or "0": one.words for one in problems or ()
    }
    page = Response(
        render_template(
            "ecrm/console/segment.html", segment=found, name=name, draft=draft, problems=places, counted=counted,
            kinds=KINDS, offered=_offered(), named=choices, most_name=MOST_NAME, group_of=group_of,
        )
    )  # fmt: skip
    page.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return page


def _offered() -> dict[str, list[tuple[str, str]]]:
    """Kinds of conditions by group."""
    offered: dict[str, list[tuple[str, str]]] = {}
    for kind in ALL:
        offered.setdefault(kind.group(), []).append((kind.name, kind.label()))
    return offered


def _why_page(found: Segment, contact_id: int, problem: str) -> str:
    crm, finding, who, customer_id = installation(), None, "", None
    if contact_id:
        with crm.sessions.begin() as session:
            _look(session, Action.SEGMENT_READ, f"contact:{contact_id}")
            contact = session.get(Contact, contact_id)
            if contact is None or contact.folded is None:
                raise NotFound(_("There is no such address. It may have been erased."))
            currency = crm.storefront.facts().currency
            finding = why(session, found.rules, contact, now=datetime.now(UTC), window=_window(), currency=currency)
            whole = may(signed_in_staff(), Permission.CUSTOMERS)
            who, customer_id = contact.address if whole else masked(contact.address), contact.customer_id
    return render_template(
        "ecrm/console/segment_why.html",
        segment=found,
        finding=finding,
        who=who,
        problem=problem,
        customer_id=customer_id,
    )


def _look(session: Session, action: Action, subject: str) -> None:
    now = datetime.now(UTC)
    record_look(session, signed_in_staff(), action, subject=subject, reason=kept_reason(), now=now)


def _segment(segment_id: int) -> Segment:
    with installation().sessions() as session:
        found = session.get(Segment, segment_id)
    if found is None:
        raise NotFound(_("There is no such segment."))
    return found


def _scope(session: Session) -> Scope:
    facts = installation().storefront.facts()
    scope = Scope.of(session, now=datetime.now(UTC), window=_window(), currency=facts.currency)
    return Scope(scope.now, scope.dialect, facts.currency, scope.window, named=named(session))


def _window() -> timedelta:
    return timedelta(days=installation().app.config["ECRM_IDENTITY_DAYS"])

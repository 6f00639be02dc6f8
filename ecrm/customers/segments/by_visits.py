"""Conditions on visits: what somebody did in the shop, in browsers that agreed to be joined to their customer.

Visits are asked for as long as the shop keeps them. What exactly was looked at or searched for stands in the steps, and
those of closed days lie in the archive, out of reach of a question about everybody: that is asked of the last days only
(ECRM_ARCHIVE_AFTER_DAYS).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, has_app_context
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from ecrm.marketing.code_owners import code_owners
from ecrm.wording import gettext as _
from ecrm.wording import ngettext, number
from mailer.contacts import Contact
from tracking.clickstream.dimensions import Source
from tracking.clickstream.event import Event
from tracking.clickstream.searches import same_term
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sources import folded_code
from tracking.clickstream.touchpoints import Touchpoint
from tracking.identity import joined_visits

from .by_orders import compare_words, compared, is_of, span_words, threshold, what_options
from .fields import Field, compare, within_days
from .kind import Kind, Values
from .scope import Scope

_DEEDS: Mapping[str, ColumnElement[bool]] = {
    "visited": true(),
    "viewed": Visit.product_views > 0,
    "searched": Visit.searches > 0,
    "cart": Visit.cart_adds > 0,
    "left_cart": and_(Visit.cart_adds > 0, Visit.orders == 0),
    "checkout": Visit.checkouts > 0,
}


def _deeds() -> dict[str, str]:
    return {
        "visited": _("visited the shop"),
        "viewed": _("looked at products"),
        "searched": _("searched"),
        "cart": _("put something into the cart"),
        "left_cart": _("put something into the cart and didn't order in that visit"),
        "checkout": _("began a checkout"),
    }


def _joined(values: Values, scope: Scope) -> Any:
    return joined_visits(
        window=scope.window, dialect=scope.dialect, since=scope.since(values["days"]), customer_id=scope.customer_id
    )


def _visits(values: Values, scope: Scope, joined: Any) -> Select[Any]:
    return (
        select(joined.c.customer_id)
        .join(Visit, Visit.id == joined.c.visit_id)
        .where(Visit.last_at > scope.since(values["days"]), Visit.started_at <= scope.now, _DEEDS[values["deed"]])
    )


def _did(values: Values, scope: Scope) -> ColumnElement[bool]:
    least = threshold(values)
    if least == 0:
        return true()
    joined = _joined(values, scope)
    query = _visits(values, scope, joined).group_by(joined.c.customer_id).having(func.count() >= least)
    return compared(scope, values, query, joined.c.customer_id)


def _did_words(values: Values, _scope: Scope) -> str:
    return _(
        "%(deed)s in %(many)s visits %(when)s", deed=_deeds()[values["deed"]], many=compare_words(values),
        when=span_words(values),
    )  # fmt: skip


def _did_fact(session: Session, values: Values, scope: Scope) -> str:
    joined = _joined(values, scope)
    query = _visits(values, scope, joined).where(joined.c.customer_id == scope.customer_id)
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return ngettext("%(num)s visit", "%(num)s visits", count)


def _interest() -> dict[str, str]:
    return {**what_options(), "search": _("the search for")}


def _steps(values: Values, scope: Scope, joined: Any) -> Select[Any]:
    if values["what"] == "search":
        about = and_(Event.name == "Products Searched", same_term(Event.subject, values["value"]))
    else:
        about = and_(Event.name.in_(("Product Viewed", "Product Added")), is_of(Event.subject, values))
    return (
        select(joined.c.customer_id)
        .join(Event, Event.session_id == joined.c.visit_id)
        .where(Event.happened_at > scope.since(values["days"]), Event.happened_at <= scope.now, about)
    )


def _looked(values: Values, scope: Scope) -> ColumnElement[bool]:
    joined = _joined(values, scope)
    return scope.of_customers(_steps(values, scope, joined), joined.c.customer_id)


def _looked_words(values: Values, _scope: Scope) -> str:
    return _(
        "interest in %(what)s “%(value)s” %(when)s", what=_interest()[values["what"]], value=values["value"],
        when=span_words(values),
    )  # fmt: skip


def _looked_fact(session: Session, values: Values, scope: Scope) -> str:
    joined = _joined(values, scope)
    query = _steps(values, scope, joined).where(joined.c.customer_id == scope.customer_id)
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return ngettext("%(num)s time", "%(num)s times", count)


def _brought(values: Values, scope: Scope) -> ColumnElement[bool]:
    sources = _sources(values)
    recent = (Touchpoint.at > scope.since(values["days"]), Touchpoint.at <= scope.now)
    joined = _joined(values, scope)
    visits = (
        select(joined.c.customer_id)
        .join(Touchpoint, Touchpoint.session_id == joined.c.visit_id)
        .where(Touchpoint.source_id.in_(sources), *recent)
    )
    codes = select(Touchpoint.customer_id).where(
        Touchpoint.kind == "code", Touchpoint.customer_id.is_not(None), Touchpoint.source_id.in_(sources), *recent
    )
    return or_(scope.of_customers(visits, joined.c.customer_id), scope.of_customers(codes, Touchpoint.customer_id))


def _sources(values: Values) -> Select[Any]:
    said = values["campaign"]
    if said.isascii() and said.isdigit() and len(said) < 16:
        return select(Source.id).where(Source.campaign.in_(select(code_owners(int(said)).c.code)))
    return select(Source.id).where(Source.campaign == folded_code(said), Source.campaign != "")


def _brought_words(values: Values, scope: Scope) -> str:
    known = scope.named.campaigns if scope.named else {}
    return _(
        "came by the campaign “%(name)s” %(when)s", name=known.get(values["campaign"], values["campaign"]),
        when=span_words(values),
    )  # fmt: skip


def _brought_fact(session: Session, values: Values, scope: Scope) -> str:
    holds = session.scalar(select(_brought(values, scope)).where(Contact.id == scope.contact_id))
    return _("yes") if holds else _("no")


def kept_days() -> int:
    """How many days of steps a question about everybody reaches."""
    return int(current_app.config["ECRM_ARCHIVE_AFTER_DAYS"]) if has_app_context() else 7


def _group() -> str:
    return _("Visits")


KINDS = (
    Kind(
        "did", _group, lambda: _("Visits and what was done in them"),
        (
            Field("deed", "choice", lambda: _("Did"), options=_deeds), compare(),
            Field("number", "number", lambda: _("Number of visits"), most=1000), within_days(most=760, optional=False),
        ),
        _did, _did_words, _did_fact,
    ),
    Kind(
        "looked", _group, lambda: _("Looked at or searched for something"),
        (
            Field("what", "choice", lambda: _("What"), options=_interest),
            Field("value", "text", lambda: _("Name; a product by its number"), named="brands_and_categories"),
            Field(
                "days", "number", lambda: _("In the last days"), least=1, most_now=kept_days,
                unit=lambda: _("days, at most %(most)s: older steps lie in the archive", most=number(kept_days())),
            ),
        ),
        _looked, _looked_words, _looked_fact,
    ),
    Kind(
        "campaign", _group, lambda: _("Came by a campaign"),
        (
            Field("campaign", "text", lambda: _("Campaign"), named="campaigns"),
            within_days(most=760, optional=False),
        ),
        _brought, _brought_words, _brought_fact,
    ),
)  # fmt: skip

"""Conditions on what somebody bought: how often, for how much, when first and last, and what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, not_, select, true
from sqlalchemy.orm import Session

from ecrm.customers.product_labels import ProductLabel
from ecrm.wording import day, money, ngettext, number
from ecrm.wording import gettext as _
from tracking.orders import SeenOrder, SeenOrderLine

from .fields import Field, compare, within_days
from .kind import Kind, Values
from .scope import Scope

NET = SeenOrder.total_minor - SeenOrder.refunded_minor


def _placed(query: Select[Any], values: Values, scope: Scope) -> Select[Any]:
    query = query.where(SeenOrder.placed_at <= scope.now)
    return query.where(SeenOrder.placed_at > scope.since(values["days"])) if "days" in values else query


def compared(scope: Scope, values: Values, at_least: Select[Any], column: Any) -> ColumnElement[bool]:
    """`at_least`: selects the customers who have one more than asked for where "at most" is meant."""
    found = scope.of_customers(at_least, column)
    return found if values["compare"] == "at_least" else not_(found)


def threshold(values: Values) -> int:
    """From how many on somebody is found by the query behind `compared`."""
    return int(values["number"]) + int(values["compare"] == "at_most")


def span_words(values: Values) -> str:
    """The last days, where they are said."""
    return _("in the last %(days)s days", days=number(values["days"])) if "days" in values else _("at any time")


def compare_words(values: Values) -> str:
    """At least or at most so many."""
    words = _("at least %(count)s") if values["compare"] == "at_least" else _("at most %(count)s")
    return words % {"count": number(values["number"])}


def _orders(values: Values, scope: Scope) -> ColumnElement[bool]:
    least = threshold(values)
    if least == 0:
        return true()
    query = _placed(select(SeenOrder.customer_id), values, scope).group_by(SeenOrder.customer_id)
    return compared(scope, values, query.having(func.count() >= least), SeenOrder.customer_id)


def _orders_fact(session: Session, values: Values, scope: Scope) -> str:
    query = select(func.count()).select_from(SeenOrder).where(SeenOrder.customer_id == scope.customer_id)
    count = session.scalar(_placed(query, values, scope)) or 0
    return ngettext("%(num)s order", "%(num)s orders", count)


def _spent(values: Values, scope: Scope) -> ColumnElement[bool]:
    query = _placed(select(SeenOrder.customer_id), values, scope).group_by(SeenOrder.customer_id)
    least = int(values["amount"]) + (values["compare"] == "at_most")
    if least <= 0:  # who bought nothing spent that, too
        return true()
    return compared(scope, values, query.having(func.sum(NET) >= least), SeenOrder.customer_id)


def _spent_words(values: Values, scope: Scope) -> str:
    words = _("spent at least %(money)s") if values["compare"] == "at_least" else _("spent at most %(money)s")
    return f"{words % {'money': money(values['amount'], scope.currency)}} {span_words(values)}"


def _spent_fact(session: Session, values: Values, scope: Scope) -> str:
    query = select(func.coalesce(func.sum(NET), 0)).where(SeenOrder.customer_id == scope.customer_id)
    return money(int(session.scalar(_placed(query, values, scope)) or 0), scope.currency)


def _moment(first: bool) -> Any:
    edge = func.min if first else func.max

    def matching(values: Values, scope: Scope) -> ColumnElement[bool]:
        query = select(SeenOrder.customer_id).where(SeenOrder.placed_at <= scope.now).group_by(SeenOrder.customer_id)
        at, since = edge(SeenOrder.placed_at), scope.since(values["days"])
        wanted = at > since if values["when"] == "within" else at <= since
        return scope.of_customers(query.having(wanted), SeenOrder.customer_id)

    return matching


def _moment_words(first: bool) -> Any:
    def words(values: Values, _scope: Scope) -> str:
        days = number(values["days"])
        if first:
            said = (
                _("first order in the last %(days)s days")
                if values["when"] == "within"
                else _("first order more than %(days)s days ago")
            )
        else:
            said = (
                _("last order in the last %(days)s days")
                if values["when"] == "within"
                else _("last order more than %(days)s days ago")
            )
        return said % {"days": days}

    return words


def _moment_fact(first: bool) -> Any:
    edge = func.min if first else func.max

    def fact(session: Session, _values: Values, scope: Scope) -> str:
        query = select(edge(SeenOrder.placed_at)).where(
            SeenOrder.customer_id == scope.customer_id, SeenOrder.placed_at <= scope.now
        )
        at: datetime | None = session.scalar(query)
        return day(at) if at else _("no order")

    return fact


def products_called(values: Values) -> Select[Any]:
    """The products that a condition's `what` and `value` mean."""
    column = ProductLabel.brand if values["what"] == "brand" else ProductLabel.category
    return select(ProductLabel.product).where(column == values["value"])


def is_of(column: Any, values: Values) -> ColumnElement[bool]:
    """Whether a row's product is what the condition is about."""
    found: ColumnElement[bool] = column.in_(products_called(values))
    return column == values["value"] if values["what"] == "product" else found


def _bought(values: Values, scope: Scope) -> ColumnElement[bool]:
    least = threshold(values)
    if least == 0:
        return true()
    query = _placed(
        select(SeenOrder.customer_id).join(SeenOrderLine, SeenOrderLine.order_id == SeenOrder.id), values, scope
    )
    query = query.where(is_of(SeenOrderLine.product, values)).group_by(SeenOrder.customer_id)
    return compared(scope, values, query.having(func.count(SeenOrder.id.distinct()) >= least), SeenOrder.customer_id)


def _bought_words(values: Values, _scope: Scope) -> str:
    return _(
        "bought %(what)s “%(value)s” in %(many)s orders %(when)s",
        what=what_options()[values["what"]], value=values["value"], many=compare_words(values), when=span_words(values),
    )  # fmt: skip


def _bought_fact(session: Session, values: Values, scope: Scope) -> str:
    query = (
        select(func.count(SeenOrder.id.distinct()))
        .join(SeenOrderLine, SeenOrderLine.order_id == SeenOrder.id)
        .where(SeenOrder.customer_id == scope.customer_id, is_of(SeenOrderLine.product, values))
    )
    return ngettext("%(num)s order", "%(num)s orders", session.scalar(_placed(query, values, scope)) or 0)


def what_options() -> dict[str, str]:
    """What a product condition may be about."""
    return {"product": _("the product"), "brand": _("the brand"), "category": _("the category")}


def what_fields() -> tuple[Field, Field]:
    """What, and its name; a product by the shop's number."""
    return (
        Field("what", "choice", lambda: _("What"), options=what_options),
        Field("value", "text", lambda: _("Name; a product by its number"), named="brands_and_categories"),
    )


def _when() -> Field:
    return Field(
        "when", "choice", lambda: _("When"),
        options=lambda: {"within": _("in the last"), "before": _("longer ago than")},
    )  # fmt: skip


def _group() -> str:
    return _("Orders")


def _times(most: int = 10_000) -> Field:
    return Field("number", "number", lambda: _("Number"), most=most)


KINDS = (
    Kind(
        "orders", _group, lambda: _("Number of orders"), (compare(), _times(), within_days()), _orders,
        lambda values, _scope: _(
            "%(many)s orders %(when)s", many=compare_words(values), when=span_words(values)
        ),
        _orders_fact,
    ),
    Kind(
        "spent", _group, lambda: _("Net revenue"),
        (compare(), Field("amount", "money", lambda: _("Amount")), within_days()), _spent, _spent_words, _spent_fact,
    ),
    Kind(
        "last_order", _group, lambda: _("Last order"), (_when(), within_days(optional=False)), _moment(False),
        _moment_words(False), _moment_fact(False),
    ),
    Kind(
        "first_order", _group, lambda: _("First order"), (_when(), within_days(optional=False)), _moment(True),
        _moment_words(True), _moment_fact(True),
    ),
    Kind(
        "bought", _group, lambda: _("Bought a product, brand or category"),
        (*what_fields(), compare(), _times(1000), within_days()), _bought, _bought_words, _bought_fact,
    ),
)  # fmt: skip

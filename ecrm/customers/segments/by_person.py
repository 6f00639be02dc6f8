"""Conditions on who somebody is to the shop: country, traits, account, RFM group, expected revenue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, or_, select
from sqlalchemy.orm import Session

from ecrm.customers.rfm import Group, group_name
from ecrm.customers.worth import Worth
from ecrm.wording import country as country_name
from ecrm.wording import day, money
from ecrm.wording import gettext as _
from tracking.customers import Customer

from .fields import Field, within_days
from .kind import Kind, Values
from .scope import Scope


def _of(scope: Scope, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return scope.of_customers(select(Customer.id).where(*conditions), Customer.id)


def _customer(session: Session, scope: Scope) -> Customer | None:
    return session.get(Customer, scope.customer_id) if scope.customer_id else None


def _countries(values: Values) -> list[str]:
    words = values["countries"].replace(";", ",").split(",")
    return sorted({word.strip().upper() for word in words if word.strip()})


def _country_fact(session: Session, _values: Values, scope: Scope) -> str:
    customer = _customer(session, scope)
    return country_name(customer.country) if customer and customer.country else _("not known")


def _trait(values: Values, scope: Scope) -> ColumnElement[bool]:
    written = _written(values["name"], scope)
    said, value = values["how"], values.get("value", "")
    if said == "known":
        return _of(scope, func.coalesce(written, "") != "")
    if said == "contains":
        place = func.instr if scope.dialect == "sqlite" else func.strpos
        return _of(scope, place(written, value) > 0)
    # A yes is shown to staff as True, and kept as true.
    return _of(scope, written.in_({value, value.lower()} if value.lower() in {"true", "false"} else {value}))


def _written(name: str, scope: Scope) -> Any:
    """A trait as text. SQLite would write yes and no as 1 and 0, which are numbers and another thing; and its paths
    find no name with quotes or letters beyond ASCII, which are kept escaped."""
    if scope.dialect != "sqlite":
        return cast(Customer.traits[name].as_string(), String)
    each = func.json_each(Customer.traits).table_valued("key", "value", "type")
    text = case((each.c.type.in_(("true", "false")), each.c.type), else_=cast(each.c.value, String))
    return select(text).where(each.c.key == name).correlate(Customer).scalar_subquery()


def _trait_words(values: Values, _scope: Scope) -> str:
    said = {"is": _("is"), "contains": _("contains"), "known": _("is known")}[values["how"]]
    return f"{values['name']} {said} {values.get('value', '')}".rstrip()


def _trait_fact(session: Session, values: Values, scope: Scope) -> str:
    customer = _customer(session, scope)
    found = customer.traits.get(values["name"]) if customer else None
    return str(found)[:100] if found not in (None, "") else _("not known")


def _since(values: Values, scope: Scope) -> ColumnElement[bool]:
    moment = scope.since(values["days"])
    wanted = Customer.created_at > moment if values["when"] == "within" else Customer.created_at <= moment
    return _of(scope, wanted, Customer.created_at <= scope.now)


def _since_words(values: Values, _scope: Scope) -> str:
    said = (
        _("known for at most %(days)s days") if values["when"] == "within" else _("known for more than %(days)s days")
    )
    return said % {"days": values["days"]}


def _since_fact(session: Session, _values: Values, scope: Scope) -> str:
    customer = _customer(session, scope)
    return day(customer.created_at) if customer else _("no customer")


def _account_fact(session: Session, _values: Values, scope: Scope) -> str:
    customer = _customer(session, scope)
    if customer is None:
        return _("no customer")
    return _("an account") if customer.reference else _("a guest")


def _rfm(values: Values, scope: Scope) -> ColumnElement[bool]:
    wanted = list(values["groups"])
    found = scope.of_customers(select(Worth.customer_id).where(Worth.group.in_(wanted)), Worth.customer_id)
    if Group.PROSPECTS not in wanted:
        return found
    return or_(found, ~scope.of_customers(select(Worth.customer_id), Worth.customer_id))


def _rfm_fact(session: Session, _values: Values, scope: Scope) -> str:
    worth = session.get(Worth, scope.customer_id) if scope.customer_id else None
    return group_name(worth.group if worth else Group.PROSPECTS)


_MEASURES = {"expected": Worth.clv_minor, "low": Worth.clv_low_minor, "high": Worth.clv_high_minor}


def _clv(values: Values, scope: Scope) -> ColumnElement[bool]:
    column = _MEASURES[values["measure"]]
    wanted = column >= values["amount"] if values["compare"] == "at_least" else column <= values["amount"]
    return scope.of_customers(select(Worth.customer_id).where(column.is_not(None), wanted), Worth.customer_id)


def _measures() -> dict[str, str]:
    return {
        "expected": _("expected revenue of the next 12 months"),
        "low": _("its lower end (9 of 10 spend more)"),
        "high": _("its upper end (9 of 10 spend less)"),
    }


def _clv_words(values: Values, scope: Scope) -> str:
    said = (
        _("%(measure)s at least %(money)s") if values["compare"] == "at_least" else _("%(measure)s at most %(money)s")
    )
    return said % {"measure": _measures()[values["measure"]], "money": money(values["amount"], scope.currency)}


def _clv_fact(session: Session, values: Values, scope: Scope) -> str:
    worth = session.get(Worth, scope.customer_id) if scope.customer_id else None
    found = getattr(worth, _MEASURES[values["measure"]].key) if worth else None
    return money(found, scope.currency) if found is not None else _("not known")


def _group() -> str:
    return _("Person")


KINDS = (
    Kind(
        "country", _group, lambda: _("Country"),
        (Field("countries", "text", lambda: _("Countries"), unit=lambda: _("two letters each, e.g. DE, AT")),),
        lambda values, scope: _of(scope, Customer.country.in_(_countries(values))),
        lambda values, _scope: _("lives in %(countries)s", countries=", ".join(map(country_name, _countries(values)))),
        _country_fact,
    ),
    Kind(
        "trait", _group, lambda: _("Trait"),
        (
            Field("name", "text", lambda: _("Trait"), unit=lambda: _("as on the customer's page, e.g. household")),
            Field(
                "how", "choice", lambda: _("How"),
                options=lambda: {"is": _("is"), "contains": _("contains"), "known": _("is known")},
            ),
            Field("value", "text", lambda: _("Value"), optional=True),
        ),
        _trait, _trait_words, _trait_fact,
    ),
    Kind(
        "known", _group, lambda: _("Known to the shop"),
        (
            Field(
                "when", "choice", lambda: _("When"),
                options=lambda: {"within": _("for at most"), "before": _("for more than")},
            ),
            within_days(optional=False),
        ),
        _since, _since_words, _since_fact,
    ),
    Kind(
        "account", _group, lambda: _("Has an account"), (),
        lambda _values, scope: _of(scope, Customer.reference.is_not(None)),
        lambda _values, _scope: _("has an account"), _account_fact,
    ),
    Kind(
        "rfm", _group, lambda: _("RFM group"),
        (Field("groups", "many", lambda: _("Groups"), options=lambda: {str(one): group_name(one) for one in Group}),),
        _rfm,
        lambda values, _scope: _("RFM group: %(groups)s", groups=", ".join(map(group_name, values["groups"]))),
        _rfm_fact,
    ),
    Kind(
        "clv", _group, lambda: _("Expected revenue (CLV)"),
        (
            Field("measure", "choice", lambda: _("Measure"), options=_measures),
            Field(
                "compare", "choice", lambda: _("How much"),
                options=lambda: {"at_least": _("at least"), "at_most": _("at most")},
            ),
            Field("amount", "money", lambda: _("Amount")),
        ),
        _clv, _clv_words, _clv_fact,
    ),
)  # fmt: skip

"""Conditions on a mailbox: what it agreed to, what it got, what was done with that, and the lists it is on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from ecrm.customers.lists import ListMember
from ecrm.wording import day, ngettext
from ecrm.wording import gettext as _
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.engagement import Deed, Engagement, Machine
from mailer.outbox import Email, State

from .by_orders import span_words
from .fields import Field, within_days
from .kind import Kind, Values
from .scope import Scope


def topic_names() -> dict[str, str]:
    """What the topics are called."""
    return {
        str(Topic.OFFERS): _("offers"),
        str(Topic.ARRIVALS): _("new arrivals"),
        str(Topic.RESTOCK): _("back in stock"),
        str(Topic.NEWSLETTER): _("newsletter"),
        str(Topic.REVIEWS): _("reviews"),
        str(Topic.REMINDERS): _("reminders"),
    }


def _wants(values: Values, scope: Scope) -> ColumnElement[bool]:
    query = select(Subscription.contact_id).where(Subscription.topic == values["topic"], Subscription.wanted)
    return scope.of_contacts(query, Subscription.contact_id)


def _wants_fact(session: Session, values: Values, scope: Scope) -> str:
    known = session.get(Subscription, (scope.contact_id, values["topic"]))
    if known is None:
        return _("never asked for")
    return (
        _("yes, since %(day)s", day=day(known.changed_at))
        if known.wanted
        else _("withdrawn on %(day)s", day=day(known.changed_at))
    )


def _may_get_fact(session: Session, _values: Values, scope: Scope) -> str:
    contact = session.get(Contact, scope.contact_id)
    blocked = contact.blocked if contact else 0
    return {0: _("may be written to"), 1: _("gets no marketing")}.get(blocked, _("gets nothing"))


def _confirmed_fact(session: Session, _values: Values, scope: Scope) -> str:
    contact = session.get(Contact, scope.contact_id)
    return day(contact.confirmed_at) if contact and contact.confirmed_at else _("not confirmed")


def _dids() -> dict[str, str]:
    return {
        "got": _("was sent"), "clicked": _("followed a link in"), "opened": _("opened"),
    }  # fmt: skip


_DEEDS: Mapping[str, Deed] = {"clicked": Deed.CLICK, "opened": Deed.OPEN}


def _mails(values: Values, scope: Scope) -> Select[Any]:
    since = scope.since(values["days"])
    if values["did"] == "got":
        at = func.coalesce(Email.sent_at, Email.handed_at)  # what is in doubt was never marked as sent
        query = select(Email.contact_id).where(
            Email.contact_id.is_not(None), Email.transactional.is_(False),
            Email.state.in_((State.SENT, State.UNKNOWN)), at > since, at <= scope.now,
        )  # fmt: skip
        return query.where(Email.source == values["source"]) if "source" in values else query
    query = select(Engagement.contact_id).where(
        Engagement.contact_id.is_not(None), Engagement.deed == str(_DEEDS[values["did"]]),
        Engagement.machine == str(Machine.NONE), Engagement.at > since, Engagement.at <= scope.now,
    )  # fmt: skip
    if "source" in values:
        query = query.join(Email, Email.id == Engagement.email_id).where(Email.source == values["source"])
    return query


def _column(values: Values) -> Any:
    return Email.contact_id if values["did"] == "got" else Engagement.contact_id


def _mail_words(values: Values, _scope: Scope) -> str:
    about = values.get("source") or _("any marketing e-mail")
    return f"{_dids()[values['did']]} {about} {span_words(values)}"


def _mail_fact(session: Session, values: Values, scope: Scope) -> str:
    query = _mails(values, scope).where(_column(values) == scope.contact_id)
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return ngettext("%(num)s time", "%(num)s times", count)


def _on_list(values: Values, scope: Scope) -> ColumnElement[bool]:
    said = values["list"]
    list_id = int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0
    return scope.of_contacts(select(ListMember.contact_id).where(ListMember.list_id == list_id), ListMember.contact_id)


def _list_words(values: Values, scope: Scope) -> str:
    known = scope.named.lists if scope.named else {}
    return _("is on the list “%(name)s”", name=known.get(values["list"], values["list"]))


def _list_fact(session: Session, values: Values, scope: Scope) -> str:
    holds = session.scalar(select(_on_list(values, scope)).where(Contact.id == scope.contact_id))
    return _("yes") if holds else _("no")


def _group() -> str:
    return _("E-mail")


KINDS = (
    Kind(
        "topic", _group, lambda: _("Wants a topic"),
        (Field("topic", "choice", lambda: _("Topic"), options=topic_names),), _wants,
        lambda values, _scope: _("wants e-mails about “%(topic)s”", topic=topic_names()[values["topic"]]), _wants_fact,
    ),
    Kind(
        "reachable", _group, lambda: _("May be written to"), (), lambda _values, _scope: Contact.blocked == 0,
        lambda _values, _scope: _("isn't on the suppression list"), _may_get_fact,
    ),
    Kind(
        "confirmed", _group, lambda: _("Mailbox confirmed"), (),
        lambda _values, _scope: Contact.confirmed_at.is_not(None),
        lambda _values, _scope: _("mailbox is confirmed"), _confirmed_fact,
    ),
    Kind(
        "mail", _group, lambda: _("E-mails and what was done with them"),
        (
            Field("did", "choice", lambda: _("Did"), options=_dids),
            Field(
                "source", "text", lambda: _("Mailing or flow"), named="sources", optional=True,
                unit=lambda: _("empty for any"),
            ),
            within_days(most=760, optional=False),
        ),
        lambda values, scope: scope.of_contacts(_mails(values, scope), _column(values)), _mail_words, _mail_fact,
    ),
    Kind(
        "list", _group, lambda: _("Is on a list"), (Field("list", "text", lambda: _("List"), named="lists"),), _on_list,
        _list_words, _list_fact,
    ),
)  # fmt: skip

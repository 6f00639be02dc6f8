"""Recipients: what the writer needs to know of the people of a batch, read in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from mailer.contacts import Contact
from mailer.outbox import Email
from mailer.placeholders import spoken
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine

_CONTACT, _CUSTOMER = Contact.__table__.c, Customer.__table__.c
_ORDER, _LINE = SeenOrder.__table__.c, SeenOrderLine.__table__.c
_PEOPLE = (
    select(
        _CONTACT.id, _CONTACT.customer_id, _CONTACT.tracking_allowed,
        _CUSTOMER.first_name, _CUSTOMER.last_name, _CUSTOMER.country,
    )
    .join_from(Contact.__table__, Customer.__table__, _CUSTOMER.id == _CONTACT.customer_id, isouter=True)
    .where(_CONTACT.id.in_(bindparam("ids", expanding=True)))
)  # fmt: skip
_OWNED = (
    select(_ORDER.customer_id, _LINE.product, func.max(_ORDER.placed_at))
    .join_from(SeenOrder.__table__, SeenOrderLine.__table__, _LINE.order_id == _ORDER.id)
    .where(
        _ORDER.customer_id.in_(bindparam("who", expanding=True)),
        _LINE.product.in_(bindparam("products", expanding=True)),
    )
    .group_by(_ORDER.customer_id, _LINE.product)
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom an e-mail goes to, as it may speak of them. Names that aren't names are empty; `region` where unknown, too.

    `tracked`: they agreed that opening and clicking are counted for them.
    """

    contact_id: int
    customer_id: int | None = None
    tracked: bool = False
    first_name: str = ""
    last_name: str = ""
    region: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def recipients_of(session: Session, emails: Iterable[Email]) -> dict[int, Recipient]:
    """The recipients of these e-mails by contact."""
    return recipients_by_contact(session, {one for email in emails if (one := email.contact_id) is not None})


def recipients_by_contact(session: Session, contact_ids: Collection[int]) -> dict[int, Recipient]:
    """These contacts as recipients."""
    ids = sorted(contact_ids)
    found: dict[int, Recipient] = {}
    for id_, customer_id, tracked, first, last, country in session.connection().execute(_PEOPLE, {"ids": ids}):
        first_name, last_name = spoken(first or ""), spoken(last or "")
        values = {"first_name": first_name, "last_name": last_name}
        found[id_] = Recipient(id_, customer_id, tracked, first_name, last_name, country or "", values)
    return found


def bought(session: Session, customer_ids: Collection[int], products: Sequence[str]) -> dict[tuple[int, str], datetime]:
    """When these customers last bought these products; pairs that never were are left out."""
    if not customer_ids or not products:
        return {}
    rows = session.execute(_OWNED, {"who": sorted(customer_ids), "products": sorted(set(products))})
    return {(customer, product): at for customer, product, at in rows}

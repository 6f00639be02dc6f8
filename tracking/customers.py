"""Customer: a person the shop knows, with an account or as a guest, under one or more e-mail addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, bindparam, delete, event, inspect, select, update
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Session, mapped_column

from .email_address import fold
from .person_name import Folded, fold_name
from .phone_number import LONGEST as LONGEST_PHONE
from .phone_number import fold_phone
from .record import BigId, Record, insert_once


def _folded_email(context: DefaultExecutionContext) -> str:
    return fold(context.get_current_parameters()["email"])  # type: ignore[no-untyped-call]


def _folded_phone(context: DefaultExecutionContext) -> str:
    told = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return fold_phone(told.get("phone") or "", told.get("country") or "")


def _folded_name(context: DefaultExecutionContext) -> str:
    told = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return fold_name(told.get("last_name") or "", told.get("first_name") or "")


class Customer(Record):
    """One person. `reference` is the shop's account id as text; guests have none.

    `email` is what they say; several customers may say the same. Whose it is, says `CustomerEmail`. `phone_folded` is
    `phone` as it is looked up (`phone_number.fold_phone`), and follows it and the country by itself;
    `name_folded` the names (`person_name.fold_name`).
    """

    __tablename__ = "ecrm_customer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str | None] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    email_folded: Mapped[str] = mapped_column(String(254), index=True, default=_folded_email)
    first_name: Mapped[str] = mapped_column(String(100), default="")
    last_name: Mapped[str] = mapped_column(String(100), default="")
    name_folded: Mapped[str] = mapped_column(Folded, index=True, default=_folded_name)
    phone: Mapped[str] = mapped_column(String(40), default="")
    phone_folded: Mapped[str] = mapped_column(String(LONGEST_PHONE), index=True, default=_folded_phone)
    country: Mapped[str] = mapped_column(String(2), default="")
    traits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class CustomerEmail(Record):
    """Whose an address is; folded, so that case never makes two people of one.

    A guest's, for whom the address is all that is known, or that of the account which proved its mailbox.
    """

    __tablename__ = "ecrm_customer_email"

    folded: Mapped[str] = mapped_column(String(254), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"), index=True)
    added_at: Mapped[datetime]


# Built once: every search of the desk asks them.
_OWNER = select(Customer).where(
    Customer.id
    == select(CustomerEmail.customer_id).where(CustomerEmail.folded == bindparam("folded")).scalar_subquery()
)
_CLAIMING = select(Customer).where(Customer.email_folded == bindparam("folded")).order_by(Customer.id)


def customer_by_reference(session: Session, reference: str) -> Customer | None:
    """The customer of this account of the shop."""
    return session.scalar(select(Customer).where(Customer.reference == reference))


def customer_by_email(session: Session, email: str) -> Customer | None:
    """The customer whose address this is, whatever its case."""
    return session.scalar(_OWNER, {"folded": fold(email)})


def customers_by_email(session: Session, email: str) -> list[Customer]:
    """Everybody who is known under this address: whose it is first, then who only says so, oldest first."""
    owner = customer_by_email(session, email)
    others = session.scalars(_CLAIMING, {"folded": fold(email)})
    return ([owner] if owner else []) + [one for one in others if one is not owner]


def find_or_create_guest(session: Session, *, email: str, at: datetime) -> Customer:
    """The customer whose address this is, account or not; a new guest where it is nobody's."""
    customer = customer_by_email(session, email)
    if customer is None:
        customer_id = _create(session, email=email, reference=None, at=at)
        if insert_once(session, CustomerEmail, {"folded": fold(email), "customer_id": customer_id, "added_at": at}):
            return session.get_one(Customer, customer_id)
        # Somebody else's transaction made this guest meanwhile; theirs holds the address.
        session.execute(delete(Customer).where(Customer.id == customer_id))
        customer = customer_by_email(session, email)
    if customer is None:
        raise RuntimeError("an address is taken by a customer that can't be seen yet")  # tried again by the caller
    return customer


def find_or_create_account(
    session: Session, *, reference: str, email: str, at: datetime, proved: bool = False
) -> Customer:
    """The customer of this account.

    Anybody can open an account with anybody's address. So only one that has `proved` that it reads the mailbox owns
    the address, and has what is ordered there from then on. Where that is the first that is heard of the account, it
    becomes one with the guest who ordered under the address before. An account that is a customer already stays one
    beside that guest: two customers, with all that is counted of each, are never made one afterwards.
    """
    customer = customer_by_reference(session, reference)
    if customer is None and proved:
        customer = _adopt_guest(session, reference=reference, email=email)
    if customer is None:
        _create(session, email=email, reference=reference, at=at)
        customer = customer_by_reference(session, reference)
    if customer is None:
        raise RuntimeError("an account is taken by a customer that can't be seen yet")  # tried again by the caller
    if proved:
        _own_address(session, customer_id=customer.id, email=email, at=at)
    return customer


def update_profile(
    customer: Customer,
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    phone: str = "",
    country: str = "",
    traits: Mapping[str, Any] | None = None,
    whole: bool = False,
) -> None:
    """Take over what is newly known. What isn't said stays, and traits are replaced one by one; but where the `whole`
    profile is given, what isn't in it is gone: the customer took it back. An empty trait is none."""
    customer.email, customer.email_folded = email.strip(), fold(email)
    if whole:
        customer.first_name, customer.last_name, customer.phone = "", "", ""
        customer.traits = {}
    customer.first_name = first_name[:100] or customer.first_name
    customer.last_name = last_name[:100] or customer.last_name
    customer.phone = phone[:40] or customer.phone
    customer.country = country[:2] or customer.country
    if traits:
        told = {**customer.traits, **traits}
        customer.traits = {name: value for name, value in told.items() if value not in (None, "")}


def _create(session: Session, *, email: str, reference: str | None, at: datetime) -> int | None:
    return insert_once(
        session,
        Customer,
        {
            "reference": reference, "email": email.strip(), "first_name": "", "last_name": "", "phone": "",
            "country": "", "traits": {}, "created_at": at,
        },
    )  # fmt: skip


def _adopt_guest(session: Session, *, reference: str, email: str) -> Customer | None:
    guest = customer_by_email(session, email)
    if guest is None or guest.reference is not None:
        return None
    adopted: Any = session.execute(
        update(Customer).where(Customer.id == guest.id, Customer.reference.is_(None)).values(reference=reference)
    )
    if adopted.rowcount != 1:
        return None
    session.refresh(guest)
    return guest


def _own_address(session: Session, *, customer_id: int, email: str, at: datetime) -> None:
    values = {"folded": fold(email), "customer_id": customer_id, "added_at": at}
    if insert_once(session, CustomerEmail, values) is None:
        session.execute(
            update(CustomerEmail)
            .where(CustomerEmail.folded == values["folded"], CustomerEmail.customer_id != customer_id)
            .values(customer_id=customer_id, added_at=at)
        )


@event.listens_for(Customer, "before_update")
def _fold_again(_mapper: Any, _connection: Any, customer: Customer) -> None:
    told = inspect(customer).attrs
    if told.phone.history.has_changes() or told.country.history.has_changes():
        customer.phone_folded = fold_phone(customer.phone, customer.country)
    if told.last_name.history.has_changes() or told.first_name.history.has_changes():
        customer.name_folded = fold_name(customer.last_name, customer.first_name)

"""People to try the shop as, in demo mode only: six of the staff, and the households that buy most.

They have no password, so only the demo's own buttons sign them in; whoever registers gets an account of their own
that these buttons never open.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..checkout.order import Order
from .account import Account, Role
from .registration import account_of
from .staff import create_staff

STAFF = (
    (Role.OWNER, "Olivia", "Okafor"),
    (Role.MARKETER, "Mateo", "Marín"),
    (Role.ANALYST, "Anneke", "de Vries"),
    (Role.SUPPORT, "Sunita", "Sharma"),
    (Role.PACKER, "Piotr", "Pawlak"),
    (Role.CATALOGUE, "Camille", "Caron"),
)
HOUSEHOLDS_SHOWN = 4


def ensure_demo_people(session: Session) -> list[Account]:
    """The six of the staff, made where they are missing; flushed, the caller commits. Calling again changes nothing."""
    return [
        account_of(session, _email(role))
        or create_staff(session, email=_email(role), role=role, password=None, first_name=first, last_name=last)
        for role, first, last in STAFF
    ]


def demo_staff(session: Session) -> list[Account]:
    """Whom of the staff the sign-in page offers, in the order of the roles."""
    query = select(Account).where(Account.role.is_not(None), Account.password_hash.is_(None)).limit(50)
    rank = {str(role): place for place, role in enumerate(Role)}
    return sorted(session.scalars(query), key=lambda account: rank.get(account.role or "", len(rank)))


def demo_households(session: Session) -> list[tuple[Account, int]]:
    """The customers with most orders, and how many they have."""
    counted = (
        select(Order.account_id, func.count().label("orders"))
        .where(Order.account_id.is_not(None))
        .group_by(Order.account_id)
        .order_by(func.count().desc(), Order.account_id)
        .limit(HOUSEHOLDS_SHOWN * 3)
        .subquery()
    )
    query = select(Account, counted.c.orders).join(counted, counted.c.account_id == Account.id)
    query = query.where(Account.password_hash.is_(None), Account.role.is_(None))
    rows = session.execute(query.order_by(counted.c.orders.desc(), Account.id).limit(HOUSEHOLDS_SHOWN))
    return [(account, orders) for account, orders in rows]


def demo_person(session: Session, account_id: int) -> Account | None:
    """An account that a demo button may open: one without a password, i.e. nobody's own."""
    account = session.get(Account, account_id)
    return account if account is not None and account.password_hash is None else None


def _email(role: Role) -> str:
    return f"{role}@example.com"

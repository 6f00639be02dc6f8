"""Due: orders that are to be credited anew because a campaign or a cost changed; few at once, many by a job.

A campaign's code or a product's cost can concern every order there is. All of them in one transaction of a web request
would let the whole shop wait, on SQLite for its only write lock.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from .booking import Booked, rebook
from .credits import CreditDue
from .rules import Rules
from .visits import in_chunks

AT_ONCE = 500
"""Orders that are credited in the caller's transaction, some tenths of a second."""


def credit_anew(session: Session, order_ids: Collection[int]) -> bool:
    """Credit these orders anew; returns False where they are many and the job does it soon."""
    if len(order_ids) <= AT_ONCE:
        rebook(session, order_ids)
        return True
    table = CreditDue.metadata.tables[CreditDue.__tablename__]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    # Writing an order that is noted already holds its row until this commits: the job can't take it off the list and
    # credit it by what stood before.
    statement = statement.on_conflict_do_update(
        index_elements=["order_id"], set_={"order_id": statement.excluded.order_id}
    )
    for some in in_chunks(order_ids):
        session.connection().execute(statement, [{"order_id": id_} for id_ in some])
    return False


def credit_due(session: Session, *, rules: Rules) -> tuple[int, Booked]:
    """Credit some of those that are due, in the caller's transaction; returns how many were, none where all are done.

    An order that is noted again meanwhile is credited again: it is taken off the list before it is read.
    """
    some = session.scalars(select(CreditDue.order_id).order_by(CreditDue.order_id).limit(AT_ONCE)).all()
    if not some:
        return 0, Booked()
    session.execute(delete(CreditDue).where(CreditDue.order_id.in_(some)))
    return len(some), rebook(session, some, rules=rules)

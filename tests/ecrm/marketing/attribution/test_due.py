"""Many orders that a campaign or a cost concerns are noted and credited a part at a time."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.booking import Booked
from ecrm.marketing.attribution.credits import Credit, CreditDue
from ecrm.marketing.attribution.due import AT_ONCE, credit_anew, credit_due

from .town import RULES, Town


def count(session: Session, record: type[Credit] | type[CreditDue]) -> int:
    return session.scalar(select(func.count()).select_from(record)) or 0


def test_many_orders_are_noted_once_and_credited_a_part_at_a_time(town: Town, session: Session) -> None:
    ada = town.customer()
    orders = [town.order(ada, 100, lines=[]) for _ in range(AT_ONCE + 3)]
    # given: so many that the request leaves them to the job, noted twice
    assert not credit_anew(session, orders)
    assert not credit_anew(session, orders)
    assert (count(session, CreditDue), count(session, Credit)) == (AT_ONCE + 3, 0)
    # when the job comes, then it takes them a part at a time until none is left
    assert credit_due(session, rules=RULES) == (AT_ONCE, Booked(AT_ONCE, AT_ONCE))
    assert credit_due(session, rules=RULES) == (3, Booked(3, 3))
    assert credit_due(session, rules=RULES) == (0, Booked())
    assert (count(session, CreditDue), town.credits()) == (0, {"no visit known": 100 * (AT_ONCE + 3)})

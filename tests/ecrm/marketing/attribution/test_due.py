"""Many orders that a campaign or a cost concerns are noted and credited a part at a time."""

from __future__ import annotations

from datetime import date
from threading import Thread

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from ecrm.marketing.attribution.booking import Booked
from ecrm.marketing.attribution.credits import Credit, CreditDue
from ecrm.marketing.attribution.due import AT_ONCE, credit_anew, credit_due
from ecrm.marketing.campaigns import Campaign, found

from .town import NOON, RULES, Town


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


def test_a_change_that_commits_while_the_job_works_is_credited_too(sessions: sessionmaker[Session]) -> None:
    # given: many orders noted for the job, and a second change of their campaign that isn't committed yet
    with sessions.begin() as session:
        town = Town(session)
        found(session, code="s", name="S", channel="post", first_day=date(2026, 11, 1), last_day=None, now=NOON)
        ada = town.customer(browser=False)
        orders = [town.order(ada, 100, lines=[], codes=["s"]) for _ in range(AT_ONCE + 1)]
        credit_anew(session, orders)
    staff = sessions()
    staff.execute(update(Campaign).values(channel="sms"))
    credit_anew(staff, orders)
    # when the job comes meanwhile
    job = Thread(target=work_off, args=(sessions,))
    job.start()
    job.join(1)
    staff.commit()
    staff.close()
    job.join(60)
    # then nothing is left credited by what stood before
    work_off(sessions)
    with sessions() as session:
        assert Town(session).credits() == {"sms": 100 * (AT_ONCE + 1)}


def work_off(sessions: sessionmaker[Session]) -> None:
    done = 1
    while done:
        with sessions.begin() as session:
            done, _booked = credit_due(session, rules=RULES)

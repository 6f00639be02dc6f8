"""Any sequence of carriers' messages: only allowed moves, and an end that doesn't depend on the order of arrival.

`SCAN_SEQUENCES=10000 pytest tests/tracking/delivery/test_sequences.py` tries as many; the suite tries fewer.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from tracking.delivery import progress
from tracking.delivery.shipment import Scan, Shipment, Status

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEQUENCES = int(os.environ.get("SCAN_SEQUENCES", "300"))
NUMBERS = itertools.count()
Message = tuple[int, Status]
"""Hours after the order, and what was said."""
messages = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(Status)), max_size=12)


def new_parcel(session: Session) -> Shipment:
    number = next(NUMBERS)
    values = {"order_reference": f"A{number}", "customer_id": None, "at": NOW}
    progress.expect(session, promised_on=None, **values)  # type: ignore[arg-type]
    return progress.shipments_of(session, f"A{number}")[0]


def hear(session: Session, parcel: Shipment, said: Message) -> tuple[str, str]:
    before = parcel.status
    moved = progress.scan(session, parcel, status=said[1], at=NOW + timedelta(hours=said[0]))
    assert moved == (parcel.status != before)
    return before, parcel.status


def as_scans(said: Sequence[Message]) -> list[tuple[datetime, str]]:
    return [(NOW + timedelta(hours=hours), status) for hours, status in said]


def contradicts(said: Sequence[Message]) -> bool:
    return {Status.DELIVERED, Status.RETURN_TO_SENDER} <= {status for _hours, status in said}


def check(session: Session, said: list[Message], again: random.Random) -> None:
    parcel, other = new_parcel(session), new_parcel(session)
    end = None
    for message in said:
        before, after = hear(session, parcel, message)
        assert after == before or Status(after) in progress.ALLOWED_MOVES[Status(before)]
        assert end is None or after == end
        end = after if after in progress.ENDS else None
        assert (parcel.delivered_at is None) == (after != Status.DELIVERED)
    kept = select(func.count()).select_from(Scan).where(Scan.shipment_id == parcel.id)
    assert session.scalar(kept) == len(set(said))
    shuffled = [*said, *again.choices(said, k=len(said) // 2)] if said else []
    again.shuffle(shuffled)
    for message in shuffled:
        hear(session, other, message)
    if contradicts(said):
        assert {parcel.status, other.status} <= {*progress.ENDS}
        return
    assert parcel.status == other.status == progress.settled(as_scans(said))
    assert parcel.delivered_at == other.delivered_at


@settings(
    max_examples=SEQUENCES, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(said=messages, again=st.randoms(use_true_random=False))
def test_no_sequence_leads_to_an_impossible_state(session: Session, said: list[Message], again: random.Random) -> None:
    check(session, said, again)
    session.rollback()


@settings(
    max_examples=max(SEQUENCES // 10, 20), deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(said=messages, left=st.lists(st.booleans(), min_size=12, max_size=12))
def test_two_sessions_by_turns_come_to_the_same_end(engine: Engine, said: list[Message], left: list[bool]) -> None:
    make = sessionmaker(engine)
    with make.begin() as session:
        parcel_id = new_parcel(session).id
    with make() as one, make() as two:
        for message, turn in zip(said, left, strict=False):
            session = one if turn else two
            parcel = session.get_one(Shipment, parcel_id)
            session.refresh(parcel)
            hear(session, parcel, message)
            session.commit()
    with make() as session:
        status = session.get_one(Shipment, parcel_id).status
    assert contradicts(said) or status == progress.settled(as_scans(said))


def test_messages_at_the_same_moment_see_each_other(engine: Engine) -> None:
    """Each thread hears a part of what was said; whoever is last settles it for all."""
    make, gate = sessionmaker(engine), threading.Barrier(4)
    with make.begin() as session:
        parcel_id = new_parcel(session).id
    said = [(hours, status) for hours in range(4) for status in Status if status is not Status.RETURN_TO_SENDER]
    random.Random(7).shuffle(said)
    failures: list[BaseException] = []

    def tell(part: Sequence[Message]) -> None:
        gate.wait()
        try:
            for message in part:
                with make.begin() as session:
                    parcel = session.get_one(Shipment, parcel_id)
                    progress.scan(session, parcel, status=message[1], at=NOW + timedelta(hours=message[0]))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=tell, args=(said[place::4],)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with make() as session:
        parcel = session.get_one(Shipment, parcel_id)
        assert (parcel.status, parcel.delivered_at) == (Status.DELIVERED, NOW)
        assert session.scalar(select(func.count()).select_from(Scan)) == len(said)


def test_a_state_of_the_way_is_the_latest_by_the_clock_of_the_carrier() -> None:
    said = as_scans([(5, Status.IN_TRANSIT), (9, Status.EXCEPTION), (7, Status.OUT_FOR_DELIVERY)])
    assert progress.settled(said) == Status.EXCEPTION
    assert progress.settled([]) == Status.PRE_TRANSIT
    assert progress.settled(as_scans([(3, Status.CANCELLED)])) == Status.CANCELLED
    assert progress.settled(as_scans([(3, Status.CANCELLED), (1, Status.IN_TRANSIT)])) == Status.IN_TRANSIT
    assert progress.settled(as_scans([(3, Status.DELIVERED), (2, Status.RETURN_TO_SENDER)])) == Status.RETURN_TO_SENDER

"""What comes back and why, counted from the returns and the orders of the same days."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm.returns.figures import by_product, by_reason
from tests.ecrm.kites import AT, Kites, open_kites, order
from tracking.delivery.returns import Return, ReturnLine


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    """Two orders of two kites and a string each; four returns."""
    kites = open_kites(engine, tmp_path)
    kites.tell(order("A1"))
    kites.tell(order("A2"))
    told = [
        ("damaged", "refunded", 1),
        ("damaged", "refused", 2),
        ("changed_mind", "requested", 1),
        ("other", "cancelled", 2),
    ]
    with kites.crm.sessions.begin() as session:
        for number, (reason, state, pieces) in enumerate(told):
            row = Return(reference=f"R-{number}", order_reference="A1", state=state, reason=reason, asked_at=AT)
            session.add(row)
            session.flush()
            session.add(ReturnLine(return_id=row.id, product="2", name="Blue kite", quantity=pieces))
    return kites


def test_pieces_by_product_and_reason_beside_what_was_sold(kites: Kites) -> None:
    with kites.session() as session:
        (kite,) = by_product(session, since=AT, until=AT + timedelta(days=1))
        reasons = by_reason(session, since=AT, until=AT + timedelta(days=1))
    assert (kite.product, kite.pieces, kite.sold, kite.share) == ("2", 4, 4, 1.0)
    assert kite.reasons == {"damaged": 3, "changed_mind": 1}
    assert reasons == {"damaged": 2, "changed_mind": 1}  # what was withdrawn doesn't count


def test_other_days_have_none(kites: Kites) -> None:
    with kites.session() as session:
        assert by_product(session, since=AT + timedelta(days=1), until=AT + timedelta(days=2)) == []

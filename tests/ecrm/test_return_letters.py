"""Letters about returns: one that can't be addressed is left out, and stops nobody."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from ecrm.returns.letters import write_about
from mailer.outbox import Email
from tracking.customers import Customer
from tracking.delivery.returns import Return, ReturnState

from .kites import AT, open_kites, order, person


def test_a_return_of_somebody_whose_address_cannot_be_written_to_is_decided_without_a_letter(
    engine: Engine, tmp_path: Path
) -> None:
    kites = open_kites(engine, tmp_path)
    kites.tell(order(who=person("broken@@x")))
    with kites.app.app_context(), kites.crm.sessions.begin() as session:
        asked = Return(
            reference="R-ABCDEFGH", order_reference="A1", customer_id=session.scalar(select(Customer.id)),
            state=ReturnState.REQUESTED, reason="damaged", asked_at=AT,
        )  # fmt: skip
        session.add(asked)
        session.flush()
        assert write_about(session, asked, template="return_approved", now=AT) is False
    assert kites.all(Email) == []

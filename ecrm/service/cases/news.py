"""News: tells the host that a case changed, once that is committed."""

from __future__ import annotations

from flask import has_app_context
from sqlalchemy.orm import Session

from ecrm.signals import announce_after_commit, case_changed

from .case import Case


def announce(session: Session, case: Case) -> None:
    """Send `case_changed` after the commit; nobody listens where there is no app."""
    if has_app_context():
        announce_after_commit(
            session, case_changed, reference=case.reference, state=str(case.state), order_id=case.order_reference
        )  # fmt: skip

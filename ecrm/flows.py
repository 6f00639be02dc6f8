"""Flows in this shop: the job that runs them, and the last question before one of their e-mails is written."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from sqlalchemy.orm import Session

from mailer.flows.engine import knobs_of, run_flows
from mailer.flows.entry import FlowSetting
from mailer.flows.registry import FLOWS, by_name
from mailer.flows.stepping import still_wanted as ask_flow
from mailer.outbox import Email
from mailer.writing import Dropped, Held

from .flow_shop import FlowShop, flow_shop
from .installation import Installation

LONGEST_RUN = 240.0
"""Seconds. What isn't done by then goes on in the next run, with the hour and the shop as they are then."""


def run(crm: Installation) -> str:
    """The job `flows`: let people in, take the steps that are due."""
    now, end = datetime.now(UTC), monotonic() + LONGEST_RUN
    shop = flow_shop(crm, now=now)
    return str(
        run_flows(
            crm.sessions, FLOWS, shop, now=now, stopping=lambda: crm.stopping.is_set() or monotonic() >= end
        )
    )  # fmt: skip


def still_wanted(shop: FlowShop, session: Session, email: Email, *, now: datetime) -> Held | Dropped | None:
    """Whether a flow's e-mail is still to be sent: not where its reason is gone, not yet where it is younger.

    Args:
        shop: made once a batch by `flow_shop(crm, now=now)`.
    """
    name = email.source.removeprefix("flow:")
    flow = by_name().get(name)
    if flow is None:
        return Dropped("the flow is no more")
    setting = session.get(FlowSetting, name)
    if setting is not None and not setting.switched_on:
        return Dropped("the flow was switched off")
    return ask_flow(session, email, flows=by_name(), shop=shop, knobs=knobs_of(flow, setting), now=now)

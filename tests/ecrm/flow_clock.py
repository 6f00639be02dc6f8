"""A clock that a test moves: at each look the flows run and the sender takes out what is due, over real SMTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.flow_shop import flow_shop
from ecrm.installation import Installation, installation
from ecrm.sending import make_desk
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.flows.engine import run_flows, setting_of
from mailer.flows.registry import FLOWS
from mailer.outbox import Email
from mailer.sender import Stream, send_due
from tests.mailer.scripted_smtp import ScriptedSmtp
from tracking.customers import Customer
from tracking.email_address import fold


@dataclass
class FlowClock:
    """The whole way from a deed to the server that takes the e-mail."""

    app: Flask
    server: ScriptedSmtp
    now: datetime

    @property
    def crm(self) -> Installation:
        return installation(self.app)

    def start(self) -> None:
        """All flows ran a moment ago, and nobody is in a control group."""
        with self.crm.sessions.begin() as session:
            for flow in FLOWS:
                setting = setting_of(session, flow)
                setting.control_percent, setting.seen_until, setting.switched_on = 0, self.now, True

    def look(self) -> None:
        """What the jobs `flows` and `send-marketing` do."""
        with self.app.app_context():
            report = run_flows(self.crm.sessions, FLOWS, flow_shop(self.crm, now=self.now), now=self.now)
            assert report.failed == 0
            send_due(
                self.crm.sessions, self.crm.transport, clock=lambda: self.now, stream=Stream.MARKETING,
                desk=make_desk(self.crm),
            )  # fmt: skip

    def until(self, moment: datetime, *, every: timedelta = timedelta(minutes=30)) -> None:
        """Look again and again until this moment."""
        while self.now < moment:
            self.now = min(self.now + every, moment)
            self.look()

    def arrived(self) -> list[EmailMessage]:
        """What the server took."""
        return [message_from_bytes(one, policy=default) for one in self.server.received]

    def sent(self) -> list[Email]:
        """The rows of what went out, in that order."""
        with self.crm.sessions() as session:
            return list(session.scalars(select(Email).where(Email.sent_at.is_not(None)).order_by(Email.sent_at)))

    def local(self, email: Email, zone: str) -> str:
        """When it went out by a clock on a wall, e.g. `06-10 08:00`."""
        assert email.sent_at is not None
        return email.sent_at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M")

    def agree(self, email: str, *topics: Topic) -> None:
        """Somebody known said yes to these topics, now; their mailbox is confirmed."""
        with self.crm.sessions.begin() as session:
            contact = self._contact(session, email)
            contact.confirmed_at = self.now
            for topic in topics:
                session.merge(Subscription(contact_id=contact.id, topic=topic, wanted=True, changed_at=self.now))

    def _contact(self, session: Session, email: str) -> Contact:
        found = session.scalar(select(Contact).where(Contact.folded == fold(email)))
        if found is None:
            owner = session.scalars(select(Customer).where(Customer.email_folded == fold(email))).one()
            found = Contact(folded=fold(email), address=email, customer_id=owner.id, created_at=self.now)
            session.add(found)
            session.flush()
        return found

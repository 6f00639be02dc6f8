"""A support desk in a test's shop: letters as they come in, and what the shop sends out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any

from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.sending import make_desk
from ecrm.service.cases import Case, CaseMessage, messages_of
from ecrm.service.inbound_mail import InboundMail
from ecrm.service.intake import take_mail
from ecrm.storefront import Staff
from mailer.sender import send_due
from mailer.transports import MemoryTransport
from tracking.customers import Customer, CustomerEmail

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DESK = "support@example.com"
MIA = Staff(staff_id="7", name="Mia", role="support")


def ready(plugin: Installation, **config: Any) -> Installation:
    plugin.app.config.update({"ECRM_DESK_ADDRESSES": (DESK,)} | config)
    return plugin


def letter(
    text: str = "Where is my parcel?", *, sender: str = "Ada Byron <ada@example.net>", subject: str = "My parcel",
    message_id: str = "", **headers: str,
) -> EmailMessage:  # fmt: skip
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, DESK, subject
    if message_id:
        message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def come_in(plugin: Installation, message: Message | bytes, *, at: datetime = NOW, recipient: str = "") -> str:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    return take_mail(plugin, raw, source="imap", recipient=recipient, now=at)


def cases_of(plugin: Installation) -> list[Case]:
    with plugin.sessions() as session:
        return list(session.scalars(select(Case).order_by(Case.id)))


def said(plugin: Installation, case: Case) -> list[CaseMessage]:
    with plugin.sessions() as session:
        return list(messages_of(session, case.id))


def mails(plugin: Installation) -> list[InboundMail]:
    with plugin.sessions() as session:
        return list(session.scalars(select(InboundMail).order_by(InboundMail.id)))


def go_out(plugin: Installation, *, at: datetime = NOW + timedelta(seconds=5)) -> list[EmailMessage]:
    """Send what is due; what was sent by this, as mail programs read it."""
    transport = MemoryTransport()
    with plugin.app.app_context():
        send_due(plugin.sessions, transport, clock=lambda: at, desk=make_desk(plugin))
    return [message_from_bytes(one.message, policy=default) for one in transport.sent]  # type: ignore[misc]


def known(plugin: Installation, address: str = "ada@example.net") -> int:
    with plugin.sessions.begin() as session:
        customer = Customer(email=address, first_name="Ada", country="DE", traits={}, created_at=NOW)
        session.add(customer)
        session.flush()
        session.add(CustomerEmail(folded=address, customer_id=customer.id, added_at=NOW))
        return customer.id

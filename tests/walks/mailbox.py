"""What the CRM has sent, as its readers' mail programs parse it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from ecrm.installation import Installation
from ecrm.scheduler import run_job
from ecrm.timetable import job_named
from mailer.transports import MemoryTransport


def mails(crm: Installation) -> list[EmailMessage]:
    """The e-mails so far, the due ones included, in the order in which they were sent."""
    run_job(crm, job_named("send-mail"))
    assert isinstance(crm.transport, MemoryTransport)
    return [message_from_bytes(mail.message, policy=policy.default) for mail in crm.transport.sent]


def body_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Its text, or what it says as HTML."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())

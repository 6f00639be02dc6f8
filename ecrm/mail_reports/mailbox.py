"""The mailbox that bounces, complaints and letters to the desk are sent to, read by IMAP (extra `imap`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ecrm.installation import Installation

from .taking import take_message

AT_ONCE = 200


class NotInstalled(RuntimeError):
    """The optional package is missing; the message says which extra brings it."""


def read_mailbox(crm: Installation, *, now: datetime) -> str:
    """Take every unread message and mark it as read once that is committed; in words, what came.

    A crash in between reads a message again, which changes nothing. One that nobody can read is none of ours, and is
    marked as read, too: else it would stop all that come after it.
    """
    config = crm.app.config
    if not config["ECRM_IMAP_HOST"]:
        return "no mailbox is configured"
    came: Counter[str] = Counter()
    with _opened(config) as box:
        for uid in box.uids("UNSEEN")[:AT_ONCE]:
            for raw in _raw(box, uid):
                came.update(take_message(crm, raw, source="imap", now=now) or ["no report"])
            box.flag(uid, "\\Seen", True)
    return ", ".join(f"{number} {what}" for what, number in sorted(came.items())) or "nothing new"


def _raw(box: Any, uid: str) -> Iterator[bytes]:
    """The message as it lies there, read by nobody yet; nothing, where it was deleted meanwhile."""
    _, parts = box.client.uid("FETCH", uid, "(BODY.PEEK[])")
    return (part[1] for part in parts if isinstance(part, tuple))


def _opened(config: Mapping[str, Any]) -> Any:
    try:
        import imap_tools  # an extra: only whoever reads a mailbox needs it
    except ImportError:
        raise NotInstalled("reading a mailbox needs the extra `imap`: pip install 'flask-ecrm[imap]'") from None
    kinds = {"tls": imap_tools.MailBox, "starttls": imap_tools.MailBoxStartTls, "none": imap_tools.MailBoxUnencrypted}
    box = kinds[config["ECRM_IMAP_SECURITY"]](config["ECRM_IMAP_HOST"], port=config["ECRM_IMAP_PORT"], timeout=30)
    return box.login(config["ECRM_IMAP_USER"], config["ECRM_IMAP_PASSWORD"], config["ECRM_IMAP_FOLDER"])

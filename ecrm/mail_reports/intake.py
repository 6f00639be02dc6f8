"""A small mail server to which the shop's mail server hands bounces, complaints and letters to the desk (`intake`).

It takes mail for the return path and the desk's addresses alone and relays nothing: bind it to an address that only
the mail server reaches. A letter is committed before it is answered for (`250`).
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

from ecrm.installation import Installation
from ecrm.service.desk_addresses import bare, desk_addresses
from ecrm.service.inbound_mail import MOST_BYTES as MOST_LETTER
from mailer.bounces import MOST_BYTES

from .mailbox import NotInstalled
from .taking import take_message

log = logging.getLogger("ecrm.intake")


class Intake:
    """What the server asks: whether it takes mail for an address, and what to do with a message."""

    def __init__(self, crm: Installation, *, address: str) -> None:
        self._crm = crm
        self._addresses = {bare(address), *(one.folded for one in desk_addresses(crm.app.config))}

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Only for the address that bounces go to and for the desk's, with or without a `+tag`."""
        if bare(address) not in self._addresses:
            return "550 5.1.1 only reports about our own e-mails and letters to the desk are taken here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take it before the answer; what can't be stored now is to be sent again.

        A broad `except` stands here on purpose: whatever fails is the mail server's to try again later.
        """
        try:
            done = await asyncio.to_thread(self._take, envelope.content, envelope.rcpt_tos[0])
        except Exception:
            log.exception("a message could not be taken")
            return "451 4.3.0 try again later"
        return f"250 {', '.join(done) or 'no report'}"

    def _take(self, content: bytes, recipient: str) -> list[str]:
        with self._crm.app.app_context():
            return take_message(self._crm, content, source="intake", recipient=recipient, now=datetime.now(UTC))


def serve(crm: Installation, *, address: str, host: str, port: int, lmtp: bool) -> Any:
    """A running server (`aiosmtpd.controller.Controller`); stop it with `.stop()`.

    Raises:
        NotInstalled: without aiosmtpd.
        OSError: where the port can't be had.
    """
    try:
        from aiosmtpd.controller import Controller  # an extra: only whoever runs an intake needs it
        from aiosmtpd.lmtp import LMTP
        from aiosmtpd.smtp import SMTP
    except ImportError:
        raise NotInstalled("the intake needs the extra `intake`: pip install 'flask-ecrm[intake]'") from None

    class Door(Controller):
        def factory(self) -> Any:
            return (LongLinedLmtp if lmtp else LongLined)(self.handler, **self.SMTP_kwargs)

    class LongLined(SMTP):
        line_length_limit = _limit(crm)  # many programs write lines over 998 (RFC 5321 4.5.3.1.6); refused is lost

    class LongLinedLmtp(LMTP):
        line_length_limit = _limit(crm)

    server = Door(Intake(crm, address=address), hostname=host, port=port, data_size_limit=_limit(crm), ready_timeout=10)
    server.start()
    return server


def _limit(crm: Installation) -> int:
    return MOST_LETTER if crm.app.config["ECRM_DESK_ADDRESSES"] else MOST_BYTES

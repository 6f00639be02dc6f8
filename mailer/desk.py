"""What the sender needs besides outbox and transport: who writes, who admits, who signs, and how fast it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from .enclosed import File
from .outbox import Email
from .rates import Rates
from .writing import MailWriter


class Admission(Protocol):
    """Whether claimed e-mails may go now: `mailer.budget.admit`. What isn't in the answer may; an answer with `until`
    defers, another one drops."""

    def __call__(self, session: Session, emails: Sequence[Email], *, now: datetime) -> Mapping[int, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the sender needs besides outbox and transport.

    Args:
        writer: finds the words of e-mails that are queued without.
        admit: decides about marketing in the transaction of its claim.
        sign: makes the DKIM header of finished bytes and gives both.
        files: what goes with an e-mail whose `content` says that files do.
        return_path: the envelope's sender, where bounces go; empty for the e-mail's own.
        rates: how many may go in a time.
        stopping: asked between e-mails; when it says yes, the call ends without leaving a doubt.
    """

    writer: MailWriter | None = None
    admit: Admission | None = None
    sign: Callable[[bytes], bytes] | None = None
    files: Callable[[Email], Sequence[File]] | None = None
    return_path: str = ""
    rates: Rates = field(default_factory=lambda: Rates({}))
    stopping: Callable[[], bool] = lambda: False

"""Writing: what whoever finds the words for an e-mail answers, just before it is sent.

Transactional e-mails are finished when they are queued. The others hold in `Email.content` what they are about; their
words are found at the last moment, so that price, stock and everything else in them is true then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from .outbox import Email, deadline_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The finished words. `content` replaces `Email.content`, to be kept as what was said; None leaves it.

    `unsubscribe_url`: acts on a POST (RFC 8058); an e-mail of marketing without one isn't sent. `list_id`: what stands
    in the brackets of List-Id (RFC 2919), e.g. `offers.shop.example`. `feedback_id`: as Gmail's postmaster tools want
    it, e.g. `mailing-7:offers:shop`.
    """

    subject: str
    text: str
    html: str
    unsubscribe_url: str = ""
    list_id: str = ""
    feedback_id: str = ""
    content: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Not now: the e-mail is deferred and written anew at `until`."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Never: what it was about is no longer true."""

    reason: str


Answer = Written | Held | Dropped


class MailWriter(Protocol):
    """Finds the words for e-mails that were claimed; implemented where shop and templates are known."""

    def write(self, session: Session, emails: Sequence[Email], *, now: datetime) -> Sequence[Answer]:
        """One answer an e-mail, in their order. It may read whatever it needs, and changes nothing.

        Nobody's lock is held meanwhile, and what was true at the claim is asked again where it matters.
        """


def in_time(email: Email, answer: Held | Dropped) -> Held | Dropped:
    """What would be held beyond its time is dropped, or it would be held for ever."""
    if isinstance(answer, Held) and not email.transactional and answer.until > (until := deadline_of(email)):
        return Dropped(f"its time passes on {until:%d %b %H:%M} UTC; {answer.reason}")
    return answer

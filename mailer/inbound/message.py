"""What a message that came in is, once it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

BY_MACHINES = frozenset({"loop", "report", "auto-submitted", "auto-reply", "empty return path", "subject"})
"""Values of `Inbound.auto` by which no person wrote it. The others say only that nothing may answer it by itself:
companies' mail programs and lists put such headers into people's letters, too."""
UNCLEAR = "sender unclear"
"""Of `Inbound.hints`: its From names several, of whom `from_address` is one."""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file of a message. `name` is fit to be shown and stored: no path, no controls, no change of writing direction.

    `content_type` is by content where that is known (`content_types.of_content`), else as it was said. `content_id`:
    without angle brackets, of a picture that stands in the text.
    """

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """A message as a case keeps it.

    `reply_to` is where the sender wants answers, but for the sender's own address. A letter that a form or a
    marketplace passes on is `from_address` who wrote it, by what it says itself, and `relayed_by` whom it came from.

    `message_id`, `in_reply_to` and `references` carry their angle brackets; empty where the message has none. `at` is
    what the sender's clock said, None where it can't be read. `text` is what the person wrote now, `quoted` what they
    quoted below. `html` is safe to show, without pictures from anywhere. `language`: two letters, empty where nobody
    can say. `auto`: in a word why nothing may answer it by itself (`automatic.why_automatic`). `hints`: what
    mail servers on the way said against it. `left_out`: files beyond what is kept of one message. `trouble`: why it
    could only be read in part.
    """

    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    from_address: str = ""
    from_name: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    relayed_by: str = ""
    subject: str = ""
    at: datetime | None = None
    text: str = ""
    quoted: str = ""
    html: str = ""
    language: str = ""
    attachments: tuple[Attachment, ...] = ()
    auto: str = ""
    hints: tuple[str, ...] = ()
    left_out: int = 0
    trouble: str = ""

    @property
    def sender(self) -> str:
        """The address that wrote it; empty where nothing says so but the letter: passed on, or one of several."""
        return "" if self.relayed_by or UNCLEAR in self.hints else self.from_address

    @property
    def by_machine(self) -> bool:
        """Whether no person wrote it."""
        return self.auto in BY_MACHINES

"""Refusals: what a mail server's "no" means for an e-mail, for its mailbox, and for us."""

from __future__ import annotations

import re

from .transports import Bounced, PermanentFailure, SendingError, TemporaryFailure, Unreachable, Unwelcome

_ENHANCED = re.compile(r"\s*[45]\.(\d{1,3})\.(\d{1,3})\b")
_NO_MAILBOX = {550, 551, 553}
_SYNTAX = {500, 501, 504, 555}
_ABOUT_US = re.compile(
    r"relay|block|black ?list|deny ?list|spam|virus|polic|auth|reputation|reject(ed)? (by|due)|not (allowed|permitted)"
    r"|prohibited|denied|dns|ptr|reverse|helo|ehlo|spf|dkim|dmarc|sender|client|(?<!not )listed|"
    r"\brbl\b|\bip\b|\brate\b|limit|tls",
    re.IGNORECASE,
)


def failure(code: int, text: str, *, moment: str) -> SendingError:
    """What a refusing reply means: 421 is about the connection, 4xx passes, 5xx stays (RFC 5321 4.2.1).

    What is refused for good before a recipient was named, or for want of a login or of order, is a mistake in the
    settings or between the two programs, not in the e-mail: it waits until that is right. A recipient refused for good
    is a bounce where the server says that it is the mailbox (x.1.x or x.2.1 of RFC 3463; without such a code 550, 551
    or 553 in words that aren't about us); any other refusal of a recipient says nothing about the mailbox, and a full
    one (552 or x.2.2) may have room tomorrow.
    """
    words = f"{code} {text}".strip()
    if code in {421, 503, 530, 534, 535, 538}:
        return Unreachable(words)
    if 400 <= code < 500:
        return TemporaryFailure(words)
    if not 500 <= code < 600:
        return TemporaryFailure(f"unexpected answer: {words}")
    if moment == "MAIL" and code != 555:
        return Unreachable(f"the server doesn't take the sender: {words}")
    return _of_recipient(code, text) if moment == "RCPT" else PermanentFailure(words)


def _of_recipient(code: int, text: str) -> SendingError:
    words = f"{code} {text}".strip()
    enhanced = _ENHANCED.match(text)
    subject, detail = enhanced.groups() if enhanced else ("", "")
    if code == 552 or (subject, detail) == ("2", "2"):
        return TemporaryFailure(words)
    if enhanced:
        # 5.1.7 and 5.1.8 are about the sender's address
        gone = (subject == "1" and detail not in {"7", "8"}) or (subject, detail) == ("2", "1")
    else:
        gone = code in _NO_MAILBOX and not _ABOUT_US.search(text)
    if gone:
        return Bounced(words)
    return PermanentFailure(words) if code in _SYNTAX else Unwelcome(words)

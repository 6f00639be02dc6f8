"""What a "no" to a recipient means: only where it is about the mailbox, nobody writes there again."""

from __future__ import annotations

import pytest

from mailer.refusals import failure
from mailer.transports import Bounced, PermanentFailure, SendingError, TemporaryFailure, Unreachable, Unwelcome


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (550, "5.1.1 <ada@example.com>: user unknown", Bounced),
        (550, "5.1.1 blocked by nobody: no such user", Bounced),
        (550, "5.2.1 mailbox disabled", Bounced),
        (554, "5.1.2 bad destination system", Bounced),
        (550, "No such user here", Bounced),
        (550, "User ada not listed in the directory", Bounced),
        (553, "mailbox name is unknown", Bounced),
        (550, "5.1.8 sender's domain doesn't exist", Unwelcome),
        (550, "5.7.1 no such user", Unwelcome),
        (550, "5.0.0 refused", Unwelcome),
        (550, "relay not permitted", Unwelcome),
        (550, "Relaying denied", Unwelcome),
        (550, "blocked using zen.spamhaus.org", Unwelcome),
        (550, "authentication required", Unwelcome),
        (554, "no", Unwelcome),
        (501, "syntax", PermanentFailure),
        (552, "mailbox full", TemporaryFailure),
        (550, "5.2.2 over quota", TemporaryFailure),
        (503, "bad sequence of commands", Unreachable),
        (530, "sign in first", Unreachable),
    ],
)
def test_only_what_is_about_the_mailbox_is_a_bounce(code: int, text: str, meaning: type[SendingError]) -> None:
    assert type(failure(code, text, moment="RCPT")) is meaning

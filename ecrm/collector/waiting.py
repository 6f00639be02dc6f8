"""The mark by which the first-party script tells whose messages wait in a browser for a network.

They must end with the visitor: who signs out, says "Not you?" or withdraws a consent leaves nothing to be sent under
the next cookie. No script can read the cookie, so the page carries a mark of it.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from flask import current_app

from tracking.visitors import Grade


def waiting_mark(token: str | None, grade: Grade) -> str:
    """16 hex digits of visitor and grade, which lead back to neither; empty where nobody is followed."""
    if token is None:
        return ""
    said = f"waiting:{token}:{int(grade)}".encode()
    return hmac.new(_key(), said, sha256).hexdigest()[:16]


def _key() -> bytes:
    key = current_app.config["SECRET_KEY"]
    return key if isinstance(key, bytes) else str(key).encode()

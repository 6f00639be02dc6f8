"""Fixtures: an order's confirmation and an offer in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from mailer.address_hash import AddressHash
from mailer.addressing import Mailbox
from mailer.consent import Topic, subscribe
from mailer.mailboxes import contact_of
from mailer.outbox import queue
from mailer.unwritten import queue_unwritten

from .outgoing import NOW


@pytest.fixture
def offer(sessions: sessionmaker[Session]) -> Callable[..., int]:
    """Queue an offer to somebody who wants offers."""

    def offer(name: str, *, priority: int = 0, due_at: datetime = NOW) -> int:
        address = f"{name}@example.com"
        with sessions.begin() as session:
            contact = contact_of(session, address, now=NOW, hashed=AddressHash([b"key"]))
            subscribe(session, contact.id, [Topic.OFFERS], how="test", wording="Yes", now=NOW)
            email_id = queue_unwritten(
                session, dedup_key=f"mailing:1:{name}", template="mailing", sender=Mailbox("Shop", "shop@example.com"),
                to=Mailbox(name.title(), address), contact_id=contact.id, topic="offers", source="mailing:1",
                priority=priority, content={"blocks": 1}, due_at=due_at, now=NOW,
            )  # fmt: skip
        assert email_id is not None
        return email_id

    return offer


@pytest.fixture
def put(sessions: sessionmaker[Session]) -> Callable[..., int]:
    def put(key: str = "order-confirmation:1", *, transactional: bool = True) -> int:
        with sessions.begin() as session:
            email_id = queue(
                session, dedup_key=key, template="order_confirmation", sender=Mailbox("Shop", "shop@example.com"),
                to=Mailbox("Ada", "ada@example.com"), subject="Hello", text="Text", html="<p>Text</p>",
                transactional=transactional, now=NOW,
            )  # fmt: skip
        assert email_id is not None
        return email_id

    return put

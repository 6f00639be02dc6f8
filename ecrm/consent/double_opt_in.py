"""The letter that asks whether it was really its reader who signed up, and the page that its link opens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from ecrm.collector.blueprint import public
from ecrm.installation import installation
from ecrm.letters import post, shop_context, write
from ecrm.mail_links import Purpose, mail_keys, mail_links
from ecrm.mailboxes import contact_for
from mailer import dedup
from mailer.consent import Topic
from mailer.double_opt_in import LINK_LASTS, TEMPLATE, ConsentRequest, ask, open_request, use_request

from .page import consent_page
from .words import label_of

ON_CONFIRMED: list[Callable[[Session, ConsentRequest], None]] = []
"""What else happens when a mailbox is confirmed, in the same transaction: whoever put something into `about` adds a
function here, which looks whether it is theirs."""


def ask_to_confirm(
    session: Session, address: str, topics: Collection[Topic], *, how: str, wording: str, now: datetime,
    about: Mapping[str, Any] | None = None, what: str = "", tracking: bool = False,
) -> bool:  # fmt: skip
    """Queue the letter with the link, which does everything else. The caller answers the same whether it was queued.

    Args:
        wording: the words that were agreed to.
        about: kept with the request and handed to `ON_CONFIRMED`.
        what: what it is about in a few words for the letter, where that isn't the topics' names.

    Raises:
        BadHeader: for an address that can't be written to.
    """
    crm = installation()
    contact = contact_for(session, address, now=now)
    request_id = ask(
        session, contact.id, topics, how=how, wording=wording, now=now, about=dict(about or {}), tracking=tracking
    )
    expires = int((now + LINK_LASTS).timestamp())
    token = mail_keys(crm.app).sign_until(Purpose.CONFIRM, request_id or 0, contact.id, expires=expires)
    with shop_context(crm) as facts:  # written in any case, so that nobody learns from the time it takes
        letter = write(
            facts,
            template=TEMPLATE,
            context={
                "link": f"{mail_links(crm).public}/confirm/{token}",
                "days": LINK_LASTS.days,
                "topics": [label_of(topic) for topic in topics],
                "what": what,
            },
            to_address=address.strip(),
        )
    if request_id is None:
        return False
    return post(session, letter, dedup_key=dedup.consent_confirm(request_id), now=now) is not None


@public.get("/confirm/<token>")
def confirm_mailbox(token: str) -> Response:
    """Changes nothing: programs that check e-mails open links before people do."""
    now = datetime.now(UTC)
    with installation().sessions() as session:
        request = open_request(session, *_asked(token, now), now=now)
    if request is None:
        return consent_page("confirm_refused.html", status=410)
    return consent_page("confirm.html", topics=_labels(request), done=request.used_at is not None, token=token)


@public.post("/confirm/<token>")
def confirm_mailbox_now(token: str) -> Response:
    """The reader of the mailbox says yes; saying it again changes nothing."""
    now = datetime.now(UTC)
    asked = _asked(token, now)
    with installation().sessions.begin() as session:
        fresh = use_request(session, *asked, now=now)
        for also in ON_CONFIRMED if fresh else ():
            also(session, fresh)  # type: ignore[arg-type]  # there is one
        request = fresh or open_request(session, *asked, now=now)
    if request is None:
        return consent_page("confirm_refused.html", status=410)
    preferences = mail_links(installation()).preferences(request.contact_id)
    return consent_page("confirm.html", topics=_labels(request), done=True, token=token, preferences=preferences)


def _asked(token: str, now: datetime) -> tuple[int, int]:
    """The request and its contact; 0, which nothing has, for a broken or expired token."""
    parts = mail_keys().read_fresh(Purpose.CONFIRM, token, now=now.timestamp())
    return (int(parts[0]), int(parts[1])) if parts and len(parts) == 2 and all(map(str.isdigit, parts)) else (0, 0)


def _labels(request: ConsentRequest) -> list[str]:
    return [label_of(topic) for topic in request.topics]

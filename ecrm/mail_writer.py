"""The mail writer: finds the words of e-mails that were claimed, just before they are handed over.

Mailings are filled from their prepared blocks, flows rendered from their templates. Both read stock, price, region,
age limit and what was bought meanwhile at this moment; what was left out or swapped, and why, is kept in
`Email.content`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.outbox import Email
from mailer.writing import Answer, Dropped, Held

from .flow_shop import FlowShop, flow_shop
from .flows import still_wanted
from .installation import Installation
from .letters import mail_environment, shop_context
from .writing.batch import Batch
from .writing.flow_letters import FlowLetters
from .writing.mailing_letters import MailingLetters

Ask = Callable[[Session, Email], Held | Dropped | None]
Guard = Callable[[datetime], Ask]
"""Made once a batch, and asked of each e-mail before it is written: whether its reason is gone."""


class ShopMailWriter:
    """`mailer.writing.MailWriter` for this app; make one a process, as it keeps what it prepared."""

    def __init__(self, crm: Installation, *, guards: Sequence[Guard] = ()) -> None:
        self._crm, self._guards = crm, tuple(guards)
        environment = mail_environment(crm.app)
        self.mailings, self.flows = MailingLetters(environment), FlowLetters(environment)

    def write(self, session: Session, emails: Sequence[Email], *, now: datetime) -> Sequence[Answer]:
        """One answer an e-mail, in their order."""
        answers: dict[int, Answer] = {}
        with self._crm.app.app_context():
            asks = [guard(now) for guard in self._guards]
            for email in emails:
                refused = next((no for ask in asks if (no := ask(session, email)) is not None), None)
                if refused is not None:
                    answers[email.id] = refused
        wanted = [email for email in emails if email.id not in answers]
        if wanted:
            with shop_context(self._crm) as facts:
                batch = Batch.of(self._crm, session, facts, wanted, now=now)
                mailings = [email for email in wanted if email.mailing_id is not None]
                flows = [email for email in wanted if email.mailing_id is None]
                answers |= self.mailings.write(batch, mailings) if mailings else {}
                answers |= self.flows.write(batch, flows) if flows else {}
        return [answers[email.id] for email in emails]


def mail_writer(crm: Installation) -> ShopMailWriter:
    """This app's writer, made when it is first needed."""
    kept: ShopMailWriter | None = crm.app.extensions.get("ecrm_mail_writer")
    if kept is None:
        kept = crm.app.extensions["ecrm_mail_writer"] = ShopMailWriter(crm, guards=[_by_flows(crm)])
    return kept


def _by_flows(crm: Installation) -> Guard:
    def guard(now: datetime) -> Ask:
        shop: FlowShop | None = None

        def ask(session: Session, email: Email) -> Held | Dropped | None:
            nonlocal shop
            if email.entry_id is None:
                return None
            shop = shop or flow_shop(crm, now=now)
            return still_wanted(shop, session, email, now=now)

        return ask

    return guard

"""Batch: what all e-mails that are written together share: the shop's facts, links, shelves, people and picks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.mail_links import EmailLinks, MailLinks, content_of, mail_links
from ecrm.recommending.for_people import Pick, for_email
from ecrm.storefront import ShopFacts
from mailer.outbox import Email

from .recipients import Recipient, recipients_of
from .shelf import Shelves
from .topic_words import why_words

log = logging.getLogger("ecrm.writing")


@dataclass(frozen=True)
class Batch:
    """One call of the writer. `people` by contact; make it with `Batch.of`, inside of `letters.shop_context`."""

    crm: Installation
    session: Session
    facts: ShopFacts
    links: MailLinks
    shelves: Shelves
    people: Mapping[int, Recipient]
    now: datetime

    @classmethod
    def of(
        cls, crm: Installation, session: Session, facts: ShopFacts, emails: Sequence[Email], *, now: datetime
    ) -> Batch:
        return cls(
            crm, session, facts, mail_links(crm), Shelves(crm, facts), recipients_of(session, emails), now
        )  # fmt: skip

    def recipient(self, email: Email) -> Recipient:
        """Whom the e-mail goes to; somebody unknown, where its contact is gone."""
        return self.people.get(email.contact_id or 0) or Recipient(email.contact_id or 0)

    def links_of(self, email: Email, *, campaign: str) -> EmailLinks:
        """The links of an e-mail; they name it only where its recipient agreed to that. Reports find it by them."""
        return self.links.of(
            email_id=email.id, contact_id=email.contact_id or 0, topic=email.topic, campaign=campaign,
            content=content_of(email.source, step=email.step, variant=email.variant),
            tracked=self.recipient(email).tracked,
        )  # fmt: skip

    @cached_property
    def _of_the_shop(self) -> dict[str, str]:
        return {"shop_name": self.facts.name, "shop_address": postal_address(self.crm.app)}

    def values(self, person: Recipient) -> dict[str, str]:
        """What stands for each of `placeholders.KNOWN` in this person's e-mail."""
        return {**self._of_the_shop, **person.values}

    def shop(self, topic: str) -> dict[str, Any]:
        """What every marketing e-mail says of the shop."""
        return {
            **self._of_the_shop, "language": self.facts.language, "why": why_words(topic, shop=self.facts.name),
        }  # fmt: skip

    def picks(self, wanted: Mapping[int, int], *, exclude: Sequence[str] = ()) -> dict[int, list[Pick]]:
        """Recommendations by customer: as many as are wanted of each; asked in one go for all who want the same.

        A broad `except` stands here on purpose: an e-mail without recommendations is better than none.
        """
        found: dict[int, list[Pick]] = {}
        for n in sorted(set(wanted.values())):
            who = [customer for customer, count in wanted.items() if count == n]
            try:
                found.update(for_email(self.crm, self.session, who, n=n, exclude=exclude))
            except Exception:
                log.exception("no products could be recommended to %s customers", len(who))
        return found


def postal_address(app: Flask) -> str:
    """The shop's address in one line, as it stands in the foot of marketing e-mails."""
    return " ".join(str(app.config["ECRM_POSTAL_ADDRESS"]).split())

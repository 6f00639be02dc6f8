"""What conditions can be about that lies in the database: lists, campaigns, mailings, flows, brands, categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.customers.lists import ContactList
from ecrm.customers.product_labels import known_labels
from ecrm.marketing.campaigns import Campaign
from mailer.outbox import Email

MOST = 500


@dataclass(frozen=True)
class Named:
    """(value → words) of what can be chosen."""

    lists: Mapping[str, str] = field(default_factory=dict)
    campaigns: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    brands: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    @property
    def brands_and_categories(self) -> Mapping[str, str]:
        """For a field that takes either."""
        return {**self.brands, **self.categories}


def named(session: Session) -> Named:
    """Everything that there is to choose, by name."""
    lists = session.execute(select(ContactList.id, ContactList.name).order_by(ContactList.name).limit(MOST))
    campaigns = session.execute(select(Campaign.id, Campaign.name).order_by(Campaign.name).limit(MOST))
    sources = session.scalars(select(Email.source).where(Email.source != "").distinct().order_by(Email.source))
    labels = known_labels(session, limit=MOST)
    return Named(
        lists={str(id_): name for id_, name in lists},
        campaigns={str(id_): name for id_, name in campaigns},
        sources={source: source for source in sources},
        brands={word: word for word in labels["brand"]},
        categories={word: word for word in labels["category"]},
    )

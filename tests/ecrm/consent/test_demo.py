"""The demo's consents: made up, marked as such, and borne out by the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from ecrm.consent.demo import HOW, simulate_consents
from ecrm.installation import Installation
from mailer.consent import ConsentEntry, Subscription
from mailer.consent_check import differences
from mailer.contacts import Contact
from tracking.customers import find_or_create_guest

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_people_of_a_demo_get_a_plausible_past_once(plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        for number in range(400):
            find_or_create_guest(session, email=f"{number}@example.com", at=NOW - timedelta(days=number))
    assert simulate_consents(plugin, now=NOW) == 400
    assert simulate_consents(plugin, now=NOW) == 0
    with plugin.sessions() as session:
        assert not list(differences(session))
        wanted = select(func.count(Subscription.contact_id.distinct())).where(Subscription.wanted)
        assert 180 < (session.scalar(wanted) or 0) < 290
        assert 60 < (session.scalar(select(func.count()).where(Contact.tracking_allowed)) or 0) < 160
        assert 10 < (session.scalar(select(func.count()).where(Contact.blocked > 0)) or 0) < 45
        assert set(session.scalars(select(ConsentEntry.how))) == {HOW}
        assert session.scalar(select(func.max(ConsentEntry.at))) <= NOW

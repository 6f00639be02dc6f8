"""The browsers of a customer: shown with what proves them, taken back and put back with a reason, and recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.customers.identity import browsers_of, put_back, take_back
from ecrm.marketing.attribution.booking import rebook_customer
from ecrm.marketing.attribution.credits import CreditDay
from tracking import identity
from tracking.clickstream.dimension_ids import ids_of
from tracking.clickstream.dimensions import Audience, Source
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder
from tracking.visitors import ClaimChange, Visitor, VisitorClaim

from .host import DeskStorefront

NOW = datetime.now(UTC).replace(microsecond=0)
MONTH = timedelta(days=30)


@pytest.fixture
def claim_id(sessions: sessionmaker[Session], ada: int) -> int:
    """Of a phone in which Ada signed in yesterday; an advertisement had brought her there the day before."""
    with sessions.begin() as session:
        paid = ids_of(session, Source, [("paid_search", "google", "cpc", "spring", "", "", "")]).popitem()[1]
        audience = ids_of(session, Audience, [(paid, "mobile", "DE", False)]).popitem()[1]
        phone = Visitor(token="c" * 32, first_seen_at=NOW - timedelta(days=2))
        session.add(phone)
        session.flush()
        began = NOW - timedelta(days=2)
        visit = Visit(
            visitor_id=phone.id,
            started_at=began,
            last_at=began,
            day=began.date(),
            audience_id=audience,
            page_views=3,
            grade=2,
        )
        claim = VisitorClaim(visitor_id=phone.id, customer_id=ada, claimed_at=NOW - timedelta(days=1), how="signed in")
        session.add_all([visit, claim])
        session.flush()
        session.add(Touchpoint(kind="visit", at=began, source_id=paid, visitor_id=phone.id, session_id=visit.id))
        order = SeenOrder(
            reference="A-2002", customer_id=ada, placed_at=NOW, currency="EUR", goods_minor=500, total_minor=500,
            joined=True, codes=[],
        )  # fmt: skip
        session.add(order)
        session.flush()
        return claim.id


def panel(browser: FlaskClient, ada: int, claim_id: int) -> str:
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}/browsers").text, "html.parser")
    found = page.find(id=f"browser-{claim_id}")
    assert found is not None
    return " ".join(found.get_text(" ").split())


def change(browser: FlaskClient, token: str, ada: int, claim_id: int, deed: str, reason: str = "a friend's") -> str:
    answer = browser.post(
        f"/console/customers/{ada}/browsers/{claim_id}/{deed}", data={"csrf_token": token, "reason": reason}
    )
    assert answer.status_code == 303
    assert answer.location.endswith(f"/console/customers/{ada}/browsers")
    return panel(browser, ada, claim_id)


def test_a_browser_is_shown_with_its_device_its_visits_and_what_proves_it(
    browser: FlaskClient, ada: int, claim_id: int
) -> None:
    shown = panel(browser, ada, claim_id)
    assert shown.startswith("Phone 1 visit")
    assert "signed in" in shown
    assert "Take back" in shown


def test_taking_back_and_putting_back_is_shown_and_recorded_with_its_reason(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str, ada: int, claim_id: int
) -> None:
    taken = change(browser, token, ada, claim_id, "take-back")
    assert "taken back" in taken
    assert "0 visits" in taken
    assert "1 visit" in change(browser, token, ada, claim_id, "put-back", "it was hers")
    with sessions() as session:
        changes = session.scalars(select(ClaimChange).order_by(ClaimChange.id)).all()
        assert [(one.stands, one.reason, one.changed_by) for one in changes] == [
            (False, "a friend's", "Sam <b>"), (True, "it was hers", "Sam <b>"),
        ]  # fmt: skip
        deeds = session.execute(
            select(AuditEntry.action, AuditEntry.reason).where(AuditEntry.action.like("claim_%"))
        ).all()
        assert [tuple(deed) for deed in deeds] == [
            ("claim_taken_back", "a friend's"), ("claim_put_back", "it was hers"),
        ]  # fmt: skip


def test_the_same_change_again_changes_nothing(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str, ada: int, claim_id: int
) -> None:
    change(browser, token, ada, claim_id, "put-back")
    for _ in range(2):
        change(browser, token, ada, claim_id, "take-back")
    with sessions() as session:
        assert len(session.scalars(select(ClaimChange)).all()) == 1


def test_without_a_reason_nothing_is_taken(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str, ada: int, claim_id: int
) -> None:
    for reason in ("", " \t\x00 ", "x" * 201):
        answer = browser.post(
            f"/console/customers/{ada}/browsers/{claim_id}/take-back", data={"csrf_token": token, "reason": reason}
        )
        assert answer.status_code == 400
        assert "Please" in answer.text
    with sessions() as session:
        assert session.scalars(select(ClaimChange)).all() == []


def test_another_customers_browser_and_one_that_is_not_there_are_not_found(
    browser: FlaskClient, token: str, ada: int, claim_id: int
) -> None:
    for customer, claim in ((ada + 1, claim_id), (ada, claim_id + 99), (ada, 2**63 - 1)):
        answer = browser.post(
            f"/console/customers/{customer}/browsers/{claim}/take-back", data={"csrf_token": token, "reason": "x"}
        )
        assert answer.status_code == 404


def test_who_may_not_see_customers_changes_no_browser(
    browser: FlaskClient, storefront: DeskStorefront, token: str, ada: int, claim_id: int
) -> None:
    storefront.role = "marketer"
    path = f"/console/customers/{ada}/browsers/{claim_id}/take-back"
    assert browser.post(path, data={"csrf_token": token, "reason": "x"}).status_code == 403


def test_the_orders_lose_the_browsers_touches_and_get_them_back(
    desk: Flask, sessions: sessionmaker[Session], ada: int, claim_id: int
) -> None:
    # given: the order is credited to the advertisement
    with desk.app_context():
        with sessions.begin() as session:
            rebook_customer(session, ada)
            before = money(session)
            assert before["paid_search"] == 500

        # when: taken back
        with sessions.begin() as session:
            assert take_back(session, claim_id, by="Olga", reason="a friend's phone", at=NOW)

        # then
        with sessions.begin() as session:
            assert "paid_search" not in money(session)
            assert sum(money(session).values()) == sum(before.values())

        # when: put back
        with sessions.begin() as session:
            assert put_back(session, claim_id, by="Olga", reason="no, hers", at=NOW)

        # then
        with sessions.begin() as session:
            assert money(session) == before


def test_a_shared_browser_is_the_others_alone_once_it_is_taken_back(
    desk: Flask, sessions: sessionmaker[Session], ada: int, claim_id: int
) -> None:
    # given: Ada's phone, in which Eve signed in, too: then the visit of nobody in particular is nobody's
    with desk.app_context(), sessions.begin() as session:
        rebook_customer(session, ada)
        before = money(session)
        phone = identity.visitor_of_claim(session, claim_id)
        identity.claim(session, phone, ada + 1, NOW, "signed in")
        rebook_customer(session, ada)
        assert "paid_search" not in money(session)

        # when: it wasn't Eve
        eves = next(one for one in identity.claims_of(session, ada + 1) if one.visitor_id == phone)
        take_back(session, eves.id, by="Olga", reason="Ada's password", at=NOW)

        # then: Ada's orders follow, though it was Eve's claim that changed
        assert money(session) == before
        [adas] = [one for one in browsers_of(session, ada, window=MONTH) if one.claim.id == claim_id]
        assert (adas.visits, adas.device, adas.claim.shared) == (1, "mobile", False)


def money(session: Session) -> dict[str, int]:
    """Credited by the default model, by channel; what is credited to nothing under ""."""
    query = (
        select(Source.channel, CreditDay.revenue_minor)
        .outerjoin(Source, Source.id == CreditDay.source_id)
        .where(CreditDay.model == "last_non_direct", CreditDay.revenue_minor != 0)
    )
    found: dict[str, int] = {}
    for channel, revenue in session.execute(query.select_from(CreditDay)):
        found[channel or ""] = found.get(channel or "", 0) + revenue
    return found

"""Recommendations use what a person agreed to, did themselves and still stands by, and nothing of anybody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from ecrm.installation import Installation
from ecrm.keeping import erase_events, retain
from ecrm.recommending.absent import absent_people
from ecrm.recommending.choices import Choice, Chooser, RecommendationChoice, choose
from ecrm.storefront import Staff
from recommender.asking import Deed
from recommender.clicks import read_clicks
from recommender.doings import UNKNOWN, customers_of
from tests.ecrm.recommending.history import learn_history, sign_in
from tests.ecrm.slots_host import GardenShop
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.identity import change_claim, claim
from tracking.orders import SeenOrder, SeenRefund, SeenRefundLine
from tracking.visitors import ConsentChoice, Grade, Visitor, VisitorClaim

STAFF = Staff(staff_id="1", name="Olga", role="owner")


@pytest.fixture(autouse=True)
def history(plugin: Installation) -> None:
    learn_history(plugin)


@pytest.fixture
def agreed(browser: FlaskClient) -> FlaskClient:
    """A browser that agreed to be joined to its customer."""
    answer(browser, Grade.PERSONAL)
    return browser


def answer(browser: FlaskClient, grade: Grade) -> None:
    """Answer the question about privacy."""
    form = BeautifulSoup(browser.get("/ecrm/privacy").text, "html.parser").select("input[name=csrf_token]")
    said = {"csrf_token": str(form[0]["value"]), "grade": str(int(grade)), "next": "/"}
    assert browser.post("/ecrm/consent", data=said).status_code == 303


def look(browser: FlaskClient, plugin: Installation, product: str) -> None:
    browser.get(f"/see/{product}")
    assert plugin.writer.flush()


def later(plugin: Installation) -> None:
    """As another process sees it, or this one after some minutes."""
    plugin.latest_steps._of.clear()


def own(browser: FlaskClient) -> dict[str, list[str]]:
    """What a person is shown of what is used: heading → products."""
    page = BeautifulSoup(browser.get("/ecrm/recommendations").text, "html.parser")
    return {
        str(section.h2.get_text()): [item.a.get_text() for item in section.select("li")]  # type: ignore[union-attr]
        for section in page.select("section")
    }


def looked_at(browser: FlaskClient) -> list[str]:
    return own(browser).get("Looked at of late", [])


def number_of(plugin: Installation, name: str) -> int:
    with plugin.sessions() as session:
        return session.scalars(select(Customer.id).where(Customer.reference == name)).one()


def looks_of_absent(plugin: Installation, name: str) -> list[Deed]:
    with plugin.sessions() as session:
        [person] = absent_people(session, [number_of(plugin, name)], since=None)
    return list(person.steps)


def newest_browser(plugin: Installation) -> int:
    with plugin.sessions() as session:
        return session.scalars(select(func.max(Visitor.id))).one()


def wasnt_me(plugin: Installation, name: str) -> None:
    with plugin.sessions.begin() as session:
        query = select(VisitorClaim.id).where(VisitorClaim.customer_id == number_of(plugin, name))
        found = session.scalars(query).one()
        assert change_claim(session, found, stands=False, by="Olga", reason="wasn't me", at=datetime.now(UTC))


def choose_in_browser(plugin: Installation, product: str) -> None:
    who = Chooser(None, newest_browser(plugin))
    with plugin.sessions.begin() as session:
        choose(session, who, product=product, choice=Choice.NOT_INTERESTED, now=datetime.now(UTC))


def choices_kept(plugin: Installation) -> int:
    with plugin.sessions() as session:
        return session.scalars(select(func.count()).select_from(RecommendationChoice)).one()


def test_an_erasure_takes_along_what_was_chosen_in_their_browsers(agreed: FlaskClient, plugin: Installation) -> None:
    look(agreed, plugin, "seed")
    choose_in_browser(plugin, "pot")
    with plugin.sessions.begin() as session:
        claim(session, newest_browser(plugin), number_of(plugin, "ada"), datetime.now(UTC), "signed in")

    erase_events(plugin, "ada@example.com", reason="asked for it", staff=STAFF)

    assert choices_kept(plugin) == 0


def test_a_browser_that_becomes_nameless_loses_its_choices(agreed: FlaskClient, plugin: Installation) -> None:
    look(agreed, plugin, "seed")
    choose_in_browser(plugin, "pot")
    retain(plugin)
    assert choices_kept(plugin) == 1
    long_ago = datetime.now(UTC) - timedelta(days=4000)
    with plugin.sessions.begin() as session:
        session.execute(update(Visitor).values(first_seen_at=long_ago))
        session.execute(update(Visit).values(started_at=long_ago, last_at=long_ago))

    retain(plugin)

    assert choices_kept(plugin) == 0


def test_on_a_shared_device_nobody_sees_what_the_other_did(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "plants-1")
    look(agreed, plugin, "hose")
    assert looked_at(agreed) == ["Hose"]

    sign_in(shop, "ada")  # the other's session ended by itself: nobody signed out
    assert looked_at(agreed) == []
    look(agreed, plugin, "pot")
    assert looked_at(agreed) == ["Pot"]
    later(plugin)
    assert looked_at(agreed) == ["Pot"]

    shop.customer = None
    assert looked_at(agreed) == []


def test_what_nobody_was_signed_in_for_is_theirs_only_in_a_browser_that_is_nobody_elses(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    look(agreed, plugin, "hose")
    choose_in_browser(plugin, "pot")
    later(plugin)
    assert looked_at(agreed) == ["Hose"]
    sign_in(shop, "ada")
    assert own(agreed) == {
        "Looked at of late": ["Hose"], "From your orders": ["Rake"], "Not suggested any more": ["Pot"],
    }  # fmt: skip

    with plugin.sessions.begin() as session:
        claim(session, newest_browser(plugin), number_of(plugin, "plants-1"), datetime.now(UTC), "signed in")

    assert own(agreed) == {"From your orders": ["Rake"]}


def test_what_was_agreed_to_for_statistics_stays_there_after_agreeing_to_more(
    browser: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    answer(browser, Grade.ANALYTICS)
    look(browser, plugin, "hose")

    answer(browser, Grade.PERSONAL)
    sign_in(shop, "ada")

    assert looked_at(browser) == []
    assert looks_of_absent(plugin, "ada") == []


def test_what_was_looked_at_is_found_behind_many_other_steps(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "ada")
    look(agreed, plugin, "hose")
    with plugin.sessions.begin() as session:
        seen = session.scalars(select(Event).where(Event.name == "Product Viewed")).one()
        for number in range(150):
            session.add(
                Event(
                    name="Page Viewed",
                    happened_at=seen.happened_at + timedelta(milliseconds=number),
                    visitor_id=seen.visitor_id,
                    session_id=seen.session_id,
                    customer_id=seen.customer_id,
                )
            )
    later(plugin)

    assert looked_at(agreed) == ["Hose"]
    assert [deed.product for deed in looks_of_absent(plugin, "ada")] == ["hose"]


def test_of_absent_people_no_more_is_read_than_of_present_ones(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "ada")
    look(agreed, plugin, "hose")
    with plugin.sessions.begin() as session:
        seen = session.scalars(select(Event).where(Event.name == "Product Viewed")).one()
        for number in range(150):
            session.add(
                Event(
                    name="Product Viewed",
                    subject=f"p{number}",
                    happened_at=seen.happened_at - timedelta(seconds=number + 1),
                    visitor_id=seen.visitor_id,
                    session_id=seen.session_id,
                    customer_id=seen.customer_id,
                )
            )

    looks = [deed.product for deed in looks_of_absent(plugin, "ada")]

    assert looks == ["hose", *(f"p{number}" for number in range(119))]


def test_who_withdraws_their_consent_is_not_recommended_by_looks_any_more(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "plants-1")
    look(agreed, plugin, "hose")
    assert [deed.product for deed in looks_of_absent(plugin, "plants-1")] == ["hose"]

    answer(agreed, Grade.NONE)

    assert looks_of_absent(plugin, "plants-1") == []


def test_without_a_consent_on_file_nothing_is_read_of_who_is_not_here(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "plants-1")
    look(agreed, plugin, "hose")
    with plugin.sessions.begin() as session:
        session.execute(update(ConsentChoice).values(visitor_id=None))

    assert looks_of_absent(plugin, "plants-1") == []


def known_customers(plugin: Installation, who: int, *, since: datetime) -> list[int]:
    """Whose the clicks are to the training: places in the list of customers asked for."""
    with plugin.sessions() as session:
        clicks = read_clicks(session, None, since=since, until=datetime.now(UTC), numbers={"hose": 0})
        return customers_of(session, clicks, since=since, customers=[who]).tolist()


def test_what_was_done_where_it_was_not_them_speaks_for_nothing(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    sign_in(shop, "plants-1")
    look(agreed, plugin, "hose")
    who, since = number_of(plugin, "plants-1"), datetime.now(UTC) - timedelta(days=1)
    assert known_customers(plugin, who, since=since) == [0]

    wasnt_me(plugin, "plants-1")

    assert looks_of_absent(plugin, "plants-1") == []
    assert looked_at(agreed) == []
    later(plugin)
    assert looked_at(agreed) == []
    assert known_customers(plugin, who, since=since) == [UNKNOWN]


def test_what_was_sent_back_was_not_looked_at(browser: FlaskClient, shop: GardenShop, plugin: Installation) -> None:
    ada = number_of(plugin, "ada")
    with plugin.sessions.begin() as session:
        order = session.scalars(select(SeenOrder).where(SeenOrder.customer_id == ada).limit(1)).one()
        refund = SeenRefund(
            reference="F1", order_id=order.id, customer_id=ada, amount_minor=1,
            refunded_at=datetime.now(UTC) + timedelta(seconds=1),
        )  # fmt: skip
        session.add(refund)
        session.flush()
        session.add(SeenRefundLine(refund_id=refund.id, position=0, product="rake", quantity=1, amount_minor=1))
    sign_in(shop, "ada")

    assert own(browser) == {"From your orders": ["Rake"]}


def test_what_was_chosen_in_browser_and_account_stands_there_once(
    agreed: FlaskClient, shop: GardenShop, plugin: Installation
) -> None:
    look(agreed, plugin, "seed")
    choose_in_browser(plugin, "pot")
    with plugin.sessions.begin() as session:
        who = Chooser(number_of(plugin, "ada"), None)
        choose(session, who, product="pot", choice=Choice.NOT_INTERESTED, now=datetime.now(UTC))
    sign_in(shop, "ada")

    assert own(agreed)["Not suggested any more"] == ["Pot"]

"""Each flow tells its story day by day on a clock that only the test moves; what it asks for stands in the outbox."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from mailer.calendar import Place
from mailer.consent import Topic
from mailer.contacts import Contact
from mailer.flows.birthday import Birthday, birthday_of
from mailer.flows.browse import BrowseAbandonment
from mailer.flows.cart import AbandonedCart
from mailer.flows.engine import setting_of
from mailer.flows.entry import EntryState
from mailer.flows.flow import Flow
from mailer.flows.loyalty import LoyaltyTier
from mailer.flows.review import ReviewRequest
from mailer.flows.stepping import still_wanted
from mailer.flows.welcome import Welcome
from mailer.flows.winback import WinBack
from mailer.outbox import Email, State
from mailer.writing import Dropped, Held
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit

from .town import BERLIN, Town, moment

NOON = moment("2026-06-10 10:00")  # a Wednesday, 12:00 in Berlin
DE = Place("DE")


@pytest.fixture
def town(sessions: sessionmaker[Session]) -> Town:
    """No control group: everybody is mailed. A test sets the flows."""
    return Town(sessions, [], NOON)


def _run(town: Town, *flows: Flow) -> None:
    town.flows = flows
    with town.sessions.begin() as session:
        for flow in flows:
            setting = setting_of(session, flow)
            setting.control_percent, setting.seen_until = 0, town.now  # it ran a moment ago


def _all_sent(town: Town) -> None:
    """The sender took out everything that is due."""
    with town.sessions.begin() as session:
        due = (Email.due_at <= town.now, Email.state == State.QUEUED)
        session.execute(update(Email).where(*due).values(state=State.SENT, sent_at=town.now))


def _local(email: Email, zone: str = BERLIN) -> str:
    return email.due_at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M")


def _ended(town: Town) -> list[str]:
    return [entry.reason for entry in town.entries()]


def test_a_cart_is_reminded_of_an_hour_and_a_day_later(town: Town) -> None:
    _run(town, AbandonedCart())
    ada = town.person("ada", Topic.REMINDERS, place=DE)
    town.fill_cart(ada, {"tea": 2})
    town.wait(minutes=14)
    assert town.entries() == []  # not idle yet
    town.wait(minutes=2)
    assert len(town.entries()) == 1
    town.wait(minutes=43)
    assert town.emails() == []
    town.wait(minutes=2)
    (first,) = town.emails()
    assert first.content["products"] == {"tea": 2}
    _all_sent(town)
    town.until(NOON + timedelta(hours=23))
    assert len(town.emails()) == 1
    town.until(NOON + timedelta(hours=25))
    assert [email.content["reminder"] for email in town.emails()] == ["first", "second"]
    _all_sent(town)
    town.until(NOON + timedelta(days=10))
    assert len(town.emails()) == 2  # once a cart, however long it lies


def test_an_order_ends_the_reminders(town: Town) -> None:
    _run(town, AbandonedCart())
    ada = town.person("ada", Topic.REMINDERS)
    town.fill_cart(ada, {"tea": 1})
    town.wait(minutes=20)
    town.order(ada, "tea")
    town.wait(hours=2)
    assert town.emails() == []
    assert _ended(town) == ["ordered"]


def test_touching_the_cart_before_the_first_email_starts_the_clock_anew(town: Town) -> None:
    _run(town, AbandonedCart())
    ada = town.person("ada", Topic.REMINDERS)
    town.fill_cart(ada, {"tea": 1})
    town.wait(minutes=20)
    town.now += timedelta(minutes=30)
    town.fill_cart(ada, {"tea": 1, "cup": 1})  # 50 minutes after the first touch
    town.wait(minutes=20)
    assert town.emails() == []
    town.wait(minutes=41)
    assert [email.content["products"] for email in town.emails()] == [{"tea": 1, "cup": 1}]


def test_coming_back_after_the_first_email_ends_it(town: Town) -> None:
    _run(town, AbandonedCart())
    ada = town.person("ada", Topic.REMINDERS)
    town.fill_cart(ada, {"tea": 1})
    town.wait(minutes=20)
    town.wait(minutes=45)
    _all_sent(town)
    town.now += timedelta(hours=1)
    town.visit(ada)
    town.wait(days=1)
    assert len(town.emails()) == 1
    assert _ended(town) == ["came back to the shop"]


def test_an_emptied_cart_is_nothing_to_be_reminded_of_even_just_before_sending(town: Town, session: Session) -> None:
    flow = AbandonedCart()
    _run(town, flow)
    ada = town.person("ada", Topic.REMINDERS)
    town.fill_cart(ada, {"tea": 1})
    town.wait(minutes=20)
    town.wait(minutes=45)
    (email,) = town.emails()
    knobs = {"idle": 15}
    asked = {"flows": {"cart": flow}, "shop": town.shop, "knobs": knobs}
    assert still_wanted(session, email, now=town.now, **asked) is None  # type: ignore[arg-type]
    town.shop.carts = {}
    gone = still_wanted(session, email, now=town.now, **asked)  # type: ignore[arg-type]
    assert gone == Dropped("the cart was emptied")


def test_an_email_that_waits_is_held_where_the_cart_was_touched_meanwhile(town: Town, session: Session) -> None:
    flow = AbandonedCart()
    _run(town, flow)
    ada = town.person("ada", Topic.REMINDERS)
    town.fill_cart(ada, {"tea": 1})
    town.wait(minutes=20)
    town.wait(minutes=45)
    (email,) = town.emails()
    town.fill_cart(ada, {"tea": 2})
    town.now += timedelta(minutes=10)
    answer = still_wanted(session, email, flows={"cart": flow}, shop=town.shop, knobs={"idle": 15}, now=town.now)
    assert answer == Held(town.now + timedelta(minutes=50), "was active again")


def test_a_shop_that_tells_no_carts_has_them_worked_out_from_agreed_visits(town: Town) -> None:
    _run(town, AbandonedCart())
    town.shop.carts = None
    ada = town.person("ada", Topic.REMINDERS)
    visit = town.visit(ada, stage=2, cart_adds=2)
    with town.sessions.begin() as session:
        session.add_all(_step(session, visit, name, product) for name, product in (
            ("Product Added", "tea"), ("Product Added", "cup"), ("Product Removed", "cup"),
        ))  # fmt: skip
    town.wait(minutes=20)
    town.wait(minutes=45)
    (email,) = town.emails()
    assert email.content["products"] == {"tea": 1}


def test_who_looked_closely_and_left_is_shown_it_once_more(town: Town) -> None:
    _run(town, BrowseAbandonment())
    ada, bob = town.person("ada", Topic.REMINDERS, place=DE), town.person("bob", Topic.REMINDERS, place=DE)
    for who, looks in ((ada, 4), (bob, 1)):
        visit = town.visit(who, stage=1, product_views=looks)
        with town.sessions.begin() as session:
            session.add_all(
                _step(session, visit, "Product Viewed", product) for product in ("cup", "tea", "tea")[:looks]
            )
    town.wait(minutes=31)
    town.wait(hours=4)
    (email,) = town.emails()
    assert (email.to_name, email.content["products"]) == ("Ada", ["tea", "cup"])
    town.now += timedelta(days=1)
    town.visit(ada, stage=1, product_views=9)
    town.wait(hours=6)
    assert len(town.entries()) == 1  # once a week


def test_a_new_subscriber_is_greeted_at_once_and_again_in_three_days(town: Town) -> None:
    _run(town, Welcome())
    ada = town.person("ada", place=DE)
    town.agree(ada, Topic.OFFERS)
    town.agree(ada, Topic.NEWSLETTER)
    town.wait(minutes=5)
    (hello,) = town.emails()
    assert (hello.topic, hello.content["greeting"], _local(hello)) == ("newsletter", "hello", "06-10 12:05")
    _all_sent(town)
    town.until(NOON + timedelta(days=3, hours=2))
    assert [email.content["greeting"] for email in town.emails()] == ["hello", "more"]


def test_who_signs_up_at_night_is_greeted_in_the_morning_of_their_own_day(town: Town) -> None:
    _run(town, Welcome())
    town.now = moment("2026-06-10 15:00")  # 20:45 in Kathmandu
    ada = town.person("ada", place=Place("NP"))
    town.agree(ada, Topic.NEWSLETTER)
    town.wait(minutes=20)
    assert _local(town.emails()[0], "Asia/Kathmandu") == "06-11 08:00"


def test_who_ordered_meanwhile_needs_no_second_greeting_and_the_unconfirmed_get_none(town: Town) -> None:
    _run(town, Welcome())
    ada, bob = town.person("ada"), town.person("bob")
    with town.sessions.begin() as session:
        session.execute(update(Contact).where(Contact.customer_id == bob).values(confirmed_at=None))
    for one in (ada, bob):
        town.agree(one, Topic.NEWSLETTER)
    town.wait(minutes=5)
    _all_sent(town)
    town.now += timedelta(days=1)
    town.order(ada)
    town.until(NOON + timedelta(days=5))
    assert [email.to_name for email in town.emails()] == ["Ada"]
    assert _ended(town) == ["ordered already"]


def test_a_review_is_asked_for_a_week_after_the_last_parcel(town: Town) -> None:
    _run(town, ReviewRequest())
    ada = town.person("ada", Topic.REVIEWS, place=DE)
    order = town.order(ada, "tea", "cup")
    town.now += timedelta(days=2)
    town.deliver(order)
    town.until(NOON + timedelta(days=8))
    assert town.emails() == []
    town.until(NOON + timedelta(days=10))
    (email,) = town.emails()
    assert (email.order_reference, email.content["products"]) == (order, ["tea", "cup"])


def test_no_review_is_asked_for_what_went_back(town: Town) -> None:
    _run(town, ReviewRequest())
    ada = town.person("ada", Topic.REVIEWS)
    order = town.order(ada, "tea")
    town.deliver(order)
    town.wait(days=1)
    town.refund(order, 500)
    town.until(NOON + timedelta(days=9))
    assert town.emails() == []
    assert _ended(town) == ["something of it went back"]


def test_a_tier_is_congratulated_on_once_a_year_even_after_a_return(town: Town) -> None:
    _run(town, LoyaltyTier())
    ada = town.person("ada", Topic.OFFERS, place=DE)
    town.order(ada, total=24_000, at=town.now - timedelta(days=40))
    town.order(ada, total=2_000)
    town.until(NOON + timedelta(days=4), every=timedelta(hours=1))
    (email,) = town.emails()
    assert email.content["tier"] == "bronze"
    _all_sent(town)
    town.refund("A0002", 2_000)
    town.now += timedelta(days=10)
    town.order(ada, total=2_500)
    town.until(town.now + timedelta(days=5), every=timedelta(hours=1))
    assert len(town.entries()) == 1


def test_who_sent_it_back_within_three_days_is_not_congratulated(town: Town) -> None:
    _run(town, LoyaltyTier())
    ada = town.person("ada", Topic.OFFERS)
    order = town.order(ada, total=30_000)
    town.wait(hours=1)
    town.refund(order, 30_000)
    town.until(NOON + timedelta(days=4), every=timedelta(hours=6))
    assert _ended(town) == ["below the tier again"]


@pytest.mark.parametrize(
    ("place", "zone"),
    [(DE, BERLIN), (Place("US", "HI"), "Pacific/Honolulu"), (Place("KI", "L"), "Pacific/Kiritimati")],
)
def test_a_birthday_is_kept_on_the_persons_own_day_once_a_year(town: Town, place: Place, zone: str) -> None:
    _run(town, Birthday())
    town.now = moment("2026-06-10 00:00")
    town.person("ada", Topic.OFFERS, place=place, traits={"birthday": "1980-06-14"})
    town.until(moment("2027-06-20 00:00"), every=timedelta(hours=5))
    emails = town.emails()
    assert [(email.due_at.astimezone(ZoneInfo(zone)).date().isoformat()) for email in emails] == [
        "2026-06-14", "2027-06-14",
    ]  # fmt: skip
    assert all(8 <= email.due_at.astimezone(ZoneInfo(zone)).hour < 21 for email in emails)


def test_the_29th_of_february_is_kept_on_the_28th_in_other_years(town: Town) -> None:
    _run(town, Birthday())
    town.now = moment("2026-12-31 00:00")
    town.person("ada", Topic.OFFERS, place=DE, traits={"birthday": "--02-29"})
    town.until(moment("2028-04-01 00:00"), every=timedelta(hours=5))
    assert [_local(email)[:5] for email in town.emails()] == ["02-28", "02-29"]


def test_a_birthday_on_a_public_holiday_is_kept_on_the_day(town: Town) -> None:
    _run(town, Birthday())
    town.now = moment("2026-12-24 12:00")
    town.person("ada", Topic.OFFERS, place=DE, traits={"birthday": "1980-12-25"})
    town.until(moment("2026-12-26 12:00"), every=timedelta(hours=3))
    (email,) = town.emails()
    assert (_local(email)[:5], email.content["any_day"]) == ("12-25", True)


def test_birthdays_are_read_with_and_without_a_year_and_nothing_else_is_one() -> None:
    assert birthday_of("1980-02-30") == birthday_of("soon") == birthday_of(None) == ""
    assert birthday_of("--02-29") == birthday_of("2000-02-29") == "02-29"


def test_who_stays_away_twice_as_long_as_usual_is_written_to_twice_at_most(town: Town) -> None:
    _run(town, WinBack())
    ada = town.person("ada", Topic.OFFERS, place=DE)  # every 40 days: away after 80
    for days in (120, 80, 40):
        town.order(ada, at=town.now - timedelta(days=days))
    town.until(NOON + timedelta(days=39), every=timedelta(hours=6))
    assert town.emails() == []
    town.until(NOON + timedelta(days=43), every=timedelta(hours=6))
    assert [email.content["attempt"] for email in town.emails()] == ["first"]
    _all_sent(town)
    town.until(NOON + timedelta(days=120), every=timedelta(hours=6))
    assert [email.content["attempt"] for email in town.emails()] == ["first", "second"]


def test_who_orders_again_is_not_missed(town: Town) -> None:
    _run(town, WinBack())
    ada = town.person("ada", Topic.OFFERS)
    town.order(ada, at=town.now - timedelta(days=119))
    town.until(NOON + timedelta(days=2), every=timedelta(hours=6))
    assert len(town.emails()) == 1
    _all_sent(town)
    town.order(ada)
    town.until(NOON + timedelta(days=30), every=timedelta(hours=6))
    assert len(town.emails()) == 1
    assert [(entry.state, entry.reason) for entry in town.entries()] == [(EntryState.EXITED, "ordered again")]


def test_switching_win_back_on_does_not_write_to_everybody_who_ever_left(town: Town) -> None:
    _run(town, WinBack())
    for number in range(5):
        town.order(town.person(f"p{number}", Topic.OFFERS), at=town.now - timedelta(days=200 + number))
    town.until(NOON + timedelta(days=5), every=timedelta(hours=6))
    assert town.entries() == []


def _step(session: Session, visit: int, name: str, product: str) -> Event:
    of = session.get_one(Visit, visit)
    return Event(
        name=name, happened_at=of.last_at, visitor_id=of.visitor_id, session_id=visit, customer_id=of.customer_id,
        subject=product, properties={"quantity": 1},
    )  # fmt: skip

"""Looking somebody up: found, recorded, shown whole; or not found, and told what to try."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.recommending.absent import absent_people
from ecrm.recommending.choices import Choice, Chooser, choices_of
from ecrm.service import cases
from ecrm.service.offered import PAGES_READ
from mailer.outbox import Email
from tracking.clickstream.event import Event
from tracking.customers import Customer

from .host import fill_voice


def audited(sessions: sessionmaker[Session]) -> list[tuple[str, str, str]]:
    with sessions() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.action, row.subject, row.reason) for row in rows]


def find(browser: FlaskClient, token: str, asked: str, **more: str) -> tuple[int, str, str]:
    answer = browser.post("/console/customers", data={"csrf_token": token, "asked": asked, **more})
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def test_a_look_up_opens_the_person_and_is_recorded_with_its_reason(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    status, where, _text = find(browser, token, "ADA@example.com", reason="complaint")
    assert (status, where) == (303, f"/console/customers/{ada}")
    page = browser.get(where)
    assert page.status_code == 200
    assert audited(sessions) == [("customer_opened", f"customer:{ada}", "complaint")]
    browser.get(where + "?kind=visit")
    assert len(audited(sessions)) == 1


def test_the_reason_is_kept_for_the_next_look_up_and_is_customer_asked_at_first(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    browser.get(f"/console/customers/{ada}")
    assert audited(sessions)[-1][2] == "customer asked"
    find(browser, token, "eve@example.com", reason="suspected misuse")
    assert 'value="suspected misuse"' in browser.get("/console/customers").text
    browser.get(f"/console/customers/{ada}")
    assert audited(sessions)[-1][2] == "suspected misuse"


def test_an_order_number_opens_its_customer_at_the_order(browser: FlaskClient, ada: int, token: str) -> None:
    _status, where, _text = find(browser, token, "#a-1001")
    assert where == f"/console/customers/{ada}#order-A-1001"
    assert 'id="order-A-1001"' in browser.get(where).text


def test_who_is_not_found_is_named_safely_and_the_reader_is_told_what_to_try(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    status, _where, text = find(browser, token, "<b>nobody@example.com")
    assert status == 404
    assert "Nobody is known under &lt;b&gt;nobody@example.com" in text
    assert "Ask for the order number" in text
    assert audited(sessions) == [("customer_not_found", "<…@example.com", "customer asked")]
    assert find(browser, token, "Z-9")[0] == 404
    assert find(browser, token, "")[0] == 400
    assert find(browser, token, "a\x00b")[0] == 400


def test_the_page_shows_value_profile_orders_and_the_whole_timeline(browser: FlaskClient, ada: int) -> None:
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}").text, "html.parser")
    text = " ".join(page.get_text(" ").split())
    for expected in (
        "Ada Byron", "ada@work.example", "+49 30 1234", "Household 2", "€19.00", "after €5.90 of refunds",
        "Espresso Beans", "DHL JD0001", "Leipzig", "Registered", "order_confirmation for A-1001", "simulated",
        "crushed", "Searched “ espresso <i> ”".replace("“ ", "“").replace(" ”", "”"), "looked at Espresso Beans",
    ):  # fmt: skip
        assert expected in text, expected
    assert page.find("a", href="/staff/orders/A-1001") is not None
    assert page.find("i") is None


def test_returns_reviews_questions_ratings_and_offers_stand_in_the_timeline_with_links_to_them(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    with sessions.begin() as session:
        fill_voice(session, ada)
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}").text, "html.parser")
    lines = {
        kind: " ".join(page.select(f"li.entry-{kind}")[-1].get_text(" ").split())
        for kind in ("return", "review", "question", "satisfaction", "offer")
    }
    assert "Wants to send back R-ABCDEFGH received" in lines["return"]
    assert "damaged" in lines["return"]
    assert "Reviewed Espresso Beans 4 stars “Good <i>beans” answered" in lines["review"]
    assert "Asked about Filter Coffee Is it <b>ground?" in lines["question"]
    assert "Rated our help 4 of 5 A <u>question C-RATEDAAA Quick <b>help" in lines["satisfaction"]
    assert "Offered by the desk Oatmeal Cookies on the phone · Kim" in lines["offer"]
    answered, arrived = page.select("li.entry-question")[0], page.select("li.entry-return")[0]
    assert "Their question was answered, about Filter Coffee Yes, <i>finely" in " ".join(answered.get_text(" ").split())
    assert "Their return arrived" in arrived.get_text()
    for line in (*page.select("li.entry-return, li.entry-review, li.entry-question, li.entry-satisfaction"),):
        link = line.select_one("a")
        assert link is not None
        assert browser.get(str(link["href"])).status_code == 200
    for where, words in (("review", "Good &lt;i&gt;beans"), ("question", "Is it &lt;b&gt;ground?")):
        link = page.select_one(f"li.entry-{where} a")
        assert link is not None
        assert words in browser.get(str(link["href"])).text


def test_returns_stand_on_the_page_and_unproved_letters_are_told_apart_from_the_customers_own_cases(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    with sessions.begin() as session:
        fill_voice(session, ada)
        session.get_one(Customer, ada).email = "ada@new.example"  # named by her account, proved by nobody
        session.get_one(Customer, ada).email_folded = "ada@new.example"
        said = cases.Said(direction=cases.Direction.IN, text="Send it to <me>", channel=cases.Channel.EMAIL)
        opened = cases.Opened(
            channel=cases.Channel.EMAIL, subject="A <new> street", from_address="ada@new.example", said=said
        )
        reference = cases.open_case(session, opened, now=datetime.now(UTC)).reference
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}").text, "html.parser")
    panels = {str(one["aria-labelledby"]): " ".join(one.get_text(" ").split()) for one in page.select("section.panel")}
    assert "R-ABCDEFGH received" in panels["returns"]
    assert "arrived damaged" in panels["returns"]
    own, _, unproved = panels["cases"].partition("not proved to be theirs")
    assert "A <new> street" in unproved
    assert reference in unproved
    assert "A <new> street" not in own


def test_an_e_mail_that_isnt_written_yet_is_called_by_its_kind(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    with sessions.begin() as session:
        session.execute(update(Email).where(Email.customer_id == ada).values(subject=""))
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}?kind=email").text, "html.parser")
    names = [link.get_text() for link in page.select("li.entry-email a")]
    assert names == ["order shipped", "order confirmation"]


def test_the_timeline_can_be_narrowed_to_one_kind(browser: FlaskClient, ada: int) -> None:
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}?kind=email").text, "html.parser")
    assert len(page.select("li.entry-email")) == 2
    assert len(page.select("li.entry")) == 2
    assert browser.get(f"/console/customers/{ada}?kind=wedding").status_code == 400
    assert browser.get(f"/console/customers/{ada}?before=zzz").status_code == 400


def test_a_click_on_a_kind_adds_it_to_those_shown_or_takes_it_away(browser: FlaskClient, ada: int) -> None:
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}?kind=email").text, "html.parser")
    links = {one.get_text(): one for one in page.select("section.timeline nav.segments a")}
    own = f"/console/customers/{ada}"
    assert links["All"]["href"] == f"{own}#timeline"
    assert links["Orders"]["href"] == f"{own}?kind=order&kind=email#timeline"
    assert links["E-mails"]["href"] == f"{own}#timeline"
    assert [words for words, one in links.items() if one.get("aria-current")] == ["E-mails"]


def test_a_missing_person_leaves_no_entry_in_the_audit(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    assert browser.get("/console/customers/12345").status_code == 404
    assert audited(sessions) == []


def test_several_customers_of_one_address_are_listed_without_their_names(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    with sessions.begin() as session:
        session.add(Customer(email="ada@example.com", first_name="Mallory", traits={}, created_at=datetime.now(UTC)))
    status, _where, text = find(browser, token, "ADA@example.com")
    assert (status, f"/console/customers/{ada}" in text, "Mallory" in text) == (200, True, False)
    assert "Several customers give this address" in text


def test_a_name_lists_people_with_country_and_last_order_and_the_list_is_recorded(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    status, _where, text = find(browser, token, "byron", reason="on the phone")
    assert (status, f"/console/customers/{ada}" in text, "Ada Byron" in text) == (200, True, True)
    assert audited(sessions) == [("customers_listed", "byr…", "on the phone")]
    assert find(browser, token, "by")[0] == 400
    assert "Nobody&#39;s name begins with" in find(browser, token, "zorro")[2]


def test_a_note_is_kept_pinned_and_removed_by_whoever_wrote_it(browser: FlaskClient, ada: int, token: str) -> None:
    path = f"/console/customers/{ada}/notes"
    browser.post(path, data={"csrf_token": token, "text": "Calls <b>back", "pinned": "1"})
    page = BeautifulSoup(browser.get(f"/console/customers/{ada}").text, "html.parser")
    first = page.select(".desk-note")[0]
    assert "Calls <b>back" in first.text
    assert "pinned" in first.text
    number = str(first["id"]).removeprefix("note-")
    browser.post(f"{path}/{number}", data={"csrf_token": token, "deed": "remove"})
    assert "Calls &lt;b&gt;back" not in browser.get(f"/console/customers/{ada}").text
    empty = browser.post(path, data={"csrf_token": token, "text": "  "})
    assert empty.status_code == 422
    assert "an empty note helps nobody" in empty.text


def test_what_was_offered_lately_is_not_offered_again_without_a_warning(
    browser: FlaskClient, ada: int, token: str
) -> None:
    path = f"/console/customers/{ada}/offers"
    for again, said in (("", "Noted"), ("", "Not noted"), ("1", "Noted")):
        answer = browser.post(
            path, data={"csrf_token": token, "product": "1", "how": "phone", "again": again}, follow_redirects=True
        )
        assert f"{said}: " in answer.text
    assert answer.text.count("Desk · Sam") == 2
    assert "Last offered today: Espresso Beans (Sam &lt;b&gt;, on the phone)." in answer.text
    assert browser.post(path, data={"csrf_token": token, "product": "99", "how": "phone"}).status_code == 400


def test_that_not_every_day_on_the_shops_pages_is_listed_is_said(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    now = datetime.now(UTC)
    steps = [
        {
            "name": "Recommendations Shown", "happened_at": now - timedelta(minutes=20 * number), "customer_id": ada,
            "subject": "home", "properties": {"product_ids": ["1"]},
        }
        for number in range(PAGES_READ + 1)
    ]  # fmt: skip
    with sessions.begin() as session:
        session.execute(insert(Event), steps)
    page = browser.get(f"/console/customers/{ada}").text
    assert "earlier days, too." in page
    assert "of the shop&#39;s pages only what they met since" in page


def test_what_somebody_declined_is_noted_for_colleagues_and_kept_from_recommendations(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    path = f"/console/customers/{ada}/offers"
    answer = browser.post(
        path, data={"csrf_token": token, "product": "1", "how": "declined"}, follow_redirects=True
    )  # fmt: skip
    assert "Noted: it isn&#39;t recommended to them any more." in answer.text
    assert "they don&#39;t want it" in answer.text
    with sessions() as session:
        chosen = choices_of(session, Chooser(ada, None))
        (person,) = absent_people(session, [ada], since=None)
    assert [(one.product, one.choice) for one in chosen] == [("1", Choice.NOT_INTERESTED)]
    assert person.not_interested == {"1"}


def test_a_case_of_nobody_is_opened_by_its_number_and_told_of_by_its_address(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    with sessions.begin() as session:
        opened = cases.Opened(
            channel=cases.Channel.EMAIL, subject="A <stranger's> letter", from_address="new@example.net"
        )
        reference = cases.open_case(session, opened, now=datetime.now(UTC)).reference
    assert find(browser, token, reference.lower()[2:])[:2] == (303, f"/console/cases/{reference}")
    status, _where, text = find(browser, token, "New@Example.net")
    assert (status, "Nobody is known under" in text, "A &lt;stranger&#39;s&gt; letter" in text) == (404, True, True)


@pytest.mark.parametrize(
    ("asked", "words"),
    [("040 / 998877", "It was read as +49 40 998877"), ("2611–XX", "with and without blanks and dashes")],
)
def test_a_miss_says_what_was_tried(browser: FlaskClient, ada: int, token: str, asked: str, words: str) -> None:
    status, _where, text = find(browser, token, asked)
    assert status == 404
    assert words in text


def test_every_jump_of_the_page_leads_somewhere_and_pinned_notes_come_first_on_a_phone(
    browser: FlaskClient, ada: int, token: str
) -> None:
    path = f"/console/customers/{ada}"
    page = BeautifulSoup(browser.get(path).text, "html.parser")
    jumps = [str(one["href"])[1:] for one in page.select("nav.jumps a")]
    assert {"cases", "orders", "notes", "timeline"} <= set(jumps)
    assert [one for one in jumps if page.find(id=one) is None] == []
    assert page.select(".has-pinned") == []
    browser.post(f"{path}/notes", data={"csrf_token": token, "text": "Calls back", "pinned": "1"})
    pinned = BeautifulSoup(browser.get(path).text, "html.parser").select_one(".has-pinned")
    assert pinned is not None
    assert "Calls back" in pinned.get_text()

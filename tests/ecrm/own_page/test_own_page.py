"""The customer's own page: all of theirs, nothing of anybody else's, and nothing that staff say among themselves."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from ecrm import CustomerFacts
from ecrm.events import Address, ProductsSearched
from ecrm.service import cases, notes
from ecrm.service.calls import Call
from ecrm.service.cases import Case, CaseMessage, Changes, Channel, Direction, Kind, Opened, Said, State
from ecrm.service.offers_shown import OfferMade
from ecrm.service.relationship import Relationship
from ecrm.service.units import Unit
from ecrm.storefront import Staff
from ecrm.voice.questions import ProductAnswer, ProductQuestion
from ecrm.voice.reviews import Review
from tests.ecrm.kites import AT, Kites, delivered, open_kites, order, person, shipped, signed_up
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.delivery.returns import Return

ADA = CustomerFacts(customer_id="7", email="ada@example.com", first_name="Ada")
EVE = CustomerFacts(customer_id="8", email="eve@example.com", first_name="Eve")
SAM = Staff(staff_id="9", name="Sam Staffer", role="support")


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    opened = open_kites(engine, tmp_path)
    opened.tell(signed_up(email_proved=True))
    opened.tell(signed_up("8", "eve@example.com", email_proved=True))
    opened.tell(order(who=person(account="7", email_proved=True)))
    opened.tell(shipped())
    opened.tell(delivered())
    opened.storefront.customer = ADA
    return opened


@pytest.fixture
def browser(kites: Kites) -> FlaskClient:
    return kites.app.test_client()


def number(kites: Kites, account: str = "7") -> int:
    with kites.session() as session:
        found = session.scalars(select(Customer.id).where(Customer.reference == account)).one()
    return int(found)


def asked(kites: Kites, *, account: str = "7", subject: str = "Torn <kite>") -> str:
    with kites.crm.sessions.begin() as session:
        said = Said(direction=Direction.IN, text="It is torn\n<b>here</b>", from_address="ada@example.com")
        case = cases.open_case(
            session,
            Opened(
                channel=Channel.EMAIL, subject=subject, kind=Kind.COMPLAINT, customer_id=number(kites, account),
                from_address="ada@example.com", said=said,
            ),
            now=AT,
        )  # fmt: skip
        cases.add_message(session, case, Said(direction=Direction.OUT, text="We are sorry", by=SAM), now=AT)
        cases.add_message(session, case, Said(direction=Direction.NOTE, text="a difficult one", by=SAM), now=AT)
        return case.reference


def test_everything_of_theirs_stands_on_one_page(kites: Kites, browser: FlaskClient) -> None:
    reference = asked(kites)
    with kites.crm.sessions.begin() as session:
        session.add(
            Review(product="2", customer_id=number(kites), stars=4, title="Flies", state="waiting", written_at=AT)
        )
    page = browser.get("/ecrm/me")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    for words in ("Order A1", "Blue &lt;kite&gt;", "delivered", "Torn &lt;kite&gt;", reference, "Flies", "€35.00"):
        assert words in page.text, words
    thread = browser.get(f"/ecrm/me/cases/{reference}").text
    assert "We are sorry" in thread
    assert "&lt;b&gt;here&lt;/b&gt;" in thread
    assert "a difficult one" not in thread
    assert "Sam Staffer" not in thread


def test_returns_and_pieces_with_their_warranty_stand_there_too(kites: Kites, browser: FlaskClient) -> None:
    with kites.crm.sessions.begin() as session:
        for who, reference in ((number(kites), "R-ADAADAAA"), (number(kites, "8"), "R-EVEEVEEE")):
            session.add(
                Return(
                    reference=reference,
                    order_reference="A1",
                    customer_id=who,
                    state="approved",
                    reason="damaged",
                    asked_at=AT,
                )
            )
            session.add(
                Unit(
                    serial_number=f"SN {reference}",
                    serial_folded=reference,
                    product="2",
                    name="Blue kite",
                    customer_id=who,
                    sold_at=AT,
                    warranty_until=date(2028, 11, 20),
                )
            )
    page, held = browser.get("/ecrm/me").text, browser.get("/ecrm/me/data.json").text
    assert "Return R-ADAADAAA" in page
    assert "SN R-ADAADAAA" in page
    assert "warranty until Nov 20, 2028" in page
    assert "R-ADAADAAA" in held
    assert "EVEEVE" not in page + held


def test_an_answer_goes_on_in_the_thread_and_opens_it_again(kites: Kites, browser: FlaskClient) -> None:
    reference = asked(kites)
    with kites.crm.sessions.begin() as session:
        case = cases.by_reference(session, reference)
        assert case is not None
        cases.change(session, case, Changes(state=State.SOLVED), by=SAM, now=AT)
    answer = browser.post(f"/ecrm/me/cases/{reference}", data={"text": "Still torn"})
    assert answer.status_code == 303
    assert "Still torn" in browser.get(f"/ecrm/me/cases/{reference}").text
    assert kites.only(Case).state == State.OPEN


def test_what_is_closed_goes_on_in_a_new_case(kites: Kites, browser: FlaskClient) -> None:
    reference = asked(kites)
    with kites.crm.sessions.begin() as session:
        case = cases.by_reference(session, reference)
        assert case is not None
        cases.change(session, case, Changes(state=State.CLOSED), by=SAM, now=AT)
    answer = browser.post(f"/ecrm/me/cases/{reference}", data={"text": "Torn again"})
    assert reference not in answer.location
    old, new = kites.all(Case)
    assert (old.state, new.state, new.subject) == (State.CLOSED, State.NEW, "Torn <kite>")


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_001])
def test_an_answer_that_cant_be_sent_is_said_and_kept(kites: Kites, browser: FlaskClient, text: str) -> None:
    reference = asked(kites)
    answer = browser.post(f"/ecrm/me/cases/{reference}", data={"text": text})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert text.strip()[:50] in answer.text


def test_nothing_of_anybody_else_is_there(kites: Kites, browser: FlaskClient) -> None:
    theirs = asked(kites)
    kites.storefront.customer = EVE
    page = browser.get("/ecrm/me").text
    for words in ("Order A1", "Torn", theirs, "ada@example.com"):
        assert words not in page.replace("eve@example.com", ""), words
    assert browser.get(f"/ecrm/me/cases/{theirs}").status_code == 404
    assert browser.post(f"/ecrm/me/cases/{theirs}", data={"text": "let me in"}).status_code == 404
    assert browser.get(f"/ecrm/me/cases/{theirs}").text == browser.get("/ecrm/me/cases/C-MADEUPXX").text
    assert "ada@example.com" not in browser.get("/ecrm/me/data.json").text
    assert all(one.text != "let me in" for one in kites.all(CaseMessage))


def test_strangers_are_sent_to_sign_in(kites: Kites, browser: FlaskClient) -> None:
    reference = asked(kites)
    kites.storefront.customer = None
    for path in ("/ecrm/me", f"/ecrm/me/cases/{reference}", "/ecrm/me/data.json"):
        assert browser.get(path).location == "/enter", path
    for path in (f"/ecrm/me/cases/{reference}", "/ecrm/me/erasure"):
        assert browser.post(path, data={"text": "x"}).location == "/enter", path
    assert len(kites.all(CaseMessage)) == 3


def test_a_customer_of_whom_nothing_is_known_gets_a_page_that_says_so(kites: Kites, browser: FlaskClient) -> None:
    kites.storefront.customer = CustomerFacts(customer_id="99", email="new@example.com", first_name="New")
    assert "Nothing is known of you" in browser.get("/ecrm/me").text
    assert browser.get("/ecrm/me/data.json").json == {}
    assert browser.post("/ecrm/me/erasure").status_code == 303
    assert kites.all(Case) == []


def test_what_is_taken_home_is_theirs_and_whole(kites: Kites, browser: FlaskClient) -> None:
    reference = asked(kites)
    answer = browser.get("/ecrm/me/data.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    held = json.loads(answer.text)
    assert held["person"]["email"] == "ada@example.com"
    assert [one["number"] for one in held["orders"]] == ["A1"]
    assert held["orders"][0]["parcels"][0]["status"] == "delivered"
    assert [(one["reference"], len(one["messages"])) for one in held["cases"]] == [(reference, 2)]
    assert len(held["emails"]) == len(kites.emails("order_confirmation")) + 2


def test_what_a_guest_entered_under_her_address_is_not_taken_home(kites: Kites, browser: FlaskClient) -> None:
    street = Address(
        name="Bob Stranger", line1="Secret Road 9", city="Ulm", postcode="89073", country="DE", phone="+49 170 99"
    )
    bob = person(first_name="Bob", last_name="Stranger", phone="+49 170 99")
    kites.tell(order("B1", bob, address=street, contact_email="bob@example.net"))
    held = browser.get("/ecrm/me/data.json")
    assert [one["number"] for one in held.json["orders"]] == ["B1", "A1"]
    for words in ("Stranger", "Secret Road", "+49 170 99", "Ulm", '"89073"'):
        assert words not in held.text, words
    details = {one["details"]["order_id"]: one["details"] for one in held.json["steps"] if one["about"] in {"A1", "B1"}
               and one["what"] == "Order Completed"}  # fmt: skip
    assert details["A1"]["address"]["line1"] == "Lane 1"
    assert {"person", "address", "contact_email"}.isdisjoint(details["B1"])
    assert details["B1"]["total_minor"] == 3500


def test_asking_to_be_erased_opens_one_case_for_a_person(kites: Kites, browser: FlaskClient) -> None:
    for _click in range(2):
        answer = browser.post("/ecrm/me/erasure")
    assert "We have your request" in browser.get(answer.location).text
    (case,) = kites.all(Case)
    assert (case.kind, case.channel, case.customer_id, case.from_address) == (
        Kind.DATA, Channel.FORM, number(kites), "ada@example.com",
    )  # fmt: skip


def test_answers_are_limited(kites: Kites, browser: FlaskClient) -> None:
    reference = asked(kites)
    seen = {browser.post(f"/ecrm/me/cases/{reference}", data={"text": f"line {n}"}).status_code for n in range(14)}
    assert 429 in seen


def from_bob(kites: Kites) -> str:
    """A case that Bob's mail began, and that staff gave to Ada."""
    with kites.crm.sessions.begin() as session:
        said = Said(direction=Direction.IN, text="Bob's own words", from_address="bob@example.com")
        opened = Opened(
            channel=Channel.EMAIL, subject="Our kite", customer_id=number(kites), from_address="bob@example.com",
            said=said,
        )  # fmt: skip
        return str(cases.open_case(session, opened, now=AT).reference)


def test_somebody_elses_mail_stays_theirs_in_a_case_that_staff_gave_her(kites: Kites, browser: FlaskClient) -> None:
    reference = from_bob(kites)
    browser.post(f"/ecrm/me/cases/{reference}", data={"text": "Ada's answer"})
    page = browser.get(f"/ecrm/me/cases/{reference}").text
    assert "Ada&#39;s answer" in page
    assert "Bob&#39;s own words" not in page + browser.get("/ecrm/me/data.json").text
    assert kites.all(CaseMessage)[-1].from_folded == "ada@example.com", "she speaks for herself, not as Bob"


def test_who_only_says_that_an_address_is_theirs_reads_no_mail_from_it(kites: Kites, browser: FlaskClient) -> None:
    reference = from_bob(kites)
    with kites.crm.sessions.begin() as session:
        customer = session.get_one(Customer, number(kites))
        customer.email = customer.email_folded = "bob@example.com"
    kites.storefront.customer = CustomerFacts(customer_id="7", email="bob@example.com", first_name="Ada")
    browser.post(f"/ecrm/me/cases/{reference}", data={"text": "Ada's answer"})
    page = browser.get(f"/ecrm/me/cases/{reference}").text
    assert "Ada&#39;s answer" in page
    assert "Bob&#39;s own words" not in page


def test_one_form_posted_again_and_again_says_one_thing(kites: Kites, browser: FlaskClient) -> None:
    reference = asked(kites)
    with kites.crm.sessions.begin() as session:
        case = cases.by_reference(session, reference)
        assert case is not None
        cases.change(session, case, Changes(state=State.CLOSED), by=SAM, now=AT)
    found = re.search(r'name="form_id" value="([0-9a-f]{32})"', browser.get(f"/ecrm/me/cases/{reference}").text)
    assert found is not None
    form = {"text": "Torn again", "form_id": found[1]}
    led_to = {browser.post(f"/ecrm/me/cases/{reference}", data=form).location for _click in range(3)}
    assert len(led_to) == 1
    assert len(kites.all(Case)) == 2
    for _click in range(2):
        browser.post(led_to.copy().pop().partition("?")[0], data={"text": "And more", "form_id": "0" * 32})
    assert [one.text for one in kites.all(CaseMessage)].count("And more") == 1


def test_a_guest_s_order_opens_by_its_signed_link_where_the_mailbox_is_proved(
    kites: Kites, browser: FlaskClient
) -> None:
    assert "/orders/A1?t=signed" in browser.get("/ecrm/me").text
    kites.storefront.customer = CustomerFacts(customer_id="7", email="new@example.com", first_name="Ada")
    page = browser.get("/ecrm/me").text
    assert "/orders/A1" in page
    assert "t=signed" not in page, "nobody has shown that this mailbox is theirs"


def test_what_staff_and_the_shop_wrote_down_is_taken_home_too(kites: Kites, browser: FlaskClient) -> None:
    who = number(kites)
    with kites.crm.sessions.begin() as session:
        notes.write(session, who, "Rings in the evening", pinned=False, by=SAM, now=AT)
        question = ProductQuestion(product="2", words="?", state="shown", asked_at=AT)
        session.add_all(
            [
                question, Relationship(customer_id=who, cell="few_often", contacts=1, orders=9, net_minor=1),
                OfferMade(customer_id=who, product="3", name="String", how="offered", staff_id="9", at=AT,
                          staff_name="Sam"),
                Call(number="+49 1", direction="in", customer_id=who, started_at=AT, words="Asked for a String"),
            ]
        )  # fmt: skip
        session.flush()
        session.add(
            ProductAnswer(question_id=question.id, customer_id=who, words="Mine flies", state="shown", answered_at=AT)
        )
        session.add(Event(name=ProductsSearched.name, subject="red kite", happened_at=AT, customer_id=who))
    held = browser.get("/ecrm/me/data.json").json or {}
    assert [one["text"] for one in held["notes_of_staff"]] == ["Rings in the evening"]
    assert [one["text"] for one in held["product_answers"]] == ["Mine flies"]
    assert [one["name"] for one in held["offers"]] == ["String"]
    assert [one["notes"] for one in held["calls"]] == ["Asked for a String"]
    assert held["relationship"]["group"] == "few_often"
    assert [one["words"] for one in held["searches"]] == ["red kite"]

"""The pages of mailings: written, looked at, tested, sent, paused and stopped; what is wrong is said with its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.mailings import Mailing, MailingState, MailingVariant
from mailer.outbox import Email

from .host import DeskStorefront

NOW = datetime.now(UTC)


@pytest.fixture
def reader(sessions: sessionmaker[Session], ada: int) -> int:
    """Ada's mailbox, which agreed to offers."""
    with sessions.begin() as session:
        found = session.scalar(select(Contact).where(Contact.customer_id == ada))
        if found is None:
            found = Contact(folded="ada@example.com", address="ada@example.com", customer_id=ada, created_at=NOW)
            session.add(found)
            session.flush()
        session.add(Subscription(contact_id=found.id, topic=Topic.OFFERS, wanted=True, changed_at=NOW))
        return found.id


@pytest.fixture
def draft(browser: FlaskClient, token: str) -> str:
    """The address of a new draft."""
    made = post(browser, token, "/console/mailings", name="Easter", topic="offers")
    return made.removesuffix("/a")


def post(browser: FlaskClient, token: str, path: str, **fields: str) -> str:
    """Where a form leads."""
    answer = browser.post(path, data={"csrf_token": token} | fields)
    assert answer.status_code == 303, (answer.status, answer.text[:500])
    return str(answer.headers["Location"]).partition("#")[0]


def said(browser: FlaskClient, path: str) -> str:
    page = browser.get(path)
    assert page.status_code == 200
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split())


def complete(browser: FlaskClient, token: str, draft: str) -> None:
    fields = {
        "subject": "Hello {{ first_name | you }}", "b1-kind": "text",
        "b1-text": "# Easter\n\nDear {{ first_name | friend }}",
        "b2-kind": "products", "b2-source": "chosen", "b2-products": "1, 2", "b2-count": "2", "b2-columns": "2",
        "b3-kind": "button", "b3-words": "To the shop", "b3-link": "/",
    }  # fmt: skip
    post(browser, token, f"{draft}/a", **fields)


def test_a_draft_grows_block_by_block_without_script(browser: FlaskClient, token: str, draft: str) -> None:
    first = {"subject": "Hi", "do": "add:text"}
    post(browser, token, f"{draft}/a", **first)
    post(browser, token, f"{draft}/a", **first | {"b1-kind": "text", "b1-text": "One", "do": "add:button"})
    both = {
        "subject": "Hi",
        "b1-kind": "text",
        "b1-text": "One",
        "b2-kind": "button",
        "b2-words": "Go",
        "b2-link": "/x",
    }
    post(browser, token, f"{draft}/a", **both | {"do": "up:2"})
    page = BeautifulSoup(browser.get(f"{draft}/a").text, "html.parser")
    assert [one["value"] for one in page.find_all("input", {"name": ["b1-kind", "b2-kind"]})] == ["button", "text"]
    moved = {
        "subject": "Hi",
        "b1-kind": "button",
        "b1-words": "Go",
        "b1-link": "/x",
        "b2-kind": "text",
        "b2-text": "One",
    }
    post(browser, token, f"{draft}/a", **moved | {"do": "remove:1"})
    page = BeautifulSoup(browser.get(f"{draft}/a").text, "html.parser")
    assert page.find("textarea", {"name": "b1-text"})
    assert not page.find("input", {"name": "b2-kind"})


def test_what_is_wrong_is_said_with_its_place_and_keeps_it_from_being_sent(
    browser: FlaskClient, token: str, draft: str, reader: int
) -> None:
    post(
        browser, token, f"{draft}/a", subject="", **{
            "b1-kind": "divider", "b2-kind": "text", "b2-text": "Fine\nDear {{ frist_name }}",
            "b3-kind": "products", "b3-source": "chosen", "b3-products": "1, 99", "b3-count": "2", "b3-columns": "2",
        },
    )  # fmt: skip
    page = said(browser, draft)
    assert "Subject : is empty" in page
    assert "Block 2, Text, line 2 : {{ frist_name }} is not known; did you mean {{ first_name }}?" in page
    assert post(browser, token, f"{draft}/schedule").endswith(draft)
    assert "can't be sent yet" in said(browser, draft)
    post(
        browser, token, f"{draft}/a", subject="Hello", **{
            "b1-kind": "products", "b1-source": "chosen", "b1-products": "1, 99", "b1-count": "2", "b1-columns": "2",
        },
    )  # fmt: skip
    assert "Block 1, Products : there is no product “99” in the shop." in said(browser, draft)


def test_it_is_looked_at_as_a_real_reader_gets_it_and_that_is_written_down(
    browser: FlaskClient, token: str, draft: str, reader: int, sessions: sessionmaker[Session]
) -> None:
    complete(browser, token, draft)
    page = said(browser, f"{draft}/a/look")
    assert "ada@example.com" in page
    assert "Hello Ada" in page
    frame = browser.get(f"{draft}/a/look/page")
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "Dear Ada" in frame.text
    assert "Espresso Beans" in frame.text
    assert "@media all" in browser.get(f"{draft}/a/look/page?dark=1").text
    with sessions() as session:
        looks = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "mailing_previewed")).all()
    assert list(looks) == [f"contact:{reader}"]


def test_a_marketer_sees_no_address_and_looks_nobody_up(
    browser: FlaskClient, token: str, draft: str, reader: int, storefront: DeskStorefront
) -> None:
    complete(browser, token, draft)
    storefront.role = "marketer"
    assert "ada@example.com" not in said(browser, f"{draft}/a/look")
    refused = browser.post(f"{draft}/a/look", data={"csrf_token": token, "asked": "ada@example.com"})
    assert refused.status_code == 403


def test_links_that_act_for_the_reader_act_for_nobody_in_a_preview(
    browser: FlaskClient, token: str, draft: str, reader: int
) -> None:
    complete(browser, token, draft)
    frame = BeautifulSoup(browser.get(f"{draft}/a/look/page").text, "html.parser")
    leaving = next(str(one["href"]) for one in frame.find_all("a") if "/unsubscribe/" in str(one["href"]))
    browser.post(leaving.replace("http://localhost", ""), data={"List-Unsubscribe": "One-Click"})
    assert "Hello Ada" in said(browser, f"{draft}/a/look")  # still agreed


@pytest.mark.parametrize(
    ("address", "words", "queued"),
    [
        ("mia@example.com", "The test is queued", 1),
        ("stranger@elsewhere.example", "Tests go to @example.com only", 0),
        ("no address", "This is no e-mail address", 0),
        ("mia@example.com,eve@example.com", "This is no e-mail address", 0),
    ],
)
def test_a_test_goes_to_the_shops_own_mailboxes_only(
    browser: FlaskClient, token: str, draft: str, reader: int, sessions: sessionmaker[Session],
    address: str, words: str, queued: int,
) -> None:  # fmt: skip
    complete(browser, token, draft)
    there = post(browser, token, f"{draft}/a/look/test?contact={reader}", address=address)
    assert words in said(browser, there)
    with sessions() as session:
        sent = session.scalars(select(Email).where(Email.template == "mailing_test")).all()
    assert len(sent) == queued
    assert all(one.subject == "[Easter · a] Hello Ada" and one.contact_id is None for one in sent)


def test_who_would_get_it_is_counted_with_reasons(browser: FlaskClient, token: str, draft: str, reader: int) -> None:
    complete(browser, token, draft)
    page = said(browser, draft)
    assert "In the audience 1" in page
    assert "Would get it 1" in page


def test_sending_asks_once_more_and_a_planned_one_can_be_taken_back(
    browser: FlaskClient, token: str, draft: str, reader: int, sessions: sessionmaker[Session]
) -> None:
    complete(browser, token, draft)
    assert "Would get it now 1" in said(browser, f"{draft}/schedule")
    later = (NOW + timedelta(days=2)).strftime("%Y-%m-%dT09:00")
    post(browser, token, f"{draft}/schedule", at=later)
    assert "planned" in said(browser, draft)
    refused = browser.post(f"{draft}/a", data={"csrf_token": token, "subject": "Changed"})
    assert refused.status_code == 409  # it is no draft any more
    with sessions() as session:
        assert session.get_one(MailingVariant, (1, "a")).subject != "Changed"
    post(browser, token, f"{draft}/withdraw")
    with sessions() as session:
        assert session.get_one(Mailing, 1).state == MailingState.DRAFT


@pytest.mark.parametrize("at", ["yesterday", "2001-01-01T10:00", "99999-01-01T00:00", "2026-13-45T99:99"])
def test_a_moment_that_is_none_or_past_is_refused_in_words(
    browser: FlaskClient, token: str, draft: str, reader: int, at: str
) -> None:
    complete(browser, token, draft)
    refused = browser.post(f"{draft}/schedule", data={"csrf_token": token, "at": at})
    assert refused.status_code == 400
    assert "Write day and time" in refused.text or "This moment is past" in refused.text


def test_pausing_going_on_and_stopping_say_what_they_did_and_only_once(
    browser: FlaskClient, token: str, draft: str, reader: int, sessions: sessionmaker[Session]
) -> None:
    complete(browser, token, draft)
    with sessions.begin() as session:
        session.get_one(Mailing, 1).state = MailingState.RUNNING
    for deed, words in (("pause", "stands still"), ("go_on", "It goes on."), ("stop", "It is stopped.")):
        assert browser.get(f"{draft}/{deed}").status_code == 200
        post(browser, token, f"{draft}/{deed}")
        assert words in said(browser, draft)
    post(browser, token, f"{draft}/pause")
    assert "Nothing was done" in said(browser, draft)


def test_settings_that_cant_be_are_refused_with_what_was_typed(browser: FlaskClient, token: str, draft: str) -> None:
    wrong = {
        "name": "",
        "topic": "moon",
        "holdout_percent": "99",
        "segment": "77",
        "campaign": "none",
        "winner_by": "luck",
    }
    answer = browser.post(draft, data={"csrf_token": token} | wrong)
    assert answer.status_code == 400
    for words in ("Give the mailing a name", "Only", "from 0 to 50", "segment is no more", "campaign is no more"):
        assert words.lower() in answer.text.lower()


def test_variants_are_added_as_copies_and_removed_but_for_the_last(
    browser: FlaskClient, token: str, draft: str, sessions: sessionmaker[Session]
) -> None:
    complete(browser, token, draft)
    assert post(browser, token, f"{draft}/variants").endswith("/b")
    with sessions() as session:
        assert session.get_one(MailingVariant, (1, "b")).subject == "Hello {{ first_name | you }}"
    post(browser, token, f"{draft}/variants", remove="a")
    post(browser, token, f"{draft}/variants", remove="b")
    assert "A mailing needs one variant." in said(browser, draft)


def edition(page: str) -> str:
    field = BeautifulSoup(page, "html.parser").select_one("input[name=edition]")
    assert field is not None
    return str(field["value"])


def changes(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return len(session.scalars(select(AuditEntry).where(AuditEntry.action == "mailing_changed")).all())


def test_two_who_write_at_once_dont_overwrite_each_other_and_lose_nothing_they_typed(
    browser: FlaskClient, token: str, draft: str
) -> None:
    opened = edition(browser.get(f"{draft}/a").text)
    post(browser, token, f"{draft}/a", subject="First", edition=opened)
    typed = {"csrf_token": token, "subject": "Second", "b1-kind": "text", "b1-text": "My long text", "do": "add:button"}
    late = browser.post(f"{draft}/a", data=typed | {"edition": opened})
    assert late.status_code == 409
    assert "Somebody else changed this variant meanwhile" in late.text
    assert 'value="Second"' in late.text
    assert "My long text" in late.text
    assert 'name="b2-kind" value="button"' in late.text
    assert 'value="First"' in browser.get(f"{draft}/a").text  # theirs stands until the second one decides
    post(browser, token, f"{draft}/a", subject="Second", edition=edition(late.text))
    assert 'value="Second"' in browser.get(f"{draft}/a").text


def test_another_variant_that_is_saved_meanwhile_is_in_nobodys_way(
    browser: FlaskClient, token: str, draft: str
) -> None:
    post(browser, token, f"{draft}/variants")
    opened = edition(browser.get(f"{draft}/a").text)
    post(browser, token, f"{draft}/b", subject="Of b", edition=edition(browser.get(f"{draft}/b").text))
    post(browser, token, f"{draft}/a", subject="Of a", edition=opened)
    assert 'value="Of a"' in browser.get(f"{draft}/a").text
    assert 'value="Of b"' in browser.get(f"{draft}/b").text


def test_what_is_typed_for_a_mailing_that_was_scheduled_meanwhile_stands_in_the_form_again(
    browser: FlaskClient, token: str, draft: str, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.scalars(select(Mailing)).one().state = MailingState.SCHEDULED
    late = browser.post(f"{draft}/a", data={"csrf_token": token, "subject": "Too late"})
    assert late.status_code == 409
    assert "Only drafts can be changed" in late.text
    assert 'value="Too late"' in late.text


def test_what_changes_nothing_leaves_no_line_in_the_audit(
    browser: FlaskClient, token: str, draft: str, sessions: sessionmaker[Session]
) -> None:
    before = changes(sessions)
    post(browser, token, f"{draft}/variants", remove="a")  # the last one stays
    post(browser, token, f"{draft}/a", subject="")
    assert changes(sessions) == before
    for _ in range(4):
        post(browser, token, f"{draft}/variants")
    assert changes(sessions) == before + 3  # there are no more than four
    with sessions() as session:
        assert session.scalars(select(Mailing.edition)).one() == 4


def test_what_a_sent_e_mail_showed_is_kept_with_its_prices(
    browser: FlaskClient, reader: int, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        email = session.scalars(select(Email)).first()
        assert email is not None
        email.content = {"shown": {"1": 450, "gone": 300}, "left_out": {"2": "not available"}}
        number = email.id
    page = said(browser, f"/console/emails/{number}")
    assert "Espresso Beans €4.50 gone €3.00 Filter Coffee left out: not available" in page

"""The inbox and the page of a case: lists, answers from the draft, two agents at once, files, and who looked."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from ecrm.access.audit import AuditEntry
from ecrm.service import cases
from ecrm.service.cases import Attached, Case, Changes, Direction, Kind, Opened, Priority, Said, State
from ecrm.service.macros import Macro
from ecrm.service.teams import Agent, Team
from ecrm.service.undelivered import note_undelivered
from ecrm.storefront import Staff
from mailer.outbox import Email

from .host import DeskStorefront

NOW = datetime.now(UTC).replace(microsecond=0)
BO = Staff(staff_id="8", name="Bo", role="support")


def opened(session: Session, **more: object) -> Case:
    said = Said(direction=Direction.IN, text="Where is it? <script>alert(1)</script>", author_name="Ada")
    fields: dict[str, object] = {
        "channel": cases.Channel.EMAIL, "kind": Kind.DELIVERY, "subject": "My <b>parcel</b>", "said": said,
        "from_address": "Ada@example.com", "from_name": "Ada", **more,
    }  # fmt: skip
    return cases.open_case(session, Opened(**fields), now=NOW - timedelta(hours=1))  # type: ignore[arg-type]


@pytest.fixture
def case(sessions: sessionmaker[Session], ada: int) -> str:
    """Ada asks where her parcel is; the reference of her case."""
    with sessions.begin() as session:
        return opened(session).reference


def read(sessions: sessionmaker[Session], reference: str) -> Case:
    with sessions() as session:
        found = cases.by_reference(session, reference)
        assert found is not None
        return found


def soup(answer: TestResponse, status: int = 200) -> BeautifulSoup:
    assert answer.status_code == status, answer.text[:2000]
    return BeautifulSoup(answer.text, "html.parser")


def words(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())


def form_of(page: BeautifulSoup, ending: str) -> dict[str, str]:
    """A form as the browser would send it, without its buttons."""
    form = page.find("form", action=lambda action: bool(action) and action.endswith(ending))
    assert form is not None
    fields = {}
    for one in form.find_all(["input", "select", "textarea"]):
        if not one.get("name") or one.get("type") == "file":
            continue
        if one.name == "select":
            chosen = one.find("option", selected=True) or one.find("option")
            fields[one["name"]] = chosen["value"] if chosen else ""
        else:
            fields[one["name"]] = one.get_text() if one.name == "textarea" else one.get("value", "")
    return fields


def test_the_page_shows_what_was_said_and_is_recorded_first(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    answer = browser.get(f"/console/cases/{case}")
    page = soup(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>alert" not in answer.text
    assert "Where is it? <script>alert(1)</script>" in words(page)
    assert "Ada Byron" in words(page)
    assert "A-1001" in words(page)
    with sessions() as session:
        looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "case_opened")).all()
    assert [look.subject for look in looks] == [f"case:{case}"]
    assert browser.get(f"/console/cases/{case.lower()}").status_code == 200
    assert browser.get("/console/cases/C-AAAAAAAA").status_code == 404
    assert browser.get("/console/cases/%00").status_code == 404


def test_the_answer_is_half_written_from_what_is_known_and_each_sentence_says_why(
    browser: FlaskClient, case: str
) -> None:
    page = soup(browser.get(f"/console/cases/{case}"))
    draft = form_of(page, "/reply")["text"]
    assert draft.lstrip().startswith("Hello Ada,")
    assert "left us on" in draft
    assert "DHL JD0001" in draft
    assert "last seen in Leipzig" in draft
    assert "/delivery/" in draft
    assert "We gave back €5.00" in draft
    why = [one.get_text() for one in page.select(".why-words .why")]
    assert "the customer's first name" in why
    assert "parcel JD0001: its newest status" in why
    assert "the customer's latest order: the case names none" in why
    assert "refund R-1" in why


def test_an_answer_goes_out_with_its_message_and_the_case_waits(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str, token: str
) -> None:
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/reply")
    form |= {"text": "It comes tomorrow.", "then": "waiting", "do": "send"}
    done = browser.post(f"/console/cases/{case}/reply", data=form, follow_redirects=True)
    assert "The answer is on its way to Ada@example.com" in words(soup(done))
    found = read(sessions, case)
    assert (found.state, found.first_responded_at is not None) == (State.WAITING, True)
    with sessions() as session:
        email = session.scalars(select(Email).where(Email.template == "case_reply")).one()
        last = cases.messages_of(session, found.id)[-1]
    assert case in email.subject
    assert (last.text, last.email_id, last.staff_id) == ("It comes tomorrow.", email.id, "7")
    again = browser.post(f"/console/cases/{case}/reply", data=form)  # a second click: the case has moved on
    assert "changed meanwhile" in words(soup(again, 409))
    with sessions() as session:
        assert len(session.scalars(select(Email).where(Email.template == "case_reply")).all()) == 1


def test_two_agents_at_once_the_second_is_told_what_is_new_and_loses_no_word(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/reply")
    with sessions.begin() as session:
        found = cases.by_reference(session, case)
        assert found is not None
        cases.change(session, found, Changes(priority=Priority.HIGH), now=NOW, by=BO)
    typed = form | {"text": "My long\nanswer", "then": "solved", "do": "send"}
    page = soup(browser.post(f"/console/cases/{case}/reply", data=typed), 409)
    assert "Bo: priority: normal → high" in words(page)
    back = form_of(page, "/reply")
    assert back["text"].strip() == "My long\nanswer"
    assert back["then"] == "solved"
    browser.post(f"/console/cases/{case}/reply", data=back | {"do": "send"})
    assert read(sessions, case).state == State.SOLVED


def test_a_note_is_kept_for_the_desk_alone(browser: FlaskClient, sessions: sessionmaker[Session], case: str) -> None:
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/reply")
    empty = browser.post(f"/console/cases/{case}/reply", data=form | {"text": " ", "do": "note"})
    assert "the note is empty" in words(soup(empty, 422))
    browser.post(
        f"/console/cases/{case}/reply",
        data=form | {"text": "Called DHL", "do": "note", "files": (io.BytesIO(b"log"), "call.txt")},
    )
    with sessions() as session:
        found = read(sessions, case)
        note = cases.messages_of(session, found.id)[-1]
        assert (note.direction, note.text) == ("note", "Called DHL")
        assert not session.scalars(select(Email).where(Email.template == "case_reply")).all()


def test_facts_change_by_form_and_what_cannot_be_is_said_with_everything_kept(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/change")
    done = browser.post(
        f"/console/cases/{case}/change", data=form | {"kind": "complaint", "order": "#A-1001", "state": "open"}
    )
    assert done.status_code == 303
    found = read(sessions, case)
    assert (found.kind, found.order_reference, found.state) == ("complaint", "A-1001", State.OPEN)
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/change")
    for wrong in ({"owner": "nobody-here"}, {"team": "99"}, {"kind": "x"}, {"order": "A" * 65}, {"state": "new"}):
        page = soup(browser.post(f"/console/cases/{case}/change", data=form | wrong), 422)
        assert page.select_one(".notice-bad") is not None
    stale = browser.post(f"/console/cases/{case}/change", data=form | {"version": "1", "order": "B-2"})
    assert form_of(soup(stale, 409), "/change")["order"] == "B-2"


def test_cases_of_one_person_are_merged_and_of_two_not(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    with sessions.begin() as session:
        other = opened(session, subject="And my teapot").reference
        eves = opened(session, from_address="eve@example.com").reference
    form = form_of(soup(browser.get(f"/console/cases/{other}")), "/merge")
    for wrong in (eves, other, "C-2222"):
        assert browser.post(f"/console/cases/{other}/merge", data=form | {"into": wrong}).status_code == 422
    done = browser.post(f"/console/cases/{other}/merge", data=form | {"into": case.lower()})
    assert done.headers["Location"] == f"/console/cases/{case}"
    assert "Go on in" in words(soup(browser.get(f"/console/cases/{other}")))


def test_a_file_is_downloaded_never_run_and_only_in_its_own_case(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    with sessions.begin() as session:
        found = cases.by_reference(session, case)
        assert found is not None
        files = (Attached('a"\n/../b.html', "text/html", b"<script>alert(1)</script>"),)
        message = cases.add_message(
            session, found, Said(direction=Direction.IN, text="See", attachments=files), now=NOW
        )
        other = opened(session).reference
        number = cases.attachments_of(session, [message.id])[message.id][0].id
    answer = browser.get(f"/console/cases/{case}/files/{number}")
    assert answer.status_code == 200
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert browser.get(f"/console/cases/{other}/files/{number}").status_code == 404
    with sessions() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "case_file_read")).one()


def test_lists_hold_what_they_say_and_pages_go_on(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    with sessions.begin() as session:
        team = Team(name="Returns")
        session.add(team)
        session.flush()
        session.add(Agent(staff_id="7", name="Sam", team_id=team.id, seen_at=NOW))
        for number in range(60):
            opened(session, subject=f"Kettle {number}", owner="7" if number % 2 else "8", team_id=team.id)
        late = opened(session, subject="Late one", priority=Priority.URGENT)
        late.next_due = late.first_response_due = NOW - timedelta(hours=3)
        done = opened(session, subject="Done one")
        cases.change(session, done, Changes(state=State.SOLVED), now=NOW)

    def rows(query: str) -> list[str]:
        return [one.get_text() for one in soup(browser.get(f"/console/cases?{query}")).select("tbody th a")]

    assert len(rows("")) == len(rows("view=mine")) == 30
    assert len(rows("view=team")) == 50
    page = soup(browser.get("/console/cases?view=team"))
    more = page.find("a", rel="next")
    assert more is not None
    assert len(soup(browser.get(str(more["href"]))).select("tbody tr")) == 11  # with the late one: the only team's
    assert "Late one" in rows("view=overdue")
    assert "Kettle 1" not in rows("view=overdue")
    assert "answer late by 3 h" in words(soup(browser.get("/console/cases?view=overdue")))
    assert rows("view=solved") == ["Done one"]
    assert rows("q=kettle+59") == ["Kettle 59"]
    assert rows("view=all&owner=8&kind=praise") == []
    assert "No case is in this list" in browser.get("/console/cases?view=all&kind=praise").text


def test_many_are_given_to_somebody_at_once_and_the_audit_says_so(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str, token: str
) -> None:
    with sessions.begin() as session:
        session.add(Agent(staff_id="8", name="Bo", seen_at=NOW))
        ids = [opened(session, subject=f"Number {number}").id for number in range(120)]
        closed = opened(session, subject="Merged")
        cases.merge(session, closed, session.get_one(Case, ids[0]), now=NOW)
        ids.append(closed.id)
    form = {"csrf_token": token, "case": [str(one) for one in ids], "deed": "owner:8", "view": "all"}
    done = browser.post("/console/cases", data=form)
    assert done.headers["Location"].endswith("view=all")
    with sessions() as session:
        assert {session.get_one(Case, one).owner for one in ids} == {"8"}
    browser.post("/console/cases", data=form | {"deed": "state:solved"})
    page = words(soup(browser.get("/console/cases")))
    assert "120 cases changed." in page
    assert f"Not possible from where they stand: {closed.reference}" in page
    with sessions() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "cases_changed")).all()
        assert [entry.reason for entry in entries] == ["owner 8", "state solved"]
    for wrong in ({"deed": "owner:nobody"}, {"deed": ""}, {"case": []}, {"deed": "state:new"}):
        assert browser.post("/console/cases", data=form | wrong).status_code == 422
    assert browser.post("/console/cases", data=form | {"case": ["x"]}).status_code == 400


def test_a_macro_brings_its_words_and_deeds(browser: FlaskClient, sessions: sessionmaker[Session], case: str) -> None:
    text = "Dear {{ first_name | customer }}, {{ order | your order }} by {{ carrier | post }}. {{ agent_name }}"
    with sessions.begin() as session:
        macro = Macro(name="Lost", text=text, state="solved", priority=4, changed_at=NOW, changed_by="Sam")
        session.add(macro)
        session.flush()
        number = str(macro.id)
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/reply")
    page = soup(browser.post(f"/console/cases/{case}/reply", data=form | {"macro": number, "do": "macro"}))
    filled = form_of(page, "/reply")
    assert filled["text"].strip() == "Dear Ada, A-1001 by DHL. Sam <b>"
    assert (filled["then"], filled["macro"]) == ("solved", number)
    typed = filled | {"text": "My own words", "do": "macro"}
    both = form_of(soup(browser.post(f"/console/cases/{case}/reply", data=typed)), "/reply")["text"]
    assert both.strip().startswith("My own words\n\nDear Ada")
    browser.post(f"/console/cases/{case}/reply", data=filled | {"do": "send"})
    found = read(sessions, case)
    assert (found.state, found.priority) == (State.SOLVED, Priority.URGENT)


def test_staff_open_a_case_from_a_customers_page(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    page = soup(browser.get(f"/console/cases/new?customer={ada}&order=A-1001&kind=warranty"))
    form = form_of(page, "/cases/new")
    assert (form["address"], form["order"], form["kind"]) == ("Ada@example.com", "A-1001", "warranty")
    wrong = soup(browser.post("/console/cases/new", data=form | {"address": "no address", "text": "Kept"}), 422)
    assert form_of(wrong, "/cases/new")["text"].strip() == "Kept"
    assert "Say in a few words" in words(wrong)
    done = browser.post("/console/cases/new", data=form | {"subject": "Kettle broke", "text": "She rang"})
    found = read(sessions, done.headers["Location"].rpartition("/")[2])
    assert (found.customer_id, found.channel, found.order_reference) == (ada, "staff", "A-1001")


def test_a_packer_sees_no_case(browser: FlaskClient, storefront: DeskStorefront, case: str) -> None:
    storefront.role = "packer"
    for path in ("", "/new", f"/{case}", f"/{case}/files/1"):
        assert browser.get(f"/console/cases{path}").status_code == 403


@pytest.mark.parametrize("state", [State.NEW, State.OPEN, State.WAITING, State.SOLVED, State.CLOSED])
def test_a_case_in_any_state_can_be_answered_as_its_form_stands(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str, state: State
) -> None:
    if state != State.NEW:
        with sessions.begin() as session:
            here = cases.by_reference(session, case)
            assert here is not None
            cases.change(session, here, Changes(state=state), now=NOW)
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/reply") | {"text": "It is mended.", "do": "send"}
    assert browser.post(f"/console/cases/{case}/reply", data=form).status_code == 303
    stays = {State.SOLVED: State.SOLVED, State.CLOSED: State.CLOSED}
    assert read(sessions, case).state == stays.get(state, State.WAITING)


def test_files_larger_than_the_hosts_limit_for_forms_go_out_with_an_answer(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    browser.application.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    form: dict[str, object] = {**form_of(soup(browser.get(f"/console/cases/{case}")), "/reply")}
    form |= {"text": "Here is the manual.", "do": "send", "files": (io.BytesIO(b"x" * 400_000), "manual.bin")}
    answer = browser.post(f"/console/cases/{case}/reply", data=form, content_type="multipart/form-data")
    assert answer.status_code == 303
    with sessions() as session:
        last = cases.messages_of(session, read(sessions, case).id)[-1]
        assert [one.size for one in cases.attachments_of(session, [last.id])[last.id]] == [400_000]


def test_a_search_finds_a_case_in_whatever_list_it_is_and_a_reference_opens_it(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    with sessions.begin() as session:
        here = cases.by_reference(session, case)
        assert here is not None
        cases.change(session, here, Changes(state=State.SOLVED), now=NOW)
    for view in ("mine", "all", "overdue", "spam"):
        page = soup(browser.get("/console/cases", query_string={"view": view, "q": "where"}))
        assert f"/console/cases/{case}" in [one["href"] for one in page.select("tbody th a")]
    for asked in (case, f"[{case.lower()}]"):
        answer = browser.get("/console/cases", query_string={"view": "mine", "q": asked})
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/console/cases/{case}")
    page = soup(browser.get("/console/cases?view=mine&q=teapot"))
    assert "No case has these words" in words(page)


def test_an_answer_that_came_back_is_said_at_it_and_opens_its_case_once(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    form = form_of(soup(browser.get(f"/console/cases/{case}")), "/reply") | {"text": "It is mended.", "do": "send"}
    browser.post(f"/console/cases/{case}/reply", data=form)
    page = words(soup(browser.get(f"/console/cases/{case}")))
    assert "queued" in page
    assert note_undelivered(sessions, now=NOW) == 0
    with sessions.begin() as session:
        email = session.scalars(select(Email).where(Email.template == "case_reply")).one()
        email.state = "bounced"
    assert read(sessions, case).state == State.WAITING
    assert [note_undelivered(sessions, now=NOW) for _turn in range(2)] == [1, 0]
    assert read(sessions, case).state == State.OPEN
    page = words(soup(browser.get(f"/console/cases/{case}")))
    assert "The answer came back: its mailbox doesn't take it. Call them" in page
    assert "open (the answer didn't arrive)" in page
    assert "The last answer didn't arrive. See whether" in page


def test_the_inbox_opens_where_something_waits(
    browser: FlaskClient, sessions: sessionmaker[Session], case: str
) -> None:
    def opens() -> str:
        return str(soup(browser.get("/console/cases")).select_one("main [aria-current=true]"))

    assert "Nobody's" in opens()
    with sessions.begin() as session:
        opened(session, subject="Mine", owner="7")
    assert "Mine" in opens()

"""A letter to the desk becomes a part of the right case, once, and nothing that came is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.keeping import retain
from ecrm.service import intake
from ecrm.service.cases import Changes, State, change, merge
from ecrm.service.matter_facts import facts_of
from ecrm.service.teams import Team
from mailer.outbox import Email
from tests.mailer.reports_material import dsn, out_of_office
from tracking.customers import Customer
from tracking.orders import SeenOrder

from .desk import DESK, NOW, cases_of, come_in, go_out, known, letter, mails, ready, said


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin)


def test_a_letter_opens_a_case_of_whose_address_it_is(plugin: Installation) -> None:
    ada = known(plugin)
    with plugin.sessions.begin() as session:
        session.add(
            SeenOrder(reference="K-10077", customer_id=ada, placed_at=NOW, currency="EUR", goods_minor=1, total_minor=1)
        )
    message = letter("Wo ist meine Bestellung k-10077? Ich warte schon seit einer Woche auf das Paket.")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="bill.pdf")
    assert come_in(plugin, message) == "case"
    (case,) = cases_of(plugin)
    assert (case.customer_id, case.order_reference, case.language, case.channel) == (ada, "K-10077", "de", "email")
    assert (case.subject, case.from_address, case.from_name) == ("My parcel", "ada@example.net", "Ada Byron")
    first, received = said(plugin, case)
    assert first.text.startswith("Wo ist")
    assert (received.direction, received.automatic) == ("out", True)
    assert [(one.state, one.case_id, one.from_folded) for one in mails(plugin)] == [
        ("case", case.id, "ada@example.net")
    ]


def test_the_same_letter_again_is_taken_once(plugin: Installation) -> None:
    message = letter(message_id="<1@ada>").as_bytes()
    assert [come_in(plugin, message), come_in(plugin, b"Received: by another\n" + message)] == ["case", "repeated"]
    assert len(cases_of(plugin)) == 1


def test_other_words_under_the_same_message_id_are_not_lost(plugin: Installation) -> None:
    come_in(plugin, letter("One", message_id="<1@ada>"))
    come_in(plugin, letter("Two", message_id="<1@ada>"))
    texts = [one.text for case in cases_of(plugin) for one in said(plugin, case) if one.direction == "in"]
    assert texts == ["One", "Two"]


def test_an_answer_to_our_letter_comes_into_the_case_whoever_writes_it(plugin: Installation) -> None:
    come_in(plugin, letter())
    (received,) = go_out(plugin)
    answer = letter("And it's urgent", sender="ada.at.work@example.org", subject="AW: whatever")
    answer["In-Reply-To"] = received["Message-ID"]
    come_in(plugin, answer)
    (case,) = cases_of(plugin)
    assert [one.text for one in said(plugin, case) if one.direction == "in"] == [
        "Where is my parcel?",
        "And it's urgent",
    ]


@pytest.mark.parametrize(
    ("sender", "joins"),
    [("ada@example.net", True), ("ADA@Example.NET", True), ("eve@example.org", False)],
)
def test_the_number_in_the_subject_lets_nobody_else_in(plugin: Installation, sender: str, joins: bool) -> None:
    come_in(plugin, letter())
    (case,) = cases_of(plugin)
    come_in(plugin, letter("more", sender=sender, subject=f"Re: My parcel {case.subject_mark.lower()}"))
    assert len(cases_of(plugin)) == (1 if joins else 2)


def test_somebody_else_s_message_id_lets_nobody_in_either(plugin: Installation) -> None:
    come_in(plugin, letter(message_id="<1@guessable>"))
    come_in(plugin, letter("more", sender="eve@example.org", In_Reply_To="<1@guessable>"))
    come_in(plugin, letter("really more", References="<0@x> <1@guessable>"))
    first, second = cases_of(plugin)
    assert [len([m for m in said(plugin, one) if m.direction == "in"]) for one in (first, second)] == [2, 1]


@pytest.mark.parametrize(("days", "cases"), [(13, 1), (15, 2)])
def test_an_answer_opens_a_solved_case_again_for_some_days(plugin: Installation, days: int, cases: int) -> None:
    come_in(plugin, letter())
    (case,) = cases_of(plugin)
    with plugin.sessions.begin() as session:
        change(session, session.merge(case), Changes(state=State.SOLVED), now=NOW)
    come_in(plugin, letter("It broke again", subject=f"Re: {case.subject_mark}"), at=NOW + timedelta(days=days))
    found = cases_of(plugin)
    assert len(found) == cases
    assert found[0].state == (State.OPEN if cases == 1 else State.SOLVED)


def test_an_automatic_answer_is_kept_in_its_case_and_opens_nothing(plugin: Installation) -> None:
    come_in(plugin, letter())
    (received,) = go_out(plugin)
    (case,) = cases_of(plugin)
    with plugin.sessions.begin() as session:
        change(session, session.merge(case), Changes(state=State.SOLVED), now=NOW)
    away = letter("I am away", In_Reply_To=str(received["Message-ID"]), Auto_Submitted="auto-replied")
    assert come_in(plugin, away) == "case"
    (case,) = cases_of(plugin)
    assert (case.state, said(plugin, case)[-1].automatic) == (State.SOLVED, True)
    assert go_out(plugin) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Auto_Response_Suppress": "OOF, AutoReply"}, {"List_Unsubscribe": "<mailto:x@team.example>"},
        {"List_Id": "<team.example.org>"}, {"Precedence": "bulk"}, {"sender": "notifications@desk.example"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("days", [1, 90])
def test_a_person_s_answer_with_a_program_s_header_is_said_as_any_other(
    plugin: Installation, headers: dict[str, str], days: int
) -> None:
    come_in(plugin, letter())
    (received,) = go_out(plugin)
    (case,) = cases_of(plugin)
    with plugin.sessions.begin() as session:
        change(session, session.merge(case), Changes(state=State.SOLVED), now=NOW)
    again = letter("It is broken again", In_Reply_To=str(received["Message-ID"]), **headers)
    assert come_in(plugin, again, at=NOW + timedelta(days=days)) == "case"
    assert [one.state for one in cases_of(plugin)] == ([State.OPEN] if days == 1 else [State.SOLVED, State.NEW])
    assert not any(one.automatic for one in said(plugin, cases_of(plugin)[-1]) if one.direction == "in")
    assert go_out(plugin, at=NOW + timedelta(days=days, seconds=5)) == []  # nothing answers it by itself


@pytest.mark.parametrize(
    ("message", "state", "why"),
    [
        (letter(Auto_Submitted="auto-replied"), "put_aside", "machine"),
        (letter(sender="Garden <garden@example.com>"), "put_aside", "our own letter"),
        (letter(X_Loop=DESK), "put_aside", "our own letter"),
        (letter(List_Id="<news.example.org>"), "put_aside", "mailing list"),
        (letter(sender="undisclosed"), "put_aside", "nobody who could be answered"),
        (letter(X_Spam_Flag="YES"), "spam", "spam filter"),
        (b"", "put_aside", "nobody"),
    ],
)
def test_what_is_for_no_person_waits_with_its_reason(
    plugin: Installation, message: EmailMessage | bytes, state: str, why: str
) -> None:
    assert come_in(plugin, message) == state
    (mail,) = mails(plugin)
    assert why in mail.why
    assert (cases_of(plugin), go_out(plugin)) == ([], [])


def test_what_was_put_aside_becomes_a_case_where_a_person_says_so(plugin: Installation) -> None:
    come_in(plugin, letter(X_Spam_Flag="YES"))
    (mail,) = mails(plugin)
    assert intake.digest(plugin, mail.id, now=NOW, forced=True) == "case"
    assert intake.digest(plugin, mail.id, now=NOW, forced=True) == "gone"
    assert len(cases_of(plugin)) == 1
    assert go_out(plugin) == []  # nobody is told by a machine that a person looked


def test_too_many_letters_of_an_address_wait_and_none_is_lost(plugin: Installation) -> None:
    states = [come_in(plugin, letter(f"Letter {number}")) for number in range(intake.MOST_AN_HOUR + 3)]
    assert states == ["case"] * intake.MOST_AN_HOUR + ["put_aside"] * 3
    assert come_in(plugin, letter("Next day"), at=NOW + timedelta(hours=2)) == "case"
    assert len(go_out(plugin)) <= 4


def test_a_letter_to_a_team_s_address_is_its_team_s(plugin: Installation) -> None:
    ready(plugin, ECRM_DESK_ADDRESSES=(DESK, "returns@example.com=Returns"))
    with plugin.sessions.begin() as session:
        session.add(Team(name="Returns"))
    come_in(plugin, letter(), recipient="Returns+7@example.com")
    (case,) = cases_of(plugin)
    assert case.team_id is not None
    (received,) = go_out(plugin)
    assert received["From"].addresses[0].addr_spec == "returns@example.com"


def test_a_letter_that_names_two_senders_is_neither_s(plugin: Installation) -> None:
    known(plugin)
    come_in(plugin, letter(message_id="<1@ada>"))
    (case,) = cases_of(plugin)
    for place, sender in enumerate(("ada@example.net <eve@evil.example>", "eve@evil.example <ada@example.net>")):
        head = f"From: {sender}\r\nTo: {DESK}\r\nSubject: Re: {case.subject_mark}\r\nMessage-ID: <{place}@evil>\r\n\r\n"
        come_in(plugin, f"{head}My new address\r\n".encode())
    first, *others = cases_of(plugin)
    assert "My new address" not in [one.text for one in said(plugin, first)]
    assert [(one.customer_id, one.from_address) for one in others] == [
        (None, "eve@evil.example"), (None, "ada@example.net"),
    ]  # fmt: skip
    assert all("sender is unclear" in said(plugin, one)[-1].text for one in others)


def test_reports_come_first_and_strange_ones_wait(plugin: Installation) -> None:
    assert come_in(plugin, dsn("<20261120T120000.0123456789abcdef01234567@example.com>")) == "put_aside"
    assert come_in(plugin, out_of_office("<x@y>")) == "put_aside"


def test_letters_are_forgotten_with_their_person(plugin: Installation) -> None:
    known(plugin)
    come_in(plugin, letter("My canary died"))
    come_in(plugin, letter(Auto_Submitted="auto-replied"))
    with plugin.app.app_context():
        erase_mail(plugin, "ada@example.net", reason="asked", staff=at_command_line())
    kept = mails(plugin)
    assert [one.state for one in kept] == ["case", "dismissed"]
    assert all(one.raw is None and "ada" not in str(one.__dict__) for one in kept)


def test_letters_are_forgotten_with_time_and_not_taken_again(plugin: Installation) -> None:
    now, old = datetime.now(UTC), letter("old")
    come_in(plugin, old, at=now - timedelta(days=32))
    come_in(plugin, letter("new"), at=now)
    retain(plugin)
    assert [one.raw is None for one in mails(plugin)] == [True, False]
    assert come_in(plugin, old, at=now) == "repeated"


def test_a_mailbox_that_an_account_only_claims_joins_no_account_but_its_own_orders_are_spoken_of(
    plugin: Installation,
) -> None:
    with plugin.sessions.begin() as session:
        claiming = Customer(email="ada@example.net", first_name="Ada", country="DE", traits={}, created_at=NOW)
        session.add(claiming)
        session.flush()
        for number, to in (("A-1001", "Ada@Example.net"), ("A-1002", "someone@example.org")):
            session.add(
                SeenOrder(
                    reference=number, customer_id=claiming.id, placed_at=NOW, currency="EUR", goods_minor=100,
                    total_minor=100,
                )
            )  # fmt: skip
            session.add(
                Email(
                    dedup_key=number, template="order_confirmation", from_address="shop@example.com", from_name="",
                    to_address=to, to_name="", subject=number,
                    text=number, html="", message_id=f"<{number}@x>", state="sent", queued_at=NOW, due_at=NOW,
                    sent_at=NOW, order_reference=number, transactional=True,
                )
            )  # fmt: skip
    come_in(plugin, letter("Where is a-1001?"))
    come_in(plugin, letter("And where is A-1002?", subject="Another"))
    mine, theirs = cases_of(plugin)
    assert (mine.customer_id, mine.order_reference) == (None, "A-1001")
    assert (theirs.customer_id, theirs.order_reference) == (None, "")
    with plugin.sessions() as session, plugin.app.test_request_context():
        facts = [facts_of(session, plugin.storefront, one, now=NOW) for one in (mine, theirs)]
    assert [one.order.reference for one in facts if one.order] == ["A-1001", "A-1001"]


def test_two_people_s_equal_words_under_folded_message_ids_are_two_letters(plugin: Installation) -> None:
    for sender, message_id in (("ada", "<1@x>"), ("bob", "<2@x>")):
        head = f"From: {sender}@example.net\r\nTo: {DESK}\r\nSubject: Tea\r\nMessage-ID:\r\n {message_id}\r\n"
        assert come_in(plugin, f"{head}\r\nAny news?\r\n".encode()) == "case"


def test_a_person_may_write_of_what_machines_write(plugin: Installation) -> None:
    assert come_in(plugin, letter(subject="Undelivered parcel K-10077")) == "case"
    assert come_in(plugin, letter(subject="Automatic reply machine broken")) == "case"
    assert come_in(plugin, letter(subject="Undeliverable: your order")) == "put_aside"


def test_what_a_person_made_a_case_is_no_machine_s(plugin: Installation) -> None:
    come_in(plugin, letter(subject="Undelivered mail"))
    (mail,) = mails(plugin)
    intake.digest(plugin, mail.id, now=NOW, forced=True)
    (case,) = cases_of(plugin)
    assert not said(plugin, case)[0].automatic


def test_a_merged_case_belongs_to_whom_one_of_both_belonged(plugin: Installation) -> None:
    come_in(plugin, letter("before buying", message_id="<1@a>"))
    ada = known(plugin)
    come_in(plugin, letter("after buying", message_id="<2@a>", subject="Other"))
    one, two = cases_of(plugin)
    with plugin.sessions.begin() as session:
        merge(session, session.get_one(type(two), two.id), session.get_one(type(one), one.id), now=NOW)
    assert cases_of(plugin)[0].customer_id == ada


@pytest.mark.parametrize(
    ("clock", "place"),
    [
        (timedelta(days=-3), timedelta(0)),
        (timedelta(hours=9), timedelta(hours=2)),
        (timedelta(hours=1), timedelta(hours=1)),
    ],
)
def test_a_sender_s_clock_neither_turns_the_conversation_round_nor_foretells(
    plugin: Installation, clock: timedelta, place: timedelta
) -> None:
    ready(plugin, ECRM_DESK_ACKNOWLEDGE=False)
    come_in(plugin, letter("first"))
    (case,) = cases_of(plugin)
    answered = letter("second", subject=case.subject_mark, Date=format_datetime(NOW + clock))
    come_in(plugin, answered, at=NOW + timedelta(hours=2))
    first, second = said(plugin, case)
    assert (first.text, second.text, second.at - NOW) == ("first", "second", place)
    assert second.written_at == (NOW + clock if clock != place else None)


def test_a_letter_that_a_form_passes_on_is_answered_to_its_writer_and_joins_no_account(plugin: Installation) -> None:
    known(plugin)
    passed_on = letter(sender="Forms <noreply@forms.example>", Reply_To="Ada Byron <ada@example.net>")
    assert come_in(plugin, passed_on) == "case"
    (case,) = cases_of(plugin)
    assert (case.from_address, case.from_name, case.customer_id) == ("ada@example.net", "Ada Byron", None)
    first, note = said(plugin, case)
    assert (first.direction, first.from_folded, note.direction) == ("in", "noreply@forms.example", "note")
    assert "came through noreply@forms.example" in note.text
    assert go_out(plugin) == []  # nothing shows that the mailbox in it asked


def test_a_form_lets_nobody_into_another_s_case(plugin: Installation) -> None:
    come_in(plugin, letter())
    (case,) = cases_of(plugin)
    come_in(
        plugin,
        letter(
            "let me in", sender="noreply@forms.example", Reply_To="ada@example.net", subject=f"Re: {case.subject_mark}"
        ),
    )
    assert len(cases_of(plugin)) == 2


@pytest.mark.parametrize("to", ["noreply@shop.example", "NoReply@forms.example", DESK, ""])
def test_a_machine_whose_answers_nobody_reads_stays_a_machine(plugin: Installation, to: str) -> None:
    assert come_in(plugin, letter(sender="noreply@forms.example", Reply_To=to)) == "put_aside"

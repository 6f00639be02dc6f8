"""Whoever a letter names beside us is kept and shown, and gets an answer only where an agent chooses so."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ecrm.access.audit import at_command_line
from ecrm.customers.desk_facts import desk_facts
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.own_page.holding import said_in
from ecrm.own_page.taking_home import taken_home
from ecrm.service import cases
from ecrm.service.cases import Attached, Case, CaseMessage, CaseRecipient, State
from ecrm.service.copies import others_of
from ecrm.service.drafts import draft_for
from ecrm.service.replying import NotAnswerable, answer
from ecrm.service.undelivered import note_undelivered
from mailer.outbox import Email
from tracking.customers import CustomerEmail

from .desk import DESK, MIA, NOW, cases_of, come_in, go_out, known, letter, ready, said

OURS = {DESK, "garden@example.com"}


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin, ECRM_DESK_ACKNOWLEDGE=False)


def replied(plugin: Installation, *copies: str, **more: object) -> CaseMessage:
    with plugin.sessions.begin() as session, plugin.app.app_context():
        case = session.scalars(select(Case).order_by(Case.id)).all()[-1]
        return answer(plugin, session, case, "It comes.", by=MIA, now=NOW, copies=copies, **more)  # type: ignore[arg-type]


def named(plugin: Installation) -> list[tuple[str, bool]]:
    with plugin.sessions() as session:
        (case,) = session.scalars(select(Case)).all()
        return [(one.address, one.theirs) for one in others_of(session, case, own=OURS)]


def test_everybody_named_is_offered_but_us_and_who_is_answered_anyway(plugin: Installation) -> None:
    ada = known(plugin)
    with plugin.sessions.begin() as session:
        session.add(CustomerEmail(folded="ada@home.example", customer_id=ada, added_at=NOW))
    come_in(
        plugin,
        letter(
            Cc=f"Bob <bob@example.org>, {DESK}, support+7@example.com, Ada <Ada@Example.net>, ada@home.example",
            Reply_To="ada.away@example.org",
        ),
    )
    assert named(plugin) == [("bob@example.org", False), ("ada@home.example", True), ("ada.away@example.org", False)]


def test_nobody_gets_a_copy_whom_the_agent_did_not_choose(plugin: Installation) -> None:
    come_in(plugin, letter(Cc="bob@example.org"))
    replied(plugin)
    (sent,) = go_out(plugin)
    assert (sent["To"], sent["Cc"]) == ("Ada Byron <ada@example.net>", None)


def test_a_copy_has_the_same_words_and_files_and_says_who_else_has_them(plugin: Installation) -> None:
    come_in(plugin, letter(Cc="bob@example.org, eve@example.org"))
    replied(plugin, "BOB@example.org", attachments=(Attached("label.pdf", "application/pdf", b"%PDF"),))
    to_ada, to_bob = go_out(plugin)
    assert (to_ada["To"].addresses[0].addr_spec, to_ada["Cc"]) == ("ada@example.net", "bob@example.org")
    assert (to_bob["To"], to_bob["Cc"]) == ("bob@example.org", "ada@example.net")
    assert to_ada.get_body(("plain",)).get_content() == to_bob.get_body(("plain",)).get_content()
    assert [one.get_filename() for one in to_bob.iter_attachments()] == ["label.pdf"]
    (case,) = cases_of(plugin)
    assert [one.direction for one in said(plugin, case)] == ["in", "out"]


def test_an_answer_to_a_copy_comes_into_the_case_and_its_writer_is_offered(plugin: Installation) -> None:
    come_in(plugin, letter(Cc="bob@example.org"))
    replied(plugin, "bob@example.org")
    _to_ada, to_bob = go_out(plugin)
    come_in(plugin, letter("I have it here", sender="bob@work.example", In_Reply_To=str(to_bob["Message-ID"])))
    (case,) = cases_of(plugin)
    come_in(plugin, letter("By the way", sender="bob@example.org", subject=f"Re: {case.subject_mark}"))
    assert [one.text for one in said(plugin, case)[2:]] == ["I have it here", "By the way"]
    assert ("bob@work.example", False) in named(plugin)
    with plugin.sessions() as session:
        others = others_of(session, session.merge(case), own=OURS)
    assert {one.address: one.joined for one in others} == {"bob@example.org": False, "bob@work.example": True}


def test_whom_no_person_named_is_offered_nothing(plugin: Installation) -> None:
    come_in(plugin, letter(Cc="bob@example.org"))
    replied(plugin, "bob@example.org")
    _to_ada, to_bob = go_out(plugin)
    answered, by_machine = str(to_bob["Message-ID"]), {"Auto_Submitted": "auto-replied"}
    come_in(plugin, letter(sender="robot@example.org", Cc="boss@example.org", In_Reply_To=answered, **by_machine))
    come_in(plugin, letter(sender="MAILER-DAEMON@example.org", In_Reply_To=answered))
    assert named(plugin) == [("bob@example.org", False)]


def test_a_copy_that_came_back_opens_the_case_once_and_is_no_reason_for_an_apology(plugin: Installation) -> None:
    come_in(plugin, letter(Cc="bob@example.org"))
    replied(plugin, "bob@example.org")
    with plugin.sessions.begin() as session:
        case = session.scalars(select(Case)).one()
        cases.change(session, case, cases.Changes(state=State.WAITING), now=NOW, by=MIA)
        session.scalars(select(Email).where(Email.to_address == "bob@example.org")).one().state = "bounced"
    assert [note_undelivered(plugin.sessions, now=NOW) for _turn in range(2)] == [1, 0]
    (case,) = cases_of(plugin)
    assert case.state == State.OPEN
    with plugin.app.test_request_context(), plugin.sessions() as session:
        draft = draft_for(plugin, session, session.get_one(Case, case.id), staff=MIA, now=NOW)
    assert not draft.undelivered
    assert "settled the first time" not in draft.text


@pytest.mark.parametrize("stranger", ["eve@example.org", DESK, "nonsense", ""])
def test_a_copy_for_whom_no_letter_named_is_refused(plugin: Installation, stranger: str) -> None:
    come_in(plugin, letter(Cc="bob@example.org"))
    with pytest.raises(NotAnswerable):
        replied(plugin, stranger)
    assert go_out(plugin) == []


def test_who_is_erased_is_named_nowhere(plugin: Installation) -> None:
    come_in(plugin, letter(Cc="bob@example.org"))
    replied(plugin, "bob@example.org")
    with plugin.app.app_context():
        erase_mail(plugin, "bob@example.org", reason="asked", staff=at_command_line())
    with plugin.sessions() as session:
        assert session.scalars(select(CaseRecipient)).all() == []
        assert "bob@example.org" not in session.scalars(select(Email.to_address)).all()
    (case,) = cases_of(plugin)
    assert said(plugin, case)[0].text == "Where is my parcel?"


def test_a_letter_that_still_waits_does_not_name_who_was_erased(plugin: Installation) -> None:
    come_in(plugin, letter(Cc="bob@example.org, eve@example.org"))
    replied(plugin, "BOB@example.org", "eve@example.org")
    with plugin.app.app_context():
        erase_mail(plugin, "bob@example.org", reason="asked", staff=at_command_line())
    with plugin.sessions() as session:
        kept = [(one.to_address, one.content.get("copies")) for one in session.scalars(select(Email))]
    assert sorted(kept) == [
        ("", None), ("ada@example.net", ["eve@example.org"]), ("eve@example.org", ["ada@example.net"]),
    ]  # fmt: skip
    assert [one["Cc"] for one in go_out(plugin)] == ["eve@example.org", "ada@example.net"]


def test_a_copy_is_an_e_mail_to_whose_mailbox_it_goes_to(plugin: Installation) -> None:
    ada, bob = known(plugin), known(plugin, "bob@example.org")
    come_in(plugin, letter(Cc="bob@example.org, eve@example.org"))
    replied(plugin, "bob@example.org", "eve@example.org")
    with plugin.sessions() as session:
        assert {one.to_address: one.customer_id for one in session.scalars(select(Email))} == {
            "ada@example.net": ada, "bob@example.org": bob, "eve@example.org": None,
        }  # fmt: skip
        assert len(desk_facts(session, ada, now=NOW).emails) == 1
        home = taken_home(session, ada)
    assert [one["to"] for one in home["emails"]] == ["ada@example.net"]


def test_what_was_copied_to_others_is_emptied_with_the_customer_and_with_the_one_in_copy(plugin: Installation) -> None:
    known(plugin)
    come_in(plugin, letter(Cc="bob@example.org, eve@example.org"))
    replied(plugin, "bob@example.org", "eve@example.org")
    for erased, left in (("eve@example.org", {"ada@example.net", "bob@example.org", ""}), ("ada@example.net", {""})):
        with plugin.app.app_context():
            erase_mail(plugin, erased, reason="asked", staff=at_command_line())
        with plugin.sessions() as session:
            emails = session.scalars(select(Email)).all()
            assert {one.to_address for one in emails} == left
            assert {bool(one.text) for one in emails if not one.to_address} == {False}


def unclear(text: str, *, answers: str) -> bytes:
    """A letter of Bob's that names another, too."""
    written = letter(text, In_Reply_To=answers).as_bytes()
    return written.replace(b"Ada Byron <ada@example.net>", b"bob@home.example <bob@example.org>", 1)


def test_what_an_unclear_sender_wrote_is_on_nobody_s_page(plugin: Installation) -> None:
    ada = known(plugin)
    come_in(plugin, letter(Cc="bob@example.org"))
    replied(plugin, "bob@example.org")
    _to_ada, to_bob = go_out(plugin)
    come_in(plugin, unclear("Between us: too dear", answers=str(to_bob["Message-ID"])))
    (case,) = cases_of(plugin)
    assert said(plugin, case)[2].text == "Between us: too dear"
    with plugin.sessions() as session:
        assert [one.text for one in said_in(session, session.merge(case), ada)] == ["Where is my parcel?", "It comes."]


def test_an_unclear_sender_who_was_not_named_joined_by_themselves(plugin: Installation) -> None:
    come_in(plugin, letter())
    replied(plugin)
    (to_ada,) = go_out(plugin)
    come_in(plugin, unclear("I have it", answers=str(to_ada["Message-ID"])))
    with plugin.sessions() as session:
        (other,) = others_of(session, session.scalars(select(Case)).one(), own=OURS)
    assert (other.address, other.joined) == ("bob@example.org", True)


@pytest.mark.parametrize("merged", [False, True])
def test_what_an_unclear_sender_wrote_goes_with_the_address_it_names(plugin: Installation, merged: bool) -> None:
    ada = known(plugin)
    come_in(plugin, letter())
    replied(plugin)
    (to_ada,) = go_out(plugin)
    come_in(plugin, unclear("Under my floor mat", answers="" if merged else str(to_ada["Message-ID"])))
    case, *others = cases_of(plugin)
    if merged:
        with plugin.sessions.begin() as session:
            apart = session.get_one(Case, others[0].id)
            cases.change(session, apart, cases.Changes(customer_id=ada), by=MIA, now=NOW)
            cases.merge(session, apart, session.get_one(Case, case.id), by=MIA, now=NOW)
    assert "Under my floor mat" in [one.text for one in said(plugin, case)]
    with plugin.app.app_context():
        erase_mail(plugin, "bob@example.org", reason="asked", staff=at_command_line())
    left = said(plugin, case)
    assert "Where is my parcel?" in [one.text for one in left]
    assert not any("mat" in one.text or "bob@" in one.text + one.author_name for one in left)

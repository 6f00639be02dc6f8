"""Cases: opened once, moved as the table allows, written down step by step, and safe from two agents at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.customers.desk_facts import desk_facts
from ecrm.service import cases
from ecrm.service.arranging import mark_breaches
from ecrm.service.cases import Case, Changes, Direction, Kind, Opened, Priority, Said, State
from ecrm.storefront import Staff
from tracking.customers import find_or_create_account, find_or_create_guest

NOW = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
SAM = Staff(staff_id="7", name="Sam", role="support")
BO = Staff(staff_id="8", name="Bo", role="support")


def opened(
    session: Session, *, subject: str = "Where is my parcel?", text: str = "It isn't here.", **more: object
) -> Case:
    said = Said(direction=Direction.IN, text=text, channel=cases.Channel.EMAIL, author_name="Ada")
    fields: dict[str, object] = {
        "channel": cases.Channel.EMAIL, "subject": subject, "from_address": "Ada@Example.com", "said": said, **more,
    }  # fmt: skip
    return cases.open_case(session, Opened(**fields), now=NOW)  # type: ignore[arg-type]


def whats(session: Session, case: Case) -> list[str]:
    return [step.what for step in cases.steps_of(session, case.id)]


def test_a_case_belongs_to_the_customer_whose_address_it_came_from(session: Session) -> None:
    ada = find_or_create_guest(session, email="ada@example.com", at=NOW)
    case = opened(session)
    assert (case.customer_id, case.state, case.channel) == (ada.id, State.NEW, "email")
    assert case.reference.startswith("C-")
    assert len(case.reference) == 10
    assert cases.by_reference(session, f" [{case.reference.lower()}] ") is case
    assert [one.text for one in cases.messages_of(session, case.id)] == ["It isn't here."]
    assert whats(session, case) == ["opened", "message_in"]
    assert cases.of_customer(session, ada.id) == [case]


def test_one_mail_is_taken_once_whichever_way_it_comes_again(session: Session) -> None:
    said = Said(direction=Direction.IN, text="Hello", message_id="<1@example.com>")
    first = opened(session, said=said)
    assert opened(session, said=said) is first
    again = cases.add_message(session, first, said, now=NOW)
    assert session.scalar(select(func.count()).select_from(cases.CaseMessage)) == 1
    assert cases.by_message_id(session, "<1@example.com>") is first
    assert again.case_id == first.id
    assert cases.by_message_id(session, "") is None


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_only_moves_of_the_table_are_made_and_each_is_written_down(
    session: Session, before: State, after: State
) -> None:
    case = opened(session)
    case.state = before
    session.flush()
    if after == before:
        assert cases.change(session, case, Changes(state=after), now=NOW) == []
    elif after in cases.MOVES[before]:
        (step,) = cases.change(session, case, Changes(state=after), now=NOW, by=SAM, why="macro")
        assert (step.what, step.staff_name) == ("state", "Sam")
        assert step.detail == {"from": before, "to": after, "why": "macro"}
        assert case.state == after
    else:
        with pytest.raises(cases.NotAllowed):
            cases.change(session, case, Changes(state=after), now=NOW)


def test_the_customers_answer_opens_a_case_again_and_an_automatic_one_doesnt(session: Session) -> None:
    case = opened(session)
    cases.add_message(session, case, Said(direction=Direction.OUT, text="On its way", by=SAM), now=NOW)
    assert (case.state, case.first_responded_at) == (State.OPEN, NOW)
    cases.change(session, case, Changes(state=State.WAITING), now=NOW, by=SAM)
    cases.add_message(session, case, Said(direction=Direction.IN, text="Out of office", automatic=True), now=NOW)
    assert case.state == State.WAITING
    cases.change(session, case, Changes(state=State.SOLVED), now=NOW, by=SAM)
    cases.add_message(session, case, Said(direction=Direction.IN, text="Still not here"), now=NOW)
    assert (case.state, case.reopened, case.solved_at) == (State.OPEN, 1, None)


def test_a_note_is_no_answer(session: Session) -> None:
    case = opened(session)
    cases.add_message(session, case, Said(direction=Direction.NOTE, text="Called DHL", by=SAM), now=NOW)
    assert (case.state, case.first_responded_at, case.last_message_at) == (State.NEW, None, NOW)


def test_who_saw_an_older_version_changes_nothing_and_gets_to_see_the_new_one(
    sessions: sessionmaker[Session],
) -> None:
    with sessions.begin() as session:
        number = opened(session).id
    with sessions() as one, sessions() as other:
        mine, theirs = one.get_one(Case, number), other.get_one(Case, number)
        seen = mine.version
        assert theirs.version == seen
        cases.change(one, mine, Changes(priority=Priority.URGENT), now=NOW, by=SAM, version=seen)
        one.commit()
        with pytest.raises(cases.ChangedMeanwhile) as caught:
            cases.change(other, theirs, Changes(owner="8"), now=NOW, by=BO, version=seen)
        assert caught.value.case.priority == Priority.URGENT
        other.rollback()
    with sessions() as session:
        assert session.get_one(Case, number).owner == ""


def test_two_cases_of_one_person_become_one_and_mail_to_the_other_follows(session: Session) -> None:
    one, other = opened(session, subject="First"), opened(session, subject="Second", text="And a teapot")
    went_on = cases.merge(session, other, one, now=NOW, by=SAM)
    assert went_on is one
    assert [message.text for message in cases.messages_of(session, one.id)] == ["It isn't here.", "And a teapot"]
    assert (other.state, other.merged_into) == (State.CLOSED, one.id)
    late = cases.add_message(session, other, Said(direction=Direction.IN, text="Hello?"), now=NOW)
    assert late.case_id == one.id
    with pytest.raises(cases.NotMerged, match="itself"):
        cases.merge(session, one, other, now=NOW)
    with pytest.raises(cases.NotAllowed):
        cases.change(session, other, Changes(state=State.OPEN), now=NOW)


def test_two_peoples_cases_are_never_merged(session: Session) -> None:
    find_or_create_guest(session, email="ada@example.com", at=NOW)
    find_or_create_account(session, reference="9", email="eve@example.com", at=NOW, proved=True)
    one, other = opened(session), opened(session, from_address="eve@example.com")
    with pytest.raises(cases.NotMerged, match="other_person"):
        cases.merge(session, one, other, now=NOW)


def test_words_are_found_without_accents_and_by_their_beginning(session: Session) -> None:
    case = opened(session, subject="Größe falsch", text="Die Teekanne paßt nicht")
    opened(session, subject="Other", text="Die Tasse")

    def found(asked: str) -> list[int]:
        query = cases.cases_with(asked)
        return [] if query is None else list(session.scalars(query))

    assert found("GROSSE") == found("groß") == found("teek") == found("die falsch teekan") == [case.id]
    assert found("die kanne") == found("%") == found("") == []
    assert len(found("die")) == 2


def test_text_that_a_database_refuses_is_kept_without_what_it_refuses(session: Session) -> None:
    case = opened(session, subject="A\0B\nC\u202e" + "x" * 500, text="nul \0 half \ud800 end")
    assert case.subject.startswith("AB C xx")
    assert len(case.subject) == 300
    assert cases.messages_of(session, case.id)[0].text == "nul  half ? end"


def test_kinds_and_everything_else_change_in_one_step_each(session: Session) -> None:
    case = opened(session)
    wanted = Changes(kind=Kind.COMPLAINT, owner="7", order_reference="A-1", subject="New words", spam=False)
    steps = cases.change(session, case, wanted, now=NOW + timedelta(hours=1), by=SAM)
    assert [step.what for step in steps] == ["kind", "owner", "subject", "order"]
    assert steps[2].detail == {}
    assert cases.change(session, case, wanted, now=NOW, by=SAM) == []


@pytest.mark.parametrize("text", ["\0", "C-AAAA\0AAA", "", "[]", "C-AAAAAAAAA", "\ud800"])
def test_what_cannot_be_a_reference_is_not_asked_of_the_database(text: str) -> None:
    unbound = Session()
    assert cases.by_reference(unbound, text) is None


def test_what_was_merged_into_another_case_is_not_listed_beside_it(session: Session) -> None:
    owner = find_or_create_guest(session, email="ada@example.com", at=NOW)
    first, second = opened(session), opened(session)
    cases.merge(session, first, second, now=NOW)
    session.flush()
    assert [row.id for row in desk_facts(session, owner.id, now=NOW).cases] == [second.id]


def test_spam_is_closed_with_its_mark_and_misses_no_target(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        case = opened(session)
        cases.change(session, case, Changes(spam=True), now=NOW)
        assert (case.state, case.spam) == (State.CLOSED, True)
        cases.change(session, case, Changes(spam=False), now=NOW)
        assert (case.state, case.spam) == (State.OPEN, False)
        case.spam = True  # as a letter that a filter on the way had marked stands there
    assert mark_breaches(sessions, now=NOW + timedelta(days=30)) == 0


def test_an_erased_case_is_not_opened_again(session: Session) -> None:
    case = opened(session)
    cases.forget_person(session, customers=[], addresses=[case.from_address], now=NOW)
    session.refresh(case)
    with pytest.raises(cases.NotAllowed):
        cases.change(session, case, Changes(state=State.OPEN), now=NOW)
    cases.change(session, case, Changes(spam=True), now=NOW)
    cases.change(session, case, Changes(spam=False), now=NOW)
    assert case.state == State.CLOSED

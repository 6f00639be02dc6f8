"""Whatever the world sends: no crash, nothing lost, and no letter goes round without end."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select

from ecrm.installation import Installation
from ecrm.service.acknowledging import MOST_AN_HOUR
from ecrm.service.cases import Case, CaseMessage
from ecrm.service.inbound_mail import InboundMail
from mailer.inbound.parts import MOST_FILES
from mailer.outbox import Email
from tests.mailer.inbound.ugly import SHAPES, ugly_mails

from .desk import DESK, NOW, cases_of, come_in, go_out, letter, ready, said


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin)


def test_five_hundred_ugly_letters_are_cases_or_wait_with_a_reason(plugin: Installation) -> None:
    came: Counter[str] = Counter()
    shapes: dict[str, Counter[str]] = {}
    for name, raw in ugly_mails(500, seed=6, to=DESK):
        became = come_in(plugin, raw)
        came[became] += 1
        shapes.setdefault(name, Counter())[became] += 1
    assert len(shapes) == len(SHAPES)
    assert set(came) <= {"case", "put_aside", "spam", "repeated"}
    with plugin.sessions() as session:
        kept = session.execute(select(InboundMail.state, InboundMail.why, InboundMail.case_id)).all()
        cases = set(session.scalars(select(Case.id)))
        ours = session.scalar(select(func.count()).select_from(Email)) or 0
        held = session.scalar(select(func.count()).where(CaseMessage.direction == "in")) or 0
    assert len(kept) + came["repeated"] == 500
    assert all(case_id in cases if state == "case" else why for state, why, case_id in kept)
    assert not [why for _state, why, _case in kept if why.startswith("it can't be made a case")]
    assert held == came["case"]
    assert ours <= came["case"]
    for name in ("wrong_charset", "nested", "winmail", "evil_html", "quotes", "large", "bidi_and_nul", "forwarded"):
        assert set(shapes[name]) == {"case"}, (name, shapes[name])
    for name in ("our_own", "no_sender"):
        assert set(shapes[name]) <= {"put_aside", "repeated"}, (name, shapes[name])


@pytest.mark.parametrize("keeps", ["thread", "subject", "nothing"])
def test_a_machine_that_answers_everything_and_hides_it_gets_few_letters(plugin: Installation, keeps: str) -> None:
    """The other side answers each letter at once, as a person would look: with or without what it answers."""
    come_in(plugin, letter("First"))
    sent, now = 0, NOW
    for round_ in range(60):
        now += timedelta(seconds=30)
        letters = go_out(plugin, at=now)
        sent += len(letters)
        for one in letters:
            come_in(plugin, _echo(one, keeps, round_), at=now)
        if not letters:
            break
    assert sent <= MOST_AN_HOUR
    assert go_out(plugin, at=now + timedelta(seconds=30)) == []


def _echo(one: EmailMessage, keeps: str, round_: int) -> EmailMessage:
    subject = str(one["Subject"]) if keeps == "subject" else f"Thanks {round_}"
    answer = letter(f"We got your letter {round_}", subject=f"Re: {subject}")
    if keeps == "thread":
        answer["In-Reply-To"] = one["Message-ID"]
    return answer


def test_one_file_too_many_is_told_of_as_one(plugin: Installation) -> None:
    message = letter()
    for number in range(MOST_FILES + 1):
        message.add_attachment(f"{number}".encode(), maintype="application", subtype="pdf", filename=f"{number}.pdf")
    come_in(plugin, message)
    (case,) = cases_of(plugin)
    notes = [one.text for one in said(plugin, case) if one.direction == "note"]
    assert notes == ["It came with 1 more file than the desk keeps of one message."]

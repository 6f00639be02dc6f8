"""After a case was solved its customer is asked once; a link alone answers nothing; who was not helped comes back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.service.cases import Case, Changes, State, change
from ecrm.service.replying import answer
from ecrm.service.satisfaction import ask_all
from ecrm.timetable import job_named

from .desk import MIA, cases_of, come_in, go_out, letter, ready, said

NOW = datetime.now(UTC) - timedelta(hours=30)
LATER = NOW + timedelta(hours=25)


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin, ECRM_DESK_ACKNOWLEDGE=False)


def solved(plugin: Installation, text: str = "Where is it?", *, at: datetime = NOW, sender: str = "") -> Case:
    come_in(plugin, letter(text, **({"sender": sender} if sender else {})), at=at)
    with plugin.sessions.begin() as session, plugin.app.app_context():
        case = session.query(Case).order_by(Case.id.desc()).first()
        assert case is not None
        answer(plugin, session, case, "Tomorrow.", by=MIA, now=at)
        change(session, case, Changes(state=State.SOLVED), by=MIA, now=at)
        return case


def asked(plugin: Installation, at: datetime = LATER) -> list[str]:
    """The addresses of the pages in the questions that go out."""
    ask_all(plugin, now=at)
    texts = [one.get_body(("plain",)).get_content() for one in go_out(plugin, at=at)]
    return [re.findall(r"http://localhost(/ecrm/satisfaction/\S+)", text)[3] for text in texts if "satisf" in text]


def test_one_question_a_case_and_person(plugin: Installation) -> None:
    solved(plugin)
    solved(plugin, "And another thing")
    solved(plugin, "Me too", sender="bob@example.org")
    assert asked(plugin, at=NOW + timedelta(hours=23)) == []
    assert len(asked(plugin)) == 2
    assert asked(plugin) == asked(plugin, at=LATER + timedelta(days=3)) == []


@pytest.mark.parametrize("reason", ["nobody answered", "open again", "spam", "off", "long ago"])
def test_nobody_is_asked_for_nothing(plugin: Installation, reason: str) -> None:
    case, at = solved(plugin), LATER
    with plugin.sessions.begin() as session:
        values: dict[str, object] = {
            "nobody answered": {"first_responded_at": None},
            "open again": {"state": State.OPEN},
            "spam": {"spam": True},
        }.get(reason, {"product": ""})  # type: ignore[assignment]
        session.execute(update(Case).where(Case.id == case.id).values(values))
    if reason == "off":
        plugin.app.config["ECRM_SATISFACTION_DAYS"] = 0
    if reason == "long ago":
        at += timedelta(days=8)
    assert asked(plugin, at=at) == []


def test_following_the_link_keeps_nothing_and_the_button_does(plugin: Installation, browser: FlaskClient) -> None:
    solved(plugin)
    (link,) = asked(plugin)
    page = browser.get(link)
    assert page.headers["Cache-Control"] == "no-store"
    assert re.search(r'value="4" required checked', page.text)
    assert cases_of(plugin)[0].satisfaction is None
    kept = browser.post(link.partition("?")[0], data={"score": "5", "words": "Great <b>\x00"})
    assert "Your answer is kept" in kept.text
    (case,) = cases_of(plugin)
    assert (case.satisfaction, case.satisfaction_words, case.state) == (5, "Great <b>", State.SOLVED)
    assert "&lt;b&gt;" in kept.text


@pytest.mark.parametrize("state", [State.SOLVED, State.CLOSED])
def test_who_was_not_helped_opens_it_again_with_their_words(
    plugin: Installation, browser: FlaskClient, state: State
) -> None:
    case = solved(plugin)
    (link,) = asked(plugin)
    if state == State.CLOSED:
        with plugin.sessions.begin() as session:
            change(session, session.merge(case), Changes(state=state), now=LATER)
    page = browser.post(link, data={"score": "1", "words": "It never came", "open_again": "yes"})
    assert "looks at it again" in page.text
    (case,) = cases_of(plugin)
    assert (case.state, case.satisfaction) == (State.OPEN, 1)
    assert said(plugin, case)[-1].text == "It never came"


@pytest.mark.parametrize("score", ["", "0", "6", "five", "1 OR 1"])
def test_what_is_no_number_is_asked_again_and_the_words_stay(
    plugin: Installation, browser: FlaskClient, score: str
) -> None:
    solved(plugin)
    (link,) = asked(plugin)
    page = browser.post(link.partition("?")[0], data={"score": score, "words": "My words"})
    assert page.status_code == 422
    assert "My words" in page.text
    assert cases_of(plugin)[0].satisfaction is None


def test_a_link_that_is_forged_or_whose_person_was_erased_opens_nothing(
    plugin: Installation, browser: FlaskClient
) -> None:
    solved(plugin)
    (link,) = asked(plugin)
    assert browser.get(link.replace("satisfaction/", "satisfaction/A")).status_code == 404
    with plugin.app.app_context():
        erase_mail(plugin, "ada@example.net", reason="asked", staff=at_command_line())
    assert browser.get(link).status_code == browser.post(link, data={"score": "5"}).status_code == 404


def test_the_timetable_asks(plugin: Installation) -> None:
    solved(plugin)
    assert job_named("ask-content").run(plugin) == "1 asked whether they were helped"

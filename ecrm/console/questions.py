"""Product questions at the desk: read, shown, answered in public, and buyers' answers let through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, may, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service import cases
from ecrm.service.cases import UNSOLVED, Case, Changes, Direction, Said, State
from ecrm.storefront import Staff
from ecrm.voice import questions as voice
from ecrm.voice.questions import LONGEST_ANSWER, ProductAnswer, ProductQuestion, QuestionState
from ecrm.voice.typed import lines, one_line
from ecrm.wording import gettext as _

from .blueprint import console
from .queries import LARGEST, choice_arg, cursor, cursor_arg, number_arg, text_arg

PAGE = 20


@console.get("/questions")
@needs(Permission.VOICE)
def questions() -> str:
    """Questions that wait for a look or an answer, or those of a state; or the one that a timeline names."""
    return _list()


@console.post(f"/questions/<int(max={LARGEST}):question_id>")
@needs(Permission.VOICE)
def judge_question(question_id: int) -> Response | tuple[str, int]:
    """Show it, hide it, answer it in public, or let a buyer's answer through."""
    deed, staff, now = request.form.get("deed", ""), signed_in_staff(), datetime.now(UTC)
    words, reason = lines(request.form.get("words", "")), one_line(request.form.get("reason", ""))[:200]
    if deed == "answer" and not words:
        return _list(problem=_("Write the answer."), about=question_id), 422
    if len(words) > LONGEST_ANSWER:
        return _list(problem=_("An answer has at most %(most)s letters.", most=LONGEST_ANSWER), about=question_id), 422
    if deed not in {"show", "hide", "answer", "show_answer", "hide_answer"}:
        return _list(problem=_("Choose what to do with the question."), about=question_id), 422
    with installation().sessions.begin() as session:
        question = session.get(ProductQuestion, question_id, with_for_update=True)
        if question is None or not question.words or question.state == QuestionState.UNCONFIRMED:
            raise NotFound(_("There is no such question, or its author was erased."))
        if deed in {"show", "hide"}:
            question.state = QuestionState.SHOWN if deed == "show" else QuestionState.HIDDEN
            question.hidden_reason = reason if deed == "hide" else ""
        elif deed == "answer":
            _answer(session, question, words, staff, now=now)
        else:
            _judge_answer(session, question, show=deed == "show_answer")
        record(session, staff, Action.QUESTION_JUDGED, subject=f"question:{question_id}", reason=deed, now=now)
    flash(_("Answered; who asked gets an e-mail.") if deed == "answer" else _("Done."))
    return redirect(url_for("console.questions", state=text_arg("back", longest=12) or None), 303)


def _answer(session: Session, question: ProductQuestion, words: str, staff: Staff, *, now: datetime) -> None:
    """The public answer shows the question, too, and solves its case."""
    question.state, question.hidden_reason = QuestionState.SHOWN, ""
    voice.answer(
        session, question, words=words, display_name=staff.name, state=QuestionState.SHOWN, staff_id=staff.staff_id,
        now=now,
    )  # fmt: skip
    case = session.get(Case, question.case_id) if question.case_id else None
    if case is not None and case.state in UNSOLVED:
        note = Said(direction=Direction.NOTE, text=_("Answered in public:") + f"\n{words}", by=staff)
        cases.add_message(session, case, note, now=now)
        case.first_responded_at = case.first_responded_at or now
        cases.change(session, case, Changes(state=State.SOLVED), by=staff, now=now, why="answered_in_public")


def _judge_answer(session: Session, question: ProductQuestion, *, show: bool) -> None:
    text = request.form.get("answer", "")
    answer_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    answer = session.get(ProductAnswer, answer_id)
    if answer is None or answer.question_id != question.id or not answer.words:
        raise NotFound(_("There is no such answer, or its author was erased."))
    answer.state = QuestionState.SHOWN if show else QuestionState.HIDDEN
    if show:
        question.state = QuestionState.SHOWN


def _list(*, problem: str = "", about: int = 0) -> str:
    posted = request.method == "POST"
    about = about if posted else number_arg("question") or 0
    state = None if posted else choice_arg("state", QuestionState)
    query = select(ProductQuestion).where(ProductQuestion.state != QuestionState.UNCONFIRMED)
    if about:
        query = query.where(ProductQuestion.id == about)
    elif state:
        query = query.where(ProductQuestion.state == state)
    else:
        query = query.where(_open())
    if not about and (after := cursor_arg("after")):
        at, id_ = after
        query = query.where(
            or_(ProductQuestion.asked_at < at, and_(ProductQuestion.asked_at == at, ProductQuestion.id < id_))
        )
    newest = (ProductQuestion.asked_at.desc(), ProductQuestion.id.desc())
    reads_cases = may(signed_in_staff(), Permission.CASES)
    with installation().sessions() as session:
        rows = session.scalars(query.order_by(*newest).limit(PAGE + 1)).all()
        ids = [one.id for one in rows]
        answers, followers = voice.answers_to(session, ids, shown=False), voice.followers_of(session, ids)
        counts = {
            row[0]: row[1]
            for row in session.execute(select(ProductQuestion.state, func.count()).group_by(ProductQuestion.state))
        }
        waiting = session.scalar(select(func.count()).select_from(ProductQuestion).where(_open())) or 0
        drafts = _drafts(session, rows) if reads_cases else {}
        held = {one.case_id: session.get(Case, one.case_id) for one in rows if one.case_id} if reads_cases else {}
    cards = {one.product_id: one for one in installation().storefront.products([row.product for row in rows])}
    more = cursor(rows[PAGE - 1].asked_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return render_template(
        "ecrm/console/questions.html", rows=rows[:PAGE], answers=answers, followers=followers, cards=cards,
        counts=counts, waiting=waiting, state=state, more=more, problem=problem, about=about, typed=request.form,
        drafts=drafts, held=held,
        states=[QuestionState.SHOWN, QuestionState.HIDDEN],
    )  # fmt: skip


def _open() -> ColumnElement[bool]:
    """Nobody read it, nobody answered it, or a buyer's answer waits."""
    shown = exists().where(ProductAnswer.question_id == ProductQuestion.id, ProductAnswer.state == QuestionState.SHOWN)
    waits = exists().where(
        ProductAnswer.question_id == ProductQuestion.id, ProductAnswer.state == QuestionState.WAITING
    )
    return or_(
        ProductQuestion.state == QuestionState.WAITING,
        and_(ProductQuestion.state == QuestionState.SHOWN, or_(~shown, waits)),
    )


def _drafts(session: Session, rows: Sequence[ProductQuestion]) -> dict[int, str]:
    """What an agent answered in the case by e-mail, by question: it may be published."""
    found: dict[int, str] = {}
    for one in rows:
        said = cases.messages_of(session, one.case_id) if one.case_id else ()
        out = [message for message in said if message.direction == Direction.OUT and not message.automatic]
        if out:
            found[one.id] = out[-1].text[:LONGEST_ANSWER]
    return found

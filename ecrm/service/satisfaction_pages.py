"""The page behind the question's links: a GET shows the choice, only the button keeps it (scanners follow links)."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, request

from ecrm.collector.blueprint import public
from ecrm.consent.page import consent_page
from ecrm.installation import installation

from . import satisfaction
from .cases import Case, State, final


@public.get("/satisfaction/<token>")
def satisfaction_page(token: str) -> Response:
    """Changes nothing; the number that was clicked in the e-mail is chosen already."""
    return _page(token, score=_score(request.args.get("score", "")))


@public.post("/satisfaction/<token>")
def satisfaction_now(token: str) -> Response:
    """Keep the answer; again, it takes the place of the first."""
    crm, now = installation(), datetime.now(UTC)
    case_id, score = satisfaction.case_of(crm, token, now=now), _score(request.form.get("score", ""))
    words = request.form.get("words", "").replace("\x00", "")
    if case_id is None:
        return consent_page("link_broken.html", status=404)
    if score is None:
        return _page(token, score=None, words=words, problem=True)
    again = request.form.get("open_again") == "yes"
    with crm.sessions.begin() as session:
        if not satisfaction.answer(session, case_id, score, words=words, open_again=again, now=now):
            return consent_page("link_broken.html", status=404)
    return _page(token, score=score, words=words, kept=True)


def _page(
    token: str, *, score: int | None, words: str | None = None, kept: bool = False, problem: bool = False
) -> Response:
    crm = installation()
    case_id = satisfaction.case_of(crm, token, now=datetime.now(UTC))
    with crm.sessions() as session:
        found = session.get(Case, case_id) if case_id is not None else None
        if found is None or found.erased_at is not None:
            return consent_page("link_broken.html", status=404)
        case = final(session, found)
        return consent_page(
            "satisfaction.html",
            status=422 if problem else 200,
            token=token,
            reference=case.reference,
            over=case.state in {State.SOLVED, State.CLOSED},
            score=score or case.satisfaction,
            words=case.satisfaction_words if words is None else words[: satisfaction.MOST_WORDS],
            kept=kept,
            problem=problem,
            unhappy=satisfaction.UNHAPPY,
        )


def _score(text: str) -> int | None:
    return int(text) if text in {str(one) for one in satisfaction.SCORES} else None

"""Reviews at the desk: read, shown, hidden with a reason that the author is told, and answered in public."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import and_, or_, select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.voice.notices import tell_author
from ecrm.voice.reviews import (
    LONGEST_REPLY,
    ChangedMeanwhile,
    Review,
    ReviewState,
    answer,
    count_by_state,
    moderate,
)
from ecrm.voice.typed import lines, one_line
from ecrm.wording import gettext as _

from .blueprint import console
from .queries import LARGEST, choice_arg, cursor, cursor_arg, number_arg, text_arg

PAGE = 20


@console.get("/reviews")
@needs(Permission.VOICE)
def reviews() -> str:
    """Reviews of a state, those that wait longest first, the others newest first; those of a product; or
    the one that a timeline names."""
    return _list()


@console.post(f"/reviews/<int(max={LARGEST}):review_id>")
@needs(Permission.VOICE)
def judge_review(review_id: int) -> Response | tuple[str, int]:
    """Show it (and answer it, if an answer was typed), hide it with a reason, or answer it; refused where its author
    changed it after it was read."""
    deed, version = request.form.get("deed", ""), number_arg("version", largest=2**31 - 1) or 0
    reason, reply = one_line(request.form.get("reason", "")), lines(request.form.get("reply", ""))
    if deed == "hide" and not reason:
        return _list(problem=_("Say why it isn't shown: its author is told."), about=review_id), 422
    if len(reason) > 200 or len(reply) > LONGEST_REPLY:
        return _list(problem=_("That is too long: 200 letters for a reason, 2000 for an answer."), about=review_id), 422
    crm, staff, now, answered = installation(), signed_in_staff(), datetime.now(UTC), False
    try:
        with crm.sessions.begin() as session:
            if deed in {"show", "hide"}:
                done = moderate(
                    session, review_id, show=deed == "show", reason=reason, version=version, staff_id=staff.staff_id,
                    now=now,
                )  # fmt: skip
                # The answer lies beside the button: what is typed there isn't thrown away by showing the review.
                if done is not None and deed == "show" and reply and reply != done.reply:
                    done = answer(session, review_id, words=reply, version=version, by=staff.name, now=now)
                    answered = True
            elif deed == "answer":
                answered = bool(reply)
                done = answer(session, review_id, words=reply, version=version, by=staff.name, now=now)
            else:
                return _list(problem=_("Choose what to do with the review."), about=review_id), 422
            if done is None:
                raise NotFound(_("There is no such review, or its author was erased."))
            action = {"show": Action.REVIEW_SHOWN, "hide": Action.REVIEW_HIDDEN}.get(deed, Action.REVIEW_ANSWERED)
            record(session, staff, action, subject=f"review:{review_id}", reason=reason, now=now)
            told = (deed == "hide" or answered) and tell_author(session, crm, done, now=now)
    except ChangedMeanwhile:
        problem = _("The author changed this review after you opened it. Read it again; nothing was done yet.")
        return _list(problem=problem, about=review_id), 409
    flash(_("Done. Its author gets an e-mail.") if told else _("Done."))
    return redirect(url_for("console.reviews", state=text_arg("back", longest=10) or None), 303)


def _list(*, problem: str = "", about: int = 0) -> str:
    if request.method == "POST":
        state, product = None, ""
    else:
        state, product = choice_arg("state", ReviewState), text_arg("product", longest=64)
        about = number_arg("review") or 0
    shown = state or (None if product else ReviewState.WAITING)
    oldest_first = shown is ReviewState.WAITING
    query = select(Review)
    if about:
        query = query.where(Review.id == about)
    else:
        if shown:
            query = query.where(Review.state == shown)
        if product:
            query = query.where(Review.product == product)
        if after := cursor_arg("after"):
            at, id_ = after
            later = or_(Review.written_at > at, and_(Review.written_at == at, Review.id > id_))
            earlier = or_(Review.written_at < at, and_(Review.written_at == at, Review.id < id_))
            query = query.where(later if oldest_first else earlier)
    columns = (Review.written_at, Review.id)
    query = query.order_by(*(column if oldest_first else column.desc() for column in columns))
    with installation().sessions() as session:
        rows = session.scalars(query.limit(PAGE + 1)).all()
        counts = count_by_state(session)
    more = cursor(rows[PAGE - 1].written_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    cards = {one.product_id: one for one in installation().storefront.products([row.product for row in rows])}
    return render_template(
        "ecrm/console/reviews.html", rows=rows[:PAGE], cards=cards, counts=counts, state=shown,
        states=list(ReviewState), more=more, product=product, problem=problem, about=about, typed=request.form,
    )  # fmt: skip

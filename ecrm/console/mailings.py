"""Mailings: what was sent, is going out or is being written; whom one goes to and how its variants are tried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.segments.segment import segments
from ecrm.flow_shop import budget_of
from ecrm.installation import installation
from ecrm.mailing_checks import Reach, all_complaints, reach_of
from ecrm.marketing.campaign_book import campaigns as all_campaigns
from ecrm.wording import gettext as _
from ecrm.writing.complaint_words import complaint_words, place_words
from ecrm.writing.topic_words import topic_name
from mailer import mailings as domain
from mailer.consent import Topic
from mailer.mailings import Mailing, MailingHoldout, MailingState, MailingVariant, WinnerRule, source_of, variants_of
from mailer.pausing import standing_pauses

from .blueprint import console
from .mailing_forms import MOST_HOURS, Refused, Settings, read_settings
from .queries import LARGEST, number_arg

PAGE = 50
ONE = f"/mailings/<int(max={LARGEST}):mailing_id>"


@console.get("/mailings")
@needs(Permission.CAMPAIGNS)
def mailings() -> str:
    """All of them, the newest first, and the form for a new one."""
    before = number_arg("before")
    return _list({}, before=before)


@console.post("/mailings")
@needs(Permission.CAMPAIGNS)
def create_mailing() -> Response | tuple[str, int]:
    """Begin a draft and open it."""
    now, staff = datetime.now(UTC), signed_in_staff()
    try:
        asked = read_settings(request.form, segments=set(), campaigns=set())
    except Refused as refused:
        return _list(refused.problems), 400
    with installation().sessions.begin() as session:
        row = domain.create(session, name=asked.name, topic=asked.topic, by=staff.name, now=now)
        record(session, staff, Action.MAILING_CHANGED, subject=f"mailing:{row.id}", now=now)
        made = row.id
    flash(_("The draft is made. Write its text, choose who gets it, and look at it as a customer would."))
    return redirect(url_for("console.edit_variant", mailing_id=made, name="a"), 303)


@console.get(ONE)
@needs(Permission.CAMPAIGNS)
def mailing(mailing_id: int) -> str:
    """One mailing: what keeps it from being sent, who would get it, its variants and what became of it."""
    return mailing_page(mailing_id)


@console.post(ONE)
@needs(Permission.CAMPAIGNS)
def change_mailing(mailing_id: int) -> Response | tuple[str, int]:
    """Change whom a draft goes to and how its variants are tried."""
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        row = mailing_or_404(session, mailing_id)
        if row.state != MailingState.DRAFT:
            flash(_("Only drafts can be changed. Take the mailing back first."))
            return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)
        choices = Choices.of(session)
        try:
            asked = read_settings(request.form, segments=set(choices.segments), campaigns=set(choices.campaigns))
        except Refused as refused:
            session.rollback()
            return mailing_page(mailing_id, typed=request.form, problems=refused.problems), 400
        _take(row, asked, now)
        record(session, signed_in_staff(), Action.MAILING_CHANGED, subject=f"mailing:{row.id}", now=now)
    flash(_("Saved."))
    return redirect(url_for("console.mailing", mailing_id=mailing_id), 303)


def mailing_page(
    mailing_id: int, *, typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> str:
    """The page of one mailing, with what was typed and what is wrong with it."""
    crm, now = installation(), datetime.now(UTC)
    with crm.sessions() as session:
        row = mailing_or_404(session, mailing_id)
        choices = Choices.of(session)
        return render_template(
            "ecrm/console/mailing.html",
            mailing=row, variants=variants_of(session, mailing_id), choices=choices,
            said=typed or _said(row), problems=problems or {},
            complaints=_complaints_in_words(session, mailing_id) if row.state == MailingState.DRAFT else {},
            reach=_reach(session, row, now) if row.state in {MailingState.DRAFT, MailingState.SCHEDULED} else None,
            counts=domain.counts(session, [mailing_id])[mailing_id], held_out=_held_out(session, mailing_id),
            held=[one for one in standing_pauses(session) if one.what in {source_of(mailing_id), "marketing"}],
            topic_name=topic_name, rules=rule_words(), most_hours=MOST_HOURS, MailingState=MailingState,
            most_holdout=domain.MOST_HOLDOUT, least_test=domain.LEAST_TEST, more=len(domain.VARIANTS), now=now,
            source=source_of(mailing_id),
        )  # fmt: skip


def mailing_or_404(session: Session, mailing_id: int) -> Mailing:
    """The mailing.

    Raises:
        NotFound: where there is none.
    """
    found = session.get(Mailing, mailing_id)
    if found is None:
        raise NotFound(_("There is no such mailing."))
    return found


def variant_or_404(session: Session, mailing_id: int, name: str) -> MailingVariant:
    """One of its variants.

    Raises:
        NotFound: where there is none.
    """
    found = session.get(MailingVariant, (mailing_id, name))
    if found is None:
        raise NotFound(_("This mailing has no such variant."))
    return found


def rule_words() -> dict[str, str]:
    """By what the better variant is found."""
    return {
        WinnerRule.NONE: _("nobody decides: all are shared out"),
        WinnerRule.CLICKS: _("clicks of those who agreed to be counted"),
        WinnerRule.OPENS: _("openings of those who agreed to be counted"),
        WinnerRule.ORDERS: _("orders of its recipients"),
    }


class Choices:
    """What may be chosen in the settings, in words."""

    def __init__(self, segments: dict[int, str], campaigns: dict[str, str]) -> None:
        self.segments, self.campaigns = segments, campaigns
        self.topics = {str(one): topic_name(one) for one in Topic}

    @classmethod
    def of(cls, session: Session) -> Choices:
        return cls(
            {one.id: one.name for one in segments(session)}, {one.code: one.name for one in all_campaigns(session)}
        )


def _list(problems: Mapping[str, str], *, before: int | None = None) -> str:
    query = select(Mailing).order_by(Mailing.id.desc()).limit(PAGE + 1)
    if before:
        query = query.where(Mailing.id < before)
    with installation().sessions() as session:
        rows = session.scalars(query).all()
        counts = domain.counts(session, [one.id for one in rows[:PAGE]]) if rows else {}
        choices = Choices.of(session)
    return render_template(
        "ecrm/console/mailings.html", mailings=rows[:PAGE], counts=counts, problems=problems, typed=request.form,
        more=rows[PAGE - 1].id if len(rows) > PAGE else 0, topics=choices.topics, choices=choices,
        topic_name=topic_name, most_name=domain.MAX_NAME,
    )  # fmt: skip


def _take(row: Mailing, asked: Settings, now: datetime) -> None:
    row.name, row.topic, row.segment_id, row.campaign = asked.name, asked.topic, asked.segment_id, asked.campaign
    row.holdout_percent, row.test_percent = asked.holdout_percent, asked.test_percent
    row.winner_by, row.winner_after_hours = asked.winner_by, asked.winner_after_hours
    row.changed_at, row.edition = now, row.edition + 1


def _said(row: Mailing) -> dict[str, Any]:
    return {
        "name": row.name, "topic": row.topic, "segment": row.segment_id or "", "campaign": row.campaign,
        "holdout_percent": row.holdout_percent, "test_percent": row.test_percent, "winner_by": row.winner_by,
        "winner_after_hours": row.winner_after_hours,
    }  # fmt: skip


def _complaints_in_words(session: Session, mailing_id: int) -> dict[str, list[tuple[int, str, str]]]:
    found = all_complaints(installation(), session, mailing_id)
    return {
        name: [(one.block, place_words(one), complaint_words(one)) for one in complaints]
        for name, complaints in found.items()
    }


def _reach(session: Session, row: Mailing, now: datetime) -> Reach | None:
    try:
        window = timedelta(days=installation().app.config["ECRM_IDENTITY_DAYS"])
        at = max(now, row.start_at or now)
        return reach_of(session, row, budget=budget_of(installation()), now=at, window=window)
    except LookupError:
        return None


def _held_out(session: Session, mailing_id: int) -> int:
    counted = select(func.count()).select_from(MailingHoldout).where(MailingHoldout.mailing_id == mailing_id)
    return session.scalar(counted) or 0

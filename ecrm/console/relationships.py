"""Relationships: contacts × orders as a matrix with money, a policy a cell, who lies in it, and what was not kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.period import bounds
from ecrm.service.relationship import (
    LONGEST_REMINDER,
    MOST_DAYS_FIRST,
    MOST_MINUTES,
    Relationship,
    RelationshipPolicy,
    latest_run,
    policies,
    set_policy,
)
from ecrm.service.relationship_breaches import MOST, Breach, Broken, breaches, cut
from ecrm.service.relationship_much import Cell
from ecrm.service.relationship_words import cell_words
from ecrm.service.teams import agents
from ecrm.voice.typed import one_line
from ecrm.wording import gettext as _

from .blueprint import console, kept_reason
from .periods import chosen_period
from .queries import text_arg

PAGE = 50


@dataclass(frozen=True)
class Counted:
    """The people of a cell, and their money in the window."""

    customers: int = 0
    contacts: int = 0
    orders: int = 0
    net_minor: int = 0


@console.get("/relationships")
@needs(Permission.DESK)
def relationships() -> str:
    """The matrix with the policies."""
    return _page()


@console.post("/relationships/<cell>")
@needs(Permission.DESK_RULES)
def set_relationship_policy(cell: str) -> Response | tuple[str, int]:
    """Set the policy of a cell."""
    which = _cell(cell)
    typed = {name: request.form.get(name, "") for name in ("days_first", "response", "unit", "reminder", "agent")}
    days, minutes, problem = _read(typed)
    reminder, agent = one_line(typed["reminder"]), typed["agent"]
    if not problem and len(reminder) > LONGEST_REMINDER:
        problem = _("The reminder has at most %(most)s letters.", most=LONGEST_REMINDER)
    now, staff = datetime.now(UTC), signed_in_staff()
    with installation().sessions.begin() as session:
        if not problem and agent and agent not in {one.staff_id for one in agents(session)}:
            problem = _("Choose an agent who is offered; whoever opened the inbox once is.")
        if not problem:
            set_policy(
                session, which, days_first=days, response_minutes=minutes, reminder=reminder, agent_id=agent,
                by=staff.name, now=now,
            )  # fmt: skip
            record(session, staff, Action.POLICY_CHANGED, subject=f"relationship:{which}", now=now)
    if problem:
        return _page(problem=problem, wrong=which, typed=typed), 422
    flash(_("The policy for “%(cell)s” is set.", cell=cell_words(which)))
    return redirect(url_for("console.relationships", _anchor=which), 303)


@console.get("/relationships/<cell>/customers")
@needs(Permission.CUSTOMERS)
def relationship_customers(cell: str) -> str:
    """Who lies in a cell and why, who asks most first."""
    which, now = _cell(cell), datetime.now(UTC)
    after = _after()
    query = select(Relationship).where(Relationship.cell == which)
    if after:
        contacts, id_ = after
        query = query.where(
            or_(
                Relationship.contacts < contacts,
                and_(Relationship.contacts == contacts, Relationship.customer_id > id_),
            )
        )
    with installation().sessions.begin() as session:
        record_look(
            session, signed_in_staff(), Action.SEGMENT_READ, subject=f"relationship:{which}", reason=kept_reason(),
            now=now,
        )  # fmt: skip
        rows = session.scalars(
            query.order_by(Relationship.contacts.desc(), Relationship.customer_id).limit(PAGE + 1)
        ).all()
        run = latest_run(session)
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return render_template(
        "ecrm/console/relationship_customers.html", cell=which, words=cell_words(which), rows=rows[:PAGE], run=run,
        more=f"{last.contacts}~{last.customer_id}" if last else "",
    )  # fmt: skip


@console.get("/relationships/breaches")
@needs(Permission.CASES)
def relationship_breaches() -> str:
    """The rows behind the numbers: every time that a policy was not kept."""
    kind, cell = text_arg("kind"), text_arg("cell")
    chosen = chosen_period()
    with installation().sessions() as session:
        all_ = _breaches(session, chosen)
        found = [one for one in all_ if (not kind or one.kind == kind) and (not cell or one.cell == cell)]
        names = {one.staff_id: one.name for one in agents(session)}
    products = [one.about for one in found if one.kind == Broken.TOLD_LATE]
    cards = {card.product_id: card.name for card in installation().storefront.products(products[:500])}
    return render_template(
        "ecrm/console/relationship_breaches.html", rows=found[:PAGE * 4], count=len(found), kind=kind, cell=cell,
        cells={str(one): cell_words(one) for one in Cell}, kinds=_kinds(), names=names, cards=cards, chosen=chosen,
        cut=[_kinds()[one] for one in sorted(cut(all_)) if not kind or one == kind], most=MOST,
    )  # fmt: skip


def _page(*, problem: str = "", wrong: Cell | None = None, typed: dict[str, str] | None = None) -> str:
    chosen = chosen_period()
    with installation().sessions() as session:
        run, set_ = latest_run(session), policies(session)
        counted = _counted(session)
        found = _breaches(session, chosen)
        known = agents(session)
    broken = Counter((one.cell, str(one.kind)) for one in found)
    return render_template(
        "ecrm/console/relationships.html", run=run, policies=set_, counted=counted, broken=broken, agents=known,
        cut=[_kinds()[one] for one in sorted(cut(found))],
        total=sum(one.customers for one in counted.values()), cells=list(Cell), words=cell_words, kinds=_kinds(),
        problem=problem, wrong=wrong, typed={str(wrong): typed or {}}, chosen=chosen, most=MOST,
        most_days=MOST_DAYS_FIRST, as_typed=_as_typed, nobody=Counted(),
    )  # fmt: skip


def _counted(session: Session) -> dict[str, Counted]:
    columns = (Relationship.contacts, Relationship.orders, Relationship.net_minor)
    query = select(Relationship.cell, func.count(), *(func.sum(column) for column in columns))
    return {row[0]: Counted(*map(int, row[1:])) for row in session.execute(query.group_by(Relationship.cell))}


def _breaches(session: Session, chosen: Any) -> list[Breach]:
    first, end = bounds(chosen.period, ZoneInfo(installation().storefront.facts().time_zone))
    return breaches(session, since=first, until=end, now=datetime.now(UTC))


def _read(typed: dict[str, str]) -> tuple[int, int | None, str]:
    """Days, minutes, and what to put right."""
    days, response = typed["days_first"].strip() or "0", typed["response"].strip()
    if not (days.isascii() and days.isdigit() and len(days) < 4 and int(days) <= MOST_DAYS_FIRST):
        return 0, None, _("Days of head start go from 0 to %(most)s.", most=MOST_DAYS_FIRST)
    if not response:
        return int(days), None, ""
    minutes = 0
    if response.isascii() and response.isdigit() and len(response) < 6:
        minutes = int(response) * (60 if typed["unit"] == "hours" else 1)
    if not 1 <= minutes <= MOST_MINUTES:
        return 0, None, _("A response target is at least a minute and at most %(most)s hours.", most=MOST_MINUTES // 60)
    return int(days), minutes, ""


def _as_typed(policy: RelationshipPolicy | None) -> dict[str, str]:
    """A policy as its form shows it."""
    if policy is None:
        return {"days_first": "0", "response": "", "unit": "hours", "reminder": "", "agent": ""}
    minutes = policy.response_minutes
    hours = minutes is None or minutes % 60 == 0
    return {
        "days_first": str(policy.days_first), "unit": "hours" if hours else "minutes",
        "response": "" if minutes is None else str(minutes // 60 if hours else minutes), "reminder": policy.reminder,
        "agent": policy.agent_id,
    }  # fmt: skip


def _kinds() -> dict[str, str]:
    return {
        str(Broken.ANSWERED_LATE): _("answered late"), str(Broken.OTHER_AGENT): _("not by the preferred agent"),
        str(Broken.TOLD_LATE): _("told late of something new"),
    }  # fmt: skip


def _cell(text: str) -> Cell:
    try:
        return Cell(text)
    except ValueError:
        raise NotFound(_("There is no such relationship.")) from None


def _after() -> tuple[int, int] | None:
    contacts, _tilde, id_ = text_arg("after", longest=40).partition("~")
    readable = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (contacts, id_))
    return (int(contacts), int(id_)) if readable and contacts and id_ else None

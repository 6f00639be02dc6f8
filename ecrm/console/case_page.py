"""The page of one case: what was said, whom it is about, what was done, and the answer that is half written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, may, needs, signed_in_staff
from ecrm.customers.profile import profile
from ecrm.customers.rfm import group_name
from ecrm.customers.standing import standing_of
from ecrm.installation import Installation, installation
from ecrm.service import cases
from ecrm.service.cases import MOVES, OWED, UNSOLVED, Case, CaseMessage, CaseRecipient, CaseStep, State
from ecrm.service.copies import others_of
from ecrm.service.desk_addresses import own_addresses
from ecrm.service.drafts import draft_for
from ecrm.service.macros import macros
from ecrm.service.relationship import policy_of
from ecrm.service.teams import agent_of, agents, teams
from ecrm.wording import gettext as _
from mailer.enclosed import MOST_BYTES
from mailer.mailboxes import contacts_of_customer
from mailer.outbox import Email
from tracking.customers import customer_by_email, customers_by_email

from .blueprint import console, kept_reason
from .case_words import (
    channel_words,
    due_of,
    kind_words,
    minutes_words,
    priority_words,
    state_words,
    step_words,
    undelivered_words,
)
from .case_words import reasons_of as routing_reasons

MOST_STEPS = 200
MOST_UNFOLDED = 12
"""Messages of a longer case are folded away, but the first and the latest."""


@dataclass(frozen=True)
class Typed:
    """What an agent typed and mustn't lose; `trouble` says why it wasn't done. `news`: what changed meanwhile.

    `copies`: the addresses that were ticked; None before anybody chose.
    """

    text: str = ""
    then: str = ""
    macro: str = ""
    copies: tuple[str, ...] | None = None
    trouble: str = ""
    news: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)


@console.get("/cases/<reference>")
@needs(Permission.CASES)
def case(reference: str) -> str | Response:
    """A case; nothing is shown that wasn't recorded first. One that was merged leads to the one that goes on."""
    return render_case(reference)


def find_case(session: Session, reference: str) -> Case:
    """The case of a link.

    Raises:
        NotFound: where there is none.
    """
    found = cases.by_reference(session, reference) if len(reference) <= 20 and reference.isprintable() else None
    if found is None:
        raise NotFound(_("There is no such case. Look for its reference in the inbox."))
    return found


def render_case(reference: str, typed: Typed | None = None) -> str:
    """The page, with what was typed where a form came back."""
    crm, now, staff = installation(), datetime.now(UTC), signed_in_staff()
    with crm.sessions.begin() as session:
        here = find_case(session, reference)
        record_look(session, staff, Action.CASE_OPENED, subject=f"case:{here.reference}", reason=kept_reason(), now=now)
        agent_of(session, staff, now=now)
    with crm.sessions() as session:
        here = find_case(session, reference)
        return _page(crm, session, here, typed, now=now)


def _page(crm: Installation, session: Session, here: Case, typed: Typed | None, *, now: datetime) -> str:
    staff = signed_in_staff()
    said = cases.messages_of(session, here.id)
    steps = cases.steps_of(session, here.id)
    everybody, groups = agents(session), teams(session, archived=True)
    names = {one.staff_id: one.name for one in everybody}
    team_names = {one.id: one.name for one in groups}
    draft = draft_for(crm, session, here, staff=staff, now=now)
    suggested = draft.text if here.state in OWED else ""
    known = _customer(crm, session, here, now=now) if may(staff, Permission.CUSTOMERS) else {}
    into = session.get(Case, here.merged_into) if here.merged_into is not None else None
    named = cases.recipients_of(session, [one.id for one in said])
    told = [(step, step_words(step, names=names, teams=team_names), routing_reasons(step, names)) for step in steps]
    return render_template(
        "ecrm/console/case.html",
        case=here, messages=said, files=cases.attachments_of(session, [one.id for one in said]), into=into,
        steps=told[-MOST_STEPS:], last_step=steps[-1].id if steps else 0, agents=everybody,
        teams=[one for one in groups if one.archived_at is None or one.id == here.team_id], names=names,
        team_names=team_names, macros=macros(session), due=due_of(here, now=now), draft=draft,
        typed=typed or Typed(text=suggested), untouched=typed is None and bool(suggested),
        moves=[str(one) for one in State if one in _moves(here)], state_words=state_words(),
        kind_words=kind_words(), priority_words=priority_words(), channel_words=channel_words(),
        minutes_words=minutes_words, group_name=group_name, now=now,
        named=named, most_bytes=MOST_BYTES, most_unfolded=MOST_UNFOLDED,
        copies=others_of(session, here, own=own_addresses(crm.app.config, crm.storefront.facts())),
        sendings=_sendings(session, said, named), undelivered=undelivered_words(), **_blank(), **known,
    )  # fmt: skip


def _sendings(
    session: Session, said: Sequence[CaseMessage], named: Mapping[int, Sequence[CaseRecipient]]
) -> dict[int, str]:
    """What became of the e-mails that carry answers and their copies: their states, by their ids."""
    copies = chain.from_iterable(named.values())
    ids = [
        number for number in (*(one.email_id for one in said), *(one.email_id for one in copies)) if number is not None
    ]
    query = select(Email.id, Email.state).where(Email.id.in_(ids))
    return {row.id: row.state for row in session.execute(query)} if ids else {}


def _moves(here: Case) -> Collection[State]:
    """Where the case may go from here; an erased one isn't opened again."""
    known = MOVES[State(here.state)]
    return known if here.erased_at is None else known - set(UNSOLVED)


def _blank() -> dict[str, Any]:
    return (
        {}
        if may(signed_in_staff(), Permission.CUSTOMERS)
        else dict.fromkeys(("known", "standing", "policy", "claiming"), None)
    )


def _customer(crm: Installation, session: Session, here: Case, *, now: datetime) -> dict[str, Any]:
    """Whom the case is about: profile, standing, policy and their other cases."""
    if here.customer_id is None:
        others = [one for one in cases.of_address(session, here.from_address, limit=6) if one.id != here.id]
        return {
            "known": None, "standing": None, "policy": None, "others": others if here.from_folded else [],
            "claiming": customers_by_email(session, here.from_address) if here.from_address else [],
            "owner": customer_by_email(session, here.from_address),
        }  # fmt: skip
    window = timedelta(days=int(crm.app.config["ECRM_IDENTITY_DAYS"]))
    return {
        "known": profile(session, here.customer_id, orders=5),
        "standing": standing_of(
            session, here.customer_id, contacts=contacts_of_customer(session, here.customer_id), now=now, window=window
        ),
        "policy": policy_of(session, here.customer_id, now),
        "others": [one for one in cases.of_customer(session, here.customer_id, limit=6) if one.id != here.id],
    }


def news_since(session: Session, here: Case, last_step: int) -> tuple[str, ...]:
    """What was done to a case after a step, in words, for whoever saw an older state of it."""
    names = {one.staff_id: one.name for one in agents(session)}
    groups = {one.id: one.name for one in teams(session, archived=True)}
    newer = [step for step in cases.steps_of(session, here.id) if step.id > last_step]
    return tuple(f"{_who(step)}: {step_words(step, names=names, teams=groups)}" for step in newer[-10:])


def _who(step: CaseStep) -> str:
    return step.staff_name or _("the desk itself")


def case_url(reference: str) -> str:
    """The page's address."""
    return url_for("console.case", reference=reference)


def seen_version() -> tuple[int | None, int]:
    """The version of the case and its last step as the form's page showed them."""
    version, step = request.form.get("version", ""), request.form.get("seen", "")
    return (
        int(version) if version.isascii() and version.isdigit() and len(version) <= 9 else None,
        int(step) if step.isascii() and step.isdigit() and len(step) <= 18 else 0,
    )

"""Routing: which team a case goes to, and which of its agents gets it; with the reason for each.

The first rule that holds names the team and the skill. Of the team's agents, whoever is there, can it and has room
gets it: the preferred one of the customer's policy first, then whoever has the fewest open cases. Nobody: it waits in
the team's list, and `assign` is asked again later.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.customers.product_labels import ProductLabel
from ecrm.customers.segments.members import belongs
from ecrm.customers.segments.segment import Segment
from mailer.mailboxes import contacts_of_customer
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine

from .cases import OWED, Case, Direction, messages_of, team_calendar
from .hours import calendar_of
from .routing_rules import Conditions, Matter, RoutingRule, rules_in_order
from .teams import Agent, Team, agents, teams


@dataclass(frozen=True)
class Chosen:
    """What was decided. `rule` is "" where none held; `because` says of each agent asked why (not), as
    `{"agent": staff id, "why": word, …}`."""

    rule: str = ""
    team_id: int | None = None
    skill: str = ""
    owner: str = ""
    because: tuple[dict[str, str | int], ...] = field(default=())


def choose(session: Session, case: Case, *, now: datetime, preferred: str = "") -> Chosen:
    """Team and agent for a case, as the rules say; writes nothing."""
    at_work = {one.id for one in teams(session)}
    rules = [one for one in rules_in_order(session) if one.team_id in at_work]  # of a team put away, the next decides
    rule = first_rule(rules, matter_of_case(session, case, rules, now=now))
    team_id, skill = _destination(session, rule)
    if team_id is None:
        return Chosen()
    owner, because = assign(session, case, team_id=team_id, skill=skill, now=now, preferred=preferred)
    return Chosen(rule.name if rule else "", team_id, skill, owner, because)


def first_rule(rules: Sequence[RoutingRule], matter: Matter) -> RoutingRule | None:
    """The rule that decides about a matter; None where none holds."""
    return next((rule for rule in rules if not Conditions.of(rule.conditions).failing(matter)), None)


def _destination(session: Session, rule: RoutingRule | None) -> tuple[int | None, str]:
    """A rule's team and skill. Where no rule holds: the only team; with several, none, and a person decides."""
    if rule is not None:
        return rule.team_id, rule.skill
    known = teams(session)
    return (known[0].id if len(known) == 1 else None), ""


def assign(
    session: Session, case: Case, *, team_id: int, skill: str = "", now: datetime, preferred: str = ""
) -> tuple[str, tuple[dict[str, str | int], ...]]:
    """Who of a team gets a case ("" for nobody), and why (not) each."""
    team = session.get_one(Team, team_id)
    mine = [one for one in agents(session) if one.team_id == team_id and team.archived_at is None]
    load = open_cases(session, [one.staff_id for one in mine])
    free: list[tuple[bool, int, str]] = []
    because: list[dict[str, str | int]] = []
    for agent in mine:
        has = load.get(agent.staff_id, 0)
        why = unfit(agent, language=case.language, skill=skill) or _absent(agent, team, has=has, now=now)
        because.append({"agent": agent.staff_id, "why": why or "free", "open": has})
        if not why:
            free.append((agent.staff_id != preferred, has, agent.staff_id))
    return (min(free)[2] if free else ""), tuple(because)


def unfit(agent: Agent, *, language: str, skill: str) -> str:
    """Why an agent can't do it whenever it is: `skill` or `language`; "" where they can. No languages: any."""
    if skill and skill.casefold() not in {one.casefold() for one in agent.skills}:
        return "skill"
    spoken = {one.casefold()[:2] for one in agent.languages}
    return "language" if language and spoken and language.casefold()[:2] not in spoken else ""


def _absent(agent: Agent, team: Team, *, has: int, now: datetime) -> str:
    if agent.away_until is not None and agent.away_until > now:
        return "away"
    calendar = team_calendar(team)
    if agent.hours:
        calendar = calendar_of(
            hours=agent.hours, time_zone=team.time_zone, country=team.country, subdivision=team.subdivision
        )  # fmt: skip
    if not calendar.is_open(now):
        return "not_there"
    return "full" if has >= agent.most_open else ""


def open_cases(session: Session, staff: Collection[str]) -> dict[str, int]:
    """How many cases each of them has in which the shop's clock runs."""
    query = select(Case.owner, func.count()).where(Case.owner.in_(staff), Case.state.in_(OWED)).group_by(Case.owner)
    return {row[0]: row[1] for row in session.execute(query)}


def matter_of_case(session: Session, case: Case, rules: Sequence[RoutingRule], *, now: datetime) -> Matter:
    """A case as rules see it; asks about those segments only that some rule names."""
    first = next((one for one in messages_of(session, case.id) if one.direction == Direction.IN), None)
    order = session.execute(
        select(SeenOrder.id, SeenOrder.total_minor).where(SeenOrder.reference == case.order_reference)
    ).first()  # fmt: skip
    customer = session.get(Customer, case.customer_id) if case.customer_id is not None else None
    wanted = {one for rule in rules if (one := Conditions.of(rule.conditions).segment_id) is not None}
    return Matter(
        subject=case.subject, text=first.text if first else "", kind=case.kind, channel=case.channel,
        language=case.language[:2], country=customer.country if customer else "",
        category=_categories(session, case.product, order.id if order else None),
        order_minor=order.total_minor if order else None,
        segments=_segments(session, case.customer_id, wanted, now=now),
    )  # fmt: skip


def _categories(session: Session, product: str, order_id: int | None) -> tuple[str, ...]:
    ids = [product] if product else []
    if not ids and order_id is not None:
        ids = list(session.scalars(select(SeenOrderLine.product).where(SeenOrderLine.order_id == order_id)))
    query = select(ProductLabel.category).where(ProductLabel.product.in_(ids), ProductLabel.category != "")
    return tuple(sorted(set(session.scalars(query)))) if ids else ()


def _segments(session: Session, customer_id: int | None, wanted: Collection[int], *, now: datetime) -> tuple[int, ...]:
    if customer_id is None or not wanted:
        return ()
    contacts = contacts_of_customer(session, customer_id)
    known = session.scalars(select(Segment).where(Segment.id.in_(wanted), Segment.archived_at.is_(None))).all()
    return tuple(
        one.id for one in known if any(belongs(session, one.rules, contact, now=now) for contact in contacts)
    )  # fmt: skip

"""The desk's figures, counted once more in plain Python from the raw rows of random worlds: no difference."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service.case_facts import facts_of
from ecrm.service.cases.case import NEVER, Case
from ecrm.service.reports import ROWS, By, figures, grouped, percentile, wilson
from ecrm.service.reports_products import by_product
from ecrm.service.teams import Team
from tracking.customers import Customer
from tracking.orders import LineFacts, remember_order

NOW = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
SINCE, UNTIL = datetime(2026, 4, 30, 22, 0, tzinfo=UTC), datetime(2026, 5, 31, 22, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OPENS, CLOSES = 9, 17


def make_world(session: Session, dice: random.Random) -> None:
    team = Team(
        name="Day", time_zone="Europe/Berlin", hours={str(day): [[OPENS * 60, CLOSES * 60]] for day in range(5)}
    )
    buyer = Customer(email="a@example.com", created_at=NOW)
    session.add_all([team, buyer])
    session.flush()
    for number in range(80):
        opened = SINCE + timedelta(minutes=dice.randrange(-4000, 60 * 24 * 33))
        answered = opened + timedelta(minutes=dice.randrange(1, 9000)) if dice.random() < 0.7 else None
        solved = opened + timedelta(minutes=dice.randrange(1, 12000)) if dice.random() < 0.6 else None
        asked = solved is not None and dice.random() < 0.6
        waiting = solved - timedelta(minutes=dice.randrange(1, 300)) if solved and dice.random() < 0.4 else None
        session.add(
            Case(
                reference=f"C-{number:08}", channel=dice.choice(["form", "email", "phone"]),
                kind=dice.choice(["question", "complaint", "praise", "return"]), subject="?",
                state="solved" if solved else dice.choice(["new", "open", "waiting"]),
                priority=dice.randrange(1, 5), team_id=dice.choice([None, team.id]), owner=dice.choice(["", "7", "8"]),
                product=dice.choice(["", "p1", "p2"]), opened_at=opened, last_message_at=opened,
                first_responded_at=answered, solved_at=solved, waiting_since=waiting, next_due=NEVER,
                first_response_due=opened + timedelta(minutes=dice.randrange(1, 6000)) if dice.random() < 0.8 else None,
                resolution_due=opened + timedelta(minutes=dice.randrange(1, 9000)) if dice.random() < 0.8 else None,
                paused_seconds=dice.choice([0, 0, 600]), reopened=dice.choice([0, 0, 1, 2]),
                spam=dice.random() < 0.1, satisfaction_asked_at=solved if asked else None,
                satisfaction=dice.randrange(1, 6) if asked and dice.random() < 0.7 else None,
            )
        )  # fmt: skip
    session.flush()
    first = session.execute(text("SELECT id FROM ecrm_case ORDER BY id LIMIT 1")).scalar_one()
    session.execute(text("UPDATE ecrm_case SET merged_into = :first WHERE id = :it"), {"first": first, "it": first + 5})
    for number in range(40):
        remember_order(
            session, reference=f"A{number}", customer_id=buyer.id, visitor_id=None, session_id=None,
            placed_at=SINCE + timedelta(minutes=dice.randrange(-4000, 60 * 24 * 33)), currency="EUR", goods_minor=2,
            shipping_minor=0, discount_minor=0, total_minor=2,
            lines=[LineFacts(dice.choice(["p1", "p2", "p3"]), "P", 1, 1) for _line in range(2)],
        )  # fmt: skip


def working_seconds(start: datetime, end: datetime, *, team: bool) -> int:
    """Counted minute by minute, which is slow and can't be wrong about spans."""
    if not team:
        return max(0, int((end - start).total_seconds()))
    seconds, at = 0, start
    while at < end:
        step = min(end, at.replace(second=0, microsecond=0) + timedelta(minutes=1))
        here = at.astimezone(BERLIN)
        if here.weekday() < 5 and OPENS <= here.hour < CLOSES:
            seconds += int((step - at).total_seconds())
        at = step
    return seconds


def moment(value: Any) -> datetime | None:
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def recounted(session: Session) -> list[dict[str, Any]]:
    rows = []
    for raw in session.execute(text("SELECT * FROM ecrm_case")).mappings():
        opened = moment(raw["opened_at"])
        assert opened is not None
        if raw["spam"] or raw["merged_into"] is not None or not SINCE <= opened < UNTIL:
            continue
        team, solved = raw["team_id"] is not None, moment(raw["solved_at"])
        answered, waiting = moment(raw["first_responded_at"]), moment(raw["waiting_since"])
        row = dict(raw) | {"day": opened.astimezone(BERLIN).date()}
        row["response"] = working_seconds(opened, answered, team=team) if answered else None
        row["resolution"] = None
        if solved:
            waited = raw["paused_seconds"] + (working_seconds(waiting, solved, team=team) if waiting else 0)
            row["resolution"] = max(0, working_seconds(opened, solved, team=team) - waited)
        due, until = moment(raw["first_response_due"]), moment(raw["resolution_due"])
        row["response_ok"] = row["resolution_ok"] = None
        if due is not None and (answered or (solved is None and due < NOW)):
            row["response_ok"] = bool(answered and answered <= due)
        if until is not None and (solved or (waiting is None and until < NOW)):
            row["resolution_ok"] = bool(solved and solved <= until)
        rows.append(row)
    return rows


def middle(values: list[int]) -> float | None:
    values = sorted(values)
    if not values:
        return None
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def share(values: list[bool | None]) -> float | None:
    known = [one for one in values if one is not None]
    return known.count(True) / len(known) if known else None


@pytest.mark.parametrize("seed", range(6))
def test_every_figure_is_what_the_raw_rows_say(sessions: sessionmaker[Session], seed: int) -> None:
    with sessions.begin() as session:
        make_world(session, random.Random(seed))
    with sessions() as session:
        cases = facts_of(session, since=SINCE, until=UNTIL, now=NOW)
        rows = recounted(session)
        products = by_product(session, cases, since=SINCE, until=UNTIL)
        bought = session.execute(
            text(
                "SELECT l.product, o.reference, o.placed_at "
                "FROM ecrm_order_line l JOIN ecrm_order o ON o.id = l.order_id"
            )
        ).all()
    assert len(cases) == len(rows) > 40
    columns = {
        By.CHANNEL: "channel",
        By.KIND: "kind",
        By.PRIORITY: "priority",
        By.TEAM: "team_id",
        By.AGENT: "owner",
        By.DAY: "day",
    }
    for by, column in columns.items():
        groups = grouped(cases, by, zone=BERLIN)
        keys = {"" if row[column] is None else str(row[column]) for row in rows}
        assert set(groups) == keys
        for key, group in groups.items():
            mine = [row for row in rows if ("" if row[column] is None else str(row[column])) == key]
            found = figures(group)
            stars = [row["satisfaction"] for row in mine if row["satisfaction"] is not None]
            assert found.counts == {
                "cases": len(mine), "answered": sum(row["response"] is not None for row in mine),
                "response_late": sum(row["response_ok"] is False for row in mine),
                "solved": sum(row["resolution"] is not None for row in mine),
                "resolution_late": sum(row["resolution_ok"] is False for row in mine),
                "reopened": sum(row["reopened"] > 0 for row in mine),
                "complaints": sum(row["kind"] == "complaint" for row in mine),
                "praise": sum(row["kind"] == "praise" for row in mine),
                "asked": sum(row["satisfaction_asked_at"] is not None for row in mine), "rated": len(stars),
                "happy": sum(one >= 4 for one in stars),
            }  # fmt: skip
            assert found.response_median == middle([row["response"] for row in mine if row["response"] is not None])
            assert found.resolution_median == middle(
                [row["resolution"] for row in mine if row["resolution"] is not None]
            )
            assert found.response_kept == share([row["response_ok"] for row in mine])
            assert found.resolution_kept == share([row["resolution_ok"] for row in mine])
            assert found.satisfaction == (sum(stars) / len(stars) if stars else None)
            for name, picks in ROWS.items():
                assert len([case for case in group if picks(case)]) == found.counts[name]
    for product, one in products.items():
        assert one.cases == sum(row["product"] == product for row in rows)
        assert one.orders == len({
            reference for what, reference, placed in bought
            if what == product and SINCE <= (moment(placed) or NOW) < UNTIL
        })  # fmt: skip
    assert set(products) == {row["product"] for row in rows} - {""}


def test_a_percentile_is_the_nearest_rank() -> None:
    assert percentile([], 0.9) is None
    assert percentile([5], 0.9) == 5
    assert percentile(list(range(1, 11)), 0.9) == 9
    assert percentile(list(range(1, 12)), 0.9) == 10


def test_wilson_s_interval_is_that_of_his_paper_and_stays_within_zero_and_one() -> None:
    assert wilson(0, 0) == (None, None)
    low, high = wilson(8, 10)
    assert (round(low or 0, 4), round(high or 0, 4)) == (0.4902, 0.9433)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1


def test_days_are_the_shop_s(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        late = datetime(2026, 5, 1, 22, 30, tzinfo=UTC)
        session.add(
            Case(
                reference="C-1", channel="form", kind="question", subject="?", state="new", priority=2, opened_at=late,
                last_message_at=late,
            )
        )  # fmt: skip
    with sessions() as session:
        cases = facts_of(session, since=SINCE, until=UNTIL, now=NOW)
    assert list(grouped(cases, By.DAY, zone=BERLIN)) == [date(2026, 5, 2).isoformat()]

"""A history of steps, loaded from files, is what `ingest` makes of the same steps in the order of time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tracking.clickstream.archive import Archive
from tracking.clickstream.dimensions import Audience, Page, ProductKey, Source, Term
from tracking.clickstream.history import NotLoadable, load_steps
from tracking.clickstream.ingest import ingest
from tracking.clickstream.log import Log
from tracking.clickstream.recompute import recompute
from tracking.clickstream.rollups import (
    AudienceDay,
    BotDay,
    DayFigures,
    PageDay,
    ProductDay,
    RefinementDay,
    TermDay,
    TimingDay,
)
from tracking.clickstream.searches import SearchClick
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sheets import FAMILIES, keys_of, sums
from tracking.clickstream.sightings import Sighting
from tracking.clickstream.touchpoints import Touchpoint
from tracking.customers import Customer
from tracking.orders import SeenOrder, remember_order
from tracking.record import Record
from tracking.visitors import Grade, Visitor, VisitorClaim

from .clicks import NOON, TODAY, ZONE, seen
from .test_recompute import something

FIRST, LAST = TODAY - timedelta(days=2), TODAY + timedelta(days=3)
PARTS: dict[type[Record], Any] = {
    AudienceDay: (Audience, Source), PageDay: (Page,), TimingDay: (Page,), ProductDay: (ProductKey,), TermDay: (Term,),
    RefinementDay: (Term, Term),
}  # fmt: skip


def steps_of(seed: int) -> list[Sighting]:
    chance = random.Random(seed)
    minutes = sorted(chance.random() * 3 * 1440 - 1440 for _ in range(500))
    steps = [something(chance, minute) for minute in minutes]
    made = []
    for step in steps:
        tags = chance.choice([{}, {}, {}, {"utm_source": "news", "utm_medium": "email"}, {"click_id": "gclid"}])
        made.append(
            step._replace(
                properties={**step.properties, **(tags if step.name == "Page Viewed" else {})},
                customer_reference=chance.choice([None, None, "7", "8", "nobody"]),
                grade=chance.choice([step.grade, step.grade, Grade.PERSONAL]),
                country=chance.choice(["", "de", "AT"]),
                path=chance.choice(["/tea", "/p/1", "", "/n\x00ul"]),
            )
        )
    return made


def write(folder: Path, steps: list[Sighting]) -> Path:
    chance = random.Random(1)
    rows = [
        {
            "at": one.at, "name": one.name, "subject": one.subject,
            "properties": orjson.dumps(dict(one.properties)).decode(),
            "visitor": one.visitor_token or "", "grade": int(one.grade), "customer": one.customer_reference or "",
            "user_agent": one.user_agent, "referrer": one.referrer, "path": one.path, "country": one.country,
            "message_id": one.message_id,
        }
        for one in steps
    ]  # fmt: skip
    chance.shuffle(rows)  # a file is in any order
    file = folder / "steps.parquet"
    kinds = {"at": pa.timestamp("us", "UTC"), "grade": pa.int32()}
    pq.write_table(
        pa.table({name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in rows[0]}), file
    )
    return file


def people(session: Session) -> None:
    for reference in ("7", "8"):
        session.add(Customer(reference=reference, email=f"{reference}@example.com", created_at=NOON, traits={}))
    session.commit()


def load(session: Session, folder: Path, steps: list[Sighting]) -> Archive:
    archive = Archive(folder / "archive")
    load_steps(session, archive, [write(folder, steps)], time_zone=ZONE, today=LAST)
    session.commit()
    return archive


def picture(session: Session, archive: Archive | None) -> dict[str, Any]:
    """All that is known, by names instead of numbers."""
    names: dict[type[Record], dict[int, Any]] = {
        record: {row.id: getattr(row, name) for row in session.scalars(select(record))}  # type: ignore[attr-defined]
        for record, name in ((Page, "path"), (ProductKey, "product"), (Term, "term"))
    }
    sources = {
        row.id: (row.channel, row.source, row.medium, row.campaign, row.click_id)
        for row in session.scalars(select(Source))
    }
    names[Audience] = {
        row.id: (sources[row.source_id], row.device, row.country, row.is_returning)
        for row in session.scalars(select(Audience))
    }
    tokens = {row.id: row.token for row in session.scalars(select(Visitor))}
    people = {row.id: row.reference for row in session.scalars(select(Customer))} | {None: None, 0: "several"}
    visits = {
        row.id: (tokens[row.visitor_id], row.started_at) for row in session.scalars(select(Visit))
    }  # fmt: skip
    found: dict[str, Any] = {}
    for record in FAMILIES:
        dimensions = PARTS[record]
        for number in range((LAST - FIRST).days):
            day = FIRST + timedelta(days=number)
            rows = sums(session, record, day, day)
            for place, key in enumerate(rows.keys.tolist()):
                named = [names[part].get(one, one) for part, one in zip(dimensions, key, strict=False)]
                figures = {name: int(values[place]) for name, values in rows.columns.items() if values[place]}
                if figures:
                    bucket = key[len(keys_of(record)) - 1 :] if record is TimingDay else ""
                    found[f"{record.__name__} {day} {named} {bucket}"] = figures
    for row in session.scalars(select(DayFigures)):
        found[f"day {row.day}"] = {c.name: getattr(row, c.name) for c in DayFigures.__table__.columns}
    for bot in session.scalars(select(BotDay)):
        found[f"bot {bot.day} {bot.name}"] = bot.views
    for visit in session.scalars(select(Visit)):
        columns = {
            c.name: getattr(visit, c.name) for c in Visit.__table__.columns if c.name not in ("id", "visitor_id")
        }
        columns["audience_id"] = names[Audience][visit.audience_id or 0]
        columns["entry_page_id"] = names[Page].get(visit.entry_page_id or 0)
        columns["customer_id"] = people[visit.customer_id]
        found[f"visit {visits[visit.id]}"] = columns
    found["touches"] = sorted(
        (touch.at, sources[touch.source_id], visits[touch.session_id or 0])
        for touch in session.scalars(select(Touchpoint))
    )
    found["claims"] = sorted(
        (tokens[one.visitor_id], people[one.customer_id], one.claimed_at, one.how)
        for one in session.scalars(select(VisitorClaim))
    )
    found["visitors"] = sorted((one.token, one.first_seen_at) for one in session.scalars(select(Visitor)))
    found["clicks"] = sorted(
        (visits[one.session_id], names[Term][one.term_id], names[ProductKey][one.product_key_id], one.searched_at,
         one.position, one.added)
        for one in session.scalars(select(SearchClick))
    )  # fmt: skip
    log = Log(session, archive).frame(FIRST, LAST, ZONE).to_pylist()
    for row in log:
        row.pop("id")
        row["properties"] = orjson.loads(row["properties"])
        row["visitor_id"], row["session_id"] = tokens.get(row["visitor_id"]), visits.get(row["session_id"])
        row["customer_id"] = people[row["customer_id"]]
    found["events"] = sorted(log, key=repr)
    return found


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Session]:
    """A second, empty database, for the same steps as they would have come one by one."""
    engine = create_engine(f"sqlite:///{tmp_path / 'told.db'}")
    Record.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.mark.parametrize("seed", range(4))
def test_a_loaded_history_is_what_ingest_makes_of_it(
    session: Session, told: Session, tmp_path: Path, seed: int
) -> None:
    steps = steps_of(seed)
    for one in (session, told):
        people(one)
    for start in range(0, len(steps), 37):
        ingest(told, steps[start : start + 37], ZONE)
    told.commit()
    archive = load(session, tmp_path, steps)
    right, loaded = picture(told, None), picture(session, archive)
    different = {
        name: (right.get(name), loaded.get(name)) for name in right | loaded if right.get(name) != loaded.get(name)
    }
    assert different == {}
    assert recompute(session, Log(session, archive), FIRST, LAST, zone=ZONE) == []


def test_days_on_which_steps_are_recorded_are_refused(session: Session, tmp_path: Path) -> None:
    steps = [seen(), seen(minutes=5)]
    load(session, tmp_path, steps)
    with pytest.raises(NotLoadable, match="recorded already"):
        load(session, tmp_path, steps)
    session.rollback()
    later = [seen(minutes=1440 * 2)]
    load(session, tmp_path, later)  # an instalment behind the first
    (first, second) = session.scalars(select(Visit).order_by(Visit.started_at))
    assert (first.page_views, second.page_views) == (2, 1)
    returning = {row.id: row.is_returning for row in session.scalars(select(Audience))}
    assert (returning[first.audience_id or 0], returning[second.audience_id or 0]) == (False, True)


def test_a_day_that_is_not_over_is_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(NotLoadable, match="isn't over yet"):
        load(session, tmp_path, [seen(minutes=3 * 1440)])


def test_a_file_that_says_something_else_is_refused_in_words(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "wrong.parquet"
    archive = Archive(tmp_path / "archive")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"when": [NOON], "name": ["Page Viewed"]}, "no column at"),
        ({"at": ["yesterday"], "name": ["Page Viewed"]}, "has to be TIMESTAMP"),
        ({"at": [NOON], "name": [""]}, "no name"),
        ({"at": [NOON], "name": ["Page Viewed"], "grade": [7]}, "another grade"),
        ({"at": [NOON], "name": ["Page Viewed"], "properties": ["[1]"]}, "JSON object"),
        ({"at": [NOON], "name": ["Page Viewed"], "properties": ["{"]}, "JSON object"),
    ]
    for columns, words in wrong:
        pq.write_table(pa.table(columns), file)
        with pytest.raises(NotLoadable, match=words):
            load_steps(session, archive, [file], time_zone=ZONE, today=LAST)
    file.write_text("no Parquet")
    with pytest.raises(NotLoadable, match="can't be read"):
        load_steps(session, archive, [file], time_zone=ZONE, today=LAST)


def test_ids_of_archived_steps_are_not_given_again(session: Session, tmp_path: Path) -> None:
    archive = load(session, tmp_path, [seen(minutes=minute) for minute in range(5)])
    ingest(session, [seen(minutes=1440)], ZONE)
    session.commit()
    assert len({row["id"] for row in Log(session, archive).frame(FIRST, LAST, ZONE).to_pylist()}) == 6


@pytest.mark.parametrize("grade", [Grade.ANALYTICS, Grade.PERSONAL])
def test_an_order_names_its_visit_only_where_all_of_it_agreed(session: Session, tmp_path: Path, grade: Grade) -> None:
    people(session)
    buyer = session.scalars(select(Customer.id)).first() or 0
    remember_order(
        session, reference="A-17", customer_id=buyer, visitor_id=None, session_id=None, placed_at=NOON, currency="EUR",
        goods_minor=900, shipping_minor=0, discount_minor=0, total_minor=900, lines=[],
    )  # fmt: skip
    reported = seen("Order Completed (reported)", "A-17", minutes=5, grade=Grade.PERSONAL)
    load(session, tmp_path, [seen(grade=grade), reported])
    (visit,) = session.scalars(select(Visit))
    (order,) = session.scalars(select(SeenOrder))
    assert (visit.orders, order.joined, order.visitor_id) == (1, True, visit.visitor_id)
    assert order.session_id == (visit.id if grade is Grade.PERSONAL else None)

"""Counting what recommendations do, a batch of the writer in its own transaction.

The rules, by which `tests/truth` counts the raw steps anew:

- Only what the plugin itself saw counts (no message id): a client of the collector could name any slot it likes.
- An impression for each product that `Recommendations Shown` names, at its place in the list, on the step's day.
- A click for `Product Clicked`, on its day: once a visit, slot and product; each time where the browser agreed to
  nothing and so has no visit.
- A product that goes into the cart adds to the latest click on it in the same visit, once a click, on the click's day;
  an "Add" on the card itself is a click and that at once, also without a visit.
- Machines count nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from operator import attrgetter

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ecrm.steps import MOST_POSITION, ProductAdded, ProductClicked, RecommendationsShown
from tracking.clickstream.dimension_ids import ids_of
from tracking.clickstream.dimensions import ProductKey
from tracking.clickstream.rollups import add_rows, day_of
from tracking.clickstream.search_trail import product_of, shown_products
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sightings import Sighting
from tracking.visitors import Visitor

from .tables import RecommendationClick, RecommendedDay, Slot

SlotKey = tuple[str, int, str]
_NAMES = frozenset({RecommendationsShown.name, ProductClicked.name})
_LONGEST = 20


def count_recommended(session: Session, sightings: Sequence[Sighting], zone: str) -> None:
    """Count a batch that was just stored; commits nothing. Nearly free where nothing of it concerns recommendations."""
    seen = [one for one in sightings if one.name in _NAMES and one.message_id is None and not one.of_a_bot]
    shown: defaultdict[tuple[date, SlotKey], int] = defaultdict(int)
    clicks: list[tuple[SlotKey, Sighting]] = []
    for sighting in seen:
        if sighting.name == ProductClicked.name:
            clicks.append((_slot_of_click(sighting), sighting))
            continue
        day, properties = day_of(sighting.at, zone), sighting.properties
        placement, strategy = sighting.subject[:_LONGEST], str(properties.get("strategy", ""))[:_LONGEST]
        for position, _product in enumerate(shown_products(properties)[:MOST_POSITION], start=1):
            shown[day, (placement, position, strategy)] += 1
    added = [
        one for one in sightings
        if one.name == ProductAdded.name and one.token and one.message_id is None and not one.of_a_bot
    ]  # fmt: skip
    if not shown and not clicks and not added:
        return
    slots = ids_of(session, Slot, {key for _day, key in shown} | {key for key, _click in clicks})
    figures: defaultdict[tuple[date, int], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (day, key), times in shown.items():
        figures[day, slots[key]]["impressions"] += times
    _count_clicks(session, [(slots[key], one) for key, one in clicks], figures, zone)
    _count_adds(session, added, figures, zone)
    add_rows(session, RecommendedDay, figures)


_Figures = defaultdict[tuple[date, int], defaultdict[str, int]]


def _slot_of_click(sighting: Sighting) -> SlotKey:
    said = sighting.properties
    return str(said["list_id"])[:_LONGEST], int(said["position"]), str(said.get("strategy", ""))[:_LONGEST]


def _count_clicks(session: Session, clicks: Sequence[tuple[int, Sighting]], figures: _Figures, zone: str) -> None:
    if not clicks:
        return
    products = ids_of(session, ProductKey, {product_of(one) for _slot, one in clicks if product_of(one)})
    visits = _Visits(session, [one for _slot, one in clicks])
    for slot, one in sorted(clicks, key=lambda click: click[1].at):
        product, day = products.get(product_of(one)), day_of(one.at, zone)
        if product is None:
            continue
        added = bool(one.properties.get("added"))
        visit = visits.of(one)
        if visit is None:
            figures[day, slot]["clicks"] += 1
            figures[day, slot]["cart_adds"] += added
            continue
        was_added, first = _keep_click(session, visit, slot, product, one.at, added)
        figures[day, slot]["clicks"] += first is None
        if added and not was_added:
            figures[day_of(first or one.at, zone), slot]["cart_adds"] += 1


def _keep_click(
    session: Session, visit: int, slot: int, product: int, at: datetime, added: bool
) -> tuple[bool, datetime | None]:
    """Keep a click, or note that it happened again.

    Returns:
        Whether the product had been added from it before, and when it happened first; None for the first time.
    """
    key = {"session_id": visit, "slot_id": slot, "product_key_id": product}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {**key, "clicked_at": at, "last_at": at, "added": added, "bought": False}
    statement = insert(RecommendationClick).values(values).on_conflict_do_nothing().returning(RecommendationClick.id)
    if session.execute(statement).scalar_one_or_none() is not None:
        return False, None
    kept = RecommendationClick
    query = select(kept.id, kept.added, kept.clicked_at, kept.last_at, kept.bought).filter_by(**key).with_for_update()
    row = session.execute(query).one()
    # Once an order is credited to it, its time stays: the order must find the same click when it is credited anew.
    changed = {"last_at": row.last_at if row.bought else max(row.last_at, at), "added": row.added or added}
    session.execute(update(RecommendationClick).where(RecommendationClick.id == row.id).values(changed))
    return row.added, row.clicked_at


def _count_adds(session: Session, added: Sequence[Sighting], figures: _Figures, zone: str) -> None:
    """Adds of products that were clicked in the same visit before."""
    if not added:
        return
    visits = _Visits(session, added)
    wanted = {visit for one in added if (visit := visits.of(one)) is not None}
    if not wanted:
        return
    query = (
        select(RecommendationClick, ProductKey.product)
        .join(ProductKey, ProductKey.id == RecommendationClick.product_key_id)
        .where(RecommendationClick.session_id.in_(wanted))
        .order_by(RecommendationClick.last_at, RecommendationClick.id)
    )
    clicked = session.execute(query.execution_options(populate_existing=True)).all()
    for one in sorted(added, key=attrgetter("at")):
        visit, product = visits.of(one), product_of(one)
        before = [
            row for row, of in clicked if row.session_id == visit and of == product and row.clicked_at <= one.at
        ]  # fmt: skip
        if before and not before[-1].added:
            before[-1].added = True
            figures[day_of(before[-1].clicked_at, zone), before[-1].slot_id]["cart_adds"] += 1
    session.flush()


class _Visits:
    """The visits in which some steps of a batch happened; they are stored by now."""

    def __init__(self, session: Session, sightings: Sequence[Sighting]) -> None:
        tokens = {one.token for one in sightings if one.token}
        self._by_token: defaultdict[str, list[tuple[datetime, datetime, int]]] = defaultdict(list)
        if not tokens:
            return
        first, last = min(one.at for one in sightings), max(one.at for one in sightings)
        query = (
            select(Visitor.token, Visit.started_at, Visit.last_at, Visit.id)
            .join(Visit, Visit.visitor_id == Visitor.id)
            .where(Visitor.token.in_(tokens), Visit.last_at >= first, Visit.started_at <= last)
            .order_by(Visit.started_at, Visit.id)
        )
        for token, started_at, last_at, visit_id in session.execute(query):
            self._by_token[token].append((started_at, last_at, visit_id))

    def of(self, sighting: Sighting) -> int | None:
        """The visit of a step; None for a browser without one."""
        found = [
            id_ for start, end, id_ in self._by_token.get(sighting.token or "", ()) if start <= sighting.at <= end
        ]  # fmt: skip
        return found[-1] if found else None

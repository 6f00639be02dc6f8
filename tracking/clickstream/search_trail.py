"""Search trail: what a search of a visit led to: products opened from its results, put into the cart; other searches.

The rules, by which `recompute` counts the raw log anew:

- A product view up to 30 minutes after a search of the same visit whose page of results showed the product is a click;
  of several such searches the latest has it. A click counts once a visit, term and product, on the search's day.
- A product added to the cart adds to the latest search from which it was clicked in the visit, once a click, on the
  search's day.
- A search with another term than the one before it in the visit, with no product opened in between, refines that one;
  it counts on its own day. Further pages of results are no search, and a search without a term is none.
- A step sees what was stored before it and what precedes it in its batch: nothing is counted anew when an earlier step
  arrives later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from tracking.record import Record

from .dimensions import ProductKey, Term, ids_of
from .event import Event
from .rollups import RefinementDay, Tally, TermDay, day_of
from .searches import SearchClick, folded
from .sightings import Sighting, storable
from .visits import Visit

WINDOW = timedelta(minutes=30)
NAMES = frozenset({"Products Searched", "Product Viewed", "Product Added"})
MAX_POSITION = 10_000  # at which a page of results may begin; who says more counts as the first
MAX_SHOWN = 500  # products of one page of results; more is no page that anybody looks at


@dataclass(slots=True)
class _Search:
    at: datetime
    term: str
    shown: Mapping[str, int]  # product → how many stand before it
    first_position: int


@dataclass(slots=True, eq=False)
class _Click:
    searched_at: datetime
    position: int
    added: bool = False
    id: int | None = None  # of one that was stored before
    changed: bool = False


@dataclass(slots=True)
class _Trail:
    """What is known of a visit's searches, in the order in which it became known: a late step stands last."""

    pages: list[_Search] = field(default_factory=list)
    terms: list[tuple[datetime, str]] = field(default_factory=list)  # "" where a product was opened
    clicks: dict[tuple[str, str], _Click] = field(default_factory=dict)  # (term, product)


def follow(session: OrmSession, steps: Sequence[tuple[Visit, Sighting]], *, tally: Tally, time_zone: str) -> None:
    """Count what the searches among a batch's steps, and earlier ones of the same visits, led to.

    Args:
        steps: those called one of `NAMES`, in the order of time.
    """
    stored = {visit for visit, _ in steps if visit.stored is not None}
    trails = _load(session, stored, {visit for visit, sighting in steps if sighting.name == "Products Searched"})
    searching = {visit for visit, sighting in steps if visit.id in trails or sighting.name == "Products Searched"}
    if not searching:
        return
    refined: defaultdict[tuple[Any, str, str], int] = defaultdict(int)
    for visit, sighting in steps:
        if visit not in searching:
            continue
        trail = trails[visit.id]
        if sighting.name == "Products Searched":
            before = _search(trail, sighting)
            if before is not None:
                refined[day_of(sighting.at, time_zone), before, trail.terms[-1][1]] += 1
        elif sighting.name == "Product Viewed":
            _open(trail, product_of(sighting), sighting.at)
        else:
            _add(trail, product_of(sighting), sighting.at)
    _store(session, trails, refined, tally=tally, time_zone=time_zone)


def product_of(sighting: Sighting) -> str:
    """The product that a step is about, as it is numbered."""
    return storable(sighting.subject)[:64]  # type: ignore[no-any-return]


def shown_products(properties: Mapping[str, Any]) -> list[str]:
    """The products that a list showed, each once, as they are numbered."""
    shown = properties.get("product_ids")
    if not isinstance(shown, list | tuple):
        return []
    return list(dict.fromkeys([storable(one)[:64] for one in shown[:MAX_SHOWN] if isinstance(one, str) and one]))


def _search(trail: _Trail, sighting: Sighting) -> str | None:
    """Take a search in; returns the term that it refines."""
    term = folded(storable(sighting.subject))
    if not term:
        return None
    first = sighting.properties.get("first_position", 1)
    shown = sighting.properties.get("product_ids") or ()
    trail.pages.append(
        _Search(sighting.at, term, _places(shown), first if type(first) is int and 1 <= first <= MAX_POSITION else 1)
    )
    if not sighting.counts:
        return None
    earlier = [one for one in trail.terms if one[0] <= sighting.at]
    before = max(reversed(earlier), key=itemgetter(0))[1] if earlier else ""
    trail.terms.append((sighting.at, term))
    return before if before and before != term else None


def _places(shown: Any) -> dict[str, int]:
    """A product's place in the list, its first where it stands there twice."""
    places: dict[str, int] = {}
    if isinstance(shown, list | tuple):
        for place, one in enumerate(shown[:MAX_SHOWN]):
            if isinstance(one, str):
                places.setdefault(storable(one)[:64], place)
    return places


def _open(trail: _Trail, product: str, at: datetime) -> None:
    trail.terms.append((at, ""))
    found = [page for page in trail.pages if page.at <= at <= page.at + WINDOW and product in page.shown]
    if product and found:
        page = max(reversed(found), key=lambda one: one.at)
        position = page.first_position + page.shown[product]
        trail.clicks.setdefault((page.term, product), _Click(page.at, position))


def _add(trail: _Trail, product: str, at: datetime) -> None:
    clicks = [click for (_, one), click in trail.clicks.items() if one == product and click.searched_at <= at]
    if clicks:
        latest = max(clicks, key=lambda click: click.searched_at)
        if not latest.added:
            latest.added = latest.changed = True


def _load(session: OrmSession, visits: Collection[Visit], searching_now: Collection[Visit]) -> defaultdict[int, _Trail]:
    """The trails of those of the visits that had seen results of a search before this batch, or see some in it."""
    trails: defaultdict[int, _Trail] = defaultdict(_Trail)
    if not visits:
        return trails
    columns = (Event.id, Event.session_id, Event.name, Event.happened_at, Event.subject, Event.properties)
    query = select(*columns).where(
        Event.visitor_id.in_({visit.visitor_id for visit in visits}),
        Event.session_id.in_({visit.id for visit in visits}),
        Event.happened_at >= min(visit.started_at for visit in visits),
    )
    searches = session.execute(query.where(Event.name == "Products Searched")).all()
    searching = {row.session_id for row in searches} | {visit.id for visit in visits if visit in searching_now}
    if not searching:
        return trails
    viewed = session.execute(query.where(Event.name == "Product Viewed", Event.session_id.in_(searching)))
    rows = sorted([*searches, *viewed], key=lambda row: (row.happened_at, row.id))
    for _, session_id, name, at, subject, properties in rows:
        trail = trails[session_id]
        if name == "Product Viewed":
            trail.terms.append((at, ""))
        else:
            _search(trail, Sighting(at, name, subject, properties))
    clicks = (
        select(SearchClick, Term.term, ProductKey.product)
        .join(Term, Term.id == SearchClick.term_id)
        .join(ProductKey, ProductKey.id == SearchClick.product_key_id)
        .where(SearchClick.session_id.in_(searching))
        .order_by(SearchClick.id)
    )
    for row, term, product in session.execute(clicks.execution_options(populate_existing=True)):
        trails[row.session_id].clicks[term, product] = _Click(row.searched_at, row.position, row.added, row.id)
    return trails


def _store(
    session: OrmSession,
    trails: Mapping[int, _Trail],
    refined: Mapping[tuple[Any, str, str], int],
    *,
    tally: Tally,
    time_zone: str,
) -> None:
    changed = [
        (session_id, term, product, click)
        for session_id, trail in trails.items()
        for (term, product), click in trail.clicks.items()
        if click.id is None or click.changed
    ]
    terms = ids_of(
        session,
        Term,
        {term for _, term, _, _ in changed} | {term for _, one, other in refined for term in (one, other)},
    )
    products = ids_of(session, ProductKey, {product for _, _, product, _ in changed})
    new = []
    for session_id, term, product, click in changed:
        figures = tally[TermDay][day_of(click.searched_at, time_zone), terms[term]]
        figures["cart_adds"] += click.changed
        if click.id is None:
            figures["clicks"] += 1
            figures["position_sum"] += click.position
            new.append(
                {
                    "session_id": session_id, "term_id": terms[term], "product_key_id": products[product],
                    "searched_at": click.searched_at, "position": click.position, "added": click.added,
                    "revenue_minor": 0, "refunds_minor": 0,
                }
            )  # fmt: skip
    if new:
        session.execute(insert(Record.metadata.tables[SearchClick.__tablename__]), new)
    if added := [click.id for _, _, _, click in changed if click.changed and click.id is not None]:
        session.execute(
            update(SearchClick)
            .where(SearchClick.id.in_(added))
            .values(added=True)
            .execution_options(synchronize_session=False)
        )
    for (day, term, following), times in refined.items():
        tally[RefinementDay][day, terms[term], terms[following]]["times"] += times

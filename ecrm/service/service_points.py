"""Service points: where things are repaired, what each one serves, and the nearest to a place.

Distances are of the great circle between stored coordinates (haversine). Where a postcode lies comes from a table that
the operator imports: GeoNames' postal codes (download.geonames.org/export/zip, CC BY 4.0), or any file of that form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, radians, sin, sqrt

from sqlalchemy import Float, String, bindparam, delete, func, insert, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

EARTH_KM = 6371.0088
"""Mean radius (IUGG 1980)."""
NEAREST = 5
SHORTEST_NAME, MOST_PLACES, SHOWN_PLACES = 2, 500, 12
ONE_CITY_KM = 40
"""Places of one name within so many kilometres of their middle are one city: Berlin's farthest lie 25 km out."""
_AT_ONCE = 5000


class ServicePoint(Record):
    """A workshop. `serves`: brands, categories or product ids, each as the shop calls it; empty for everything.

    `closed_at`: it isn't offered any more; requests that went there keep it.
    """

    __tablename__ = "ecrm_service_point"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300), default="")
    country: Mapped[str] = mapped_column(String(2))
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    hours: Mapped[str] = mapped_column(String(200), default="")
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))
    serves: Mapped[list[str]] = mapped_column(default=list)
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Place(Record):
    """Where a postcode lies; folded to capitals without spaces."""

    __tablename__ = "ecrm_postcode"

    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    postcode: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), default="")
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))


@dataclass(frozen=True)
class Near:
    """A point and how far it is."""

    point: ServicePoint
    km: float


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great circle between two (latitude, longitude) in degrees, by the haversine formula (R. W. Sinnott, Virtues
    of the Haversine, Sky and Telescope 68, 1984), which stays exact for short ways."""
    (north, east), (north_too, east_too) = ((radians(at), radians(to)) for at, to in (one, other))
    half = sin((north_too - north) / 2) ** 2 + cos(north) * cos(north_too) * sin((east_too - east) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))


def nearest(
    session: Session, at: tuple[float, float], *, wants: Collection[str] = (), limit: int = NEAREST
) -> list[Near]:
    """The nearest open points that serve all of it, or one of `wants` (product id, brand, category), nearest first.

    Reads every point: a shop has hundreds at most, and a flat map with corners is where such searches go wrong.
    """
    points = serving(session.scalars(select(ServicePoint).where(ServicePoint.closed_at.is_(None))), wants)
    near = [Near(point, distance_km(at, (point.latitude, point.longitude))) for point in points]
    return sorted(near, key=lambda one: (one.km, one.point.id))[:limit]


def serving(points: Iterable[ServicePoint], wants: Collection[str]) -> list[ServicePoint]:
    """Those that serve all of it, or one of `wants` (product id, brand, category)."""
    wanted = {one.casefold() for one in wants if one}
    return [point for point in points if not point.serves or wanted & {one.casefold() for one in point.serves}]


def place_of(session: Session, country: str, postcode: str) -> Place | None:
    """Where a postcode lies; one that isn't in the table is looked for by its beginning (the area around it)."""
    folded = fold_postcode(postcode)
    while len(folded) >= 2:
        found = session.get(Place, (country.upper(), folded)) or session.scalar(
            _BEGINNING, {"country": country.upper(), "first": folded, "last": folded + "\U0010ffff"}
        )
        if found is not None:
            return found
        folded = folded[:-1]
    return None


_BEGINNING = (
    select(Place)
    .where(
        Place.country == bindparam("country"), Place.postcode > bindparam("first"), Place.postcode < bindparam("last")
    )
    .order_by(Place.postcode)
    .limit(1)
)


def fold_postcode(postcode: str) -> str:
    """Capitals and digits alone."""
    return "".join(one for one in postcode.upper() if one.isalnum())[:20]


@dataclass(frozen=True)
class Found:
    """Where something typed lies: its name and (latitude, longitude). `others`: places of that name that lie elsewhere,
    of which one is to be chosen by its postcode; `at` is None then."""

    name: str
    at: tuple[float, float] | None
    others: Sequence[Place] = ()


def find_place(session: Session, country: str, words: str) -> Found | None:
    """A postcode (it has a digit) or a city, by its whole name, or else its beginning. None for what isn't known."""
    words = " ".join(words.split())
    if any(one.isdigit() for one in words):
        place = place_of(session, country, words)
        return None if place is None else Found(place.name or place.postcode, (place.latitude, place.longitude))
    if len(words) < SHORTEST_NAME:
        return None
    spelt = sorted({words, words.title(), words.capitalize(), words.upper(), words.casefold()})
    here = select(Place).where(Place.country == country.upper()).order_by(Place.postcode).limit(MOST_PLACES)
    places = session.scalars(here.where(Place.name.in_(spelt))).all()
    if not places:
        first = words[0].upper() + words[1:]
        begin = or_(*(Place.name.startswith(one, autoescape=True) for one in sorted({first, words.title()})))
        places = session.scalars(here.where(begin)).all()
    if not places:
        return None
    middle = (sum(one.latitude for one in places) / len(places), sum(one.longitude for one in places) / len(places))
    if any(distance_km(middle, (one.latitude, one.longitude)) > ONE_CITY_KM for one in places):
        return Found(words, None, _one_a_city(places)[:SHOWN_PLACES])
    return Found(places[0].name, middle)


def _one_a_city(places: Iterable[Place]) -> list[Place]:
    """Of places of one name within `ONE_CITY_KM` the first: whoever chooses needs one postcode a city, not all of the
    first."""
    taken: list[Place] = []
    for place in places:
        here = (place.latitude, place.longitude)
        named = [one for one in taken if one.name == place.name]
        if all(distance_km(here, (one.latitude, one.longitude)) > ONE_CITY_KM for one in named):
            taken.append(place)
    return taken


class BadPlaces(ValueError):
    """The file isn't one of postcodes; the message names the line."""


def read_places(lines: Iterable[str]) -> dict[tuple[str, str], tuple[str, float, float]]:
    """GeoNames' postal file: tab-separated country, postcode, place, six names of regions and their codes, latitude,
    longitude, accuracy. Of several places with one postcode the middle of them is taken.

    Raises:
        BadPlaces: naming the first line that can't be read.
    """
    seen: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        parts = line.rstrip("\r\n").split("\t")
        try:
            country, postcode, name, latitude, longitude = (
                parts[0],
                parts[1],
                parts[2],
                float(parts[9]),
                float(parts[10]),
            )
        except (IndexError, ValueError):
            raise BadPlaces(
                f"line {number}: this isn't GeoNames' form (country, postcode, place, … latitude)"
            ) from None
        folded = fold_postcode(postcode)
        if len(country) != 2 or not folded or not on_earth(latitude, longitude):
            raise BadPlaces(f"line {number}: {line[:60]!r}")
        seen.setdefault((country.upper(), folded), []).append((name[:100], latitude, longitude))
    return {
        key: (some[0][0], sum(one[1] for one in some) / len(some), sum(one[2] for one in some) / len(some))
        for key, some in seen.items()
    }


def replace_places(session: Session, places: dict[tuple[str, str], tuple[str, float, float]]) -> int:
    """Take the places in; those of each country in the file take the place of what was there. Returns how many."""
    for country in {country for country, _postcode in places}:
        session.execute(delete(Place).where(Place.country == country))
    rows = [
        {"country": country, "postcode": postcode, "name": name, "latitude": latitude, "longitude": longitude}
        for (country, postcode), (name, latitude, longitude) in places.items()
    ]
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(insert(Place), rows[start : start + _AT_ONCE])
    return len(rows)


def places_known(session: Session) -> int:
    """How many postcodes the table has."""
    return session.scalar(select(func.count()).select_from(Place)) or 0


def on_earth(latitude: float, longitude: float) -> bool:
    """Whether these are coordinates; NaN isn't."""
    return -90 <= latitude <= 90 and -180 <= longitude <= 180


def closed_points(session: Session) -> Sequence[ServicePoint]:
    """Those that are offered no more, by name."""
    query = select(ServicePoint).where(ServicePoint.closed_at.is_not(None))
    return session.scalars(query.order_by(ServicePoint.name, ServicePoint.id).limit(MOST_PLACES)).all()


def open_points(session: Session) -> Sequence[ServicePoint]:
    """All that are offered, by name."""
    return session.scalars(
        select(ServicePoint).where(ServicePoint.closed_at.is_(None)).order_by(ServicePoint.name, ServicePoint.id)
    ).all()

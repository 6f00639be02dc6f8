"""The nearest service point: distances as on a globe, and postcodes from GeoNames' file."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from ecrm.service.service_points import (
    BadPlaces,
    ServicePoint,
    distance_km,
    find_place,
    nearest,
    place_of,
    read_places,
    replace_places,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BERLIN, PARIS, LONDON = (52.52, 13.405), (48.8566, 2.3522), (51.5074, -0.1278)
LINE = "DE\t10115\tBerlin\tBerlin\tBE\t\t00\tBerlin\t11000\t52.5323\t13.3846\t4\n"


def put(session: Session, name: str, at: tuple[float, float], *serves: str, closed: bool = False) -> None:
    point = ServicePoint(
        name=name, country="DE", latitude=at[0], longitude=at[1], serves=list(serves), changed_at=NOW,
        closed_at=NOW if closed else None,
    )  # fmt: skip
    session.add(point)
    session.flush()


def test_distances_are_those_of_the_globe() -> None:
    assert distance_km(BERLIN, PARIS) == pytest.approx(877.5, abs=1)
    assert distance_km((0, 179.9), (0, -179.9)) == pytest.approx(22.2, abs=0.1)
    assert distance_km(BERLIN, BERLIN) == 0


def test_the_nearest_open_ones_that_serve_the_product_come_first(session: Session) -> None:
    put(session, "paris", PARIS)
    put(session, "london", LONDON, "Lamps")
    put(session, "berlin", BERLIN, "Pots")
    put(session, "gone", BERLIN, closed=True)
    assert [one.point.name for one in nearest(session, BERLIN, wants=["7", "lamps"])] == ["paris", "london"]


def test_a_postcode_is_found_or_else_the_area_around_it(session: Session) -> None:
    other = LINE.replace("10115", "10117").replace("52.5323", "52.6323")
    replace_places(session, read_places([LINE, LINE.replace("52.5323", "52.5325"), other]))
    session.flush()
    found = place_of(session, "de", "10 115")
    assert found is not None
    assert (found.name, found.latitude) == ("Berlin", pytest.approx(52.5324))
    near = place_of(session, "DE", "10119")
    assert near is not None
    assert near.postcode == "10115"
    assert place_of(session, "FR", "10115") is None


@pytest.mark.parametrize("line", ["DE,10115,Berlin", LINE.replace("52.5323", "x"), LINE.replace("52.5323", "152")])
def test_another_files_form_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(BadPlaces, match="line 2"):
        read_places([LINE, line])


def test_a_city_is_found_however_it_is_typed_and_one_of_several_is_asked_for(session: Session) -> None:
    lines = [LINE, LINE.replace("10115", "10117").replace("52.5323", "52.6323")]
    neustadt = LINE.replace("Berlin\tBerlin", "Neustadt\tX")
    lines += [
        neustadt.replace("10115", "01844").replace("52.5323", "51.02"),
        neustadt.replace("10115", "67433").replace("52.5323", "49.35"),
    ]
    replace_places(session, read_places(lines))
    session.flush()
    for typed in ("Berlin", "berlin ", "BERLIN", "Berl", "10115", "10 117"):
        found = find_place(session, "de", typed)
        assert found is not None, typed
        assert found.at is not None, typed
        assert distance_km(found.at, BERLIN) < 15
    several = find_place(session, "DE", "neustadt")
    assert several is not None
    assert (several.at, [one.postcode for one in several.others]) == (None, ["01844", "67433"])
    assert find_place(session, "DE", "Atlantis") is None
    assert find_place(session, "DE", "%") is None


def test_of_two_cities_of_one_name_both_are_offered_however_many_postcodes_the_first_has(session: Session) -> None:
    halle = LINE.replace("Berlin\tBerlin", "Halle\tX")
    lines = [halle.replace("10115", f"061{number}").replace("52.5323", "51.48") for number in range(10, 40)]
    lines.append(halle.replace("10115", "33790").replace("52.5323", "52.06"))
    replace_places(session, read_places(lines))
    found = find_place(session, "DE", "Halle")
    assert found is not None
    assert [one.postcode for one in found.others] == ["06110", "33790"]

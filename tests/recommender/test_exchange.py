"""Purchases out as Parquet, an engine's factors in."""

import json
from datetime import UTC, date
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from sqlalchemy.orm import Session

from recommender.agreed import ALS_WEIGHT
from recommender.candidates import als
from recommender.exchange import NotExported, _days, export_interactions
from recommender.imported_factors import KEPT, BadFactors, forget, import_factors, imported_factors
from recommender.interactions import read_interactions
from recommender.model import NEXT, learn_model

from .purchases import NOW, checkerboard, customer, order


def factors(folder: Path, name: str, ids: list[int], features: list[list[float]], *, parts: int = 2) -> None:
    """As `ALSModel.save` writes them: several part files and an empty one that says it is done."""
    place = folder / name
    place.mkdir(parents=True)
    (place / "_SUCCESS").touch()
    for part in range(parts):
        table = pa.table({
            "id": pa.array(ids[part::parts], pa.int32()),
            "features": pa.array(features[part::parts], pa.list_(pa.float32())),
        })  # fmt: skip
        pq.write_table(table, place / f"part-0000{part}-x.snappy.parquet")


def exported(session: Session, folder: Path) -> Path:
    export_interactions(session, folder, now=NOW)
    return folder


def test_each_customer_product_and_day_is_one_row_in_its_month(session: Session, tmp_path: Path) -> None:
    one = customer(session, "one")
    order(session, one, ["tea", "cup"], days_ago=1)
    order(session, one, ["tea"], days_ago=1.2)
    order(session, one, ["tea"], days_ago=40)
    order(session, one, ["cup"], days_ago=-1)

    done = export_interactions(session, tmp_path / "out", now=NOW)

    assert (done.rows, done.months, done.products) == (4, 2, 2)
    table = ds.dataset(tmp_path / "out" / "purchases", partitioning="hive").to_table().sort_by([("day", "ascending")])
    names = pq.read_table(tmp_path / "out" / "products.parquet").column("product").to_pylist()
    assert [names[number] for number in table.column("product").to_pylist()].count("tea") == 3
    assert table.column("month").to_pylist()[0] == "2026-10"
    assert set(table.column("customer").to_pylist()) == {one}
    weight = table.column("weight").to_pylist()
    assert weight[0] == pytest.approx(np.exp(-40 / als.FADE_DAYS))
    assert json.loads((tmp_path / "out" / "about.json").read_text())["alpha"] == ALS_WEIGHT


def test_a_day_is_one_of_the_shops_calendar(session: Session, tmp_path: Path) -> None:
    order(session, customer(session, "one"), ["tea"], days_ago=1)  # midnight in UTC

    export_interactions(session, tmp_path / "out", now=NOW, zone=ZoneInfo("America/New_York"))

    days = ds.dataset(tmp_path / "out" / "purchases", partitioning="hive").to_table().column("day").to_pylist()
    assert days == [date(2026, 11, 18)]


def test_a_shop_without_orders_exports_an_empty_list_of_products(session: Session, tmp_path: Path) -> None:
    assert export_interactions(session, tmp_path / "out", now=NOW).rows == 0
    assert pq.read_table(tmp_path / "out" / "products.parquet").num_rows == 0


def test_nothing_is_written_over(session: Session, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")

    with pytest.raises(NotExported, match="isn't empty"):
        export_interactions(session, tmp_path, now=NOW)

    assert (tmp_path / "mine").read_text() == "precious"
    assert not (tmp_path / "about.json").exists()


def test_imported_factors_are_those_that_the_next_training_uses(session: Session, tmp_path: Path) -> None:
    ids = checkerboard(session)
    place = exported(session, tmp_path / "out")
    names = pq.read_table(place / "products.parquet").column("product").to_pylist()
    tea = {"tea", "cup", "pot", "spoon"}
    people = [*ids["tea"], *ids["tool"]]
    factors(tmp_path / "als", "userFactors", people[1:], [[1.0, 0.0] if one in ids["tea"] else [0.0, 1.0]
            for one in people[1:]])  # fmt: skip
    factors(tmp_path / "als", "itemFactors", [*range(len(names))], [[1.0, 0.0] if name in tea else [0.0, 1.0]
            for name in names])  # fmt: skip

    import_factors(tmp_path / "als", models=tmp_path / "models", exported=place, now=NOW)
    interactions = read_interactions(session, NOW)
    found = imported_factors(tmp_path / "models")
    assert found is not None
    aligned = found.aligned(interactions)

    scores = aligned.customers @ aligned.products.T
    for row, one in enumerate(interactions.customers):  # the first of them is unknown to the engine, and folded in
        liked = {interactions.products[at] for at in np.argsort(-scores[row])[:4].tolist()}
        assert (liked == tea) is (one in ids["tea"])
    model = learn_model(interactions, factors=aligned)
    assert model.sources.factors is aligned
    assert (model.ranked(np.arange(2, dtype=np.int32), NEXT, n=3).products >= 0).all()


def test_products_that_came_since_the_export_have_no_factors(session: Session, tmp_path: Path) -> None:
    one = customer(session, "one")
    order(session, one, ["tea"], days_ago=5)
    place = exported(session, tmp_path / "out")
    factors(tmp_path / "als", "userFactors", [one], [[1.0, 2.0]], parts=1)
    factors(tmp_path / "als", "itemFactors", [0], [[3.0, 4.0]], parts=1)
    import_factors(tmp_path / "als", models=tmp_path / "models", exported=place, now=NOW)
    order(session, one, ["novelty"], days_ago=1)

    found = imported_factors(tmp_path / "models")
    assert found is not None
    aligned = found.aligned(read_interactions(session, NOW))

    assert aligned.products.tolist() == [[0.0, 0.0], [3.0, 4.0]]
    assert aligned.customers.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("customers", "products", "said"),
    [
        ([[1.0, 2.0]], [[1.0]], "two different models"),
        ([[1.0]], [[float("nan")]], "no number"),
        ([[float("inf")]], [[1.0]], "no number"),
        ([[1.0], [1.0]], [[1.0]], "an id twice"),
        ([[1.0]], [[1.0]] * 3, "another export"),
        ([[1.0]], [], "is empty"),
        ([[1.0]], [[1.0], [1.0, 2.0]], "all must have as many"),
    ],
)
def test_factors_that_make_no_sense_are_refused_in_words(
    session: Session, tmp_path: Path, customers: list[list[float]], products: list[list[float]], said: str
) -> None:
    order(session, customer(session, "one"), ["tea", "cup"], days_ago=5)
    place = exported(session, tmp_path / "out")
    factors(tmp_path / "als", "userFactors", [7] * len(customers), customers)
    factors(tmp_path / "als", "itemFactors", [*range(len(products))], products)

    with pytest.raises(BadFactors, match=said):
        import_factors(tmp_path / "als", models=tmp_path / "models", exported=place, now=NOW)

    assert imported_factors(tmp_path / "models") is None


def test_missing_parts_are_named(session: Session, tmp_path: Path) -> None:
    place = exported(session, tmp_path / "out")
    with pytest.raises(BadFactors, match="--export"):
        import_factors(tmp_path, models=tmp_path / "models", exported=tmp_path, now=NOW)
    with pytest.raises(BadFactors, match=r"no userFactors .* ALSModel\.save"):
        import_factors(tmp_path, models=tmp_path / "models", exported=place, now=NOW)
    (tmp_path / "userFactors").mkdir()
    pq.write_table(pa.table({"user": [1]}), tmp_path / "userFactors" / "part.parquet")
    with pytest.raises(BadFactors, match="columns id: int"):
        import_factors(tmp_path, models=tmp_path / "models", exported=place, now=NOW)


def test_what_was_imported_can_be_forgotten(session: Session, tmp_path: Path) -> None:
    order(session, customer(session, "one"), ["tea"], days_ago=5)
    place = exported(session, tmp_path / "out")
    factors(place, "userFactors", [1], [[1.0]], parts=1)
    factors(place, "itemFactors", [0], [[1.0]], parts=1)
    for _again in range(2):
        import_factors(place, models=tmp_path / "models", exported=place, now=NOW)

    assert forget(tmp_path / "models")
    assert not forget(tmp_path / "models")
    assert imported_factors(tmp_path / "models") is None
    assert not any((tmp_path / "models").iterdir())


def test_a_product_that_is_first_ordered_during_an_export_gets_the_next_number() -> None:
    number = {"tea": 0}

    customer_of, product, _day = _days([(7, "novelty", NOW), (7, "tea", NOW)], number, UTC)

    assert number == {"tea": 0, "novelty": 1}
    assert (customer_of.tolist(), product.tolist()) == ([7, 7], [0, 1])


def imported(session: Session, folder: Path, value: float) -> Path:
    """Factors of one customer and one product, all of this value."""
    if not (folder / "out").exists():
        order(session, customer(session, "one"), ["tea"], days_ago=5)
        exported(session, folder / "out")
    factors(folder / f"als{value}", "userFactors", [1], [[value]], parts=1)
    factors(folder / f"als{value}", "itemFactors", [0], [[value]], parts=1)
    import_factors(folder / f"als{value}", models=folder / "models", exported=folder / "out", now=NOW)
    return folder / "models"


def test_while_factors_are_replaced_a_training_reads_the_old_or_the_new_ones(session: Session, tmp_path: Path) -> None:
    models = imported(session, tmp_path, 1.0)
    stop, seen = Event(), set()

    def read_on() -> None:
        while not stop.is_set():
            found = imported_factors(models)
            seen.add(None if found is None else float(found.of_products[0, 0]) == float(found.of_customers[0, 0]))

    reader = Thread(target=read_on)
    reader.start()
    try:
        for number in range(2, 30):
            imported(session, tmp_path, float(number))
    finally:
        stop.set()
        reader.join()

    assert seen == {True}
    assert len([one for one in models.iterdir() if one.is_dir() and not one.is_symlink()]) == 1


def test_factors_kept_as_a_folder_by_an_older_version_are_replaced_and_forgotten(
    session: Session, tmp_path: Path
) -> None:
    models = imported(session, tmp_path, 1.0)
    for number in (2.0, 0.0):
        files = (models / KEPT).resolve()
        (models / KEPT).unlink()
        files.rename(models / KEPT)
        if number:
            imported(session, tmp_path, number)
            found = imported_factors(models)
            assert found is not None
            assert float(found.of_products[0, 0]) == number
    assert forget(models)
    assert imported_factors(models) is None
    assert list(models.iterdir()) == []


def test_factors_of_which_a_file_is_gone_say_what_to_do(session: Session, tmp_path: Path) -> None:
    models = imported(session, tmp_path, 1.0)
    (models / KEPT / "of_products.npy").unlink()

    with pytest.raises(BadFactors, match=r"lack of_products\.npy: import them again"):
        imported_factors(models)

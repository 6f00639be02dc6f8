"""The trained model on disk: arrays that every worker maps into memory, and a pointer to the present one.

    <folder>/<name>/about.json  customers.npy  products.json  popular.npy
                    next.npy  next_scores.npy  new.npy  new_scores.npy   a row a customer, best first, -1 where none
                    together.npy  together_orders.npy                    a row a product; how many baskets hold both
    <folder>/present            the name of the one that is served

A model is written beside its place, flushed, renamed, and only then pointed at: a trainer that is killed at any moment
leaves the present one as it was, and nobody reads half a model.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .candidates.basket_knn import ranked as ranked_neighbours
from .interactions import Floats, Ints
from .model import NEW, NEXT, LearntModel
from .together import Together

LENGTHS = {NEXT.name: 60, NEW.name: 30}
"""Longer than what is shown, as some of it is sold out, in the cart or on the page already."""
TOGETHER = 24
POPULAR = 100
PRESENT = "present"
UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Artefact:
    """Stored rankings; the arrays are mapped, so that workers share their memory."""

    name: str
    about: Mapping[str, Any]
    products: Sequence[str]
    customers: NDArray[np.int64]
    lists: Mapping[str, Ints]
    scores: Mapping[str, Floats]
    together: Ints
    together_orders: Ints
    popular: Ints

    def row_of(self, customer: int) -> int | None:
        """Where this customer's lists stand; None for somebody the model doesn't know."""
        row = int(np.searchsorted(self.customers, customer))
        return row if row < len(self.customers) and self.customers[row] == customer else None

    def of_customer(self, customer: int, task: str, *, n: int) -> Ints:
        """The `n` best for them by number, fewer or none where there aren't as many."""
        row = self.row_of(customer)
        if row is None:
            return np.empty(0, np.int32)
        ranked = self.lists[task][row, :n]
        return ranked[ranked >= 0]


def publish(model: LearntModel, together: Together, *, folder: Path, name: str, about: Mapping[str, Any]) -> Path:
    """Write all lists and make them the present ones.

    Raises:
        FileExistsError: there is a model of this name.
    """
    place = write(model, together, folder=folder, name=name, about=about)
    point_at(folder, name)
    return place


def write(model: LearntModel, together: Together, *, folder: Path, name: str, about: Mapping[str, Any]) -> Path:
    """Write all lists without serving them yet: what a gate then compares with the present ones."""
    place = folder / name
    if place.exists():
        raise FileExistsError(f"There is a model {name} already; give this one another name.")
    unfinished = folder / f"{UNFINISHED}{name}-{os.getpid()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    known = model.sources.known
    everyone = np.arange(len(known.customers), dtype=np.int32)
    arrays: dict[str, np.ndarray] = {"customers": np.array(known.customers, np.int64)}
    for task in (NEXT, NEW):
        lists = model.ranked(everyone, task, n=LENGTHS[task.name])
        arrays[task.name] = lists.products
        arrays[f"{task.name}_scores"] = lists.scores.astype(np.float16)
    arrays["together"], arrays["together_orders"] = _together(together)
    popular = np.argsort(-model.sources.popular, kind="stable")[:POPULAR]
    arrays["popular"] = popular[model.sources.popular[popular] > 0].astype(np.int32)
    for part, array in arrays.items():
        with (unfinished / f"{part}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            _flush(file)
    for part, facts in (("products", list(known.products)), ("about", dict(about))):
        with (unfinished / f"{part}.json").open("w") as text:
            json.dump(facts, text)
            _flush(text)
    unfinished.rename(place)
    _flush_folder(folder)
    return place


def point_at(folder: Path, name: str) -> None:
    """Serve this one from now on; also the way back to an earlier one.

    Raises:
        FileNotFoundError: there is no such model.
    """
    if not (folder / name / "about.json").exists():
        raise FileNotFoundError(f"There is no model {name} in {folder}; those there are: {', '.join(names(folder))}.")
    new = folder / f"{UNFINISHED}{PRESENT}-{os.getpid()}"
    with new.open("w") as file:
        file.write(name)
        _flush(file)
    new.replace(folder / PRESENT)
    _flush_folder(folder)


def present_name(folder: Path) -> str | None:
    """Cheap enough to ask once a second: workers load anew when it changes."""
    try:
        return (folder / PRESENT).read_text() or None
    except FileNotFoundError:
        return None


def names(folder: Path) -> list[str]:
    """All finished models, by name."""
    return sorted(one.parent.name for one in folder.glob("[!.]*/about.json"))


def load(folder: Path, name: str) -> Artefact:
    """Map the arrays; reads next to nothing until somebody asks."""
    place = folder / name

    def array(part: str) -> np.ndarray:
        mapped: np.ndarray = np.load(place / f"{part}.npy", mmap_mode="r", allow_pickle=False)
        return mapped

    return Artefact(
        name=name,
        about=json.loads((place / "about.json").read_text()),
        products=json.loads((place / "products.json").read_text()),
        customers=array("customers"),
        lists={task: array(task) for task in LENGTHS},
        scores={task: array(f"{task}_scores") for task in LENGTHS},
        together=array("together"),
        together_orders=array("together_orders"),
        popular=array("popular"),
    )


def prune(folder: Path, *, keep: int) -> list[str]:
    """Remove all but the last `keep` by name, and never the present one; what killed trainers left goes too."""
    present = present_name(folder)
    old = [name for name in names(folder)[: -keep or None] if name != present]
    for name in old:
        shutil.rmtree(folder / name)
    for left in folder.glob(f"{UNFINISHED}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
    return old


def _together(together: Together) -> tuple[Ints, Ints]:
    size = len(together.known.products)
    others, orders = np.full((size, TOGETHER), -1, np.int32), np.zeros((size, TOGETHER), np.int32)
    for product, ranked, counts in ranked_neighbours(together.pairs, TOGETHER):
        others[product, : len(ranked)] = ranked
        orders[product, : len(ranked)] = counts
    return others, orders


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

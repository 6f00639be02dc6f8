"""Factors that another engine made: checked, kept beside the models, and used by trainings in place of implicit's.

Spark's `ALSModel.save` writes `userFactors` and `itemFactors`, Parquet with the columns `id` (int) and `features`
(array of float); the ids are those of the export (`exchange`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats
from .candidates import als
from .candidates.item_knn import decayed
from .exchange import ABOUT, PRODUCTS
from .interactions import Interactions
from .serving.fold_in import inverse_of, taste

KEPT = ".imported-factors"
"""The folder's name among the models; the dot says that it is none."""
OF_CUSTOMERS = ("userFactors", "user_factors")
OF_PRODUCTS = ("itemFactors", "item_factors")
LARGEST_RANK = 1_024
ARRAYS = ("customers", "of_customers", "of_products")


class BadFactors(ValueError):
    """The files can't be used; the message says what is wrong and where."""


@dataclass(frozen=True)
class ImportedFactors:
    """`customers` are the CRM's numbers, sorted; a row of factors for each of them and for each product."""

    customers: NDArray[np.int64]
    products: tuple[str, ...]
    of_customers: Floats
    of_products: Floats
    about: Mapping[str, Any]

    def __str__(self) -> str:
        return (
            f"{self.of_customers.shape[1]} factors of {len(self.customers):,} customers and {len(self.products):,} "
            "products; the next training uses them."
        )

    def aligned(self, interactions: Interactions) -> als.Factors:
        """In the order of the interactions. Who came since is folded in; products that came since have no factors."""
        rank = self.of_products.shape[1]
        number = {product: place for place, product in enumerate(self.products)}
        place = np.array([number.get(product, -1) for product in interactions.products], np.int64)
        products: Floats = (
            np.where((place >= 0)[:, None], self.of_products[place], np.float32(0))
            if len(place)
            else self.of_products[:0]
        )
        customers = np.zeros((len(interactions.customers), rank), np.float32)
        at = np.searchsorted(self.customers, np.array(interactions.customers, np.int64))
        at = np.minimum(at, max(len(self.customers) - 1, 0))
        known = self.customers[at] == np.array(interactions.customers, np.int64) if len(self.customers) else at < 0
        customers[known] = self.of_customers[at[known]]
        if not known.all():
            inverse, bought = inverse_of(products), decayed(interactions, fade_days=als.FADE_DAYS)
            for one in np.flatnonzero(~known).tolist():
                begin, end = bought.indptr[one], bought.indptr[one + 1]
                weights = dict(zip(bought.indices[begin:end].tolist(), bought.data[begin:end].tolist(), strict=True))
                customers[one] = taste(products, inverse, weights)
        return als.Factors(customers, products)


def import_factors(folder: Path, *, models: Path, exported: Path, now: datetime) -> ImportedFactors:
    """Check what the engine wrote into `folder` against the export it was made of, and keep it for the trainings.

    Raises:
        BadFactors: a part is missing or no Parquet, an id is unknown or there twice, factors differ in number or
            aren't finite.
    """
    products = _products(exported)
    customer_ids, of_customers = _factors(folder, OF_CUSTOMERS)
    product_ids, of_products = _factors(folder, OF_PRODUCTS)
    if of_customers.shape[1] != of_products.shape[1]:
        raise BadFactors(
            f"Customers have {of_customers.shape[1]} factors and products {of_products.shape[1]}: "
            "they are of two different models."
        )
    if len(product_ids) and (product_ids.min() < 0 or product_ids.max() >= len(products)):
        raise BadFactors(
            f"{folder.name} has a product {int(product_ids.max())}, the export {exported} only {len(products):,}: "
            "the factors were made of another export."
        )
    by_number = np.argsort(customer_ids)
    found = ImportedFactors(
        customer_ids[by_number], tuple(products[one] for one in product_ids.tolist()), of_customers[by_number],
        of_products, {"imported_at": now.isoformat(), "rank": of_products.shape[1]},
    )  # fmt: skip
    _keep(found, models)
    return found


def imported_factors(models: Path) -> ImportedFactors | None:
    """What was imported last; None where nothing was.

    Raises:
        BadFactors: some of the files are missing; the message says what to do.
    """
    place, missing = (models / KEPT).resolve(), ""  # one import's folder, whatever is imported while it is read
    if place.is_dir():
        try:
            return _read(place)
        except FileNotFoundError as error:
            missing = Path(error.filename).name
    if (models / KEPT).resolve() != place:
        return imported_factors(models)  # replaced meanwhile
    if missing:
        raise BadFactors(
            f"The imported factors in {models / KEPT} lack {missing}: import them again with "
            "`flask ecrm import-factors`, or remove them with its option --forget to train without."
        )
    return None


def _read(place: Path) -> ImportedFactors:
    about = json.loads((place / ABOUT).read_text())
    products = json.loads((place / "products.json").read_text())
    customers, of_customers, of_products = (np.load(place / f"{part}.npy", mmap_mode="r") for part in ARRAYS)
    return ImportedFactors(np.asarray(customers), tuple(products), of_customers, of_products, about)


def forget(models: Path) -> bool:
    """Train with implicit's own factors again; False where there were no others."""
    place = models / KEPT
    if not place.exists():
        return False
    gone = place.with_name(f"{KEPT}-old-{os.getpid()}")
    files = place.resolve()
    place.rename(gone)
    if gone.is_symlink():
        gone.unlink()
        shutil.rmtree(files, ignore_errors=True)
    else:
        shutil.rmtree(gone, ignore_errors=True)
    return True


def _products(exported: Path) -> list[str]:
    import pyarrow as pa  # imported here: opening a shop doesn't need it
    import pyarrow.parquet as pq

    file = exported / PRODUCTS
    if not file.is_file():
        raise BadFactors(
            f"There is no {file}. Say with --export which folder `flask ecrm export-interactions` wrote: the factors' "
            "ids are its numbers."
        )
    try:
        table = pq.read_table(file, columns=["number", "product"])
    except (pa.ArrowException, OSError) as error:
        raise BadFactors(f"{file} can't be read: {error}") from None
    products: list[str] = table.sort_by("number").column("product").to_pylist()
    return products


def _factors(folder: Path, names: tuple[str, ...]) -> tuple[NDArray[np.int64], Floats]:
    import pyarrow as pa
    import pyarrow.dataset as ds

    place = next((at / name for at in (folder, folder / "model") for name in names if (at / name).exists()), None)
    if place is None:
        raise BadFactors(f"There is no {names[0]} in {folder}; give the folder that ALSModel.save wrote.")
    try:
        table = ds.dataset(place, format="parquet").to_table(columns=["id", "features"])
        ids = table.column("id").cast(pa.int64())
        features = table.column("features").cast(pa.list_(pa.float32())).combine_chunks()
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise BadFactors(
            f"{place} can't be read as factors (Parquet with the columns id: int and features: array of float): {error}"
        ) from None
    if not table.num_rows:
        raise BadFactors(f"{place} is empty.")
    if ids.null_count or features.null_count:
        raise BadFactors(f"{place} has rows without an id or without factors.")
    lengths = np.unique(features.value_lengths().to_numpy(zero_copy_only=False))
    if len(lengths) > 1 or not 1 <= int(lengths[0]) <= LARGEST_RANK:
        raise BadFactors(f"{place} has rows of {', '.join(map(str, lengths[:5]))} factors; all must have as many.")
    numbers = ids.to_numpy()
    values = features.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(numbers), -1)
    if len(np.unique(numbers)) < len(numbers):
        raise BadFactors(f"{place} has an id twice.")
    if not np.isfinite(values).all():
        broken = int(numbers[~np.isfinite(values).all(axis=1)][0])
        raise BadFactors(f"{place} has a factor that is no number (id {broken}); the engine's fit went astray.")
    return numbers, values


def _keep(found: ImportedFactors, models: Path) -> None:
    """The name is a link to the files, exchanged in one step: whoever reads finds the factors before or these."""
    fresh = models / f"{KEPT}-{time_ns()}-{os.getpid()}"
    fresh.mkdir(parents=True)
    for part in ARRAYS:
        np.save(fresh / f"{part}.npy", getattr(found, part))
    (fresh / "products.json").write_text(json.dumps(found.products))
    (fresh / ABOUT).write_text(json.dumps(found.about))
    for file in fresh.iterdir():
        with file.open("rb+") as written:
            os.fsync(written.fileno())
    place = models / KEPT
    link = fresh.with_name(f"{fresh.name}-link")
    link.symlink_to(fresh.name)
    if not place.is_symlink():
        forget(models)  # a folder, as an older version kept them: a link can't take its place in one step
    before = place.resolve()
    link.replace(place)
    if before != place:
        shutil.rmtree(before, ignore_errors=True)

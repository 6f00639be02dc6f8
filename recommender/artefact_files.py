"""The files of a model, written so that it is complete or isn't there: beside its place, flushed, then renamed.

A trainer that is killed at any moment leaves a folder that begins with `folders.UNFINISHED` and that nobody reads.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .artefact import LAYOUT, SESSION
from .candidates.session_knn import SessionNeighbours
from .folders import UNFINISHED


@contextmanager
def begun(folder: Path, name: str) -> Iterator[Path]:
    """A place to write into; at the end it gets its name.

    Raises:
        FileExistsError: there is a model of this name.
    """
    place = folder / name
    if place.exists():
        raise FileExistsError(f"There is a model {name} already; give this one another name.")
    unfinished = folder / f"{UNFINISHED}{name}-{os.getpid()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    _flush_folder(unfinished)
    unfinished.rename(place)
    _flush_folder(folder)


def put_arrays(place: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Each as a file of its name."""
    for part, array in arrays.items():
        with (place / f"{part}.npy").open("wb") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
            _flush(file)


def put_facts(
    place: Path,
    *,
    products: Sequence[str],
    words: Mapping[str, Sequence[str]],
    about: Mapping[str, Any],
    session: SessionNeighbours | None,
) -> None:
    """All that isn't numbers. `words` are the names of `categories`, `brands` and `regions`."""
    if session:
        put_arrays(place, {f"{SESSION}{part}": array for part, array in session.arrays.items()})
    visits = {"arrays": sorted(session.arrays), "settings": asdict(session.settings)} if session else None
    facts = {"layout": LAYOUT, "about": dict(about), "session": visits}
    for part, content in (("products", list(products)), ("words", dict(words)), ("about", facts)):
        with (place / f"{part}.json").open("w") as text:
            json.dump(content, text)
            _flush(text)


@contextmanager
def streamed(place: Path, kinds: Mapping[str, Any], *, shape: tuple[int, int]) -> Iterator[dict[str, NDArray[Any]]]:
    """Arrays of the same shape that are written part by part, straight to disk: they may be larger than the memory."""
    if not shape[0]:
        put_arrays(place, {part: np.empty(shape, kind) for part, kind in kinds.items()})
        yield {part: np.empty(shape, kind) for part, kind in kinds.items()}
        return
    mapped = {
        part: np.lib.format.open_memmap(place / f"{part}.npy", mode="w+", dtype=kind, shape=shape)
        for part, kind in kinds.items()
    }
    yield dict(mapped)
    for part, array in mapped.items():
        array.flush()
        with (place / f"{part}.npy").open("rb+") as file:
            _flush(file)


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

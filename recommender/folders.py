"""The folder of models: one trainer at a time, what a killed one left is swept, and only some of the past is kept."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .ladder import Ranker, ranker_from

LOCK = ".training"
UNFINISHED = ".unfinished-"
"""What begins so is nobody's model: it is being written, or being removed."""
RANKERS = "rankers.json"


class BeingTrained(RuntimeError):
    """Another process trains at this moment; this one should leave it to that."""


@contextmanager
def only_trainer(folder: Path) -> Iterator[None]:
    """Be the only trainer on this folder; a killed process gives it free by itself.

    Raises:
        BeingTrained: somebody else is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BeingTrained("A model is being trained already; wait until that is done.") from None
        yield


def names(folder: Path) -> list[str]:
    """All finished models, by name."""
    return sorted(one.parent.name for one in folder.glob("[!.]*/about.json"))


def sweep(folder: Path, *, keep: Collection[str]) -> list[str]:
    """Remove all other models and what killed trainers left; to be called by the only trainer.

    A folder is renamed before it is emptied: whoever is killed half-way leaves nothing that looks like a model. Workers
    that still map its files go on reading them.
    """
    old = [name for name in names(folder) if name not in keep]
    for name in old:
        (folder / name).rename(folder / f"{UNFINISHED}{name}-old-{os.getpid()}")
    for left in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    return old


def keep_rankers(place: Path, rankers: dict[str, Ranker]) -> None:
    """Write the rankings beside the arrays, so that a refresh needn't learn them again."""
    with (place / RANKERS).open("w") as file:
        json.dump({task: ranker.as_text() for task, ranker in rankers.items()}, file)
        file.flush()
        os.fsync(file.fileno())


def kept_rankers(place: Path) -> dict[str, Ranker]:
    """The inverse.

    Raises:
        FileNotFoundError: the model isn't kept, or is older than refreshes.
    """
    stored: dict[str, Any] = json.loads((place / RANKERS).read_text())
    return {task: ranker_from(one) for task, one in stored.items()}

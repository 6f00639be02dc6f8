"""Settling which model is served and which folders stay: one at a time, whoever does it in whatever process.

A training that publishes or sweeps, and staff who go back to an earlier model, would otherwise decide by what the other
one changes at that moment. Held for a transaction, never for a training.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def settling(folder: Path) -> Iterator[None]:
    """Wait until nobody else settles anything in this folder of models; where there is none, nothing can be."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)  # gives it free

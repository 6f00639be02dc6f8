"""After a fork: what keeps locks, threads and queues begins anew in the child, whose parent goes on with its own."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Beginner(Protocol):
    """Keeps something that a child must not inherit."""

    def begin(self) -> None:
        """Start as if just made."""


_living: weakref.WeakSet[Beginner] = weakref.WeakSet()


def begin_in_children(one: Beginner) -> None:
    """Have `one.begin()` called in every process that is forked from this one, for as long as it lives."""
    _living.add(one)


def _begin_all() -> None:
    for one in list(_living):
        one.begin()


os.register_at_fork(after_in_child=_begin_all)

"""Findings: what was looked at, how it is, and what to do where it isn't well; and what is asked of the DNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Grade(StrEnum):
    """How it is. UNKNOWN: it couldn't be asked."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One finding. `fix`: what to do, empty where nothing is to be done."""

    about: str
    grade: Grade
    says: str
    fix: str = ""


class NoAnswer(Exception):
    """The DNS couldn't be asked; that says nothing about what stands there."""


class Resolver(Protocol):
    """The questions to the DNS. An empty answer means that there is no such record.

    Each raises `NoAnswer` where nobody answered.
    """

    def txt(self, name: str) -> Sequence[str]: ...

    def addresses(self, name: str) -> Sequence[str]: ...

    def mx(self, name: str) -> Sequence[str]: ...

    def ptr(self, address: str) -> Sequence[str]: ...

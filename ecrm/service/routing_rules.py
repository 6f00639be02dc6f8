"""Routing rules: which matters go to which team and want which skill; and examples that say where a matter belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

from .cases.words import words_in


class RoutingRule(Record):
    """The first rule (by `place`) whose conditions all hold decides. `conditions` as `Conditions.stored` wrote them."""

    __tablename__ = "ecrm_routing_rule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    place: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    team_id: Mapped[int] = mapped_column(ForeignKey("ecrm_team.id"))
    skill: Mapped[str] = mapped_column(String(40), default="")
    archived_at: Mapped[datetime | None]


class RoutingExample(Record):
    """A matter as somebody might write it (`given`: the fields of `Matter`), and the team and agent that belong to it.

    It is made up: nobody's real message is kept here.
    """

    __tablename__ = "ecrm_routing_example"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    given: Mapped[dict[str, Any]] = mapped_column(default=dict)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_team.id"))
    staff_id: Mapped[str] = mapped_column(String(64), default="")


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What rules ask about. `order_minor`: the order's total, None without an order. `segments`: their ids."""

    subject: str = ""
    text: str = ""
    kind: str = "question"
    channel: str = "email"
    language: str = ""
    country: str = ""
    category: tuple[str, ...] = ()
    order_minor: int | None = None
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Each that is given must hold; of several values of one, any. Words may end in `*` for a beginning, and be
    several in a row ("money back"). Orders: `least_minor` to `most_minor`, both included."""

    words: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    segment_id: int | None = None
    least_minor: int | None = None
    most_minor: int | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Conditions:
        """What `stored` wrote."""
        return cls(**_kept(cls, stored))

    @property
    def stored(self) -> dict[str, Any]:
        """As JSON holds them, without those that ask nothing."""
        kept = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {key: value for key, value in kept.items() if value not in (None, [])}

    def failing(self, matter: Matter) -> str:
        """The name of the first condition that doesn't hold; empty where all do."""
        checks = (
            ("words", not self.words or _says(matter, self.words)),
            ("kinds", not self.kinds or matter.kind in self.kinds),
            ("channels", not self.channels or matter.channel in self.channels),
            ("languages", not self.languages or matter.language in self.languages),
            ("countries", not self.countries or matter.country in self.countries),
            ("categories", not self.categories or _shares(self.categories, matter.category)),
            ("segment_id", self.segment_id is None or self.segment_id in matter.segments),
            ("least_minor", self.least_minor is None or _or_less(matter.order_minor) >= self.least_minor),
            ("most_minor", self.most_minor is None or 0 <= _or_less(matter.order_minor) <= self.most_minor),
        )
        return next((name for name, holds in checks if not holds), "")


def rules_in_order(session: Session) -> Sequence[RoutingRule]:
    """The rules that are asked, first to last."""
    query = select(RoutingRule).where(RoutingRule.archived_at.is_(None))
    return session.scalars(query.order_by(RoutingRule.place, RoutingRule.id)).all()


def matter_of(given: Mapping[str, Any]) -> Matter:
    """The matter of an example."""
    return Matter(**_kept(Matter, given))


def _kept(kind: type[Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `kind` that are stored; JSON's lists are tuples here."""
    known = {field.name for field in fields(kind)}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items() if key in known}


def _says(matter: Matter, wanted: Sequence[str]) -> bool:
    said = f" {' '.join(_in_order(f'{matter.subject} {matter.text}'))} "
    for term in wanted:
        words = " ".join(_in_order(term))
        if words and (f" {words}" if term.rstrip().endswith("*") else f" {words} ") in said:
            return True
    return False


def _in_order(text: str) -> list[str]:
    return [word for part in text.split() for word in words_in(part)]


def _shares(wanted: Sequence[str], had: Sequence[str]) -> bool:
    return bool({one.casefold() for one in wanted} & {one.casefold() for one in had})


def _or_less(minor: int | None) -> int:
    return -1 if minor is None else minor

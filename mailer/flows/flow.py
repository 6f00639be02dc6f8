"""Flow: a series of e-mails that something a person did, or a day of theirs, sets going. A flow is a file beside this.

A flow says who enters (`entering`), when somebody leaves (`leaves`) and what each e-mail is about (`content`). Time,
once-only, the control group, consent, the contact budget and the outbox are the engine's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Protocol

from sqlalchemy.orm import Session

from mailer.addressing import Mailbox
from mailer.best_hour import Hours
from mailer.calendar import Place
from mailer.consent import Topic
from mailer.quiet import Quiet
from tracking.clickstream.log import Log

from .entry import FlowEntry
from .goods import Goods


@dataclass(frozen=True, kw_only=True)
class Step:
    """One e-mail of a flow.

    `after`: how long after the cause it is due; `at_best_hour`: then at the person's best hour within a day, instead
    of at once. `good_for`: how long it may wait for the contact budget before it is dropped. `any_day`: on public
    holidays, too. `on_day`: only on the local day on which it is due.
    """

    name: str
    template: str
    after: timedelta = timedelta()
    at_best_hour: bool = False
    good_for: timedelta = timedelta(days=3)
    any_day: bool = False
    on_day: bool = False


@dataclass(frozen=True, kw_only=True)
class Knob:
    """A number that the shop may set for a flow. `unit`: minutes, hours, days, percent, money (minor units) or ""."""

    name: str
    words: str
    default: int
    least: int
    most: int
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Entering:
    """Somebody to whom a flow applies. `cause` says once per what: the flow runs once for it, whoever asks again.

    Steps count from `at`. One of `contact_id` and `customer_id` is enough. `topic` is that of the flow where empty.
    `order_reference`: the order that it is about. `data` is what the flow wants to know later; JSON.
    """

    cause: str
    at: datetime
    contact_id: int | None = None
    customer_id: int | None = None
    topic: str = ""
    order_reference: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Leave:
    """The entry ends here, without further e-mails; `reason` is shown to staff."""

    reason: str


@dataclass(frozen=True)
class Later:
    """The clock starts anew: steps count from `at` now."""

    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class OpenCart:
    """A cart as it lies there. `cart_id` stays the same until it is ordered: there is one series of e-mails for it.

    `customer`: the shop's account id. `products`: product id and pieces.
    """

    cart_id: str
    customer: str
    touched_at: datetime
    products: Mapping[str, int]


class Shop(Protocol):
    """What flows ask of the shop. Each question is answered as of now; none may write."""

    @property
    def sender(self) -> Mailbox:
        """From whom e-mails come."""

    @property
    def zone(self) -> str:
        """The shop's time zone, that of everybody of whom no other is known."""

    @property
    def hours(self) -> Hours:
        """At which hours people look, by country."""

    @property
    def quiet(self) -> Quiet:
        """When nobody is bothered."""

    @property
    def goods(self) -> Goods:
        """What flows about products ask."""

    def zones(self, session: Session) -> Sequence[str]:
        """The time zones in which customers live, the shop's among them."""

    def places(self, session: Session, customer_ids: Collection[int]) -> Mapping[int, Place]:
        """Where these customers live; unknown ones are left out."""

    def deeds(self, session: Session, customer_id: int, *, now: datetime) -> Sequence[datetime]:
        """When this customer ordered or, where they agreed to that, visited; the newest, for their best hour."""

    def log(self, session: Session) -> Log:
        """What visitors did, archived days included."""

    def open_carts(self, *, since: datetime, until: datetime) -> Sequence[OpenCart] | None:
        """Carts of accounts touched last in this stretch; None from a shop that doesn't tell."""

    def open_cart(self, cart_id: str) -> OpenCart | None:
        """This cart as it lies there; None where it was ordered, emptied or is unknown."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One look of the engine at a flow.

    `since`: what happened up to then was looked at before; a flow may look further back, at no harm but its time.
    `knobs` are the flow's settings. `day` and `zone`: of a daily flow, the local day that has begun, and where.
    """

    now: datetime
    since: datetime
    shop: Shop
    knobs: Mapping[str, int]
    zone: str = ""
    day: date | None = None


class Flow(ABC):
    """A flow. `name` stands in dedup keys, sources and templates, so it never changes.

    `priority`: the higher one wins where the contact budget has room for one. `control_percent`: of the people, how
    many go through it without e-mails, so that its effect can be measured. `daily`: it is asked once each local day,
    in each time zone where customers live, instead of every minute. `starts_on`: switched on in a new shop.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    does: ClassVar[str]
    topic: ClassVar[Topic]
    priority: ClassVar[int]
    steps: ClassVar[tuple[Step, ...]]
    knobs: ClassVar[tuple[Knob, ...]] = ()
    control_percent: ClassVar[int] = 10
    daily: ClassVar[bool] = False
    starts_on: ClassVar[bool] = True

    @property
    def source(self) -> str:
        """How its e-mails are marked."""
        return f"flow:{self.name}"

    @abstractmethod
    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        """To whom it applies as of `run.now`, because of what happened after `run.since` or on `run.day`.

        Nothing later than `run.now` may be looked at: a rehearsal asks about the past.
        """

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | Later | None:
        """Whether the entry's reason is gone as of `run.now`; asked before each step, and again just before sending."""
        return None

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        """What the e-mail is about, as JSON for its writer: ids and moments, never prices. None: nothing to say."""
        return dict(entry.data)


MAX_STEPS = 20


def step_knob(step: Step) -> Knob:
    """The setting of a step's delay, in minutes."""
    minutes = int(step.after.total_seconds()) // 60
    return Knob(name=f"after:{step.name}", words=step.name, default=minutes, least=0, most=366 * 1440, unit="minutes")


def all_knobs(flow: Flow) -> tuple[Knob, ...]:
    """Everything that can be set: the flow's own numbers, then each step's delay."""
    return (*flow.knobs, *(step_knob(step) for step in flow.steps))


def delay(step: Step, knobs: Mapping[str, int]) -> timedelta:
    """How long after the cause a step is due, as it is set."""
    return timedelta(minutes=knobs.get(f"after:{step.name}", int(step.after.total_seconds()) // 60))

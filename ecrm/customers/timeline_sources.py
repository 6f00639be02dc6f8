"""What a customer's timeline is made of: for each kind of row its table, its moment, and whose it is, in SQL alone.

Every branch is served by an index over the customer (or over their browsers), and every statement is built once and
kept: the pages ask thousands of times a day, and building costs more than running.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Column, ColumnElement, Join, Select, Table, bindparam, func, literal_column, not_, select

from ecrm.events import ProductsSearched
from ecrm.service.calls import Call
from ecrm.service.cases import Case, CaseMessage
from ecrm.service.notes import CustomerNote
from ecrm.service.offers_shown import OfferMade
from ecrm.voice.questions import ProductAnswer, ProductQuestion
from ecrm.voice.reviews import Review
from mailer.outbox import Email
from tracking import identity
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.delivery.returns import Return
from tracking.delivery.shipment import Scan, Shipment
from tracking.orders import SeenOrder, SeenRefund
from tracking.record import Record, shifted
from tracking.visitors import ConsentChoice, Grade, VisitorClaim

# Spelled out: a database takes an index over some rows only where it reads the same words in the question.
_ACCOUNT_EVENTS: ColumnElement[str] = literal_column("('Profile Changed', 'Signed In', 'Signed Up')")
_SEARCHED: ColumnElement[str] = literal_column(f"'{ProductsSearched.name}'")
CUSTOMER: ColumnElement[Any] = bindparam("customer")


class Kind(StrEnum):
    """What a reader can filter by."""

    ORDER = "order"
    REFUND = "refund"
    VISIT = "visit"
    SEARCH = "search"
    EMAIL = "email"
    DELIVERY = "delivery"
    ACCOUNT = "account"
    CONSENT = "consent"
    CASE = "case"
    NOTE = "note"
    CALL = "call"
    RETURN = "return"
    REVIEW = "review"
    QUESTION = "question"
    SATISFACTION = "satisfaction"
    OFFER = "offer"


@dataclass(frozen=True)
class Asked:
    """For which database, and the setting ECRM_IDENTITY_DAYS."""

    dialect: str
    window: timedelta


Whose = Callable[[Asked], Sequence[ColumnElement[bool]]]


@dataclass(frozen=True)
class Source:
    """One kind of row.

    `whose`: conditions of which each row meets one at most; each is a branch with an index of its own. `shows`: the
    columns that its line needs beside the id; `beside`: the row's table with the one through
    which it is the customer's, and `also` what its line needs of that; `knows_whose`: the row says itself whose it is.
    """

    kind: Kind
    table: Table
    moment: Column[Any]
    whose: Whose
    shows: tuple[str, ...] = ()
    beside: Join | None = None
    also: tuple[ColumnElement[Any], ...] = ()
    knows_whose: bool = False

    @cached_property
    def may_be_simulated(self) -> bool:
        """Whether the demo makes such rows up."""
        return "simulated" in self.table.c

    def heads(self, asked: Asked) -> list[Select[Any]]:
        """The ids and moments of a customer's rows, a statement a branch."""
        found = select(self.table.c.id.label("id"), self.moment.label("at"))
        found = found.select_from(self.table if self.beside is None or self.knows_whose else self.beside)
        return [found.where(one) for one in self.whose(asked)]


def _table(record: type[Record]) -> Table:
    table = record.__table__
    assert isinstance(table, Table)  # noqa: S101 (a mapped class has one)
    return table


def _of_customer(record: type[Record]) -> Whose:
    column = _table(record).c.customer_id
    return lambda _asked: [column == CUSTOMER]


def _browsers() -> Select[Any]:
    """The browsers in which this customer, and nobody else, was seen (`identity.visitors_of`, as a part of a query)."""
    return (
        select(VisitorClaim.visitor_id)
        .where(VisitorClaim.customer_id == CUSTOMER, identity.claim_stands(VisitorClaim), ~identity.shared())
        .order_by(VisitorClaim.id.desc())
        .limit(identity.MAX_BROWSERS)
    )


def visits_signed_in(_asked: Asked) -> ColumnElement[bool]:
    """Visits in which the customer was signed in; the first half of the rule of `identity.visits_of`."""
    taken_back = select(VisitorClaim.visitor_id).where(
        VisitorClaim.customer_id == CUSTOMER, not_(identity.claim_stands(VisitorClaim))
    )
    return (Visit.customer_id == CUSTOMER) & Visit.visitor_id.not_in(taken_back) & (Visit.grade >= int(Grade.PERSONAL))


def visits_alone(asked: Asked) -> ColumnElement[bool]:
    """Visits without a sign-in in browsers that are theirs alone; the second half."""
    since = (
        select(shifted(VisitorClaim.claimed_at, -asked.window, dialect=asked.dialect))
        .where(VisitorClaim.visitor_id == Visit.visitor_id, VisitorClaim.customer_id == CUSTOMER)
        .correlate(Visit)
        .scalar_subquery()
    )
    return (
        Visit.visitor_id.in_(_browsers())
        & (func.coalesce(Visit.customer_id, 0) == 0)  # over the browser: of the index over customers, most have none
        & (Visit.started_at >= since)
        & (Visit.grade >= int(Grade.PERSONAL))
    )


def _searches(asked: Asked) -> Sequence[ColumnElement[bool]]:
    search = Event.name == _SEARCHED
    alone = select(Visit.id).where(visits_alone(asked))
    signed_in = select(Visit.id).where(visits_signed_in(asked))
    seen_with = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == CUSTOMER)
    nameless = search & Event.customer_id.is_(None) & Event.visitor_id.in_(seen_with)
    return [
        (Event.customer_id == CUSTOMER) & search,
        nameless & (Event.session_id.in_(alone) | Event.session_id.in_(signed_in)),
    ]


def _received(_asked: Asked) -> Sequence[ColumnElement[bool]]:
    return [(Return.customer_id == CUSTOMER) & Return.received_at.is_not(None)]


def _rated(_asked: Asked) -> Sequence[ColumnElement[bool]]:
    return [(Case.customer_id == CUSTOMER) & Case.satisfied_at.is_not(None)]


def _answers(_asked: Asked) -> Sequence[ColumnElement[bool]]:
    """What was answered to this customer, and what they answered to others."""
    others = ProductAnswer.customer_id.is_distinct_from(CUSTOMER)
    return [(ProductQuestion.customer_id == CUSTOMER) & others, ProductAnswer.customer_id == CUSTOMER]


_EVENT, _SCAN, _SHIPMENT = _table(Event), _table(Scan), _table(Shipment)
_CASE, _SAID = _table(Case), _table(CaseMessage)
_RETURN, _QUESTION, _ANSWER = _table(Return), _table(ProductQuestion), _table(ProductAnswer)
SOURCES: tuple[Source, ...] = (
    Source(
        Kind.CONSENT, _table(ConsentChoice), _table(ConsentChoice).c.chosen_at,
        lambda _asked: [ConsentChoice.visitor_id.in_(_browsers())], ("grade",),
    ),
    Source(
        Kind.ACCOUNT, _EVENT, _EVENT.c.happened_at,
        lambda _asked: [(Event.customer_id == CUSTOMER) & Event.name.op("IN", is_comparison=True)(_ACCOUNT_EVENTS)],
        ("name", "simulated"),
    ),
    Source(Kind.SEARCH, _EVENT, _EVENT.c.happened_at, _searches, ("subject", "properties", "simulated")),
    Source(
        Kind.ORDER, _table(SeenOrder), _table(SeenOrder).c.placed_at, _of_customer(SeenOrder),
        ("reference", "total_minor", "currency"),
    ),
    Source(
        Kind.DELIVERY, _SHIPMENT, _SHIPMENT.c.expected_at, _of_customer(Shipment), ("order_reference", "promised_on"),
    ),
    Source(
        Kind.EMAIL, _table(Email), _table(Email).c.queued_at, _of_customer(Email), ("subject", "template", "state"),
    ),
    Source(
        Kind.DELIVERY, _SCAN, _SCAN.c.scanned_at, _of_customer(Scan), ("status", "place", "note"),
        beside=_SHIPMENT.join(_SCAN, _SCAN.c.shipment_id == _SHIPMENT.c.id),
        also=(_SHIPMENT.c.carrier, _SHIPMENT.c.tracking_number, _SHIPMENT.c.order_reference), knows_whose=True,
    ),
    Source(
        Kind.REFUND, _table(SeenRefund), _table(SeenRefund).c.refunded_at, _of_customer(SeenRefund),
        ("reference", "amount_minor", "reason"),
    ),
    # By its end: then a visit stands above what happened in it.
    Source(
        Kind.VISIT, _table(Visit), _table(Visit).c.last_at,
        lambda asked: [visits_signed_in(asked), visits_alone(asked)],
        tuple(column.name for column in _table(Visit).c if column.name != "id"),
    ),
    Source(
        Kind.CASE, _SAID, _SAID.c.at, _of_customer(Case), ("direction", "author_name"),
        beside=_CASE.join(_SAID, _SAID.c.case_id == _CASE.c.id),
        also=(_CASE.c.reference.label("case"), _CASE.c.subject),
    ),
    Source(
        Kind.NOTE, _table(CustomerNote), _table(CustomerNote).c.at, _of_customer(CustomerNote), ("text", "staff_name"),
    ),
    Source(
        Kind.CALL, _table(Call), _table(Call).c.started_at, _of_customer(Call),
        ("direction", "outcome", "words", "staff_name"),
    ),
    Source(
        Kind.RETURN, _RETURN, _RETURN.c.asked_at, _of_customer(Return),
        ("reference", "order_reference", "state", "reason"),
    ),
    Source(Kind.RETURN, _RETURN, _RETURN.c.received_at, _received, ("reference", "received_at")),
    Source(
        Kind.REVIEW, _table(Review), _table(Review).c.written_at, _of_customer(Review),
        ("product", "stars", "title", "state", "replied_at"),
    ),
    Source(
        Kind.QUESTION, _QUESTION, _QUESTION.c.asked_at, _of_customer(ProductQuestion), ("product", "words", "state"),
    ),
    Source(
        Kind.QUESTION, _ANSWER, _ANSWER.c.answered_at, _answers,
        ("question_id", "words", "customer_id", "display_name"),
        beside=_QUESTION.join(_ANSWER, _ANSWER.c.question_id == _QUESTION.c.id),
        also=(_QUESTION.c.product,),
    ),
    Source(
        Kind.SATISFACTION, _CASE, _CASE.c.satisfied_at, _rated,
        ("reference", "subject", "satisfaction", "satisfaction_words"),
    ),
    Source(
        Kind.OFFER, _table(OfferMade), _table(OfferMade).c.at, _of_customer(OfferMade),
        ("product", "name", "how", "staff_name"),
    ),
)  # fmt: skip
"""In the order that decides between entries of the same moment; a new one goes to the end."""

"""Drafts: the answer to a case, half written from what was done and what is known. Rules, no guesses: each sentence is
there because of a fact, and says which. Nothing is ever sent by itself.

`TOPICS` says what is spoken of in which kind of case, in this order; a topic looks at the facts and gives sentences.
The words are those of the customer's language, where the app has them; the reasons those of the agent's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import Locale, UnknownLocaleError
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]
from flask_babel import force_locale
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.storefront import Staff
from ecrm.wording import day, has_texts_in
from tracking.delivery.shipment import Status

from . import undelivered
from .cases import Case, Kind, State
from .draft_words import Sentence, because, say
from .matter_facts import MatterFacts, Parcel, facts_of

_ENDS = (State.SOLVED, State.CLOSED)
_NEED_AN_ORDER = (Kind.DELIVERY, Kind.RETURN, Kind.WARRANTY)
Told = tuple[str, dict[str, Any]]
Topic = Callable[[MatterFacts], Iterator[Told]]


@dataclass(frozen=True)
class Draft:
    """Sentences with why they are there, paragraph by paragraph.

    `undelivered`: the last answer didn't arrive, which the agent is told, not the letter.
    """

    paragraphs: tuple[tuple[Sentence, ...], ...]
    undelivered: bool = False

    @property
    def text(self) -> str:
        """The whole answer, without a signature: the letter adds it."""
        return "\n\n".join(" ".join(one.text for one in paragraph) for paragraph in self.paragraphs)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All of them in a row."""
        return tuple(one for paragraph in self.paragraphs for one in paragraph)


def draft_for(crm: Installation, session: Session, case: Case, *, staff: Staff, now: datetime) -> Draft:
    """The draft of a case as its facts are now; call it in a request."""
    facts = facts_of(session, crm.storefront, case, now=now)
    topics = TOPICS.get(Kind(case.kind), (_order, _parcels, _money_back))
    told = [list(topic(facts)) for topic in (_greeting, _opening, *topics, _done, _ending)]
    with _language(case.language):
        texts = [[say(key, values, facts.shop) for key, values in some] for some in told]
    paragraphs = tuple(
        tuple(Sentence(text, because(key, values)) for text, (key, values) in zip(words, some, strict=True))
        for words, some in zip(texts, told, strict=True)
        if some
    )
    return Draft(paragraphs, undelivered=any(step.what == undelivered.STEP for step in facts.done))


def macro_values(crm: Installation, session: Session, case: Case, *, staff: Staff, now: datetime) -> dict[str, str]:
    """What stands for each of `macros.KNOWN` in this case; empty where nothing is known."""
    facts = facts_of(session, crm.storefront, case, now=now)
    last = facts.parcels[-1] if facts.parcels else None
    parcel = last.shipment if last else None
    line = next((one for one in facts.lines if not case.product or one.product == case.product), None)
    with _language(case.language):
        promised = day(parcel.promised_on) if parcel and parcel.promised_on else ""
    return {
        "first_name": facts.first_name, "last_name": facts.last_name, "agent_name": staff.name,
        "shop_name": facts.shop.name, "case": case.reference, "order": facts.order.reference if facts.order else "",
        "order_url": facts.order_url, "product": line.name if line else "",
        "carrier": parcel.carrier if parcel else "", "tracking_number": parcel.tracking_number if parcel else "",
        "parcel_url": (last.url or facts.order_url) if last else "", "promised_day": promised,
    }  # fmt: skip


def _language(language: str) -> Any:
    """The customer's language, where it is one that the CRM has texts in; else the reader's."""
    try:
        locale = Locale.parse(language.replace("-", "_")) if language else None
    except (ValueError, UnknownLocaleError):
        locale = None
    return force_locale(str(locale)) if locale is not None and has_texts_in(locale) else nullcontext()


def _greeting(facts: MatterFacts) -> Iterator[Told]:
    yield "hello", {"name": facts.first_name, "named": facts.named}


def _opening(facts: MatterFacts) -> Iterator[Told]:
    if not facts.answered:
        yield f"thanks_{facts.case.kind}", {"kind": facts.case.kind}
    if facts.case.response_breached_at is not None and not facts.answered:
        yield "late_answer", {"due": facts.case.response_breached_at}
    if facts.case.reopened and _came_back(facts):
        yield "again", {"times": facts.case.reopened}


def _came_back(facts: MatterFacts) -> bool:
    """Whether it was opened again for its matter: not for an answer that came back, or a mark of spam taken off."""
    opened = [step for step in facts.done if step.what == "state" and step.detail.get("from") in _ENDS]
    by_mark = any(step.what == "spam" for step in facts.done)
    return any(step.detail.get("why") not in undelivered.STEPS for step in opened) and not by_mark


def _order(facts: MatterFacts) -> Iterator[Told]:
    if facts.order is not None:
        key = "order_guessed" if facts.guessed else "order"
        yield key, {"order": facts.order.reference, "at": facts.order.placed_at}
    elif not facts.case.order_reference and facts.case.kind in _NEED_AN_ORDER and not facts.answered:
        yield "ask_order", {}


def _parcels(facts: MatterFacts) -> Iterator[Told]:
    for parcel in facts.parcels:
        yield from _parcel(facts, parcel)
        if parcel.url and parcel.shipment.status != Status.DELIVERED:
            yield "follow", {"url": parcel.url}


def _parcel(facts: MatterFacts, parcel: Parcel) -> Iterator[Told]:
    one = parcel.shipment
    values = {
        "carrier": one.carrier, "number": one.tracking_number, "shipped": one.shipped_at, "promised": one.promised_on,
        "expected": one.expected_on, "at": one.delivered_at or (parcel.seen.scanned_at if parcel.seen else None),
        "place": parcel.seen.place if parcel.seen else "", "shipment": one.reference,
        "goods": parcel.goods if len(facts.parcels) > 1 else "",
    }  # fmt: skip
    yield f"parcel_{one.status}", values
    before = one.delivered_at is not None and one.delivered_at <= facts.case.opened_at
    missed = facts.case.kind == Kind.DELIVERY  # a complaint is mostly about goods that came
    if one.status == Status.DELIVERED and before and missed and not facts.answered:
        yield "not_found", values
    arrives = one.status in {Status.PRE_TRANSIT, Status.IN_TRANSIT, Status.EXCEPTION}
    if arrives and one.promised_on is not None and one.promised_on < facts.today:
        yield "parcel_late", values
    if arrives and one.expected_on is not None and one.expected_on >= facts.today:
        yield "parcel_foretold", values


def _money_back(facts: MatterFacts) -> Iterator[Told]:
    for refund in facts.refunds:
        amount = {"minor": refund.amount_minor, "currency": facts.order.currency if facts.order else ""}
        yield "refund", {**amount, "at": refund.refunded_at, "reference": refund.reference}


def _returns(facts: MatterFacts) -> Iterator[Told]:
    for one in facts.returns:
        at = one.refunded_at or one.received_at or one.sent_at or one.decided_at or one.asked_at
        yield f"return_{one.state}", {"reference": one.reference, "at": at}


def _warranty(facts: MatterFacts) -> Iterator[Told]:
    for unit in facts.units:
        if unit.warranty_until is not None:
            key = "warranty_runs" if unit.warranty_until >= facts.today else "warranty_over"
            yield key, {"name": unit.name, "serial": unit.serial_number, "until": unit.warranty_until}


def _data(facts: MatterFacts) -> Iterator[Told]:
    yield "data", {"by": facts.case.opened_at + relativedelta(months=1)}


def _done(facts: MatterFacts) -> Iterator[Told]:
    """What was done since the last answer, as the log has it."""
    for step in facts.done:
        by = step.staff_name
        if step.what == "merged" and "from" in step.detail:
            yield "did_merge", {"at": step.at, "by": by}
        elif step.what == "priority" and int(step.detail.get("to") or 0) > int(step.detail.get("from") or 0):
            yield "did_hurry", {"at": step.at, "by": by}
        elif step.what == "team" and step.detail.get("to"):
            yield "did_pass_on", {"at": step.at, "by": by}
        elif step.what in {"warranty_sent", "warranty_accepted", "warranty_repaired", "warranty_returned",
                           "warranty_refused"}:  # fmt: skip
            yield f"did_{step.what}", {"at": step.at, "by": by}


def _ending(facts: MatterFacts) -> Iterator[Told]:
    yield "end_praise" if facts.case.kind == Kind.PRAISE else "end", {}


TOPICS: dict[Kind, tuple[Topic, ...]] = {
    Kind.DELIVERY: (_order, _parcels, _money_back),
    Kind.RETURN: (_order, _returns, _money_back),
    Kind.WARRANTY: (_order, _warranty),
    Kind.COMPLAINT: (_order, _parcels, _returns, _money_back),
    Kind.QUESTION: (_order, _parcels, _money_back),
    Kind.PRAISE: (),
    Kind.DATA: (_data,),
}
"""Kind × facts → sentences; kinds that aren't here speak of the order where the case names one."""

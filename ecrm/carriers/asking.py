"""The job `poll-carriers`: asks the aggregator of `ECRM_CARRIER` for parcels that are under way, or plays the carrier.

A bad answer puts its own parcel back and stops nothing; one that says "too often" (429) ends the run, and so does one
that is down (5xx or no connection, three times in a row). Redirects aren't followed: a key goes to the address in the
settings and nowhere else.
"""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ecrm.installation import Installation
from tracking.delivery.aggregators.heard import Aggregator, Message, Question, Unreadable, parsed
from tracking.delivery.aggregators.known import AGGREGATORS
from tracking.delivery.polling import Due, claim_due, note_answer, note_failure
from tracking.delivery.shipment import Shipment

from . import simulated
from .taking import react, take_waiting, tell_scans

log = logging.getLogger("ecrm.carriers")
AT_ONCE = 50
SECONDS = 10
MOST_BYTES = 1024 * 1024
BAD_IN_A_ROW = 3


class NoAnswer(Exception):
    """`wait`: how long it asked us to leave it alone; `stop`: whether to ask nothing more for now; `down`: whether it
    may be out of order, not only at odds with this one number."""

    def __init__(self, words: str, *, wait: timedelta | None = None, stop: bool = False, down: bool = False) -> None:
        super().__init__(words)
        self.wait, self.stop, self.down = wait, stop, down


@dataclass(frozen=True)
class Asked:
    """What a run did."""

    answered: int
    failed: int
    news: int

    def __str__(self) -> str:
        return f"{self.answered} parcels asked for, {self.news} with news; {self.failed} without an answer"


def follow_parcels(crm: Installation, *, clock: Callable[[], datetime]) -> str:
    """Tell parcels what waited for them, then ask or play the carrier; in words for the job's log."""
    waited = take_waiting(crm, now=clock())
    carrier = crm.app.config["ECRM_CARRIER"]
    if carrier == "simulated":
        words = simulated.move_on(crm, now=clock())
    elif carrier in AGGREGATORS:
        words = str(ask_around(crm, AGGREGATORS[carrier], clock=clock))
    else:
        words = "no carrier is asked"
    return f"{words}; {waited} messages found their parcel" if waited else words


def ask_around(crm: Installation, port: Aggregator, *, clock: Callable[[], datetime]) -> Asked:
    """Ask for the parcels whose time has come."""
    key, base = crm.app.config["ECRM_CARRIER_KEY"], crm.app.config["ECRM_CARRIER_URL"].rstrip("/") or port.url
    with crm.sessions.begin() as session:
        due = claim_due(session, now=clock(), most=AT_ONCE)
    answered = failed = news = in_a_row = 0
    for one in due:
        try:
            message = _ask(port, base, key, one)
        except NoAnswer as why:
            log.warning("%s has no answer about a parcel: %s", port.title, why)
            failed, in_a_row = failed + 1, in_a_row + 1 if why.down else 0
            with crm.sessions.begin() as session:
                note_failure(session, one, wait=why.wait, now=clock())
            if why.stop or in_a_row >= BAD_IN_A_ROW:
                break
        else:
            answered, in_a_row = answered + 1, 0
            news += _take(crm, one, message, now=clock())
    return Asked(answered, failed, news)


def _take(crm: Installation, due: Due, message: Message | None, *, now: datetime) -> bool:
    told: list[int] = []
    with crm.sessions.begin() as session:
        shipment = session.get_one(Shipment, due.shipment_id)
        if message is not None and message.number == due.tracking_number:
            told = tell_scans(session, shipment, message.scans, now=now)
    react(crm, told)
    with crm.sessions.begin() as session:  # after the scans, which say when to ask again
        note_answer(session, due, now=now)
    return bool(told)


def _ask(port: Aggregator, base: str, key: str, due: Due) -> Message | None:
    carrier = due.carrier.casefold()
    answer = _read(port, _call(port.question(base, key, due.tracking_number, carrier)))
    if answer is None and port.telling is not None:
        _call(port.telling(base, key, due.tracking_number, carrier))
    return answer


def _read(port: Aggregator, body: bytes) -> Message | None:
    try:
        return port.answer(parsed(body))
    except Unreadable as why:
        raise NoAnswer(f"unreadable: {why}") from None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


_OPENER = build_opener(_NoRedirect)


def _call(question: Question) -> bytes:
    """The answer's body.

    Raises:
        NoAnswer: for anything but a 2xx within the time.
    """
    body = json.dumps(question.body).encode() if question.body is not None else None
    headers = {"Accept": "application/json", "User-Agent": "flask-ecrm", **question.headers}
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = Request(question.url, data=body, headers=headers, method=question.method)  # noqa: S310 (the operator's own address)
    try:
        with _OPENER.open(request, timeout=SECONDS) as answer:
            found: bytes = answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        with error:
            wait = _retry_after(error.headers.get("Retry-After", ""))
            down = error.code == 429 or error.code >= 500
            raise NoAnswer(f"HTTP {error.code}", wait=wait, stop=error.code == 429, down=down) from None
    except (URLError, TimeoutError, OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}", down=True) from None
    if len(found) > MOST_BYTES:
        raise NoAnswer("too much")
    return found


def _retry_after(text: str) -> timedelta | None:
    """Seconds or a date (RFC 9110, 10.2.3)."""
    if text.isascii() and text.isdigit() and len(text) < 8:
        return timedelta(seconds=int(text))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return max((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC), timedelta(0))

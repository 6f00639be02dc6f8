"""What states, kinds, priorities and steps of cases are called, and how far a target is away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ecrm.service.cases import OWED, PROVED, Case, CaseStep, Channel, Kind, Priority, State, TeamPutAway
from ecrm.wording import gettext as _
from ecrm.wording import ngettext

SOON = timedelta(hours=1)


def state_words() -> dict[str, str]:
    """States, in their order."""
    return {
        State.NEW: _("new"), State.OPEN: _("open"), State.WAITING: _("waiting for the customer"),
        State.SOLVED: _("solved"), State.CLOSED: _("closed"),
    }  # fmt: skip


def kind_words() -> dict[str, str]:
    """Kinds."""
    return {
        Kind.QUESTION: _("question"), Kind.COMPLAINT: _("complaint"), Kind.PRAISE: _("praise"),
        Kind.RETURN: _("return"), Kind.WARRANTY: _("warranty"), Kind.DELIVERY: _("delivery"),
        Kind.DATA: _("personal data"), Kind.OTHER: _("something else"),
    }  # fmt: skip


def priority_words() -> dict[int, str]:
    """Priorities, the most urgent first."""
    return {
        int(Priority.URGENT): _("urgent"), int(Priority.HIGH): _("high"), int(Priority.NORMAL): _("normal"),
        int(Priority.LOW): _("low"),
    }  # fmt: skip


def channel_words() -> dict[str, str]:
    """Channels."""
    return {
        Channel.EMAIL: _("e-mail"), Channel.FORM: _("web form"), Channel.PHONE: _("telephone"),
        Channel.STAFF: _("staff"), Channel.REVIEW: _("review"),
    }  # fmt: skip


@dataclass(frozen=True)
class Due:
    """What is owed next: its words, empty where nothing is, and a tone for the chip (`bad`, `warn`, `calm`)."""

    words: str
    tone: str
    at: datetime | None = None


def due_of(case: Case, *, now: datetime) -> Due:
    """The next answer that is owed, in time on the wall."""
    if case.state not in OWED:
        return Due(_("clock stands") if case.state == State.WAITING else "", "calm")
    owes_answer = case.first_responded_at is None and case.first_response_due == case.next_due
    due = case.first_response_due if owes_answer else case.resolution_due
    if due is None:
        return Due(_("no target"), "calm")
    left = due - now
    span = span_words(abs(left))
    if left < timedelta(0):
        late = _("answer late by %(span)s", span=span) if owes_answer else _("solution late by %(span)s", span=span)
        return Due(late, "bad", due)
    words_left = _("answer in %(span)s", span=span) if owes_answer else _("solution in %(span)s", span=span)
    return Due(words_left, "warn" if left <= SOON else "calm", due)


def span_words(span: timedelta) -> str:
    """A stretch of time in its two largest units at most."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(num)s minute", "%(num)s minutes", minutes)
    if minutes < 48 * 60:
        hours = _("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
        return hours if minutes % 60 else _("%(hours)s h", hours=minutes // 60)
    return ngettext("%(num)s day", "%(num)s days", minutes // 1440)


def minutes_words(minutes: int | None) -> str:
    """Working minutes of a target."""
    return _("no target") if minutes is None else span_words(timedelta(minutes=minutes))


def step_words(step: CaseStep, *, names: Mapping[str, str], teams: Mapping[int, str]) -> str:
    """What was done, in a sentence without its doer. `names` by staff id."""
    detail = step.detail
    told: dict[str, str] = {key: _value(step.what, value, names, teams) for key, value in detail.items()}
    before, after = told.get("from", ""), told.get("to", "")
    words = {
        "opened": _("opened by %(channel)s", channel=channel_words().get(detail.get("channel", ""), "–")),
        "message_in": _("the customer wrote"),
        "message_out": _("answered"),
        "note": _("wrote a note"),
        "state": _("state: %(before)s → %(after)s", before=before, after=after),
        "priority": _("priority: %(before)s → %(after)s", before=before, after=after),
        "kind": _("kind: %(before)s → %(after)s", before=before, after=after),
        "team": _("team: %(before)s → %(after)s", before=before or "–", after=after or "–"),
        "owner": _("owner: %(before)s → %(after)s", before=before or "–", after=after or "–"),
        "order": _("order: %(before)s → %(after)s", before=before or "–", after=after or "–"),
        "product": _("product: %(before)s → %(after)s", before=before or "–", after=after or "–"),
        "language": _("language: %(before)s → %(after)s", before=before or "–", after=after or "–"),
        "subject": _("changed the subject"),
        "customer": _("put it to another customer") if detail.get("from") else _("put it to its customer"),
        "spam": _("marked as spam") if detail.get("to") else _("no spam after all"),
        "merged": _merged(detail),
        "breached": _breached(detail),
        "routed": _routed(detail, names, teams),
        "warranty_sent": _("asked the service point %(point)s", point=detail.get("point", "–")),
        "warranty_accepted": _("the service point takes the repair on"),
        "warranty_repaired": _("the service point has repaired it"),
        "warranty_returned": _("the piece is back at the customer's"),
        "warranty_refused": _("the service point refused"),
        "undelivered": undelivered_words().get(str(detail.get("sending")), _("the answer didn't arrive")),
        "undelivered_copy": _("a copy of the answer didn't arrive"),
    }.get(step.what)  # fmt: skip
    if words is None:
        more = ", ".join(f"{key} {value}" for key, value in told.items())
        words = f"{step.what.replace('_', ' ')}{f': {more}' if more else ''}"
    why = told.get("why", "")
    return f"{words} ({_why(why)})" if why else words


def undelivered_words() -> dict[str, str]:
    """Of an answer that didn't arrive, by the state of its e-mail, why."""
    return {
        "bounced": _("The answer came back: its mailbox doesn't take it."),
        "suppressed": _("The answer wasn't sent: e-mails to this address came back before, and it is held back."),
        "failed": _("The answer couldn't be sent: the mail server refused it."),
        "dropped": _("The answer was dropped before it was sent."),
    }


def _why(why: str) -> str:
    known = {
        "message_in": _("they answered"), "message_out": _("first answer"), "stayed solved": _("it stayed solved"),
        "merged": _("merged"), "many": _("with others"), "undelivered": _("the answer didn't arrive"),
        "undelivered_copy": _("a copy of the answer didn't arrive"),
        PROVED: _("they proved that the address is theirs"),
    }  # fmt: skip
    return known.get(why, why)


def _value(what: str, value: Any, names: Mapping[str, str], teams: Mapping[int, str]) -> str:
    if value is None or value == "":
        return ""
    if what == "team" and isinstance(value, int):
        return teams.get(value, str(value))
    tables: dict[str, Mapping[Any, str]] = {
        "state": state_words(), "kind": kind_words(), "priority": priority_words(), "owner": names,
    }  # fmt: skip
    return tables.get(what, {}).get(value, str(value)) if not isinstance(value, list | dict) else ""


def _merged(detail: Mapping[str, Any]) -> str:
    if "into" in detail:
        return _("merged into %(case)s", case=detail["into"])
    return _("took in %(case)s", case=detail.get("from", "–"))


def _breached(detail: Mapping[str, Any]) -> str:
    if detail.get("target") == "response":
        return _("the first answer wasn't given in time")
    return _("it wasn't solved in time")


def _routed(detail: Mapping[str, Any], names: Mapping[str, str], teams: Mapping[int, str]) -> str:
    team = teams.get(int(detail.get("team") or 0), "–")
    owner = str(detail.get("owner") or "")
    rule = str(detail.get("rule") or "")
    by = _("by the rule “%(rule)s”", rule=rule) if rule else _("without a rule")
    to = f"{team}, {names.get(owner, owner)}" if owner else f"{team}, {_('nobody yet')}"
    return _("given to %(to)s %(by)s", to=to, by=by)


def reasons_of(step: CaseStep, names: Mapping[str, str]) -> list[str]:
    """Why each agent was (not) chosen."""
    words = {
        "free": _("could take it"), "skill": _("lacks the skill"), "language": _("doesn't speak the language"),
        "away": _("is away"), "not_there": _("isn't at work at that hour"), "full": _("has as many as they take"),
    }  # fmt: skip
    return [
        _("%(agent)s: %(why)s, %(open)s open", agent=names.get(str(one["agent"]), str(one["agent"])),
          why=words.get(str(one["why"]), str(one["why"])), open=one["open"])
        for one in step.detail.get("because", [])
    ]  # fmt: skip


def team_put_away(refusal: TeamPutAway) -> str:
    """That a case can't go to a team, and what to do."""
    return _("The team “%(team)s” was put away. Choose another, or a macro that names none.", team=refusal.wanted)

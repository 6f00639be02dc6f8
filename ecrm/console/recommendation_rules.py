"""Rules for recommendations: made with a look at what they change, ended, and kept in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.rules import (
    MAX_PLACE,
    MAX_VALUE,
    MAX_WEIGHT,
    MOST,
    NotARule,
    RecommendationRule,
    end_rule,
    ended_rules,
    make_rule,
    rules_not_ended,
)
from ecrm.wording import gettext as _

from .blueprint import console
from .placement_words import placement_words
from .queries import LARGEST, day_arg, text_arg
from .rule_preview import Preview, preview_of

ENDED_SHOWN = 50
FIELDS = ("what", "of", "value", "weight", "placement", "first_day", "last_day")
NOTHING_SAID = dict.fromkeys(FIELDS, "") | {"what": "boost", "of": "product", "weight": "2"}


@console.get("/recommendations/rules")
@needs(Permission.RECOMMENDATIONS)
def recommendation_rules() -> str:
    """What holds, what held, and the form for a new rule."""
    return _page(NOTHING_SAID)


@console.post("/recommendations/rules")
@needs(Permission.CAMPAIGNS)
def make_recommendation_rule() -> Response | str | tuple[str, int]:
    """Make the rule, or show first what it would change."""
    crm, now = installation(), datetime.now(UTC)
    said = {name: text_arg(name, longest=2 * MAX_VALUE) for name in FIELDS}
    first, last = day_arg("first_day"), day_arg("last_day")
    with crm.sessions() as session:  # nothing is written where only a look is asked for
        try:
            rule = make_rule(
                session, what=said["what"], of=said["of"], value=said["value"], weight=_weight(said["weight"]),
                placement=said["placement"] or None, starts_at=_starts(first, now), until=_ends(last),
                by=signed_in_staff().name, now=now,
            )  # fmt: skip
        except NotARule as wrong:
            return _page(said, problems=_problem(wrong.field)), 400
        if unknown := _unknown(said["of"], rule.value):
            return _page(said, problems={"value": unknown}), 400
        if request.form.get("deed") != "make":
            return _page(said, preview=preview_of(crm, rule))
        record(session, signed_in_staff(), Action.RULE_MADE, subject=f"rule:{rule.id}", reason=in_words(rule), now=now)
        session.commit()
    crm.rules.forget()
    flash(_("The rule is made: every page follows it within seconds."))
    return redirect(url_for("console.recommendation_rules"), 303)


@console.post(f"/recommendations/rules/<int(max={LARGEST}):rule_id>/end")
@needs(Permission.CAMPAIGNS)
def end_recommendation_rule(rule_id: int) -> Response:
    """End it for good; it stays in the list of those that held once."""
    crm, now = installation(), datetime.now(UTC)
    with crm.sessions.begin() as session:
        if session.get(RecommendationRule, rule_id) is None:
            raise NotFound(_("There is no such rule."))
        rule = end_rule(session, rule_id, now=now)
        if rule:
            record(
                session, signed_in_staff(), Action.RULE_ENDED, subject=f"rule:{rule_id}", reason=in_words(rule), now=now
            )  # fmt: skip
    crm.rules.forget()
    flash(_("The rule has ended.") if rule else _("It had ended already."))
    return redirect(url_for("console.recommendation_rules"), 303)


def in_words(rule: RecommendationRule) -> str:
    """The rule as a sentence."""
    of = {
        "product": _("product %(value)s", value=rule.value),
        "brand": _("everything of the brand %(value)s", value=rule.value),
        "category": _("everything in the category %(value)s", value=rule.value),
    }[rule.of]
    number = f"{rule.weight:g}"
    return {
        "pin": _("%(of)s stands at place %(number)s", of=of, number=number),
        "boost": _("%(of)s counts %(number)s times as much", of=of, number=number),
        "bury": _("%(of)s counts one %(number)s-th", of=of, number=number),
        "exclude": _("%(of)s is left out", of=of),
    }[rule.what]


def _page(
    said: Mapping[str, str], *, problems: Mapping[str, str] | None = None, preview: Preview | None = None
) -> str:  # fmt: skip
    now = datetime.now(UTC)
    with installation().sessions() as session:
        rules, ended = rules_not_ended(session, now), ended_rules(session, now, limit=ENDED_SHOWN)
    return render_template(
        "ecrm/console/recommendation_rules.html", rules=rules, ended=ended, said=said, problems=problems or {},
        preview=preview, in_words=in_words, placements=placement_words(), whats=_whats(), ofs=_ofs(), now=now,
        most_value=MAX_VALUE,
    )  # fmt: skip


def _whats() -> dict[str, str]:
    return {
        "boost": _("prefer"), "bury": _("hold back"), "pin": _("put at a fixed place"), "exclude": _("leave out"),
    }  # fmt: skip


def _ofs() -> dict[str, str]:
    return {"product": _("one product"), "brand": _("a brand"), "category": _("a category")}


def _weight(said: str) -> float:
    try:
        return float(said.replace(",", ".")) if said else 0.0
    except ValueError:
        return float("nan")


def _starts(first: date | None, now: datetime) -> datetime:
    return now if first is None else max(_midnight(first), now)


def _ends(last: date | None) -> datetime | None:
    return None if last is None else _midnight(last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    zone = ZoneInfo(installation().storefront.facts().time_zone)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _problem(field: str) -> dict[str, str]:
    words = {
        "what": _("Choose what the rule does."),
        "of": _("Choose what the rule is about; only one product can be put at a fixed place."),
        "value": _("Say which product, brand or category, in at most %(most)s characters.", most=MAX_VALUE),
        "weight": _(
            "To prefer or hold back: a number above 1, at most %(most)s. For a fixed place: 1 to %(place)s.",
            most=int(MAX_WEIGHT), place=MAX_PLACE,
        ),
        "placement": _("Choose where the rule holds."),
        "until": _("The last day lies before the first one, or in the past."),
        "most": _("There are %(most)s rules already, and every page weighs all of them. End some first.", most=MOST),
    }  # fmt: skip
    return {"last_day" if field == "until" else "value" if field == "most" else field: words[field]}


def _unknown(of: str, value: str) -> str:
    """Why a rule would be about nothing; empty where it isn't."""
    crm = installation()
    if of == "product":
        found = crm.storefront.products([value])
        return "" if found else _("The shop lists no product of this number. It stands in the address of its page.")
    model = crm.models.present()
    if model is None or value in (model.brands if of == "brand" else model.categories):
        return ""
    return _("Nothing in the shop has this brand or category. Write it as its products do, capitals included.")

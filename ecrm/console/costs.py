"""Costs of campaigns: listed by day, entered for a day or spread over several, taken back by an entry."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from babel.numbers import get_currency_precision
from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.amounts import typed_amount
from ecrm.marketing.campaign_book import campaigns
from ecrm.marketing.campaigns import Campaign, CostEntry
from ecrm.marketing.costs import MAX_DAYS, REVERSED, Listed, enter, listed, spread_with, take_back, total
from ecrm.marketing.period import Period
from ecrm.wording import gettext as _
from ecrm.wording import money, ngettext, today

from .blueprint import console
from .periods import chosen_period, kept_args
from .queries import LARGEST, day_cursor, day_cursor_arg, number_arg, text_arg
from .segments import channel_name
from .spreadsheets import Cell, csv_response, major

PAGE = 100
EXPORT_BATCH = 1000
MAX_KEY = 40
FIELDS = ("campaign", "first_day", "last_day", "amount", "clicks", "impressions", "note")


@console.get("/costs")
@needs(Permission.OVERVIEW)
def costs() -> str:
    """The entries of a period, of one campaign or of a channel."""
    return _page({"campaign": request.args.get("campaign_id", ""), "first_day": today().isoformat()}, {})


@console.get("/costs.csv")
@needs(Permission.OVERVIEW)
def costs_csv() -> Response:
    """The same as a spreadsheet."""
    period, campaign_id, channel = chosen_period().period, number_arg("campaign_id"), text_arg("channel", longest=20)
    return csv_response(_lines(period, campaign_id, channel), filename=f"costs-{period.first}-{period.last}.csv")


@console.post("/costs")
@needs(Permission.CAMPAIGNS)
def enter_costs() -> BaseResponse | tuple[str, int]:
    """Write a cost, spread evenly over the days; the same form sent twice writes once."""
    said = {name: request.form.get(name, "").strip() for name in FIELDS}
    read, problems = _read(said)
    if problems:
        return _page(said, problems), 400
    now, staff = datetime.now(UTC), signed_in_staff()
    period = Period(read["first"], read["last"])
    with installation().sessions.begin() as session:
        written = enter(
            session, read["campaign_id"], period=period, amount_minor=read["amount"], clicks=read["clicks"],
            impressions=read["impressions"], key=_key(), by=staff.name, now=now, note=read["note"],
        )  # fmt: skip
        if written:
            record(session, staff, Action.COSTS_CHANGED, subject=f"campaign:{read['campaign_id']}", now=now)
    amount = money(read["amount"], installation().storefront.facts().currency)
    flash(
        ngettext("%(amount)s entered for a day.", "%(amount)s spread over %(num)s days.", written, amount=amount)
        if written
        else _("This form was sent before; nothing was written twice.")
    )
    return redirect(_of_days(read["campaign_id"], period.first, period.last), 303)


@console.post(f"/costs/<int(max={LARGEST}):entry_id>/take-back")
@needs(Permission.CAMPAIGNS)
def take_back_costs(entry_id: int) -> BaseResponse:
    """Reverse an entry, with `whole` also those that were written by the same form; both stay visible."""
    now, staff, done = datetime.now(UTC), signed_in_staff(), 0
    with installation().sessions.begin() as session:
        entry = session.get(CostEntry, entry_id)
        if entry is None or entry.reference.startswith(REVERSED):
            raise NotFound(_("There is no such cost to take back."))
        for one in spread_with(session, entry) if request.form.get("whole") else [entry]:
            done += take_back(session, one, by=staff.name, now=now)
        if done:
            record(session, staff, Action.COSTS_CHANGED, subject=f"campaign:{entry.campaign_id}", now=now)
        back = _of_days(entry.campaign_id, entry.day, entry.day)
    flash(
        ngettext("The cost is taken back.", "The costs of %(num)s days are taken back.", done)
        if done
        else _("It was taken back before.")
    )
    return redirect(back, 303)


def _of_days(campaign_id: int, first: date, last: date) -> str:
    return url_for("console.costs", campaign_id=campaign_id, first=first.isoformat(), last=last.isoformat())


def _page(said: Mapping[str, str], problems: Mapping[str, str]) -> str:
    chosen, campaign_id, channel = chosen_period(), number_arg("campaign_id"), text_arg("channel", longest=20)
    before = day_cursor_arg() if request.method == "GET" else None
    with installation().sessions() as session:
        rows = listed(
            session, chosen.period, campaign_id=campaign_id, channel=channel, before=before, limit=PAGE + 1
        )  # fmt: skip
        sum_minor = total(session, chosen.period, campaign_id=campaign_id, channel=channel)
        every = campaigns(session, archived=None)
    more = rows[PAGE - 1].entry if len(rows) > PAGE else None
    args: dict[str, Any] = {"campaign_id": campaign_id, "channel": channel or None}
    return render_template(
        "ecrm/console/costs.html", chosen=chosen, rows=rows[:PAGE], total=sum_minor, campaigns=every,
        campaign=next((one for one in every if one.id == campaign_id), None), said=said, problems=problems,
        channel=channel_name(channel) if channel else "", key=secrets.token_urlsafe(12), origin_words=origin_words,
        args={name: value for name, value in args.items() if value is not None}, kept=kept_args(segment=False),
        more=day_cursor(more.day, more.id) if more else "", spread=_spread,
    )  # fmt: skip


def origin_words(origin: str) -> str:
    """Where an entry comes from."""
    words = {
        "entered": _("by hand"), "google_ads": "Google Ads", "microsoft_ads": "Microsoft Advertising",
        "meta_ads": "Meta Ads",
    }  # fmt: skip
    return words.get(origin, origin)


def _spread(row: Listed) -> bool:
    """Whether the entry may be one of several that a form wrote."""
    return row.entry.origin == "entered" and row.reverses is None


def _read(said: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    problems: dict[str, str] = {}
    read: dict[str, Any] = {"note": " ".join(said["note"].split()), "campaign_id": 0}
    if not read["note"].isprintable() or len(read["note"]) > 200:
        problems["note"] = _("Use at most %(most)s characters that can be seen.", most=200)
    number = said["campaign"]
    with installation().sessions() as session:
        if number.isascii() and number.isdigit() and len(number) <= 18:
            read["campaign_id"] = int(number)
        if session.get(Campaign, read["campaign_id"]) is None:
            problems["campaign"] = _("Choose a campaign.")
    read["first"] = _day(said["first_day"], "first_day", problems)
    read["last"] = _day(said["last_day"], "last_day", problems) if said["last_day"] else read["first"]
    if read["first"] and read["last"]:
        days = (read["last"] - read["first"]).days + 1
        if not 1 <= days <= MAX_DAYS:
            problems["last_day"] = _("The last day lies before the first one, or more than three years after it.")
    try:
        precision = get_currency_precision(installation().storefront.facts().currency)
        read["amount"] = typed_amount(said["amount"], decimals=precision)
    except ValueError as error:
        problems["amount"] = str(error)
    for name in ("clicks", "impressions"):
        read[name] = None
        if said[name] and not (said[name].isascii() and said[name].isdigit() and len(said[name]) <= 9):
            problems[name] = _("Give a whole number, or leave it empty.")
        elif said[name]:
            read[name] = int(said[name])
    return read, problems


def _day(text: str, name: str, problems: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 2100:
        problems[name] = _("Write the day as 2026-11-20.")
        return None
    return day


def _key() -> str:
    """The form's key; a form without one is written as one of its own."""
    key = request.form.get("key", "")
    fits = 0 < len(key) <= MAX_KEY and key.isascii() and all(letter.isalnum() or letter in "-_" for letter in key)
    return key if fits else secrets.token_urlsafe(12)


def _lines(period: Period, campaign_id: int | None, channel: str) -> Iterator[tuple[Cell, ...]]:
    crm = installation()
    currency = crm.storefront.facts().currency
    yield ("day", "campaign", "code", "channel", f"amount {currency}", "clicks", "impressions", "from", "note", "by")
    before: tuple[date, int] | None = None
    while True:
        with crm.sessions() as session:
            rows = listed(
                session, period, campaign_id=campaign_id, channel=channel, before=before, limit=EXPORT_BATCH
            )  # fmt: skip
        for row in rows:
            entry = row.entry
            yield (
                entry.day, row.campaign.name, row.campaign.code, row.campaign.channel,
                major(entry.amount_minor, currency), entry.clicks, entry.impressions, entry.origin, entry.note,
                entry.entered_by,
            )  # fmt: skip
        if len(rows) < EXPORT_BATCH:
            return
        before = (rows[-1].entry.day, rows[-1].entry.id)

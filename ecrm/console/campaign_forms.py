"""Campaigns are made, edited and archived; links of them are built. Everything else only reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from babel.numbers import get_currency_precision
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.marketing.attribution.due import AT_ONCE
from ecrm.marketing.campaign_book import change_campaign, codes_of, found_campaign, put_away
from ecrm.marketing.campaign_drafts import FIELDS, MAX_PATH, Refused, is_local, read_draft
from ecrm.marketing.campaigns import CAMPAIGN_CHANNELS, Campaign
from ecrm.marketing.tagged_links import SUGGESTED, channel_of, tagged
from ecrm.wording import gettext as _
from ecrm.wording import ngettext, today
from tracking.clickstream.dimensions import MAX_SOURCE

from .blueprint import console
from .campaign import campaign_or_404, vanity_address
from .queries import LARGEST, text_arg
from .segments import channel_name
from .spreadsheets import major

_NUMBER = f"<int(max={LARGEST}):campaign_id>"


@console.get("/campaigns/new")
@needs(Permission.CAMPAIGNS)
def new_campaign() -> str:
    """An empty form."""
    return _form({"first_day": today().isoformat(), "landing_path": "/"})


@console.post("/campaigns/new")
@needs(Permission.CAMPAIGNS)
def create_campaign() -> Response | tuple[str, int]:
    """Found the campaign and show it."""
    now = datetime.now(UTC)
    try:
        draft = read_draft(request.form, decimals=_decimals())
        with installation().sessions.begin() as session:
            row = found_campaign(session, draft, now=now)
            record(session, signed_in_staff(), Action.CAMPAIGN_CHANGED, subject=f"campaign:{row.id}", now=now)
            campaign_id = row.id
    except Refused as refused:
        return _form(request.form, refused.problems), 400
    flash(_("The campaign “%(name)s” is made. Tag its links with its code.", name=draft.name))
    return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)


@console.get(f"/campaigns/{_NUMBER}/edit")
@needs(Permission.CAMPAIGNS)
def edit_campaign(campaign_id: int) -> str:
    """The form with what is known."""
    row = campaign_or_404(campaign_id)
    return _form(_known(row), campaign=row)


@console.post(f"/campaigns/{_NUMBER}/edit")
@needs(Permission.CAMPAIGNS)
def change_campaign_now(campaign_id: int) -> Response | tuple[str, int]:
    """Change it; orders whose code means another channel now are credited anew, by a job where they are many."""
    campaign_or_404(campaign_id)
    now = datetime.now(UTC)
    try:
        draft = read_draft(request.form, decimals=_decimals())
        with installation().sessions.begin() as session:
            row = session.get_one(Campaign, campaign_id, with_for_update=True)
            credited = change_campaign(session, row, draft)
            record(session, signed_in_staff(), Action.CAMPAIGN_CHANGED, subject=f"campaign:{row.id}", now=now)
    except (Refused, IntegrityError) as error:
        taken = {"code": _("This code or vanity word was taken a moment ago.")}
        problems = error.problems if isinstance(error, Refused) else taken
        return _form(request.form, problems, campaign=campaign_or_404(campaign_id)), 400
    words = _("The campaign is saved.")
    if credited:
        words += " " + ngettext(
            "%(num)s order is credited anew.", "%(num)s orders are credited anew.", credited
        )  # fmt: skip
    if credited > AT_ONCE:
        words += " " + _("As they are many, this takes some minutes; until then their figures are as before.")
    flash(words)
    return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)


@console.post(f"/campaigns/{_NUMBER}/archive")
@needs(Permission.CAMPAIGNS)
def archive_campaign(campaign_id: int) -> Response:
    """Put it away, or take it out again; its figures and codes stay as they are."""
    campaign_or_404(campaign_id)
    now, away = datetime.now(UTC), request.form.get("archived") != "no"
    with installation().sessions.begin() as session:
        done = put_away(session, campaign_id, now=now if away else None)
        if done:
            record(session, signed_in_staff(), Action.CAMPAIGN_CHANGED, subject=f"campaign:{campaign_id}", now=now)
    if away:
        flash(_("The campaign is archived. Its codes and its printed address go on working.") if done
              else _("The campaign was archived before."))  # fmt: skip
    else:
        flash(_("The campaign is out of the archive.") if done else _("The campaign wasn't archived."))
    return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)


@console.get(f"/campaigns/{_NUMBER}/link")
@needs(Permission.OVERVIEW)
def campaign_link(campaign_id: int) -> str:
    """A link with the campaign's tags, and the channel under which its visits will be counted."""
    row = campaign_or_404(campaign_id)
    source, medium = SUGGESTED.get(row.channel, ("", ""))
    source = text_arg("utm_source", longest=MAX_SOURCE) or source
    medium = text_arg("utm_medium", longest=MAX_SOURCE) or medium
    content, term = text_arg("utm_content", longest=MAX_SOURCE), text_arg("utm_term", longest=MAX_SOURCE)
    path = text_arg("path", longest=MAX_PATH) or row.landing_path
    known_path = is_local(path)
    link = tagged(path, source=source, medium=medium, campaign=row.code, content=content, term=term)
    counted = channel_of(source, medium, row.code)
    return render_template(
        "ecrm/console/campaign_link.html", campaign=row, source=source, medium=medium, content=content, term=term,
        path=path, link=f"{installation().storefront.facts().base_url.rstrip('/')}{link}" if known_path else "",
        counted=channel_name(counted), fits=counted == row.channel, wanted=channel_name(row.channel),
        vanity=vanity_address(row), longest=MAX_SOURCE,
    )  # fmt: skip


def _form(
    said: Mapping[str, Any], problems: Mapping[str, str] | None = None, *, campaign: Campaign | None = None
) -> str:
    return render_template(
        "ecrm/console/campaign_form.html", said={name: said.get(name, "") for name in FIELDS}, problems=problems or {},
        campaign=campaign, channels=[(one, channel_name(one)) for one in CAMPAIGN_CHANNELS],
    )  # fmt: skip


def _known(row: Campaign) -> dict[str, str]:
    currency = installation().storefront.facts().currency
    with installation().sessions() as session:
        codes = codes_of(session, row.id)
    return {
        "name": row.name, "channel": row.channel, "code": row.code, "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat() if row.last_day else "", "note": row.note, "codes": "\n".join(codes),
        "budget": "" if row.budget_minor is None else str(major(row.budget_minor, currency)),
        "reached": "" if row.reached is None else str(row.reached), "vanity": row.vanity or "",
        "landing_path": row.landing_path,
    }  # fmt: skip


def _decimals() -> int:
    return get_currency_precision(installation().storefront.facts().currency)

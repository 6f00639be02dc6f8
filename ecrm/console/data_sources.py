"""Data sources: the write keys of the collector, what came with them today, and how an SDK is pointed at this shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.collector.key_ring import REMEMBERED, KeyRing
from ecrm.collector.write_keys import KINDS, MAX_NAME, WriteKey, WriteKeyDay, all_keys, create, revoke
from ecrm.installation import installation
from ecrm.wording import gettext as _
from tracking.clickstream.rollups import day_of

from .blueprint import console
from .queries import LARGEST


@dataclass(frozen=True)
class Source:
    """A write key with what came today."""

    row: WriteKey
    accepted: int
    refused: int

    @property
    def public_key(self) -> str:
        return self.row.key if self.row.kind == "browser" else ""


@dataclass(frozen=True)
class Snippet:
    """Code that sends a first event from one SDK."""

    label: str
    code: str


@console.get("/data-sources")
@needs(Permission.SYSTEM)
def data_sources() -> str:
    """The keys, and the form for a new one."""
    return _page()


@console.post("/data-sources")
@needs(Permission.SYSTEM)
def add_data_source() -> str:
    """Make a key and show it: the only answer that a secret key stands in, so this page is the form's own answer."""
    now = datetime.now(UTC)
    kind = request.form.get("kind", "")
    with installation().sessions.begin() as session:
        try:
            row, key = create(session, name=request.form.get("name", ""), kind=kind, by=signed_in_staff().name, now=now)
        except ValueError:
            abort(400, _("Give the key a name of at most %(most)s characters and choose its kind.", most=MAX_NAME))
        record(session, signed_in_staff(), Action.WRITE_KEY_MADE, subject=f"write-key:{row.id}", now=now)
    return _page(made=row, key=key)


@console.post(f"/data-sources/<int(max={LARGEST}):key_id>/revoke")
@needs(Permission.SYSTEM)
def revoke_data_source(key_id: int) -> Response:
    """Believe a key no longer, in every process within seconds."""
    now = datetime.now(UTC)
    with installation().sessions.begin() as session:
        done = revoke(session, key_id, now=now)
        if done:
            record(session, signed_in_staff(), Action.WRITE_KEY_REVOKED, subject=f"write-key:{key_id}", now=now)
    ring: KeyRing = current_app.extensions["ecrm_key_ring"]
    ring.forget()
    if done:
        flash(_("The key is revoked: within %(seconds)s seconds nobody can send with it.", seconds=int(REMEMBERED)))
    else:
        flash(_("There is no such key any more; somebody else was faster."))
    return redirect(url_for("console.data_sources"), 303)


def _page(*, made: WriteKey | None = None, key: str = "") -> str:
    crm = installation()
    today = day_of(datetime.now(UTC), crm.storefront.facts().time_zone)
    with crm.sessions() as session:
        days = {row.key_id: row for row in session.scalars(select(WriteKeyDay).where(WriteKeyDay.day == today))}
        sources = [
            Source(row, days[row.id].accepted if row.id in days else 0, days[row.id].refused if row.id in days else 0)
            for row in all_keys(session)
        ]
    return render_template(
        "ecrm/console/data_sources.html",
        sources=sources,
        kinds=KINDS,
        most=MAX_NAME,
        made=made,
        key=key,
        snippets=_snippets(made.kind, key) if made else [],
        description=url_for("collector.openapi"),
    )


def _snippets(kind: str, key: str) -> list[Snippet]:
    """A first event from each SDK; addresses as the SDKs want them."""
    home = installation().storefront.facts().base_url.rstrip("/")
    prefix = current_app.config["ECRM_COLLECTOR_PREFIX"]
    if kind == "browser":
        return [
            Snippet("@segment/analytics-next", _SEGMENT_BROWSER % {"key": key, "home": home}),
            Snippet("@rudderstack/analytics-js", _RUDDERSTACK_BROWSER % {"key": key, "home": home, "prefix": prefix}),
            Snippet("fetch", _FETCH % {"key": key, "home": home, "prefix": prefix}),
        ]
    return [
        Snippet("segment-analytics-python", _PYTHON % {"key": key, "home": home}),
        Snippet("@segment/analytics-node", _NODE % {"key": key, "home": home}),
        Snippet("curl", _CURL % {"key": key, "home": home, "prefix": prefix}),
    ]


_PYTHON = """import segment.analytics as analytics
analytics.write_key = "%(key)s"
analytics.host = "%(home)s"
analytics.track(anonymous_id="till-1", event="Lamp Lit")
analytics.flush()"""
_NODE = """import { Analytics } from "@segment/analytics-node";
const analytics = new Analytics({ writeKey: "%(key)s", host: "%(home)s" });
analytics.track({ anonymousId: "till-1", event: "Lamp Lit" });
await analytics.closeAndFlush();"""
_CURL = """curl -u %(key)s: %(home)s%(prefix)s/track -H "Content-Type: application/json" \\
  -d '{"anonymousId": "till-1", "event": "Lamp Lit"}'"""
_SEGMENT_BROWSER = """import { AnalyticsBrowser } from "@segment/analytics-next";
const analytics = AnalyticsBrowser.load({ writeKey: "%(key)s", cdnURL: "%(home)s" });
analytics.track("Lamp Lit");"""
_RUDDERSTACK_BROWSER = """import { RudderAnalytics } from "@rudderstack/analytics-js";
const analytics = new RudderAnalytics();
analytics.load("%(key)s", "%(home)s", { configUrl: "%(home)s%(prefix)s" });
analytics.track("Lamp Lit");"""
_FETCH = """fetch("%(home)s%(prefix)s/track", {
  method: "POST",
  body: JSON.stringify({ writeKey: "%(key)s", anonymousId: "tab-1", event: "Lamp Lit" }),
});"""

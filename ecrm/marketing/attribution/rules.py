"""The windows of attribution and the shop's calendar: what a booking needs to know besides the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ecrm.installation import Installation, installation


@dataclass(frozen=True)
class Rules:
    """How long before an order a touch may lie (an e-mail's less long), and how far back a claim joins a browser.

    `zone`: the shop's time zone (IANA), in which a booking's day is counted. `forgotten_before`: of orders placed
    before, visits within the window may be forgotten (ECRM_KEEP_EVENTS_DAYS); None: none are.
    """

    zone: str
    window: timedelta = timedelta(days=30)
    email_window: timedelta = timedelta(days=5)
    identity_window: timedelta = timedelta(days=30)
    forgotten_before: datetime | None = None

    def is_forgotten(self, placed_at: datetime) -> bool:
        """Whether steps that led to an order of this moment may be gone by their age."""
        return self.forgotten_before is not None and placed_at < self.forgotten_before

    def window_of(self, channel: str) -> timedelta:
        """The window of a touch by this channel."""
        return min(self.email_window, self.window) if channel == "email" else self.window


def rules_of(crm: Installation | None = None) -> Rules:
    """The rules as this shop has set them. Needs the app's context: the shop is asked for its zone."""
    crm = crm or installation()
    config = crm.app.config
    window, kept = timedelta(days=config["ECRM_ATTRIBUTION_DAYS"]), timedelta(days=config["ECRM_KEEP_EVENTS_DAYS"])
    # A shop that keeps hardly more than a window would else never put an order of these weeks right.
    reach = window if kept >= 2 * window else timedelta(0)
    return Rules(
        zone=crm.storefront.facts().time_zone,
        window=window,
        email_window=timedelta(days=config["ECRM_ATTRIBUTION_EMAIL_DAYS"]),
        identity_window=timedelta(days=config.get("ECRM_IDENTITY_DAYS", 30)),
        forgotten_before=datetime.now(UTC) - kept + reach + timedelta(days=1),  # a day is forgotten as a whole
    )

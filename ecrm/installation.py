"""What the plugin keeps for one app, in `app.extensions["ecrm"]`; never on the `ECRM` object."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from flask import Flask, current_app
from sqlalchemy.orm import Session, sessionmaker

from mailer.dkim import Signer
from mailer.transports import Transport
from recommender.loading import ModelShelf
from tracking.clickstream.archive import Archive
from tracking.clickstream.inbox import Inbox
from tracking.clickstream.writer import Writer

from .country import Countries
from .recommendation_rules import Rules
from .recommending.latest_steps import LatestSteps
from .recommending.newcomers import Newcomers
from .storefront import Storefront


@dataclass
class Installation:
    """The plugin in one app: the host's answers, the CRM's own sessions, the event writer, the collector's inbox, the
    archive of closed days, the way out for e-mail and who signs it, where visitors come from, and the
    model, the rules, the newest products and the latest steps of recommendations."""

    app: Flask
    storefront: Storefront
    sessions: sessionmaker[Session]
    writer: Writer
    inbox: Inbox
    archive: Archive
    transport: Transport
    signer: Signer | None
    countries: Countries
    models: ModelShelf
    rules: Rules
    newcomers: Newcomers
    latest_steps: LatestSteps
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the process is told to stop: long jobs come to an end."""


def installation(app: Flask | None = None) -> Installation:
    """What the plugin keeps for this app.

    Raises:
        RuntimeError: when the plugin was not installed in it.
    """
    found: Installation | None = (app or current_app).extensions.get("ecrm")
    if found is None:
        raise RuntimeError("the e-CRM is not installed in this app; call ECRM().init_app(app, storefront=…)")
    return found

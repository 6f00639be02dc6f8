"""`ECRM`: the Flask extension. `init_app` reads as the list of what the plugin adds to a shop."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, scoped_session

from recommender.loading import ModelShelf
from tracking.clickstream.archive import Archive
from tracking.clickstream.event import Event
from tracking.clickstream.inbox import Inbox
from tracking.clickstream.writer import Writer
from tracking.delivery import carriers
from tracking.visitors import Grade

from . import cli, config, identification, ledger, letters, scheduler, template_globals, trials, wording
from .carriers import webhooks  # noqa: F401 (it adds its view to the public blueprint)
from .collector import api as collector_api
from .collector import openapi, sdk_settings, vanity  # noqa: F401 (they add their views to the blueprints)
from .collector import views as collector
from .consent import preferences, signing_up  # noqa: F401 (preferences adds its pages to the public blueprint)
from .console import views as console
from .country import Countries
from .customers import checkout_memory, mailbox_proof, recall_views  # noqa: F401 (recall_views adds its pages to the public blueprint)
from .database import sessions_on
from .delivery_pages import delivery_status  # noqa: F401 (adds its page to the public blueprint)
from .events import BY_THE_PERSON, OrderCompleted, Seen, Told
from .installation import Installation, installation
from .mail_reports import webhook  # noqa: F401 (it adds its view to the public blueprint)
from .marketing import mail_deeds
from .own_page import views as own_page  # noqa: F401 (adds its pages to the public blueprint)
from .reactions import reaction_names, run_reactions
from .recommendation_rules import Rules
from .recommending.latest_steps import LatestSteps
from .recommending.newcomers import Newcomers
from .returns import pages  # noqa: F401 (it adds its pages to the public blueprint)
from .sales import refuse_other_currency
from .seen_steps import after_batch
from .sending import make_signer, make_transport
from .service import contact_pages, satisfaction_pages  # noqa: F401 (they add their pages to the public blueprint)
from .storefront import Storefront
from .voice import asking, writing  # noqa: F401 (both add pages to the public blueprint)
from .waiting import own_list  # noqa: F401 (adds its list to the preferences, and its pages to the public blueprint)

log = logging.getLogger("ecrm.extension")


class ECRM:
    """The plugin. Holds nothing of any app: two apps in one process stay apart.

        crm = ECRM()
        crm.init_app(app, storefront=MyStorefront())

    Settings (keys of `app.config`) are listed in `ecrm.config.SETTINGS` and in CONFIGURATION.md.
    """

    def init_app(self, app: Flask, *, storefront: Storefront, engine: Engine | None = None) -> None:
        """Plug the CRM into an app.

        Args:
            app: the host; its SECRET_KEY must be set before the first request.
            storefront: answers the CRM's questions from the shop's data.
            engine: the database engine; by default that of the app's Flask-SQLAlchemy.

        Raises:
            RuntimeError: when there is neither an engine nor Flask-SQLAlchemy.
            ValueError: for an unknown `ECRM_` setting, or one that can't be used.
        """
        config.apply_defaults(app.config)
        sessions = sessions_on(engine or _engine_of(app))
        root = Path(app.instance_path).parent
        inbox, archive = Inbox(sessions), Archive(root / app.config["ECRM_ARCHIVE_FOLDER"])
        app.extensions["ecrm"] = Installation(
            app=app,
            storefront=storefront,
            sessions=sessions,
            writer=Writer(
                sessions,
                time_zone=lambda: _time_zone(app, storefront),
                inbox=inbox,
                archive=archive,
                then=after_batch,
            ),
            inbox=inbox,
            archive=archive,
            transport=make_transport(app.config, root),
            signer=make_signer(app.config, root),
            countries=Countries(
                header=app.config["ECRM_COUNTRY_HEADER"], geoip_file=app.config["ECRM_GEOIP_FILE"], root=root
            ),
            models=ModelShelf(sessions, root / app.config["ECRM_MODEL_FOLDER"]),
            rules=Rules(sessions),
            newcomers=Newcomers(storefront),
            latest_steps=LatestSteps(),
        )
        wording.init_app(app)
        identification.init_app(app)
        mail_deeds.init_app(app)
        trials.init_app(app)
        template_globals.init_app(app)
        collector.init_app(app)
        collector_api.init_app(app)
        console.init_app(app)
        cli.init_app(app)
        scheduler.init_app(app)

    def tell(self, event: Told, *, session: Session | scoped_session[Session] | None = None) -> None:
        """Record a promise (order, refund, parcel, registration) so that it can't be lost.

        With `session`, the event is committed or rolled back with the host's own transaction on the same
        database; nothing is committed here. Without, the event gets a transaction of its own: call it after
        your commit, and know that a crash in between loses the event.

        Raises:
            ValueError: for an order or a refund in another currency than the storefront's facts say.
        """
        crm = installation()
        refuse_other_currency(event, crm.storefront.facts())
        event = mailbox_proof.with_proof(event)
        names = reaction_names(event)
        visitor, grade = None, Grade.NONE
        if isinstance(event, BY_THE_PERSON):
            visitor, grade = identification.visitor_token(), identification.grade()
        if session is None:
            with crm.sessions.begin() as own:
                event_id = ledger.write(own, event, reactions=names, visitor=visitor, grade=grade)
            if event_id is not None:
                _react(crm, [event_id])
        else:
            event_id = ledger.write(session, event, reactions=names, visitor=visitor, grade=grade)
            if event_id is not None:
                ledger.after_commit(session, event_id, lambda event_ids: _react(crm, event_ids))

    def remembered_checkout(self) -> dict[str, str] | None:
        """What the signed-in customer, or a guest who proved their mailbox, answered in the last checkout.

        Returns:
            email, name, line1, line2, city, postcode, region, country, phone, delivery_method, payment_method;
            or None where nothing is remembered or the present visitor has not proved who they are.
        """
        return checkout_memory.remembered_for_request()

    def forget_remembered(self) -> None:
        """Call it when an order was placed: who sits at this browser next has to prove their mailbox anew."""
        mailbox_proof.forget_proof()

    def send_letter(
        self,
        *,
        template: str,
        to: str,
        dedup: str | Sequence[str],
        context: Mapping[str, Any],
        to_name: str = "",
        session: Session | scoped_session[Session] | None = None,
    ) -> bool:
        """Queue a letter of the host's own, e.g. a link that a customer asked for; the CRM's sender takes it out.

        Args:
            template: the folder `mail/<template>/` with `subject.txt`, `body.txt` and `body.html`.
            to: the address; it must be one that may be written to.
            dedup: the letter's cause, which makes one letter and no second; of several, the first that is still free.
            context: what the template is told; `shop_name`, `shop_url`, `shop_link` and `language` come by
                themselves.
            session: as in `tell`.

        Returns:
            Whether it was queued: not where every cause has its letter, nor where the address can't be written to.

        Raises:
            jinja2.TemplateError: where the template is missing, broken, or asks for what it isn't told.
        """
        causes = (dedup,) if isinstance(dedup, str) else dedup
        wanted = letters.HostLetter(template=template, to=to, to_name=to_name, causes=tuple(causes), context=context)
        if session is None:
            with installation().sessions.begin() as own:
                return letters.post_for_host(own, wanted)
        return letters.post_for_host(session() if isinstance(session, scoped_session) else session, wanted)

    def agreed(self, form: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
        """What somebody agreed to by `crm.consent_box()` in a form of the host, for `events.ConsentGiven`.

        Returns:
            Topics and the words beside the box; neither, where it wasn't ticked.
        """
        return signing_up.agreed(form)

    def knows_visitor(self, placement: str = "") -> bool:
        """Whether `ordered` answers on this placement with an order of the visitor's own; never raises."""
        return template_globals.SLOTS.knows_visitor(placement)

    def ordered(self, placement: str, product_ids: Sequence[str], *, category: str = "") -> list[str]:
        """The same products in the order that fits the present visitor, all of them; never raises.

        Args:
            placement: `search` or `category`.
            product_ids: in the shop's own order, which stays for a visitor of whom nothing is known.
            category: the shop's name of it.
        """
        return template_globals.SLOTS.ordered(placement, product_ids, category)

    def carriers_of(self, tracking_number: str) -> tuple[str, ...]:
        """Codes of the carriers that a number may belong to, by shape and check digit, the surest first: `dhl`, `dpd`,
        `evri`, `fedex`, `gls`, `hermes`, `royal-mail`, `ups`, `usps`; none where it isn't recognised."""
        return carriers.candidates(tracking_number)

    def observe(self, event: Seen) -> None:
        """Record a step of the present visitor, in the background; does nothing outside of a request."""
        identification.observe(event)


def _react(crm: Installation, event_ids: Sequence[int]) -> None:
    """A broad `except` stands here on purpose: the host's commit has succeeded and must not look as if it hadn't.

    What could not be done now is owed in the database and done by the job `react`.
    """
    if not crm.app.config["ECRM_REACT_INLINE"]:
        return
    try:
        _store_steps_before_orders(crm, event_ids)
        run_reactions(crm, event_ids)
    except Exception:
        log.exception("reactions to events %s are left to the job", list(event_ids))


def _store_steps_before_orders(crm: Installation, event_ids: Sequence[int]) -> None:
    """An order is counted for its visit and credited to what brought it: the visit's last steps must be there by then.
    Nobody waits longer than a second for it; what comes later is put right by the nightly job."""
    with crm.sessions() as session:
        names = session.scalars(select(Event.name).where(Event.id.in_(event_ids))).all()
    if OrderCompleted.name in names:
        crm.writer.flush(timeout=1.0)


def _engine_of(app: Flask) -> Engine:
    if "sqlalchemy" not in app.extensions:
        raise RuntimeError("give ECRM.init_app an engine=…, or init Flask-SQLAlchemy before it")
    with app.app_context():
        engine: Engine = app.extensions["sqlalchemy"].engine
        return engine


def _time_zone(app: Flask, storefront: Storefront) -> str:
    """Asked by the writer's thread, which has no app context of its own."""
    with app.app_context():
        return storefront.facts().time_zone

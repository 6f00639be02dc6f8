"""The real product under a made-up world: steps through ingest and the collector, promises through the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import time_machine
from flask import Flask
from sqlalchemy import Engine, create_engine, delete, select

from ecrm import ECRM, ShopFacts, events
from ecrm.collector.write_keys import SERVER, create
from ecrm.customers.identity import put_back, take_back
from ecrm.keeping import close_days
from ecrm.marketing.attribution.credits import ChannelWeight
from ecrm.marketing.attribution.missing import attribute_nightly, book_again
from ecrm.marketing.campaigns import CostEntry, GoodsCost, found
from ecrm.marketing.period import Period
from shop.database import engine_options
from tests.ecrm.kites import Kites, KiteStorefront
from tracking.clickstream.digest import digest_next
from tracking.clickstream.ingest import ingest
from tracking.clickstream.sightings import Sighting
from tracking.customers import customer_by_reference
from tracking.visitors import Grade, VisitorClaim, visitor_id_of

from .known import CAMPAIGNS
from .worlds import Batch, ClaimTaken, Delivery, Night, Ordered, Refunded, SignedUp, Step, World

HIGHLIGHTS = {"Analytics": Grade.ANALYTICS, "Personalization": Grade.PERSONAL}


@dataclass
class PlaceStorefront(KiteStorefront):
    """The kite shop in another time zone."""

    zone: str = "Europe/Berlin"

    def facts(self) -> ShopFacts:
        return ShopFacts(
            name="Kites & Co", base_url="https://kites.example", currency="EUR", country="DE", time_zone=self.zone,
            sender="kites@kites.example",
        )  # fmt: skip


def token_of(browser: str) -> str:
    """The cookie of a browser of the world."""
    return sha256(browser.encode()).hexdigest()[:32]


class Shop:
    """A shop in which a world happens."""

    def __init__(self, world: World, url: str, folder: Path) -> None:
        self.world = world
        self._engine: Engine = create_engine(url, **engine_options(url))
        app = Flask("truth", instance_path=str(folder / "instance"), root_path=str(folder))
        app.config.update(
            SECRET_KEY="truth" * 8, TESTING=True, ECRM_MAIL_TRANSPORT="memory", ECRM_JOBS="outside",
            WTF_CSRF_ENABLED=False, ECRM_ARCHIVE_AFTER_DAYS=2, ECRM_ARCHIVE_FOLDER=str(folder / "archive"),
        )  # fmt: skip
        app.add_url_rule("/orders/<number>", "order", lambda number: number)
        app.add_url_rule("/pictures/<key>.<form>", "picture", lambda key, form: key)
        storefront = PlaceStorefront(zone=world.zone)
        ECRM().init_app(app, storefront=storefront, engine=self._engine)
        self.kites = Kites(app, storefront)
        self.crm = self.kites.crm
        self.crm.inbox.on_accept = lambda: None  # digested here, in this thread, so that every run is the same
        self._client = app.test_client()
        self._prepare()

    def close(self) -> None:
        """Let go of the database."""
        self.kites.app.extensions["ecrm_key_ring"].write_down()
        self.crm.writer.close()
        self._engine.dispose()

    def live(self) -> None:
        """Everything that happens, in its order; then all orders are credited by what is known in the end."""
        for delivery in self.world.deliveries:
            with time_machine.travel(delivery.at, tick=False):
                self._deliver(delivery)
        last = max([one.at for one in self.world.deliveries], default=datetime.now(UTC)) + timedelta(days=1)
        with time_machine.travel(last, tick=False):
            with self.crm.sessions.begin() as session:  # in place of what so few paths to an order taught
                session.execute(delete(ChannelWeight))
                session.add_all(
                    ChannelWeight(channel=channel, weight_ppm=weight, learnt_on=self.world.first, paths=100)
                    for channel, weight in self.world.weights.items()
                )
            first = self.world.first - timedelta(days=60)
            self.booked = book_again(self.crm, Period(first, first + timedelta(days=400)))
            self.booked_twice = book_again(self.crm, Period(first, first + timedelta(days=400)))

    def _prepare(self) -> None:
        start = datetime.combine(self.world.first, time(), UTC) - timedelta(days=9)
        with self.crm.sessions.begin() as session:
            for code, (channel, codes) in CAMPAIGNS.items():
                found(
                    session, code=code, name=code.title(), channel=channel, first_day=self.world.first, last_day=None,
                    now=start, codes=codes,
                )  # fmt: skip
                session.flush()
            for number, (code, day, amount) in enumerate(self.world.costs):
                campaign = found(
                    session, code=code, name=code, channel=CAMPAIGNS[code][0], first_day=day, last_day=None, now=start
                )
                session.add(
                    CostEntry(
                        campaign_id=campaign.id, day=day, amount_minor=amount, origin="entered",
                        reference=f"cost{number}", entered_at=start,
                    )
                )  # fmt: skip
            session.add_all(GoodsCost(product=one, since=day, unit_minor=unit) for one, day, unit in self.world.goods)
            _, self._key = create(session, name="server", kind=SERVER, by="olga", now=start)

    def _deliver(self, one: Delivery) -> None:
        match one:
            case Batch(api=True):
                self._send(one)
            case Batch():
                with self.crm.sessions.begin() as session:
                    ingest(session, [_sighting(step) for step in one.steps], self.world.zone, archive=self.crm.archive)
            case Ordered():
                self._tell(_order(one), one)
            case SignedUp():
                self._tell(events.SignedUp(at=one.at, person=_person(one.account)), one)
            case Refunded():
                self._tell(_refund(one), None)
            case Night():
                close_days(self.crm)
                attribute_nightly(self.crm)
            case ClaimTaken():
                self._change_claim(one)

    def _tell(self, told: events.Told, by: Ordered | SignedUp | None) -> None:
        visitor = token_of(by.browser) if by and by.browser and by.grade > Grade.NONE else None
        if by and by.browser and by.browser.startswith("app") and visitor:
            visitor = app_token(by.browser)
        self.kites.tell(told, visitor=visitor, grade=int(by.grade) if by else 0)
        assert [name for name in self.kites.owed() if name in _COUNTED] == []

    def _change_claim(self, one: ClaimTaken) -> None:
        with self.kites.app.app_context(), self.crm.sessions.begin() as session:
            token = app_token(one.browser) if one.browser.startswith("app") else token_of(one.browser)
            visitor, customer = visitor_id_of(session, token), customer_by_reference(session, one.account)
            claim = session.scalar(
                select(VisitorClaim.id).where(
                    VisitorClaim.visitor_id == visitor, VisitorClaim.customer_id == (customer.id if customer else 0)
                )
            )
            if claim is not None:
                (put_back if one.stands else take_back)(session, claim, by="olga", reason="asked", at=one.at)

    def _send(self, batch: Batch) -> None:
        body = json.dumps({"batch": [_message(step) for step in batch.steps]})
        answer = self._client.post(
            "/v1/batch", data=body, content_type="application/json", auth=(self._key, ""),
            headers={"User-Agent": "analytics-node/2"},
        )  # fmt: skip
        assert answer.json == {"success": True, "accepted": len(batch.steps), "errors": []}, answer.text
        digested = digest_next(self.crm.sessions, self.world.zone, archive=self.crm.archive)
        assert (digested.messages, digested.set_aside) == (len(batch.steps), 0)


_COUNTED = {"recognise", "remember_order", "attribute_order", "remember_refund", "attribute_refund"}


def app_token(client: str) -> str:
    """What the collector makes of a client's anonymousId."""
    return "a" + sha256(client.encode()).hexdigest()[:39]


@contextmanager
def living(world: World, url: str, folder: Path) -> Iterator[Shop]:
    """A shop in which the world has happened."""
    shop = Shop(world, url, folder)
    try:
        shop.live()
        yield shop
    finally:
        shop.close()


def _sighting(step: Step) -> Sighting:
    return Sighting(
        at=step.at, name=step.name, subject=step.subject, properties={**step.properties, **step.arrival.tags},
        visitor_token=token_of(step.browser), grade=step.grade, customer_reference=step.account,
        user_agent=step.agent.text, referrer=step.arrival.referrer, path=step.path, message_id=step.message_id,
        country=step.country,
    )  # fmt: skip


def _message(step: Step) -> dict[str, Any]:
    """As a server's SDK sends it."""
    context: dict[str, Any] = {
        "userAgent": step.agent.text,
        "page": {"path": step.path},
        "consent": {"categoryPreferences": {name: step.grade >= grade for name, grade in HIGHLIGHTS.items()}},
    }
    message: dict[str, Any] = {
        "messageId": step.message_id, "anonymousId": step.browser, "timestamp": step.at.isoformat(),
        "context": context, "properties": dict(step.properties),
    }  # fmt: skip
    if step.account:
        message["userId"] = step.account
    if step.name == "Page Viewed":
        tags = {("gclid" if name == "click_id" else name): value for name, value in step.arrival.tags.items()}
        context["page"] = {"url": f"https://kites.example{step.subject}?{urlencode(tags)}", "path": step.subject,
                           "referrer": step.arrival.referrer}  # fmt: skip
        return {"type": "page", **message}
    if step.name in ("Product Viewed", "Product Added", "Product Removed"):
        message["properties"]["product_id"] = step.subject
    if step.name == "Product List Viewed":
        message["properties"]["list_id"] = step.subject
    if step.name == "Page Engaged":
        message["properties"]["path"] = step.subject
    return {"type": "track", "event": step.name, **message}


def _person(buyer: str) -> events.Person:
    if "@" in buyer:
        return events.Person(email=buyer)
    return events.Person(email=f"{buyer}@example.com", customer_id=buyer)


def _order(one: Ordered) -> events.OrderCompleted:
    basket = one.basket
    return events.OrderCompleted(
        at=one.at, order_id=one.number, person=_person(one.buyer), currency="EUR",
        lines=tuple(
            events.OrderLine(
                product_id=line.product, name=f"Kite {line.product}", quantity=line.quantity, net_minor=line.net,
                cost_minor=line.cost,
            )
            for line in basket.lines
        ),
        goods_minor=basket.goods, shipping_minor=basket.shipping, discount_minor=basket.discount,
        total_minor=basket.total, codes=basket.codes,
    )  # fmt: skip


def _refund(one: Refunded) -> events.OrderRefunded:
    return events.OrderRefunded(
        at=one.at, refund_id=one.number, order_id=one.order, person=_person(one.buyer) if one.buyer else None,
        currency="EUR", amount_minor=one.back.amount, shipping_minor=one.back.shipping,
        lines=tuple(
            events.OrderLine(product_id=product, name="", quantity=pieces, net_minor=money)
            for product, pieces, money in one.back.lines
        ),
    )  # fmt: skip

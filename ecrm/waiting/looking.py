"""Looking after who waits: when the shop tells of a change, and by a job for shops that don't tell.

Both take the same way, so a change that is heard of twice is acted on once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy.orm import Session

from ecrm.events import PriceChanged, ProductListed, ProductRestocked, Told
from ecrm.installation import Installation, installation
from ecrm.letters import shop_context
from ecrm.storefront import ProductCard, pieces_of, products_for
from mailer.settling import settle
from mailer.supply import Look, give_back, observe, sold_since, supply_of, take
from mailer.waitlists import (
    Kind,
    Wait,
    bought_meanwhile,
    forget_unproved,
    in_line,
    lately_told,
    mark_told,
    watched_products,
)
from tracking.clickstream.event import Event

HOME = ""
"""The shop's own country. Prices differ between countries: the one that is compared from look to look is this one's."""
AT_ONCE = 500
"""Waits of one product looked at; whoever stands behind them is asked again the next time."""


def tell_who_waits(session: Session, row: Event, told: Told) -> None:
    """A product came back or costs something else."""
    assert isinstance(told, ProductRestocked | PriceChanged)  # noqa: S101 (the table in reactions.py says so)
    look_after(installation(), session, [told.product_id], now=datetime.now(UTC))


def ask_shop_for_new(session: Session, row: Event, told: Told) -> None:
    """A product is new: recommendations propose it from the next page on; e-mails follow in the flow's own time."""
    assert isinstance(told, ProductListed)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    installation().newcomers.forget()


def look_after_all(crm: Installation, *, now: datetime) -> str:
    """The job: each product that somebody waits for, in a transaction of its own."""
    with crm.sessions.begin() as session:
        forgotten, back = forget_unproved(session, now=now), settle(session, now=now)
        products = watched_products(session)
    told = 0
    for product in products:
        with crm.sessions.begin() as session:
            told += look_after(crm, session, [product], now=now)
    return f"{len(products)} products looked at, {told} people told, {back} wait again, {forgotten} wishes forgotten"


def look_after(crm: Installation, session: Session, products: Sequence[str], *, now: datetime) -> int:
    """Tell who waits for these products, as many as there are pieces for; returns how many."""
    told = 0
    for product in products:
        bought_meanwhile(session, product)
        lines = {
            kind: in_line(session, product, kind=kind, limit=AT_ONCE, now=now) for kind in (Kind.STOCK, Kind.PRICE)
        }
        known = supply_of(session, product)
        if known is None and not any(lines.values()):
            continue
        # before the shop is asked: see `sold_since`
        sold = sold_since(session, product, known.seen_at) if known else 0
        outstanding = lately_told(session, product, now=now)
        with shop_context(crm):
            pieces = pieces_of(crm.storefront, [product]).get(product, 0)
            regions = {HOME, *(wait.region for waiting in lines.values() for wait in waiting)}
            cards = {region: _card(crm, product, region) for region in sorted(regions)}
            price = next((card.price_minor for card in cards.values() if card), None)  # at home, if it's sold there
        look = Look(pieces=pieces, price_minor=price, sold=sold, outstanding=outstanding)
        if observe(session, product, look, known=known, now=now):
            told += _tell(session, product, _due(lines, cards), now=now)
    return told


def cheaper(then_minor: int, now_minor: int) -> bool:
    """A cent less is no news: at least three in a hundred."""
    return now_minor < then_minor and now_minor * 100 <= then_minor * 97


def _card(crm: Installation, product: str, region: str) -> ProductCard | None:
    """As it is sold there. They asked for this very product: it's them whom the shop asks for their age."""
    return next(iter(products_for(crm.storefront, [product], region=region, adult=True)), None)


def _due(lines: dict[Kind, Sequence[Wait]], cards: dict[str, ProductCard | None]) -> list[list[Wait]]:
    """Those whose wish came true, in the order of asking; two wishes of one person for one product are one."""
    true = [
        wait
        for kind, waiting in lines.items()
        for wait in waiting
        if (card := cards[wait.region]) is not None
        and card.available
        and (kind is Kind.STOCK or (wait.price_minor is not None and cheaper(wait.price_minor, card.price_minor)))
    ]
    of_person = sorted(true, key=lambda wait: (wait.contact_id, wait.asked_at, wait.id))
    people = [list(waits) for _contact, waits in groupby(of_person, lambda wait: wait.contact_id)]
    return sorted(people, key=lambda waits: (waits[0].asked_at, waits[0].id))


def _tell(session: Session, product: str, due: Sequence[list[Wait]], *, now: datetime) -> int:
    told = 0
    for waits in due:
        if not take(session, product):
            break
        if not mark_told(session, waits[0], now=now):  # ended meanwhile, or told by another worker
            give_back(session, product)
            continue
        for wait in waits[1:]:
            mark_told(session, wait, now=None)
        told += 1
    return told

"""The e-mails of mailings: prepared once a variant, filled per person with what is true at this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape
from typing import Any

from jinja2 import Environment
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.letters import absolute
from ecrm.mail_links import content_of
from ecrm.storefront import found_products
from mailer.blocks import Block, Draft
from mailer.goods import Good, GoodsPrinter, Printed
from mailer.mailings import ENDED, PAUSED, Mailing, MailingState, MailingVariant, source_of
from mailer.outbox import Email
from mailer.placeholders import filled
from mailer.prepared import Marks, Personal, Prepared, prepare
from mailer.writing import Answer, Dropped, Held, Written

from .batch import Batch
from .recipients import Recipient, bought
from .shelf import Shelf

PAUSE = timedelta(days=1)
"""A paused mailing's e-mail is asked about again after this, or when somebody ends the pause."""
SOLD_OUT_PAUSE = timedelta(hours=6)
_RESERVE = 24
"""Products that a search or a category is asked for, so that there are some left without what is sold out or owned."""


@dataclass(frozen=True)
class Ready:
    """A prepared variant with what its goods need. `followed`: the mark that stands for `&ecm=…` in links."""

    prepared: Prepared
    candidates: Mapping[int, tuple[str, ...]]
    page: Any
    followed: str
    campaign: str

    @property
    def recommended(self) -> int:
        """How many recommendations it wants for each person."""
        return sum(block.count for block in self.prepared.goods if block.kind == "recommendations")


class MailingLetters:
    """Writes e-mails of mailings; keeps what is prepared until somebody changes the mailing's texts."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._printer = GoodsPrinter(environment)
        self._kept: dict[tuple[Any, ...], Ready] = {}

    def forget(self) -> None:
        """Prepare anew what is written next."""
        self._kept.clear()

    def write(self, batch: Batch, emails: Sequence[Email]) -> dict[int, Answer]:
        """An answer for each e-mail, by its id."""
        answers: dict[int, Answer] = {}
        ready = self._ready_for(batch, emails, answers)
        goods = _GoodsOf(self._printer, batch, [(email, ready[email.id]) for email in emails if email.id in ready])
        for email in emails:
            if email.id in ready:
                answers[email.id] = self._one(batch, email, ready[email.id], goods)
        return answers

    def one(self, batch: Batch, email: Email, mailing: Mailing, draft: Draft) -> Answer:
        """A preview: this draft for this e-mail's recipient, whatever state the mailing is in. Nothing is kept."""
        ready = self._prepare(batch, mailing, draft, email.variant)
        return self._one(batch, email, ready, _GoodsOf(self._printer, batch, [(email, ready)]))

    def _one(self, batch: Batch, email: Email, ready: Ready, goods: _GoodsOf) -> Answer:
        person = batch.recipient(email)
        printed, shown = goods.of(email, ready, person)
        if ready.prepared.goods and not shown:
            return Held(batch.now + SOLD_OUT_PAUSE, "nothing that it shows is available")
        links = batch.links_of(email, campaign=ready.campaign)
        personal = Personal(
            values=batch.values(person), unsubscribe_url=links.unsubscribe, preferences_url=links.preferences,
            followed=links.ecm, pixel=links.pixel,
        )  # fmt: skip
        subject, text, html = ready.prepared.fill(personal, _followed(printed, ready.followed, links.ecm))
        if not subject.strip():
            return Dropped("its subject is empty for this person")
        return Written(
            subject=subject, text=text, html=html, unsubscribe_url=links.unsubscribe,
            list_id=f"{email.topic}.{email.from_address.rpartition('@')[2]}",
            feedback_id=f"{email.source.replace(':', '-')}:{email.topic}:shop",
            content=dict(email.content) | shown,
        )  # fmt: skip

    def _ready_for(self, batch: Batch, emails: Sequence[Email], answers: dict[int, Answer]) -> dict[int, Ready]:
        ids = {email.mailing_id for email in emails if email.mailing_id is not None}
        mailings = {one.id: one for one in batch.session.scalars(select(Mailing).where(Mailing.id.in_(ids)))}
        ready: dict[int, Ready] = {}
        for email in emails:
            mailing = mailings.get(email.mailing_id or 0)
            if mailing is None or mailing.state == MailingState.STOPPED:
                answers[email.id] = Dropped(ENDED)
            elif mailing.state == MailingState.PAUSED:
                answers[email.id] = Held(batch.now + PAUSE, PAUSED)
            else:
                ready[email.id] = self._kept_ready(batch, mailing, email)
        return ready

    def _kept_ready(self, batch: Batch, mailing: Mailing, email: Email) -> Ready:
        key = (mailing.id, mailing.edition, email.variant, email.topic, batch.facts)
        if key not in self._kept:
            if len(self._kept) > 50:
                self._kept.clear()
            draft = _variant(batch.session, mailing.id, email.variant).draft()
            self._kept[key] = self._prepare(batch, mailing, draft, email.variant)
        return self._kept[key]

    def _prepare(self, batch: Batch, mailing: Mailing, draft: Draft, variant: str) -> Ready:
        marks = Marks()
        source = source_of(mailing.id).replace(":", "-")
        campaign, content = mailing.campaign or source, content_of(source_of(mailing.id), variant=variant)
        links = batch.links.of(
            email_id=0, contact_id=0, topic=mailing.topic, campaign=campaign, content=content, tracked=False
        )  # fmt: skip
        marked = replace(links, ecm=marks.followed)

        def page(path: str, place: str = "") -> str:
            return marked.page(path, content=place)

        prepared = prepare(
            self._environment, draft, marks=marks, page=page,
            shop=batch.shop(mailing.topic) | {"shop_link": page("/", "shop"), "shop_url": absolute(batch.facts, "/")},
            picture=lambda path: absolute(batch.facts, path),
        )  # fmt: skip
        candidates = {
            block.number: block.products if block.source == "chosen" else _found(batch, block)
            for block in prepared.goods
            if block.kind == "products"
        }
        return Ready(prepared, candidates, page, marks.followed, campaign)


def _variant(session: Session, mailing_id: int, name: str) -> MailingVariant:
    return session.get_one(MailingVariant, (mailing_id, name))


def _found(batch: Batch, block: Block) -> tuple[str, ...]:
    query, category = (block.query, "") if block.source == "search" else ("", block.query)
    return tuple(found_products(batch.crm.storefront, query=query, category=category, limit=_RESERVE))


def _followed(printed: Mapping[int, Printed], mark: str, ecm: str) -> dict[int, Printed]:
    return {
        number: Printed(one.html.replace(mark, escape(ecm)), one.text.replace(mark, ecm))
        for number, one in printed.items()
    }


class _GoodsOf:
    """Which products each e-mail of a batch shows: of those wanted, what the shop sells to this person now."""

    def __init__(self, printer: GoodsPrinter, batch: Batch, wanted: Sequence[tuple[Email, Ready]]) -> None:
        self._printer, self._batch = printer, batch
        products = {one for _email, ready in wanted for ids in ready.candidates.values() for one in ids}
        if products:
            for region in {batch.recipient(email).region for email, _ready in wanted}:
                batch.shelves.of(region).know(sorted(products))
        customers = {
            batch.recipient(email).customer_id
            for email, ready in wanted
            if any(block.leave_out_owned for block in ready.prepared.goods)
        } - {None}
        self._owned = bought(batch.session, [one for one in customers if one is not None], sorted(products))
        self._picks = batch.picks(self._picks_wanted(wanted), exclude=sorted(products))
        self._favourites: list[str] | None = None

    def of(self, email: Email, ready: Ready, person: Recipient) -> tuple[dict[int, Printed], dict[str, Any]]:
        """The printed blocks by number, and what is kept of them: products, prices, and what was swapped."""
        if not ready.prepared.goods:
            return {}, {}
        shelf, values = self._batch.shelves.of(person.region), self._batch.values(person)
        swaps = self._swaps(ready, person, shelf)
        printed: dict[int, Printed] = {}
        shown: dict[str, int] = {}
        left_out: dict[str, str] = {}
        for block in ready.prepared.goods:
            place = f"block-{block.number}"
            goods = self._chosen(block, ready, person, shelf, left_out, shown, place)
            filled_up = block.kind == "recommendations" or not goods
            while filled_up and swaps and len(goods) < block.count:
                product_id, reason = swaps.pop(0)
                if product_id not in shown:
                    goods.append(shelf.good(product_id, page=ready.page, place=place, reason=reason))
                    shown[product_id] = 0
            shown.update({one.product_id: _price(shelf, one) for one in goods})
            title = filled(list(block.title), values)
            printed[block.number] = self._printer.section(title, goods, columns=block.columns)
        told: dict[str, Any] = {"shown": shown} if shown else {}
        return printed, told | ({"left_out": left_out} if left_out and shown else {})

    def _chosen(
        self,
        block: Block,
        ready: Ready,
        person: Recipient,
        shelf: Shelf,
        left_out: dict[str, str],
        shown: Mapping[str, int],
        place: str,
    ) -> list[Good]:
        goods: list[Good] = []
        for product_id in ready.candidates.get(block.number, ()):
            if len(goods) == block.count:
                break
            why = shelf.lacks(product_id)
            if not why and block.leave_out_owned and (person.customer_id or 0, product_id) in self._owned:
                why = "already owned"
            if why:
                left_out[product_id] = why
            elif product_id not in shown:
                goods.append(shelf.good(product_id, page=ready.page, place=place))
        return goods

    def _picks_wanted(self, wanted: Sequence[tuple[Email, Ready]]) -> dict[int, int]:
        asked: dict[int, int] = {}
        for email, ready in wanted:
            person = self._batch.recipient(email)
            if person.customer_id is None or not ready.prepared.goods:
                continue
            count = ready.recommended + sum(
                block.count
                for block in ready.prepared.goods
                if block.kind == "products" and self._is_bare(block, ready, person)
            )
            if count:
                asked[person.customer_id] = max(count, asked.get(person.customer_id, 0))
        return asked

    def _is_bare(self, block: Block, ready: Ready, person: Recipient) -> bool:
        """Whether nothing of a block can be shown to this person, so that recommendations take its place."""
        shelf = self._batch.shelves.of(person.region)
        return not any(
            not shelf.lacks(one) and not (block.leave_out_owned and (person.customer_id or 0, one) in self._owned)
            for one in ready.candidates.get(block.number, ())
        )

    def _swaps(self, ready: Ready, person: Recipient, shelf: Shelf) -> list[tuple[str, str]]:
        """What may stand where recommendations are wanted, the best first: theirs, then what sells best."""
        picks = self._picks.get(person.customer_id or 0, [])
        shelf.learn(pick.product for pick in picks)
        own = [(pick.product.product_id, pick.reason) for pick in picks]
        needs = ready.recommended or any(self._is_bare(block, ready, person) for block in ready.prepared.goods)
        if needs and len(own) < max(ready.recommended, 1):
            if self._favourites is None:
                self._favourites = self._batch.crm.storefront.best_sellers(limit=_RESERVE)
            shelf.know(self._favourites)
            own += [(one, "") for one in self._favourites if one not in {known for known, _reason in own}]
        return [(one, reason) for one, reason in own if not shelf.lacks(one)]


def _price(shelf: Shelf, good: Good) -> int:
    card = shelf.card(good.product_id)
    return card.price_minor if card is not None else 0

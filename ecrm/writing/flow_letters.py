"""The e-mails of flows: a template's folder `mail/flow_…/`, told what `Email.content` is about as it is at this moment.

What `content` may hold, all of it optional (ids, never words or prices):

    products    ids, or ids with pieces ({"17": 2}): what the e-mail is about, in this order
    reasons     by product, why it is in the e-mail, in words
    prices      by product, minor units as they were: a product that isn't cheaper now is left out (price drop)
    owned       "keep": products that they bought since it was queued stay in; without, they are left out
    swap        true: what can't be shown makes way for recommendations
    region      the country as which they asked; else the customer's
    asked_for   true: they asked for these very products, so age limits don't keep them out, and what is sold out is
                dropped: they wait for the next delivery
    recommend   how many recommendations stand beside it; `RECOMMENDED` where it isn't said
    order       the order that it is about: its products are shown whether or not they can be had

The template is told `products` and `picks` (see `mailer.goods.Good`; `pieces` by product id), `first_name` (may be
empty), `link(path, place)`, `cart_url`, `day(iso)`, `about` (the whole of `content`), `step`, the shop, what
`mail/marketing.html` needs, and `review_url` (empty where no order is to be reviewed).
An e-mail that is about products none of which can be had is held while they are only sold out, and dropped after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from ecrm.letters import absolute
from ecrm.mail_links import EmailLinks
from ecrm.storefront import cart_url_of
from ecrm.wording import day, money
from mailer.goods import Good
from mailer.outbox import Email
from mailer.rendering import render
from mailer.writing import Answer, Dropped, Held, Written
from tracking.orders import order_by_reference

from .batch import Batch
from .recipients import Recipient, bought
from .shelf import Shelf, prices

SOLD_OUT_PAUSE = timedelta(hours=6)
MOST = 12
RECOMMENDED = {
    "flow_welcome": 4, "flow_winback": 4, "flow_birthday": 4, "flow_loyalty": 4, "flow_cart": 2, "flow_browse": 4,
    "flow_replenish": 2,
}  # fmt: skip
"""How many recommendations an e-mail has, by its template."""
_REVIEW = "flow_review"
REVIEWED_WITHIN = timedelta(days=180)
"""So long the link in a review request works."""


@dataclass(frozen=True)
class _Shown:
    """The products of an e-mail, and why others aren't among them."""

    products: list[str]
    left_out: dict[str, str]


class FlowLetters:
    """Writes e-mails of flows; every template is compiled once."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def write(self, batch: Batch, emails: Sequence[Email]) -> dict[int, Answer]:
        """An answer for each e-mail, by its id."""
        about = {email.id: _ids(email.content) for email in emails}
        for shelf in {_shelf(batch, email) for email in emails}:
            shelf.know({one for ids in about.values() for one in ids})
        everything = sorted({one for ids in about.values() for one in ids})
        customers = {one for email in emails if (one := batch.recipient(email).customer_id) is not None}
        owned = bought(batch.session, customers, everything)
        shown = {email.id: _shown(batch, email, about[email.id], owned) for email in emails}
        picks = batch.picks(_picks_wanted(batch, emails, shown), exclude=everything)
        return {email.id: self._one(batch, email, shown[email.id], picks) for email in emails}

    def _one(self, batch: Batch, email: Email, shown: _Shown, picks: Mapping[int, Sequence[Any]]) -> Answer:
        person = batch.recipient(email)
        shelf = _shelf(batch, email)
        wanted, flow = _ids(email.content), email.source.partition(":")[2] or email.template
        links = batch.links_of(email, campaign=flow)
        offers = _offers(links, shelf, picks.get(person.customer_id or 0, ()))
        if not offers and _recommended(email):
            offers = _favourites(batch, links, shelf, [*wanted, *shown.left_out])
        products = [_good(email.content, shelf, links, one) for one in shown.products]
        if email.content.get("swap") and len(products) < len(wanted):
            missing = len(wanted) - len(products)
            products, offers = products + offers[:missing], offers[missing:]
        if wanted and not products:
            return _nothing_left(batch, email, shown)
        recommend = _recommended(email)
        told = self._told(batch, email, person, links) | {"products": products, "picks": offers[:recommend]}
        words = render(self._environment, email.template, told)
        all_shown = [one.product_id for one in (*products, *offers[:recommend])]
        kept = {"shown": dict(prices(shelf, all_shown))} | ({"left_out": shown.left_out} if shown.left_out else {})
        return Written(
            subject=words.subject, text=words.text, html=words.html, unsubscribe_url=links.unsubscribe,
            list_id=f"{email.topic}.{email.from_address.rpartition('@')[2]}",
            feedback_id=f"{email.source.replace(':', '-')}:{email.topic}:shop",
            content=dict(email.content) | kept,
        )  # fmt: skip

    def _told(self, batch: Batch, email: Email, person: Recipient, links: EmailLinks) -> dict[str, Any]:
        pixel = Markup('<img src="{}" width="1" height="1" alt="">').format(links.pixel) if links.pixel else ""
        pieces = email.content.get("products")
        return batch.shop(email.topic) | {
            "shop_url": absolute(batch.facts, "/"), "shop_link": links.page("/", content="shop"),
            "first_name": person.first_name, "link": _page(links), "about": email.content, "step": email.step,
            "cart_url": cart_url_of(batch.crm.storefront), "day": _day,
            "pieces": dict(pieces) if isinstance(pieces, Mapping) else {}, "unsubscribe_url": links.unsubscribe,
            "preferences_url": links.preferences, "pixel": pixel, "review_url": _review_url(batch, email, links),
        }  # fmt: skip


def _review_url(batch: Batch, email: Email, links: EmailLinks) -> str:
    """Where the buyer reviews what the order brought; empty in e-mails that ask for none."""
    order = (
        order_by_reference(batch.session, str(email.content.get("order", ""))) if email.template == _REVIEW else None
    )
    if order is None:
        return ""
    expires = int((batch.now + REVIEWED_WITHIN).timestamp())
    return links.page(links.links.review(order.id, expires=expires), content="review")


def _shelf(batch: Batch, email: Email) -> Shelf:
    region = str(email.content.get("region") or batch.recipient(email).region)
    return batch.shelves.of(region, asked_for=bool(email.content.get("asked_for")))


def _page(links: EmailLinks) -> Any:
    return lambda path, content="": links.page(path, content=content)


def _recommended(email: Email) -> int:
    return int(email.content.get("recommend", RECOMMENDED.get(email.template, 0)))


def _day(written: str) -> str:
    """A day as JSON has it, in the shop's words."""
    return day(date.fromisoformat(written[:10]))


def _ids(content: Mapping[str, Any]) -> list[str]:
    """What the e-mail is about, at most as many as it can show."""
    return [str(one) for one in (content.get("products") or ())][:MOST]


def _good(content: Mapping[str, Any], shelf: Shelf, links: EmailLinks, product_id: str) -> Good:
    """The product with its reason and, where that is what the e-mail is about, what it cost before."""
    good = shelf.good(product_id, page=_page(links), place="product", reason=_reason(content, product_id))
    before, card = content.get("prices"), shelf.card(product_id)
    if isinstance(before, Mapping) and product_id in before and card is not None:
        return good._replace(was=money(int(before[product_id]), card.currency))
    return good


def _reason(content: Mapping[str, Any], product_id: str) -> str:
    reasons = content.get("reasons")
    return str(reasons.get(product_id, "")) if isinstance(reasons, Mapping) else ""


def _shown(batch: Batch, email: Email, wanted: Sequence[str], owned: Mapping[tuple[int, str], Any]) -> _Shown:
    person = batch.recipient(email)
    shelf = _shelf(batch, email)
    shown = _Shown([], {})
    for product_id in wanted:
        why = shelf.lacks(product_id)
        at = owned.get((person.customer_id or 0, product_id))
        if not why and at is not None and at > email.queued_at and email.content.get("owned") != "keep":
            why = "bought meanwhile"
        if why == "not available" and email.content.get("order"):
            why = ""
        if not why and _dearer(email.content, shelf, product_id):
            why = "not cheaper any more"
        if why:
            shown.left_out[product_id] = why
        else:
            shown.products.append(product_id)
    return shown


def _dearer(content: Mapping[str, Any], shelf: Shelf, product_id: str) -> bool:
    before = content.get("prices")
    if not isinstance(before, Mapping) or product_id not in before:
        return False
    card = shelf.card(product_id)
    return card is None or card.price_minor >= int(before[product_id])


def _nothing_left(batch: Batch, email: Email, shown: _Shown) -> Answer:
    """Held where waiting can help."""
    reasons = sorted(set(shown.left_out.values()))
    if reasons == ["not available"] and not email.content.get("asked_for"):
        return Held(batch.now + SOLD_OUT_PAUSE, "what it is about is sold out")
    return Dropped(f"what it is about: {', '.join(reasons)}")


def _picks_wanted(batch: Batch, emails: Sequence[Email], shown: Mapping[int, _Shown]) -> dict[int, int]:
    wanted: dict[int, int] = {}
    for email in emails:
        customer = batch.recipient(email).customer_id
        count = _recommended(email)
        if email.content.get("swap"):
            count += len(shown[email.id].left_out)
        if customer is not None and count:
            wanted[customer] = max(min(count, MOST), wanted.get(customer, 0))
    return wanted


def _favourites(batch: Batch, links: EmailLinks, shelf: Shelf, without: Sequence[str]) -> list[Good]:
    """What sells best, for people of whom nothing is known."""
    ids = [one for one in batch.crm.storefront.best_sellers(limit=MOST) if one not in without]
    shelf.know(ids)
    return [shelf.good(one, page=_page(links), place="pick") for one in ids if not shelf.lacks(one)]


def _offers(links: EmailLinks, shelf: Shelf, picks: Sequence[Any]) -> list[Good]:
    shelf.know([pick.product.product_id for pick in picks])
    return [
        shelf.good(pick.product.product_id, page=_page(links), place="pick", reason=pick.reason)
        for pick in picks
        if not shelf.lacks(pick.product.product_id)
    ]

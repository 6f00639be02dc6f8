"""Writing a review: by the link of a review request, or signed in; of what was bought and has arrived.

The link opens the products of its order and nothing of the person: no name, no address, no price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from flask import Response, current_app, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ecrm.collector.blueprint import public
from ecrm.consent.page import consent_page
from ecrm.installation import installation
from ecrm.mail_links import Purpose, mail_keys
from ecrm.storefront import ProductCard
from ecrm.wording import gettext as _
from tracking.customers import customer_by_reference
from tracking.orders import SeenOrder

from .buyers import Bought, bought_by
from .reviews import LONGEST_NAME, LONGEST_TITLE, LONGEST_WORDS, Review, Said, own_review, write_review
from .typed import lines, listed_word, looks_like_address, one_line

MOST_AT_ONCE = 30
"""Products of an order that one page offers."""


@dataclass(frozen=True)
class Offered:
    """A product that may be reviewed, with what was said of it, or what was just typed."""

    bought: Bought
    card: ProductCard | None
    typed: Mapping[str, str]
    review: Review | None
    problem: str = ""

    @property
    def name(self) -> str:
        return self.card.name if self.card else self.bought.name


@public.get("/review/<token>")
def review_order(token: str) -> Response:
    """The products of the order that a review request asks about."""
    order = _order_of(token)
    return _broken() if order is None else _page(order.customer_id, order_id=order.id, token=token)


@public.post("/review/<token>")
def review_order_now(token: str) -> AnyResponse:
    """Keep what the reader of the review request says of one of its products."""
    order = _order_of(token)
    if order is None:
        return _broken()
    return _keep(order.customer_id, order_id=order.id, token=token)


@public.get("/review")
def review_product() -> AnyResponse:
    """A product that the signed-in customer bought; others are sent to sign in."""
    customer_id = signed_in_customer()
    if customer_id is None:
        return _sign_in()
    return _page(customer_id, product=_asked_product())


@public.post("/review")
def review_product_now() -> AnyResponse:
    """Keep what the signed-in customer says of a product that they bought."""
    customer_id = signed_in_customer()
    return _sign_in() if customer_id is None else _keep(customer_id, product=_asked_product())


def signed_in_customer() -> int | None:
    """The customer who is signed in at the shop, as the CRM knows them."""
    crm = installation()
    present = crm.storefront.current_customer()
    if present is None:
        return None
    with crm.sessions() as session:
        customer = customer_by_reference(session, present.customer_id)
    return 0 if customer is None else customer.id


def read_review(form: Mapping[str, str]) -> tuple[Said | None, str]:
    """What was typed, cleaned; or None and what to put right."""
    stars = form.get("stars", "")
    if stars not in {"1", "2", "3", "4", "5"}:
        return None, _("Choose one to five stars.")
    title, words, name = one_line(form.get("title", "")), lines(form.get("words", "")), one_line(form.get("name", ""))
    for text, longest, what in (
        (title, LONGEST_TITLE, _("The headline")), (words, LONGEST_WORDS, _("The text")),
        (name, LONGEST_NAME, _("The name")),
    ):  # fmt: skip
        if len(text) > longest:
            complaint = _("%(what)s is too long: %(count)s of at most %(most)s letters.")
            return None, complaint % {"what": what, "count": len(text), "most": longest}
    if looks_like_address(name) or looks_like_address(title):
        return None, _("Everybody can read the name and the headline: leave your e-mail address out.")
    return Said(stars=int(stars), title=title, words=words, display_name=name), ""


def shown_at_once(said: Said) -> bool:
    """Whether the shop shows it before anybody of staff has read it."""
    config = current_app.config
    if not config["ECRM_REVIEWS_AT_ONCE"]:
        return False
    text = f"{said.title} {said.words} {said.display_name}"
    return not listed_word(text, config["ECRM_REVIEW_WORDS"]) and not looks_like_address(text)


def _keep(customer_id: int, *, order_id: int = 0, product: str = "", token: str = "") -> AnyResponse:
    wanted = _asked_product()
    said, problem = read_review(request.form)
    now, crm = datetime.now(UTC), installation()
    with crm.sessions.begin() as session:
        found = bought_by(session, customer_id, product=wanted, order_id=order_id)
        if wanted and found and said is not None:
            kept = write_review(
                session, product=wanted, customer_id=customer_id, order_reference=found[0].order_reference, said=said,
                show=shown_at_once(said), now=now,
            )  # fmt: skip
            shown = kept.state == "shown"
    if not wanted or not found:
        return _page(customer_id, order_id=order_id, product=product, token=token, status=422)
    if said is None:
        return _page(
            customer_id, order_id=order_id, product=product, token=token, status=422, problem=problem, about=wanted
        )
    saved = "shown" if shown else "waiting"
    if token:
        return redirect(url_for("ecrm.review_order", token=token, saved=saved), 303)
    return redirect(url_for("ecrm.review_product", product=wanted, saved=saved), 303)


def _page(
    customer_id: int, *, order_id: int = 0, product: str = "", token: str = "", status: int = 200, problem: str = "",
    about: str = "",
) -> Response:  # fmt: skip
    crm = installation()
    with crm.sessions() as session:
        found = bought_by(session, customer_id, product=product, order_id=order_id)[:MOST_AT_ONCE]
        offered = _offered(session, customer_id, found, problem=problem, about=about)
    return consent_page(
        "review.html", status=status, offered=offered, by_link=bool(token), product=product,
        saved=request.args.get("saved", "") if status == 200 else "",
        action=url_for("ecrm.review_order_now", token=token) if token else url_for("ecrm.review_product_now"),
    )  # fmt: skip


def _offered(session: Session, customer_id: int, found: Sequence[Bought], *, problem: str, about: str) -> list[Offered]:
    cards = {card.product_id: card for card in installation().storefront.products([one.product for one in found])}
    offered = []
    for one in found:
        review = own_review(session, one.product, customer_id)
        typed = request.form if problem and one.product == about else _typed(review)
        offered.append(Offered(one, cards.get(one.product), typed, review, problem if one.product == about else ""))
    return offered


def _typed(review: Review | None) -> Mapping[str, str]:
    if review is None:
        return {}
    return {
        "stars": str(review.stars), "title": review.title, "words": review.words, "name": review.display_name,
    }  # fmt: skip


def _order_of(token: str) -> SeenOrder | None:
    parts = mail_keys().read_fresh(Purpose.REVIEW, token, now=time())
    if parts is None or len(parts) != 1:
        return None
    with installation().sessions() as session:
        return session.get(SeenOrder, int(parts[0]))


def _asked_product() -> str:
    return "".join(one for one in request.values.get("product", "")[:64] if one.isprintable())


def _broken() -> Response:
    return consent_page("link_broken.html", status=404)


def _sign_in() -> AnyResponse:
    here = url_for("ecrm.review_product", product=_asked_product())
    return redirect(installation().storefront.sign_in_url(next_path=here))

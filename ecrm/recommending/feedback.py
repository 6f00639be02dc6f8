"""What shoppers say to recommendations ("not interested", "don't use this"), and the page where they change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, abort, redirect, render_template, request, session
from sqlalchemy import bindparam, select
from werkzeug.wrappers import Response as BaseResponse

from ecrm import identification
from ecrm.clicked import untagged
from ecrm.collector.blueprint import public
from ecrm.collector.views import local_path
from ecrm.storefront import ProductCard
from ecrm.wording import gettext as _
from recommender.signals import Kind
from tracking.orders import SeenOrder, SeenOrderLine
from tracking.visitors import Grade

from .choices import LONGEST_PRODUCT, Choice, TooMany, choose, take_back
from .page import Page, present_page

_SAID = "ecrm_said"
"""Where the browser's session keeps what was just said, until the next strip answers to it."""
SHOWN = 24
"""Products of a kind on the page where one's own data are seen."""
_BOUGHT = (
    select(SeenOrderLine.product)
    .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
    .where(SeenOrder.customer_id == bindparam("customer"))
    .order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc(), SeenOrderLine.position)
    .limit(4 * SHOWN)
)


@dataclass(frozen=True)
class Said:
    """A choice that was just made (or taken back), as the next page answers to it."""

    product_id: str
    name: str
    choice: str
    undone: bool


def said_before() -> Said | None:
    """What was said on the page before; told once."""
    kept = session.get(_SAID)
    if not isinstance(kept, list) or len(kept) != 3:
        return None
    session.pop(_SAID)
    product_id, choice, undone = str(kept[0]), str(kept[1]), bool(kept[2])
    name = present_page().names([product_id]).get(product_id, _("this product"))
    return Said(product_id, name, choice, undone)


def own_page() -> str:
    """The path of the page where a person sees what is used of them."""
    prefix: str = present_page().crm.app.config["ECRM_PUBLIC_PREFIX"]
    return f"{request.script_root}{prefix.rstrip('/')}/recommendations"


@public.post("/recommendations/choice")
def recommendation_choice() -> BaseResponse:
    """Keep what was said of a product, or take it back (`undo`); it holds on the page that this leads back to.

    The field's name is the choice, its value the product: so one form of a card has a button for each.
    """
    choice = next((one for one in Choice if one.value in request.form), None)
    if choice is None:
        abort(400, _("Please say “not interested” or “don't use this”; nothing else can be kept."))
    product = request.form[choice.value]
    if not 0 < len(product) <= LONGEST_PRODUCT or not product.isprintable():
        abort(400, _("Which product is meant? Please go back, reload the page and click again."))
    page = present_page()
    if not page.present.may_choose:
        return redirect(f"{own_page()}?unknown=1", code=303)
    undo = request.form.get("undo") == "1"
    with page.crm.sessions.begin() as db:
        try:
            if undo:
                take_back(db, page.present.chooser, product=product, choice=choice)
            else:
                choose(db, page.present.chooser, product=product, choice=choice, now=datetime.now(UTC))
        except TooMany:
            abort(409, _("That is as much as we can keep. Please take back a few of your earlier choices first."))
    session[_SAID] = [product, choice.value, undo]
    return redirect(untagged(local_path(request.form.get("next", "") or own_page())), code=303)


@public.get("/recommendations")
def your_recommendations() -> Response:
    """What one's recommendations are made of, and every choice, each with the way to change it."""
    page = present_page()
    present = page.present
    chosen = {
        choice: list(dict.fromkeys(one.product for one in present.choices if one.choice is choice)) for choice in Choice
    }  # once, also where it was said in the account and in the browser
    unused = present.person.not_used
    looks = (deed.product for deed in present.person.steps if deed.kind in (Kind.VIEW, Kind.CART))  # and no returns
    looked = [one for one in dict.fromkeys(looks) if one not in unused]
    bought = [one for one in _bought(page) if one not in unused]
    html = render_template(
        "ecrm/public/recommendations.html",
        personal=identification.grade() is Grade.PERSONAL,
        signed_in=present.customer_id is not None,
        may_choose=present.may_choose,
        looked=_cards(page, looked),
        bought=_cards(page, bought),
        hidden=_cards(page, chosen[Choice.NOT_INTERESTED]),
        not_used=_cards(page, chosen[Choice.NOT_USED]),
        said=said_before(),
        next=own_page(),
        unknown="unknown" in request.args,
    )
    response = Response(html)
    response.headers["Cache-Control"] = "no-store"
    return response


def _bought(page: Page) -> list[str]:
    if page.present.customer_id is None:
        return []
    with page.crm.sessions() as db:
        return list(dict.fromkeys(db.scalars(_BOUGHT, {"customer": page.present.customer_id})))


def _cards(page: Page, products: list[str]) -> list[ProductCard]:
    return page.goods(products[:SHOWN])

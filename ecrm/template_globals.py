"""`crm` in the host's templates: ready HTML for the slots of a page, e.g. `{{ crm.recommendations("home") }}`.

A slot never breaks the page that it stands in: whatever goes wrong is logged and leaves the slot empty.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, before_render_template, request, template_rendered, url_for
from markupsafe import Markup

from . import csp, identification
from .clicked import tagged, untagged
from .collector.heard import heard_form_html
from .collector.waiting import waiting_mark
from .consent.signing_up import consent_box_html, newsletter_form_html
from .csrf import csrf_token
from .customers.recall import recall_form_html
from .delivery_shown import delivery_html
from .events import RecommendationsShown
from .installation import installation
from .paths import STATIC, TEMPLATES
from .recommending.feedback import own_page, said_before
from .recommending.ordering import knows_visitor, ordered
from .recommending.page import present_page
from .recommending.strips import strip_for
from .returns.pages import returns_html
from .service.contact_pages import contact_address, contact_form_html
from .voice.question_slot import questions_html
from .voice.slots import rated, reviews_html
from .waiting.asking import proved_theirs, tell_me_html
from .wording import gettext, ngettext

log = logging.getLogger("ecrm.slots")
_KEY = "ecrm.slots"


def init_app(app: Flask) -> None:
    """Offer `crm` to the app's templates, and our templates to its loader.

    A blueprint's templates are searched after the app's own: the host's `templates/ecrm/…` overrides ours.
    """
    slots = Blueprint(
        "ecrm_slots",
        __name__,
        template_folder=str(TEMPLATES),
        static_folder=str(STATIC),
        static_url_path=app.config["ECRM_PUBLIC_PREFIX"].rstrip("/") + "/static",
    )
    app.register_blueprint(slots)
    app.jinja_env.globals["crm"] = SLOTS


class Slots:
    """The slots. Each gives HTML, or nothing where there is nothing to say; `crm` itself is true in templates."""

    def styles(self) -> Markup:
        """`<link>` for the slots' style sheet; for the page's head."""
        return _guarded("styles", _styles)

    def greeting(self) -> Markup:
        """ "Welcome back, Ada" with a "Not you?" button; nothing for strangers."""
        return _guarded("greeting", _greeting)

    def recommendations(
        self,
        placement: str,
        product_id: str | None = None,
        n: int = 6,
        *,
        ordered: Sequence[str] = (),
        category: str = "",
    ) -> Markup:
        """A strip of up to `n` products.

        Args:
            placement: `home`, `again`, `new`, `recent`; `product`, `similar` or `also_bought` (with `product_id`);
                `cart`, `checkout`, `nothing_found` (with `category`, where one is known), `account` or `order` (with
                `ordered`, the products of the order).
        """
        return _guarded("recommendations", lambda: _recommendations(placement, product_id, n, ordered, category))

    def contact_form(self, order_id: str = "") -> Markup:
        """The form to write to the support desk, about this order where one is named."""
        return _guarded("contact_form", lambda: contact_form_html(order_id))

    def contact_page(self) -> str:
        """Address of the page with this form."""
        return str(_guarded("contact_page", lambda: Markup.escape(contact_address())))

    def recommendations_page(self) -> str:
        """Address of the page where a person sees what their recommendations are made of, and changes it."""
        return str(_guarded("recommendations_page", lambda: Markup.escape(own_page())))

    def ordered(self, placement: str, product_ids: Sequence[str], category: str = "") -> list[str]:
        """The same products in the order that fits the present visitor. placement: `search` or `category`."""
        try:
            return ordered(placement, product_ids, category=category)
        except Exception:
            log.exception("the order of %s failed; the shop's own stays", placement)
            return list(product_ids)

    def knows_visitor(self, placement: str = "") -> bool:
        """Whether `ordered` answers on this placement with an order of the visitor's own."""
        try:
            return knows_visitor(placement)
        except Exception:
            log.exception("can't say whether the visitor is known")
            return False

    def shown(self) -> frozenset[str]:
        """What stands on this page by now, so that the host's own lists can leave it out."""
        try:
            return frozenset(present_page().shown)
        except Exception:
            log.exception("can't say what the page shows")
            return frozenset()

    def this_page(self) -> str:
        """Path and query of this page for a form of the host that leads back to it; empty on a POST's answer.

        What the address says of a click on a recommendation is left out: coming back is no click.
        """
        return untagged(_present_page())

    def consent_banner(self) -> Markup:
        """The consent banner, until this browser has chosen; before the end of the body."""
        return _guarded("consent_banner", lambda: _rendered("consent_banner"))

    def beacon(self) -> Markup:
        """The script that reports what only a browser knows; before the end of the body."""
        return _guarded("beacon", _beacon)

    def delivery(self, order_reference: str) -> Markup:
        """Where the parcels of an order are; for the order's page."""
        return _guarded("delivery", lambda: delivery_html(order_reference))

    def returns(self, order_reference: str) -> Markup:
        """What of an order is on its way back, and the way to send something back; for the order's page."""
        return _guarded("returns", lambda: returns_html(order_reference))

    def recall_form(self) -> Markup:
        """Lets a returning guest ask for their last details by e-mail; for the checkout."""
        return _guarded("recall_form", recall_form_html)

    def newsletter_form(self) -> Markup:
        """Sign-up for the newsletter, for the shop's footer; the way to their choices for who is signed in."""
        return _guarded("newsletter_form", newsletter_form_html)

    def consent_box(self) -> Markup:
        """An unticked box by which somebody agrees to get e-mails, for a form of the host (`ECRM.agreed`)."""
        return _guarded("consent_box", consent_box_html)

    def tell_me(self, product_id: str) -> Markup:
        """ "Tell me when it is back" (or cheaper, or what else is new of its kind); for a product's page."""
        return _guarded("tell_me", lambda: tell_me_html(product_id, next_path=_present_page()))

    def reviews(self, product_id: str) -> Markup:
        """What verified buyers say of a product, with the mean; for its page."""
        return _guarded("reviews", lambda: reviews_html(product_id))

    def questions(self, product_id: str) -> Markup:
        """Questions about a product with their answers, and the form to ask; for its page."""
        return _guarded("questions", lambda: questions_html(product_id, known=proved_theirs()))

    def rated(self, data: Mapping[str, Any], product_id: str) -> dict[str, Any]:
        """JSON-LD of a schema.org/Product with the rating of the reviews that `reviews` shows on the same page."""
        try:
            return rated(data, product_id)
        except Exception:
            log.exception("the rating of %s is left out of the page's data", product_id)
            return dict(data)

    def own_page(self) -> str:
        """Address of the signed-in customer's own page: orders, cases, reviews, and what is known of them."""
        return str(_guarded("own_page", lambda: Markup.escape(url_for("ecrm.me"))))

    def preferences_page(self) -> str:
        """Address of the page where a signed-in customer chooses their e-mails."""
        return str(_guarded("preferences_page", lambda: Markup.escape(url_for("ecrm.own_preferences"))))

    def heard_of_us(self, order_reference: str) -> Markup:
        """ "Where did you hear of us?", until it is answered; for the page that thanks for an order."""
        return _guarded("heard_of_us", lambda: heard_form_html(order_reference, next_path=_present_page()))


SLOTS = Slots()


def _guarded(slot: str, render: Callable[[], Markup]) -> Markup:
    """The one place that stands between a slot's failure and the host's page; hence the broad `except`."""
    try:
        return render()
    except Exception:
        log.exception("the slot %s failed and was left empty", slot)
        return Markup()


def _styles() -> Markup:
    return Markup('<link rel="stylesheet" href="{}">').format(url_for("ecrm_slots.static", filename="slots.css"))


def _beacon() -> Markup:
    """Nothing on a page whose address is a key: the beacon reports addresses."""
    if identification.holds_key(request):
        return Markup()
    return _rendered("beacon", visitor=waiting_mark(identification.visitor_token(), identification.grade()))


def _greeting() -> Markup:
    crm = installation()
    customer = crm.storefront.current_customer()
    if customer is None:
        return Markup()
    return _rendered("greeting", customer=customer, sign_out_url=crm.storefront.sign_out_url())


def _recommendations(placement: str, product_id: str | None, n: int, ordered: Sequence[str], category: str) -> Markup:
    strip = strip_for(placement, product_id=product_id, ordered=ordered, category=category, n=n)
    if strip is None:
        return Markup()
    identification.observe(
        RecommendationsShown(
            placement=placement,
            product_ids=tuple(card.product.product_id for card in strip.cards),
            reasons=tuple(card.code for card in strip.cards),
            strategy=strip.strategy,
            model=strip.model,
        )
    )
    add_url = installation().storefront.add_to_cart_url()
    return _rendered(
        "recommendations", strip=strip, add_url=add_url, tagged=tagged, next_path=untagged(_present_page()),
        said=said_before(), own_page=own_page(),
    )  # fmt: skip


def _present_page() -> str:
    """Path and query of this page, for a form that leads back; empty on a POST's answer, which can't be reopened."""
    if request.method not in {"GET", "HEAD"}:
        return ""
    return request.script_root + (request.full_path if request.query_string else request.path)


def _rendered(slot: str, **context: object) -> Markup:
    app = installation().app
    prefix = app.config["ECRM_PUBLIC_PREFIX"].rstrip("/")
    template = app.jinja_env.get_template(f"ecrm/slots/{slot}.html")
    whole = {
        **_of_host(app),
        "nonce": csp.nonce(),
        "csrf_token": csrf_token,
        "prefix": prefix,
        "grade": identification.chosen_grade(),
        "_": gettext,
        "ngettext": ngettext,
        **context,
    }
    before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=whole)
    html = template.render(whole)
    template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=whole)
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def _of_host(app: Flask) -> dict[str, Any]:
    """What the host's context processors say, for templates of its own; asked once a page, where `render_template`
    would ask for each slot."""
    found: dict[str, Any] | None = request.environ.get(_KEY)
    if found is None:
        found = request.environ[_KEY] = {}
        app.update_template_context(found)
    return found

"""The reviews of a product for its page: the slot, and the rating for search engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup

from ecrm.csrf import csrf_token
from ecrm.installation import installation
from ecrm.wording import gettext as _
from ecrm.wording import ngettext, number

from .shown import A_PAGE, Rating, rating_of, shown_reviews

PARAMETER = "reviews"
"""Names the page of reviews in the address of the product's page."""
_KEY = "ecrm.rating"


def reviews_html(product_id: str) -> Markup:
    """Mean, spread and a page of reviews."""
    rating = _rating(product_id)
    pages = max(1, -(-rating.count // A_PAGE))
    page = min(_asked_page(), pages)
    with installation().sessions() as session:
        reviews = shown_reviews(session, product_id, page=page) if rating.count else ()
    html = render_template(
        "ecrm/slots/reviews.html", rating=rating, reviews=reviews, page=page, pages=pages, product_id=product_id,
        mean=number(round(rating.mean, 1)), link=_link, csrf_token=csrf_token, ecrm_gettext=_, ecrm_ngettext=ngettext,
        shop_name=installation().storefront.facts().name,
    )  # fmt: skip
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def rated(data: Mapping[str, Any], product_id: str) -> dict[str, Any]:
    """A page's schema.org/Product with its AggregateRating, where shown reviews stand on the page; else as it was.

    Google asks that a rating be of reviews that readers of the page can see:
    https://developers.google.com/search/docs/appearance/structured-data/review-snippet
    """
    if data.get("@type") != "Product":
        return dict(data)
    rating = _rating(product_id)
    if not rating.count:
        return dict(data)
    return {
        **data,
        "aggregateRating": {
            "@type": "AggregateRating", "ratingValue": f"{rating.mean:.1f}", "reviewCount": rating.count,
            "bestRating": 5, "worstRating": 1,
        },
    }  # fmt: skip


def _rating(product_id: str) -> Rating:
    """Asked for once a page, by the head and by the slot."""
    kept: dict[str, Rating] = request.environ.setdefault(_KEY, {})
    if product_id not in kept:
        with installation().sessions() as session:
            kept[product_id] = rating_of(session, product_id)
    return kept[product_id]


def _asked_page() -> int:
    text = request.args.get(PARAMETER, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else 1


def _link(page: int) -> str:
    """This page with another page of reviews."""
    args: dict[str, Any] = dict(request.view_args or {}) | ({PARAMETER: page} if page > 1 else {})
    return url_for(request.endpoint or "", _anchor="reviews", **args)

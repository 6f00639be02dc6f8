"""The catalogue's pages: department, category, search, product, and the product's picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse

from .. import signals
from ..addressing.countries import country_name
from ..database import db
from ..hooks import in_their_order, knows_visitor
from ..limits import SEARCHING, limiter
from ..profile import shop_profile
from . import listing, navigation
from .artwork import artwork, etag
from .listing import BadWish, Listing, Wishes
from .pictures import in_pixels, picture_url, picture_version
from .product import Category, Department, Product
from .restrictions import present_buyer, present_country, refusal
from .search import matching, words_of
from .structured_data import breadcrumb_data, product_data

MOST_QUERY = 200
"""Letters of a search query; longer ones are cut."""
BIGGEST_ID = 2**31 - 1
"""Larger numbers are nobody's product and don't fit PostgreSQL's integer."""

LONG, SHORT = 30 * 24 * 3600, 5 * 60
"""Seconds for which a picture is kept: under the address of what it shows, and under any other."""

blueprint = Blueprint("catalog", __name__)


def init_app(app: Flask) -> None:
    """Register the pages, the department navigation of every page, and the pictures' addresses for all templates."""
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"departments": navigation.departments})
    app.add_template_global(picture_url, "picture_url")


@blueprint.get("/d/<department>")
def department(department: str) -> str:
    """A department: its shelves, what sells best, what is reduced."""
    found = navigation.department_by_slug(db.session(), department) or abort(404)
    shelves = navigation.categories_of(db.session(), found.id)
    faces = listing.tiles(db.session(), [shelf.face for shelf in shelves if shelf.face is not None])
    mine = [shelf.id for shelf in shelves]
    return render_template(
        "shop/catalog/department.html",
        department=found,
        department_slug=found.slug,
        shelves=shelves,
        faces={face.id: face for face in faces},
        best=listing.best_sellers(db.session(), limit=12, within=mine),
        reduced=listing.reduced(db.session(), limit=12, within=mine),
    )


@blueprint.get("/d/<department>/<category>")
def category(department: str, category: str) -> AnyResponse:
    """A category: its products with filters, sorting and paging."""
    found = navigation.category_by_slugs(db.session(), department, category) or abort(404)
    address: dict[str, Any] = {"department": department, "category": category}
    try:
        wishes = listing.read_wishes(request.args, known=knows_visitor("category"))
        own = partial(in_their_order, "category", category=found.name)
        shelf = listing.list_products(db.session(), Product.category_id == found.id, wishes=wishes, own_order=own)
    except BadWish as problem:
        return _bad_wish(problem, url_for("catalog.category", **address))
    page = make_response(
        render_template(
            "shop/catalog/category.html",
            category=found,
            department_slug=found.department.slug,
            siblings=navigation.sibling_categories(db.session(), found),
            crumbs=navigation.path_to(found),
            **_list_context("catalog.category", address, wishes, shelf),
        )
    )
    signals.announce(
        signals.list_shown,
        list_id=f"{department}/{category}",
        product_ids=[tile.id for tile in shelf.tiles],
        first_position=shelf.first_position,
    )
    return page


@blueprint.get("/search")
@limiter.limit(SEARCHING)
def search() -> AnyResponse:
    """What was searched for, closest and most popular first."""
    query = request.args.get("q", "").replace("\x00", "").strip()[:MOST_QUERY]
    condition = matching(db.session(), query)
    if condition is None:
        context: dict[str, Any] = {"listing": None, "best": listing.best_sellers(db.session(), limit=12)}
        return make_response(render_template("shop/catalog/search.html", search_query=query, **context))
    try:
        wishes = listing.read_wishes(request.args, known=knows_visitor("search"))
        found = listing.list_products(
            db.session(), condition, wishes=wishes, closeness=_closeness(query),
            own_order=partial(in_their_order, "search"),
        )  # fmt: skip
    except BadWish as problem:
        return _bad_wish(problem, url_for("catalog.search", q=query))
    best = [] if found.total else listing.best_sellers(db.session(), limit=12)
    page = make_response(
        render_template(
            "shop/catalog/search.html",
            search_query=query,
            best=best,
            **_list_context("catalog.search", {"q": query}, wishes, found),
        )
    )
    signals.announce(
        signals.searched,
        query=query,
        results=found.total,
        product_ids=[tile.id for tile in found.tiles],
        first_position=found.first_position,
    )
    return page


@blueprint.get("/p/<int:product_id>", defaults={"slug": ""})
@blueprint.get("/p/<int:product_id>/<slug>")
def product(product_id: int, slug: str) -> AnyResponse:
    """A product; another name in the address is led to the right one."""
    found = _listed(product_id)
    if slug != found.slug:
        right = url_for("catalog.product", product_id=found.id, slug=found.slug)
        asked = urlencode(list(request.args.items(multi=True)))  # of a campaign's link; not through url_for, which has
        return redirect(f"{right}?{asked}" if asked else right, 301)  # arguments of its own
    crumbs = navigation.path_to(found.category, product_name=found.name)
    page = make_response(
        render_template(
            "shop/catalog/product.html",
            product=found,
            refusal=refusal(found, present_buyer()),
            goes_to=country_name(present_country()),
            department_slug=found.category.department.slug,
            crumbs=crumbs,
            siblings=listing.siblings(db.session(), found, limit=12),
            structured=[
                product_data(found, currency=shop_profile().currency, base_url=_base_url()),
                breadcrumb_data(crumbs, base_url=_base_url()),
            ],
        )
    )
    signals.announce(signals.product_shown, product=found)
    return page


@blueprint.get("/art/<int:product_id>.svg", endpoint="artwork")
def picture(product_id: int) -> Response:
    """The drawn picture of a product, listed or not (old orders show it, too)."""
    row = _to_be_drawn(product_id)
    return _drawn(row, mimetype="image/svg+xml", draw=lambda told: artwork(**told))


@blueprint.get("/art/<int:product_id>.png", endpoint="artwork_png")
def picture_for_mail(product_id: int) -> Response:
    """The same in pixels, for e-mails: most mail programs show no SVG."""
    row = _to_be_drawn(product_id)
    return _drawn(row, mimetype="image/png", draw=lambda told: in_pixels(artwork(**told)))


def _to_be_drawn(product_id: int) -> Any:
    if product_id > BIGGEST_ID:
        abort(404)
    query = (
        select(
            Product.name,
            Product.brand,
            Product.size,
            Product.category_id,
            Category.name.label("category"),
            Department.name.label("department"),
        )
        .join(Category, Category.id == Product.category_id)
        .join(Department, Department.id == Category.department_id)
        .where(Product.id == product_id)
    )
    return db.session.execute(query).one_or_none() or abort(404)


def _drawn(row: Any, *, mimetype: str, draw: Callable[[dict[str, str]], str | bytes]) -> Response:
    facts = {name: value for name, value in row._asdict().items() if name != "category_id"}
    answer = Response(mimetype=mimetype)
    answer.cache_control.public = True
    # `no-cache` would ask again for each of 24 pictures on a page. An address with the hash of what is drawn can be
    # kept; one without it, or with an old one, may show something else tomorrow.
    kept_for_good = request.args.get("v") == picture_version(row)
    answer.cache_control.max_age = LONG if kept_for_good else SHORT
    answer.cache_control.immutable = kept_for_good
    answer.set_etag(etag(**facts))
    answer.make_conditional(request)
    if answer.status_code != 304:
        answer.set_data(draw(facts))
    return answer


def _listed(product_id: int) -> Product:
    if product_id > BIGGEST_ID:
        abort(404)
    query = select(Product).where(Product.id == product_id, Product.listed)
    whole = query.options(joinedload(Product.category).joinedload(Category.department))
    return db.session.scalars(whole).one_or_none() or abort(404)


def _list_context(endpoint: str, address: dict[str, Any], wishes: Wishes, shelf: Listing) -> dict[str, Any]:
    """What the list template needs; all links keep the filters, and a changed filter starts at page 1."""

    def link(*, page: int | None = None, **changes: Any) -> str:
        return url_for(endpoint, **(address | wishes.parameters(page=page, **changes)))

    return {
        "listing": shelf,
        "wishes": wishes,
        "here": url_for(
            endpoint, **{key: value for key, value in address.items() if key != "q"}
        ),  # a form adds its own
        "plain": url_for(endpoint, **address),
        "link": link,
        "page_link": lambda number: link(page=number),
        "sorts": [sort for sort in listing.SORTS if sort in (wishes.usual, *listing.SORTS[1:])],
    }


def _bad_wish(problem: BadWish, plain_url: str) -> AnyResponse:
    """An address that no link of ours makes: a page beyond the last is gone, anything else was mistyped."""
    parameter = str(problem)
    page = render_template("shop/catalog/bad_wish.html", parameter=parameter, plain_url=plain_url)
    return make_response(page, 404 if parameter == "page" else 400)


def _closeness(query: str) -> Any:
    """Rates a name by how many of the searched words stand in it: "milk" finds milk before milk chocolate's shelf."""
    stems = [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words_of(query)]

    def rate(name: str) -> int:
        folded = name.casefold()
        return sum(stem in folded for stem in stems)

    return rate


def _base_url() -> str:
    base: str = current_app.config["SHOP_BASE_URL"]
    return base.rstrip("/")

"""The shop's front page and its standing pages: about, privacy, imprint."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template

from .catalog import listing, navigation
from .database import db
from .hooks import can_send_letters
from .profile import shop_profile

blueprint = Blueprint("pages", __name__)


def init_app(app: Flask) -> None:
    """Register the pages, and `shop` (the profile) for every template."""
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"shop": shop_profile(), "can_find_orders": can_send_letters()})


@blueprint.get("/")
def home() -> str:
    """The front page: departments, best sellers, reduced prices, new arrivals; all from the shop's own figures."""
    floor = navigation.floor(db.session())
    faces = {face.id: face for face in listing.tiles(db.session(), [face for _row, face in floor if face is not None])}
    return render_template(
        "shop/pages/home.html",
        floor=[(department, faces.get(face)) for department, face in floor],
        showcase=list(faces.values())[:5],
        best=listing.best_sellers(db.session(), limit=12),
        reduced=listing.reduced(db.session(), limit=12),
        arrivals=listing.arrivals(db.session(), limit=12),
    )


@blueprint.get("/about")
def about() -> str:
    """Who runs the shop, and where demo data come from."""
    return render_template("shop/pages/about.html")


@blueprint.get("/privacy")
def privacy() -> str:
    """What is stored about a visitor and why."""
    return render_template("shop/pages/privacy.html")


@blueprint.get("/imprint")
def imprint() -> str:
    """Whom to write to."""
    return render_template("shop/pages/imprint.html")

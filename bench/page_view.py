"""What recording a view costs a page: CPU per request without the e-CRM, with it, and with an ORM insert instead.

Run: python -m bench.page_view. Every variant is measured in turns within one run, as absolute figures swing with the
machine. "request" is the CPU time of the thread that answers; "all" adds the writer's thread.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import EnvironBuilder

from ecrm import ECRM, CustomerFacts, ProductCard, ShopFacts, Staff, events
from ecrm.database import connect
from ecrm.installation import Installation, installation
from ecrm.tables import METADATA
from tracking.clickstream.event import Event

ROUNDS, REQUESTS = 60, 50
LIMIT_MICROSECONDS = 50
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
PAGE = """<!doctype html><title>{{ name }}</title>
<nav>{% for n in range(12) %}<a href="/d/{{ n }}">Department {{ n }}</a>{% endfor %}</nav>
<h1>{{ name }}</h1><p>{{ price }}</p><ul>{% for card in cards %}<li><a href="/p/{{ card.id }}">
<img src="/art/{{ card.id }}.svg" alt=""> {{ card.name }}</a> <b>{{ card.price }}</b></li>{% endfor %}</ul>"""
CARDS = [{"id": n, "name": f"Tea & biscuits {n}", "price": f"€{n}.99"} for n in range(24)]


class BenchStorefront:
    """A shop whose answers cost nothing, so that only the plugin is measured."""

    def facts(self) -> ShopFacts:
        return ShopFacts(name="Bench", base_url="http://localhost", currency="EUR", country="DE",
                         time_zone="Europe/Berlin", sender="bench@example.com")  # fmt: skip

    def current_customer(self) -> CustomerFacts | None:
        return CustomerFacts(customer_id="1", email="ada@example.com", first_name="Ada")

    def current_staff(self) -> Staff | None:
        return None

    def sign_in_url(self, *, next_path: str) -> str:
        return "/enter"

    def sign_out_url(self) -> str:
        return "/leave"

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        return []

    def best_sellers(self, *, limit: int) -> list[str]:
        return []

    def cart_product_ids(self) -> frozenset[str]:
        return frozenset()

    def order_url(self, order_id: str, *, signed: bool) -> str:
        return "/"

    def staff_order_url(self, order_id: str) -> str:
        return "/"


Variant = tuple[Flask, Callable[[Flask], None], Callable[[], Any]]
"""A shop, how to ask it for a page, and how to wait for what it does in the background."""


def shop(record: Callable[[], None]) -> Flask:
    """A shop with one page about as dear as a product page."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="bench" * 8, ECRM_MAIL_TRANSPORT="memory", ECRM_JOBS="outside")

    template = app.jinja_env.from_string(PAGE)

    @app.get("/p/<int:key>/<slug>")
    def product(key: int, slug: str) -> str:
        page = template.render(name=slug, price="€4.99", cards=CARDS)
        record()
        return page

    return app


def with_crm(url: str) -> tuple[Flask, Installation]:
    """The shop with the plugin, which records the product view and, by itself, the page view."""
    crm = ECRM()
    app = shop(lambda: crm.observe(events.ProductViewed(product_id="7")))
    crm.init_app(app, storefront=BenchStorefront(), engine=connect(url))
    return app, installation(app)


def insert_by_orm(sessions: sessionmaker[Session]) -> None:
    """What most shops do: a row for the page view, committed within the request."""
    with sessions.begin() as session:
        session.add(
            Event(
                message_id=uuid.uuid4().hex, name="Page Viewed", happened_at=datetime.now(UTC), subject="/p/7/tea",
                properties={"path": "/p/7/tea", "status": 200},
            )
        )  # fmt: skip


def request_of(cookie: str) -> Callable[[Flask], None]:
    """One GET of the product page by a browser with this cookie header, straight at the WSGI app."""
    headers = {"User-Agent": BROWSER, "Referer": "https://search.example/?q=tea", "Cookie": cookie}
    environ = EnvironBuilder(path="/p/7/tea", headers=headers).get_environ()

    def ask(app: Flask) -> None:
        b"".join(app.wsgi_app(dict(environ), lambda *_: lambda _data: None))

    return ask


def measure(variants: dict[str, Variant]) -> dict[str, tuple[float, float]]:
    """CPU µs a request of every variant, taken in turns: (the request's thread, the whole process).

    The fastest tenth counts: what other programs on the machine do only ever makes a round slower.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, (app, ask, settle) in variants.items():
            request, process = time.thread_time(), time.process_time()
            for _ in range(REQUESTS):
                ask(app)
            request = time.thread_time() - request
            settle()
            process = time.process_time() - process
            taken[name].append((request / REQUESTS * 1e6, process / REQUESTS * 1e6))
    return {
        name: (_fastest_tenth(row[0] for row in rows), _fastest_tenth(row[1] for row in rows))
        for name, rows in taken.items()
    }


def _fastest_tenth(values: Iterable[float]) -> float:
    return statistics.quantiles(values, n=10)[0]


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        engine = connect(url)
        METADATA.create_all(engine)
        sessions: sessionmaker[Session] = sessionmaker(engine)
        token = uuid.uuid4().hex
        app, plugin = with_crm(url)
        plain = shop(lambda: None)
        orm = shop(lambda: insert_by_orm(sessions))
        stranger = request_of("")
        statistics_only = request_of(f"ecrm_consent=1; ecrm_visitor={token}")
        personal = request_of(f"ecrm_consent=2; ecrm_visitor={token}")
        variants: dict[str, Variant] = {
            "without the e-CRM": (plain, personal, lambda: None),
            "e-CRM, no consent": (app, stranger, plugin.writer.flush),
            "e-CRM, only statistics": (app, statistics_only, plugin.writer.flush),
            "e-CRM, all accepted": (app, personal, plugin.writer.flush),
            "ORM insert in the request": (orm, personal, lambda: None),
        }
        for app_, ask, settle in variants.values():  # templates compiled, thread started, connections open
            ask(app_)
            settle()
        figures = measure(variants)
        plugin.writer.close()
    report(figures)


def report(figures: dict[str, tuple[float, float]]) -> None:
    """Print the table, the overheads and whether the limit is kept."""
    base = figures["without the e-CRM"]
    print(f"{'µs CPU a product page':<28}{'request':>9}{'extra':>8}{'all':>9}{'extra':>8}")
    for name, (request, process) in figures.items():
        print(f"{name:<28}{request:>9.0f}{request - base[0]:>8.0f}{process:>9.0f}{process - base[1]:>8.0f}")
    extra = max(figures[name][0] - base[0] for name in figures if name.startswith("e-CRM"))
    orm = figures["ORM insert in the request"][0] - base[0]
    print(f"\nThe ORM insert of one event costs {orm / extra:.0f} times what the e-CRM's two events cost the request.")
    kept = "kept" if extra <= LIMIT_MICROSECONDS else "BROKEN"
    print(f"Overhead {extra:.0f} µs, limit {LIMIT_MICROSECONDS} µs: {kept}")


if __name__ == "__main__":
    main()

"""What share of the shop's own product page the e-CRM takes: CPU per request with it and without it, in turns.

Run: python -m bench.product_page [folder]. The real shop, asked straight at its WSGI app: a new one with 2,000 products
and no model; or a copy of the shop in `folder` (its `var`), with the model that it serves.
"only the record" is the shop with the e-CRM whose templates show no slot (styles, greeting, banner, beacon,
recommendations): what remains is the page view, the product view and the plugin's hooks. "all" counts the thread that
stores the steps, too. Medians of rounds taken in turns; shares are medians of each round's own ratio, as absolute
figures swing with the machine.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import EnvironBuilder

import ecrm.migrating
import shop.migrating
from ecrm.installation import installation
from shop.app import create_app
from shop.catalog.product import Category, Department, Product
from shop.database import db
from shop.profile import ShopProfile

from .page_view import BROWSER

ROUNDS, REQUESTS, PRODUCTS, SHELVES = 30, 20, 2000, 40
LIMIT_SHARE = 0.03
WITHOUT, RECORD, ALL = "without the e-CRM", "only the record", "everything it adds"


@dataclass
class Variant:
    """A shop and how its pages are asked for; seconds of each round: (the request's thread, the whole process)."""

    app: Flask
    environ: dict[str, Any]
    paths: list[str]
    settle: Callable[[], object] = lambda: None
    rounds: list[tuple[float, float]] = field(default_factory=list)

    def ask(self, times: int) -> None:
        """Ask for `times` product pages, each of another product.

        Raises:
            RuntimeError: for an answer that is no product page.
        """
        for number in range(times):
            path = self.paths[(len(self.rounds) * times + number) % len(self.paths)]
            said: list[str] = []
            body = b"".join(self.app.wsgi_app(self.environ | {"PATH_INFO": path}, partial(_note, said)))
            if said != ["200 OK"] or b"Add to cart" not in body:
                raise RuntimeError(f"{path}: {said} {body[:200]!r}")

    def measure(self) -> None:
        """A round."""
        thread, process = time.thread_time(), time.process_time()
        self.ask(REQUESTS)
        thread = time.thread_time() - thread
        self.settle()
        self.rounds.append((thread / REQUESTS, (time.process_time() - process) / REQUESTS))


def _note(said: list[str], status: str, *_headers: object) -> Callable[[bytes], object]:
    said.append(status)
    return lambda _data: None


def environ_of(cookie: str) -> dict[str, Any]:
    """A GET by a browser with this cookie header."""
    headers: Any = {"User-Agent": BROWSER, "Referer": "https://search.example/?q=tea", "Cookie": cookie}
    return EnvironBuilder(headers=headers).get_environ()


def opened(folder: Path, *, crm: bool) -> Flask:
    """The shop on the folder's database."""
    return create_app(
        {
            "SHOP_ENV": "demo",
            "SHOP_VAR": str(folder),
            "SHOP_CRM": crm,
            "SHOP_RATE_LIMITS": False,
            "ECRM_JOBS": "outside",
        }
    )


def fill(app: Flask) -> None:
    """Tables, and 2,000 products on 40 shelves of 10 departments."""
    with app.app_context():
        shop.migrating.upgrade(db.engine)
        ecrm.migrating.upgrade(db.engine)
        db.session.add(
            ShopProfile(
                id=1, name="Tea", currency="USD", country="US", time_zone="America/New_York", email="tea@shop.example"
            )
        )
        departments = [Department(name=f"Department {n}", slug=f"d{n}", position=n) for n in range(10)]
        shelves = [Category(name=f"Shelf {n}", slug=f"s{n}", department=departments[n % 10]) for n in range(SHELVES)]
        db.session.add_all(
            Product(
                sku=f"T{n}", slug="tea", name=f"Tea & biscuits {n}", brand=f"Brand {n % 50}", size="250 g",
                category=shelves[n % SHELVES], price_minor=199 + n, stock=100, added_at=datetime.now(UTC),
            )
            for n in range(PRODUCTS)
        )  # fmt: skip
        db.session.commit()


def pages(app: Flask) -> list[str]:
    """Paths of 2,000 products that can be bought."""
    query = select(Product.id, Product.slug).where(Product.listed, Product.stock > 0, Product.age_limit.is_(None))
    with app.app_context():
        return [f"/p/{id_}/{slug}" for id_, slug in db.session.execute(query.order_by(Product.id).limit(PRODUCTS))]


def report(variants: dict[tuple[str, str], Variant]) -> bool:
    """Print the table; whether the record keeps to its share of the request."""
    print(f"{'µs CPU a product page':<44}{'request':>9}{'more':>7}{'share':>8}{'all':>9}{'share':>8}")
    largest = 0.0
    for (grade, what), variant in variants.items():
        base = variants[grade, WITHOUT].rounds
        request, process = (statistics.median(column) * 1e6 for column in zip(*variant.rounds, strict=True))
        shares = [
            statistics.median(mine[of] / theirs[of] - 1 for mine, theirs in zip(variant.rounds, base, strict=True))
            for of in (0, 1)
        ]
        more = request - statistics.median(row[0] for row in base) * 1e6
        print(
            f"{grade + ', ' + what:<44}{request:>9,.0f}{more:>7,.0f}{shares[0]:>8.1%}{process:>9,.0f}{shares[1]:>8.1%}"
        )
        if what == RECORD:
            largest = max(largest, shares[0])
    kept = largest <= LIMIT_SHARE
    print(f"\nThe record is {largest:.1%} of the page, limit {LIMIT_SHARE:.0%}: {'kept' if kept else 'BROKEN'}")
    return kept


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="the e-CRM's share of a product page")
    parser.add_argument("folder", nargs="?", type=Path, help="a filled shop's SHOP_VAR; without it, a new shop")
    filled = parser.parse_args().folder
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "var"
        if filled:
            shutil.copytree(filled, folder)
        everything, record, without = opened(folder, crm=True), opened(folder, crm=True), opened(folder, crm=False)
        if not filled:
            fill(everything)
        paths = pages(everything)
        record.jinja_env.globals["crm"] = None
        token = uuid.uuid4().hex
        cookies = {"no consent": "", "all accepted": f"ecrm_consent=2; ecrm_visitor={token}"}
        shops = {WITHOUT: without, RECORD: record, ALL: everything}
        writers = {id(app): installation(app).writer for app in (everything, record)}
        variants = {
            (grade, what): Variant(
                app, environ_of(cookie), paths, writers[id(app)].flush if id(app) in writers else lambda: None
            )
            for grade, cookie in cookies.items()
            for what, app in shops.items()
        }
        for variant in variants.values():  # templates compiled, connections open
            variant.ask(REQUESTS)
            variant.settle()
        for _ in range(ROUNDS):
            for variant in variants.values():
                variant.measure()
        for writer in writers.values():
            writer.close()
    report(variants)


if __name__ == "__main__":
    main()

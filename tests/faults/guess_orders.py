"""`make guess-orders`: somebody guesses at orders — links, and pairs of e-mail and number — and what that tells them.

The guesses reach the shop's real code with its limits off, so that each of them counts: random proofs, proofs of other
orders, numbers close to real ones, real numbers with strangers' addresses. Afterwards with limits on: how many of a
minute's guesses are answered at all. And the time of right and wrong questions, asked in turn.
"""

from __future__ import annotations

import argparse
import random
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

import ecrm.migrating
import shop.migrating
from mailer.outbox import Email
from shop.app import create_app
from shop.checkout.order import Order
from shop.checkout.order_links import order_proof, signed_order_path
from shop.checkout.placing import new_number
from shop.database import db
from shop.email_address import fold

ORDERS = 400


@dataclass(frozen=True)
class Found:
    """What the guesses brought, and what a right and a wrong question took in milliseconds (medians)."""

    links: int
    lookups: int
    opened: int
    mailed: int
    bodies: int
    answered_in_a_minute: int
    right_ms: float
    wrong_ms: float

    def __str__(self) -> str:
        apart = self.right_ms - self.wrong_ms
        return (
            f"{self.links} guessed links and {self.lookups} guessed pairs: {self.opened} opened an order, "
            f"{self.mailed} had a letter sent; {self.bodies} different answer(s). With limits on, "
            f"{self.answered_in_a_minute} of a minute's guesses were answered. A right pair took {self.right_ms:.2f} "
            f"ms, a wrong one {self.wrong_ms:.2f} ms (medians, in turn): {apart:+.2f} ms."
        )


def guess(folder: Path, *, links: int, lookups: int, pairs: int) -> Found:
    """Guess at the orders of a made-up shop in `folder`."""
    chance = random.Random(6)
    app = _shop(folder, limits=False)
    numbers = _fill(app)
    client, opened = app.test_client(), 0
    for path in _link_guesses(app, numbers, links, chance):
        opened += client.get(path).status_code != 404
    token, bodies = _token(client), set()
    for email, number in _pair_guesses(numbers, lookups, chance):
        bodies.add(_ask(client, token, email, number))
    mailed = _letters(app)
    right, wrong = _times(app, client, token, numbers, pairs)
    with limited(folder) as guarded:
        answered = sum(
            guarded.get(f"/orders/{numbers[0]}?t={secrets.token_urlsafe(16)}").status_code == 404 for _ in range(200)
        )
    return Found(links, lookups, opened, mailed, len(bodies), answered, right, wrong)


@contextmanager
def limited(folder: Path) -> Iterator[FlaskClient]:
    """A guesser at the same shop with its limits on."""
    yield _shop(folder, limits=True).test_client()


def _link_guesses(app: Flask, numbers: list[str], count: int, chance: random.Random) -> Iterator[str]:
    with app.test_request_context():
        proofs = [order_proof(number) for number in numbers[:50]]
    for turn in range(count):
        number = chance.choice(numbers)
        match turn % 4:
            case 0:
                proof = secrets.token_urlsafe(32)
            case 1:  # another order's link
                proof = chance.choice([one for one, of in zip(proofs, numbers, strict=False) if of != number])
            case 2:  # a right one, changed in one place
                with app.test_request_context():
                    right = order_proof(number)
                place = chance.randrange(len(right) - 1)  # of the last character two bits carry nothing
                proof = right[:place] + ("A" if right[place] != "A" else "B") + right[place + 1 :]
            case _:
                number, proof = new_number(datetime.now(UTC)), chance.choice(proofs)
        yield f"/orders/{number}?t={proof}"


def _pair_guesses(numbers: list[str], count: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    for turn in range(count):
        there = chance.randrange(len(numbers))
        match turn % 3:
            case 0:  # a real number, a stranger's address
                yield f"guess{turn}@example.com", numbers[there]
            case 1:  # a real address, another's number
                yield _address((there + 1) % len(numbers)), numbers[there]
            case _:
                yield _address(there), new_number(datetime.now(UTC))


def _times(app: Flask, client: FlaskClient, token: str, numbers: list[str], pairs: int) -> tuple[float, float]:
    """Medians in milliseconds; each right pair is asked once, since an address gets three letters an hour."""
    right, wrong = [], []
    for turn in range(min(pairs, len(numbers))):
        asked = [(right, _address(turn), numbers[turn]), (wrong, f"other{turn}@example.com", numbers[turn])]
        for kept, email, number in asked if turn % 2 else reversed(asked):
            began = time.perf_counter()
            _ask(client, token, email, number)
            kept.append((time.perf_counter() - began) * 1000)
    if _letters(app) != len(right):
        raise SystemExit(f"{len(right)} right pairs had {_letters(app)} letters written")
    return statistics.median(right), statistics.median(wrong)


def _ask(client: FlaskClient, token: str, email: str, number: str) -> bytes:
    answer = client.post("/find-order", data={"csrf_token": token, "email": email, "number": number})
    return f"{answer.status} {answer.location} ".encode() + answer.data


def _token(client: FlaskClient) -> str:
    page = client.get("/find-order").get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if found is None:
        raise SystemExit("the page has no form")
    return found.group(1)


def _letters(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Email).where(Email.template == "order_link")) or 0


def _address(number: int) -> str:
    return f"buyer{number}@example.com"


def _fill(app: Flask) -> list[str]:
    numbers = []
    with app.app_context():
        for number in range(ORDERS):
            now = datetime.now(UTC)
            order = Order(
                number=new_number(now), buyer=f"cart:{number}", idempotency_key=str(number), email=_address(number),
                email_folded=fold(_address(number)), placed_at=now, currency="EUR", goods_minor=100, total_minor=100,
            )  # fmt: skip
            db.session.add(order)
            numbers.append(order.number)
        db.session.commit()
    with app.test_request_context():
        path = signed_order_path(numbers[0])
    if app.test_client().get(path).status_code != 200:
        raise SystemExit("the right link opens nothing: nothing would be proved")
    return numbers


def _shop(folder: Path, *, limits: bool) -> Flask:
    app = create_app({
        "TESTING": True, "SHOP_ENV": "demo", "SHOP_VAR": str(folder), "SHOP_RATE_LIMITS": limits,
        "SHOP_SECRET_KEY": "a secret that only these guesses know", "ECRM_MAIL_TRANSPORT": "memory",
        "SHOP_DATABASE_URL": f"sqlite:///{folder / 'shop.db'}",
    })  # fmt: skip
    with app.app_context():
        shop.migrating.upgrade(db.engine)
        ecrm.migrating.upgrade(db.engine)
    return app


def main() -> int:
    """Guess, print, and fail where a guess was right or the limit didn't hold."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--links", type=int, default=90_000)
    asked.add_argument("--lookups", type=int, default=10_000)
    asked.add_argument("--pairs", type=int, default=300)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = guess(Path(folder), links=given.links, lookups=given.lookups, pairs=given.pairs)
    print(found)
    return 0 if (found.opened, found.mailed, found.bodies, found.answered_in_a_minute) == (0, 0, 1, 30) else 1


if __name__ == "__main__":
    sys.exit(main())

"""A visitor of the shop without a browser: opens pages of the test client, fills forms as a person would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from bs4 import BeautifulSoup, Tag
from flask import Flask, session
from flask.testing import FlaskClient

from shop.accounts.account import Account
from shop.accounts.browser import sign_in_here
from shop.database import db
from tests.shop.filling import fields_of

ADDRESS = {
    "email": "kim@example.com", "name": "Kim Lee", "line1": "1 Main Street", "line2": "", "city": "Springfield",
    "postcode": "12345", "region": "", "country": "DE", "phone": "", "delivery_method": "standard",
    "payment_method": "invoice",
}  # fmt: skip


@dataclass
class Seen:
    """The page that a visitor sees."""

    status: int
    path: str
    soup: BeautifulSoup

    @property
    def words(self) -> str:
        """Its text, blanks folded."""
        return " ".join(self.soup.get_text(" ").split())

    def form(self, action: str) -> Tag:
        """The first form that posts there."""
        for form in self.soup.find_all("form"):
            if str(form.get("action", "")).split("?")[0].endswith(action):
                return form
        raise LookupError(f"{self.path} ({self.status}) has no form for {action}: {self.words[:400]}")


@dataclass
class Visitor:
    """One person with one browser."""

    app: Flask
    client: FlaskClient = field(init=False)
    _token: str = ""

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def see(self, path: str) -> Seen:
        """Open a page and follow where it leads."""
        return self._seen(self.client.get(path, follow_redirects=True))

    def send(self, path: str, **fields: str) -> Seen:
        """Post fields with a good CSRF token, as a tampered page would."""
        return self._seen(self.client.post(path, data={"csrf_token": self.token(), **fields}, follow_redirects=True))

    def submit(self, page: Seen, action: str, **answers: str) -> Seen:
        """Fill a form of the page and send it."""
        form = page.form(action)
        data = fields_of(form) | answers
        return self._seen(self.client.post(str(form["action"]), data=data, follow_redirects=True))

    def token(self) -> str:
        """A CSRF token of this browser's session: of the sign-in page or, signed in, of the account's."""
        if not self._token:
            self._token = self._read_token()
        return self._token

    def _read_token(self) -> str:
        pages = (self.see(path) for path in ("/sign-in", "/account"))
        fields = (page.soup.select_one('form input[name="csrf_token"]') for page in pages)
        return next(str(field["value"]) for field in fields if field is not None)

    def sign_in(self, account_id: int) -> Visitor:
        """Sign in as this account, keeping what the session held."""
        with self.client.session_transaction() as kept:
            before = dict(kept)
        with self.app.test_request_context():
            session.update(before)
            account = db.session.get_one(Account, account_id)
            sign_in_here(account, now=datetime.now(UTC))
            db.session.commit()
            after = dict(session)
        with self.client.session_transaction() as changed:
            changed.clear()
            changed.update(after)
        self._token = ""
        return self

    def add(self, product_id: int, quantity: int = 1) -> Seen:
        """Put a product into the cart."""
        return self.send("/cart/add", product_id=str(product_id), quantity=str(quantity))

    def review(self, **answers: str) -> Seen:
        """Go through the checkout up to the review."""
        return self.submit(self.see("/checkout?edit=1"), "/checkout", **ADDRESS | answers)

    def order(self, product_id: int, quantity: int = 1, **answers: str) -> str:
        """Buy something; the order's number."""
        self.add(product_id, quantity)
        placed = self.submit(self.review(**answers), "/checkout/place")
        return placed.path.split("/orders/")[1].split("/")[0]

    def _seen(self, response: object) -> Seen:
        status, text = response.status_code, response.get_data(as_text=True)  # type: ignore[attr-defined]
        return Seen(status, response.request.path, BeautifulSoup(text, "html.parser"))  # type: ignore[attr-defined]

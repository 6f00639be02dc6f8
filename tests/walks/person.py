"""A person who browses the app without JavaScript: opens pages, fills forms, follows links. Real CSRF, real cookies."""

from __future__ import annotations

import io

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from tests.faults.shopper import Page, fields_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DETAILS = {
    "email": "kim@example.com", "name": "Kim Lee", "line1": "Hauptstraße 1", "city": "Berlin", "postcode": "10115",
    "country": "DE",
}  # fmt: skip


class Person:
    """One browser. Pages are `tests.faults.shopper.Page`: status, url, soup."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **headers: str) -> Page:
        """Open a page and follow redirects."""
        return self._page(self.client.get(path, follow_redirects=True, headers={"User-Agent": FIREFOX, **headers}))

    def post(self, path: str, fields: dict[str, str]) -> Page:
        """Send fields as a form does."""
        answer = self.client.post(path, data=fields, follow_redirects=True, headers={"User-Agent": FIREFOX})
        return self._page(answer)

    def submit(self, page: Page, action: str, **answers: str) -> Page:
        """Fill the form that posts to `action` and send it."""
        form = page.form(action)
        return self.post(str(form.get("action")), fields_of(form) | answers)

    def upload(self, path: str, content: bytes, *, name: str = "rows.csv") -> Page:
        """Send a file by the form of the page at `path`."""
        token = fields_of(self.get(path).form(path))["csrf_token"]
        fields = {"csrf_token": token, "file": (io.BytesIO(content), name)}
        return self._page(self.client.post(path, data=fields, follow_redirects=True))

    def sign_in_as(self, account_id: int) -> Page:
        """Use the demo's one-click sign-in."""
        token = fields_of(self.get("/sign-in").form("/sign-in"))["csrf_token"]
        return self.post("/sign-in/demo", {"csrf_token": token, "account_id": str(account_id)})

    def buy(self, product_id: int, *, quantity: int = 1, **details: str) -> Page:
        """Put a product in the cart and go through the whole checkout as a guest would."""
        self.submit(self.get(f"/p/{product_id}/x"), "/cart/add", quantity=str(quantity))
        review = self.submit(self.get("/checkout?edit=1"), "/checkout", **(DETAILS | details))
        return self.submit(review, "/checkout/place")

    def cookies(self) -> set[str]:
        """Names of the cookies that this browser holds."""
        return {cookie.key for cookie in self.client._cookies.values()}

    def _page(self, answer: TestResponse) -> Page:
        return Page(answer.status_code, answer.request.url, BeautifulSoup(answer.data, "html.parser"))


def order_number(page: Page) -> str:
    """The number of the order whose page this is."""
    return page.url.split("/orders/")[1].split("?")[0].split("/")[0]

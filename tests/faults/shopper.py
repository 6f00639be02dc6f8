"""A shopper without a browser: cookies, pages and forms over HTTP, so that real servers can be tried and killed."""

from __future__ import annotations

import http.client
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, Tag

DETAILS = {
    "email": "kim@example.com", "name": "Kim Lee", "line1": "1 Main Street", "city": "Springfield",
    "postcode": "12345", "country": "DE",
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """What came back: status, final address and the parsed page."""

    status: int
    url: str
    soup: BeautifulSoup

    def form(self, action: str) -> Tag:
        """The form that posts to a path ending so."""
        for form in self.soup.find_all("form"):
            if str(form.get("action", "")).split("?")[0].endswith(action):
                return form
        raise LookupError(
            f"{self.url} ({self.status}) has no form for {action}: {self.soup.get_text(' ', strip=True)[:300]}"
        )


@dataclass
class Shopper:
    """One browser at one shop. Raises OSError where the server is gone."""

    base: str
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def get(self, path: str) -> Page:
        """Open a page."""
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, path)))

    def post(self, path: str, fields: dict[str, str]) -> Page:
        """Send a form's fields and follow where it leads."""
        url = urllib.parse.urljoin(self.base, path)
        return self._open(urllib.request.Request(url, data=urllib.parse.urlencode(fields).encode()))

    def submit(self, page: Page, action: str, **answers: str) -> Page:
        """Fill a form as a person would (first radio, selected option) and send it."""
        form = page.form(action)
        target = urllib.parse.urljoin(page.url, str(form.get("action")))
        return self.post(target, fields_of(form) | answers)

    def _open(self, request: urllib.request.Request) -> Page:
        request.add_header("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        try:
            try:
                with opener.open(request, timeout=20) as answer:
                    return Page(answer.status, answer.url, BeautifulSoup(answer.read(), "html.parser"))
            except urllib.error.HTTPError as error:
                with error:
                    return Page(error.code, error.url or "", BeautifulSoup(error.read(), "html.parser"))
        except http.client.HTTPException as problem:  # half an answer, such as IncompleteRead, is none
            raise ConnectionError(f"the answer broke off: {problem!r}") from problem


def fields_of(form: Tag) -> dict[str, str]:
    """What a browser would send for an untouched form; of radios without a choice, the first."""
    fields: dict[str, str] = {}
    for control in form.find_all(["input", "select", "textarea"]):
        name, kind = str(control.get("name", "")), str(control.get("type", "text"))
        if not name or kind in {"submit", "button", "checkbox"}:
            continue
        if control.name == "select":
            options = control.find_all("option")
            chosen = next((o for o in options if o.has_attr("selected")), options[0] if options else None)
            fields[name] = str(chosen.get("value", "")) if chosen else ""
        elif kind == "radio":
            if control.has_attr("checked") or name not in fields:
                fields[name] = str(control.get("value", ""))
        else:
            fields[name] = control.get_text() if control.name == "textarea" else str(control.get("value", ""))
    return fields

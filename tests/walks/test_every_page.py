"""Every page of the app, as the owner sees it: language, title, one heading of the first rank, and its guards."""

from __future__ import annotations

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from tests.architecture.route_matrix import MATRIX
from tests.architecture.test_route_role_matrix import _Browser, _prepare, _routes

FRAGMENTS = {"console.email_html GET"}
"""The body of an e-mail, shown in a sandboxed frame: its headings are those of the letter."""

GUARDS = {
    "X-Content-Type-Options": {"nosniff"},
    "X-Frame-Options": {"SAMEORIGIN", "DENY"},
    "Referrer-Policy": {"same-origin", "no-referrer", "strict-origin"},  # the last two where the address is a key
    "Cross-Origin-Opener-Policy": {"same-origin"},
}


def test_every_page_has_language_title_one_heading_and_guards(app: Flask, shop_data: dict[str, int]) -> None:
    examples, people = _prepare(app, shop_data)
    # The example order and address are Ada's: the owner has a staff page of the order, but not the customer's own.
    browsers = {name: _Browser(app, people[name]) for name in ("owner", "customer", "anonymous")}
    missing, pages = [], 0
    for rule, key in _routes(app):
        row = MATRIX[key]
        if not key.endswith(" GET"):
            continue
        # Whoever is signed in already is sent on from the door.
        door = rule.endpoint in {"accounts.sign_in", "accounts.register"}
        who = "anonymous" if door else "owner" if "owner" in row.allowed else "customer"
        with browsers[who].call(rule, key, row, {**examples, "role": who}) as answer:
            missing += [f"{key}: {problem}" for problem in _guards(answer)]
            if answer.mimetype == "text/html" and not 300 <= answer.status_code < 400:
                pages += 1
                missing += [f"{key}: {problem}" for problem in _page(answer, fragment=key in FRAGMENTS)]
    assert missing == [], "\n".join(missing)
    assert pages >= 40


def _guards(answer: TestResponse) -> list[str]:
    problems = [
        f"{name} is {answer.headers.get(name)}"
        for name, right in GUARDS.items()
        if answer.headers.get(name) not in right
    ]
    policy = answer.headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "base-uri 'none'" not in policy or "frame-ancestors" not in policy:
        problems.append(f"policy {policy}")
    scripts = next((part.split()[1:] for part in policy.split("; ") if part.startswith("script-src")), [])
    if not all(source == "'self'" or source.startswith("'nonce-") for source in scripts):
        problems.append(f"policy {policy}")
    if answer.status_code >= 500:
        problems.append(answer.status)
    return problems


def _page(answer: TestResponse, *, fragment: bool) -> list[str]:
    soup = BeautifulSoup(answer.text, "html.parser")
    problems = [] if soup.html and soup.html.get("lang") else ["no lang"]
    if not answer.text.lstrip().lower().startswith("<!doctype html>"):
        problems.append("no doctype")
    if soup.title is None or not soup.title.get_text(strip=True):
        problems.append("no title")
    if not fragment and len(soup.find_all("h1")) != 1:
        problems.append(f"{len(soup.find_all('h1'))} h1")
    return problems

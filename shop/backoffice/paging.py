"""Reading numbers from an address, and addresses of the other pages of the same list."""

from __future__ import annotations

from flask import request, url_for

FILTERS = ("q", "status", "state", "department")
"""What a list's address may hold beside the page; any other name could be one that `url_for` takes for its own."""


def whole_argument(name: str) -> int | None:
    """A number from the address; anything that isn't one counts as not given."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def page_link(number: int) -> str:
    """The address of another page with the same search and filters."""
    kept = {name: value for name in FILTERS if (value := request.args.get(name))}
    return url_for(request.endpoint or "", **(kept | {"page": str(number)}))  # type: ignore[arg-type]

"""What the shop asks of whoever is plugged into it: questions with an answer of "nothing" when nobody is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class CheckoutDefaults:
    """A known buyer's last answers in the checkout. All of them complete = the order is one confirming click."""

    email: str
    name: str
    line1: str
    city: str
    postcode: str
    country: str
    line2: str = ""
    region: str = ""
    phone: str = ""
    delivery_method: str = ""
    payment_method: str = ""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An e-mail that the shop asks for. `context` is what its template `mail/<template>/` is told.

    Each of `causes` makes one letter and no second: the letter takes the first that is free, and is not sent where
    none is. So their number limits how many there may be.
    """

    template: str
    to_address: str
    causes: tuple[str, ...]
    context: Mapping[str, Any]
    to_name: str = ""


@dataclass
class Hooks:
    """One list a question; the first answer that isn't None counts.

    `before_sign_in` is told an account's id while the session is still the stranger's, in the transaction of
    `db.session`; what it answers, if anything, is shown to them afterwards.
    `tables_current` says whether the tables of whoever is plugged in are those of this version.
    `knows_visitor` says whether such a list is in the present visitor's own order; `in_their_order` puts products of a
    list (`search`, or `category` with its name) into it: all of them, each once.
    `carrier_of` says which carriers' a tracking number may be, by our codes or others, the surest first.
    `letters` are asked to send a letter and say whether they do: in the transaction of `db.session`, without a commit.
    """

    checkout_defaults: list[Callable[[], CheckoutDefaults | None]] = field(default_factory=list)
    before_sign_in: list[Callable[[int], str]] = field(default_factory=list)
    letters: list[Callable[[Letter], bool]] = field(default_factory=list)
    tables_current: list[Callable[[Connection], bool]] = field(default_factory=list)
    knows_visitor: list[Callable[[str], bool]] = field(default_factory=list)
    in_their_order: list[Callable[[str, Sequence[int], str], list[int]]] = field(default_factory=list)
    carrier_of: list[Callable[[str], Sequence[str]]] = field(default_factory=list)


def hooks(app: Flask | None = None) -> Hooks:
    """The hooks of this app."""
    found: Hooks = (app or current_app).extensions.setdefault("shop_hooks", Hooks())
    return found


def remembered_checkout() -> CheckoutDefaults | None:
    """What somebody plugged in remembers of this buyer's last checkout."""
    return next((answer for ask in hooks().checkout_defaults if (answer := ask()) is not None), None)


def can_send_letters() -> bool:
    """Whether anybody plugged in sends letters; the shop itself has no mailer."""
    return bool(hooks().letters)


def send_letter(letter: Letter) -> bool:
    """Have a letter sent once the present transaction is committed; says whether it will be."""
    return any(send(letter) for send in hooks().letters)


def can_tell_carriers() -> bool:
    """Whether anybody plugged in knows carriers by their numbers."""
    return bool(hooks().carrier_of)


def carriers_of(tracking_number: str) -> list[str]:
    """Codes of the carriers that a number may belong to, the surest first; none where nobody can tell."""
    return list(dict.fromkeys(code for ask in hooks().carrier_of for code in ask(tracking_number)))


def all_tables_current(connection: Connection) -> bool:
    """Whether everybody plugged in finds the tables that it needs."""
    return all(ask(connection) for ask in hooks().tables_current)


def knows_visitor(place: str) -> bool:
    """Whether anybody plugged in has an order of the present visitor's own for lists of this kind."""
    return any(ask(place) for ask in hooks().knows_visitor)


def in_their_order(place: str, product_ids: Sequence[int], *, category: str = "") -> list[int]:
    """The products in the present visitor's order; as they were where nobody is plugged in."""
    return next((ask(place, product_ids, category) for ask in hooks().in_their_order), list(product_ids))

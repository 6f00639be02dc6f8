"""The page "Find your order", for guests who lost their e-mail; it exists where somebody plugged in sends letters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, Schema, ValidationError, pre_load, validates

from ..addressing.fields import LONGEST_EMAIL, Line, checked_email
from ..database import db
from ..hooks import can_send_letters
from ..limits import FINDING_ORDERS, limiter
from ..wording import gettext as _
from .finding import LONGEST_NUMBER, is_number
from .guest_access import as_number, ask_for_order_link


def add_to(blueprint: Blueprint) -> None:
    """Put the page on the checkout's blueprint."""
    blueprint.add_url_rule("/find-order", "find_order", find_order, methods=["GET"])
    blueprint.add_url_rule("/find-order", "send_order_link", send_order_link, methods=["POST"])


class FindOrderForm(Schema):
    """E-mail and order number."""

    class Meta:
        unknown = EXCLUDE

    email = Line(most=LONGEST_EMAIL)
    number = Line(most=LONGEST_NUMBER)

    @pre_load
    def _missing_is_empty(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: data.get(name, "") for name in self.fields}

    @validates("email")
    def _email(self, value: str, **_kwargs: Any) -> None:
        checked_email(value)

    @validates("number")
    def _number(self, value: str, **_kwargs: Any) -> None:
        if not is_number(as_number(value)):
            raise ValidationError(_("An order's number has letters, digits and dashes, as in its confirmation."))


def find_order() -> ResponseReturnValue:
    """The form; with `sent`, what happens next, in words that fit every pair."""
    if not can_send_letters():
        abort(404)
    return _page({}, {}, sent="sent" in request.args)


@limiter.limit(FINDING_ORDERS)
def send_order_link() -> ResponseReturnValue:
    """Always the same answer. What was typed wrongly in form, which tells nothing of any order, is said at once."""
    if not can_send_letters():
        abort(404)
    try:
        typed = FindOrderForm().load(dict(request.form))
    except ValidationError as error:
        errors = {name: str(messages[0]) for name, messages in error.messages_dict.items()}
        return _page(request.form, errors, status=422)
    ask_for_order_link(
        db.session(), email=checked_email(typed["email"]), number=as_number(typed["number"]), now=datetime.now(UTC)
    )
    return redirect(url_for("checkout.find_order", sent="yes"), 303)


def _page(typed: object, errors: dict[str, str], *, sent: bool = False, status: int = 200) -> ResponseReturnValue:
    page = render_template("shop/checkout/find_order.html", typed=typed, errors=errors, sent=sent)
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer

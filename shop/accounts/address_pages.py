"""The pages of an account's address book. Another account's address is answered like one that doesn't exist."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..addressing.countries import countries, country_name
from ..database import db
from ..profile import shop_profile
from ..wording import gettext as _
from . import address_book, forms
from .account import Account, Address
from .blueprint import blueprint
from .permissions import signed_in_only

_FIELDS = ("name", "line1", "line2", "city", "postcode", "region", "country", "phone")


@blueprint.get("/account/addresses")
@signed_in_only
def addresses() -> ResponseReturnValue:
    """All addresses, the default one first."""
    found = address_book.addresses_of(db.session(), _account())
    return render_template("shop/accounts/addresses.html", addresses=found, country_name=country_name)


@blueprint.get("/account/addresses/new")
@signed_in_only
def new_address() -> ResponseReturnValue:
    """The empty form, with the name and the shop's country filled in."""
    account = _account()
    name = f"{account.first_name} {account.last_name}".strip()
    return _page({"name": name, "country": shop_profile().country, "phone": account.phone}, {})


@blueprint.post("/account/addresses/new")
@signed_in_only
def add_address() -> ResponseReturnValue:
    """Add one."""
    values, errors = forms.read(forms.AddressForm(), request.form)
    if errors:
        return _page(request.form, errors), 422
    try:
        address_book.add(db.session(), _account(), values)
    except address_book.TooManyAddresses:
        flash(_("You have %(count)d addresses already. Please remove one first.", count=address_book.MOST), "error")
        return redirect(url_for("accounts.addresses"), 303)
    return _done(_("The address is saved."))


@blueprint.get("/account/addresses/<int:address_id>")
@signed_in_only
def edit_address(address_id: int) -> ResponseReturnValue:
    """The form with this address."""
    address = _own(address_id)
    return _page({key: getattr(address, key) for key in _FIELDS}, {}, address=address)


@blueprint.post("/account/addresses/<int:address_id>")
@signed_in_only
def change_address(address_id: int) -> ResponseReturnValue:
    """Write the changed address."""
    address = _own(address_id)
    values, errors = forms.read(forms.AddressForm(), request.form)
    if errors:
        return _page(request.form, errors, address=address), 422
    address_book.change(db.session(), address, values)
    return _done(_("The address is saved."))


@blueprint.post("/account/addresses/<int:address_id>/remove")
@signed_in_only
def remove_address(address_id: int) -> ResponseReturnValue:
    """Remove it; orders that went there keep their own copy."""
    address_book.remove(db.session(), _account(), _own(address_id))
    return _done(_("The address is removed."))


@blueprint.post("/account/addresses/<int:address_id>/default")
@signed_in_only
def default_address(address_id: int) -> ResponseReturnValue:
    """Make it the one that the checkout starts with."""
    address_book.make_default(db.session(), _account(), _own(address_id))
    return _done(_("This is your default address now."))


def _account() -> Account:
    account: Account = current_user.account
    return account


def _own(address_id: int) -> Address:
    # A number that no database holds isn't asked for: PostgreSQL would answer with an error.
    address = address_book.address_of(db.session(), _account(), address_id) if address_id < 2**31 else None
    return address or abort(404)


def _page(typed: Any, errors: dict[str, str], *, address: Address | None = None) -> str:
    return render_template(
        "shop/accounts/address.html", typed=typed, errors=errors, address=address, countries=countries()
    )


def _done(message: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return redirect(url_for("accounts.addresses"), 303)

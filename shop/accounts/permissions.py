"""Who may do what in the shop's staff area: one table from role to permissions, and the decorator that asks it.

The CRM's console has a table of its own (`ecrm.access.roles`); a role's name is all that the two share.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from .account import Role

P = ParamSpec("P")
R = TypeVar("R")


class Permission(StrEnum):
    """A deed of the staff area."""

    PRODUCTS = "products"
    ORDERS_VIEW = "orders_view"
    ORDERS_SHIP = "orders_ship"
    ORDERS_REFUND = "orders_refund"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MARKETER: frozenset(),
    Role.ANALYST: frozenset(),
    Role.SUPPORT: frozenset({Permission.ORDERS_VIEW, Permission.ORDERS_REFUND}),
    Role.PACKER: frozenset({Permission.ORDERS_VIEW, Permission.ORDERS_SHIP}),
    Role.CATALOGUE: frozenset({Permission.PRODUCTS}),
}


def may(permission: Permission) -> bool:
    """Whether the person of the present request may do this; customers and strangers may nothing."""
    return permission in permissions_of(_present_role())


def permissions_of(role: str | None) -> frozenset[Permission]:
    """What a role may do; an unknown role may nothing."""
    return PERMISSIONS[Role(role)] if role in set(Role) else frozenset()


def staff_only(*needed: Permission) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """Let staff with at least one of these permissions in; without any named, all staff.

    A stranger is sent to sign in and comes back; whoever is signed in without the right gets 403.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            if not current_user.is_authenticated:
                return sign_in_first()
            role = _present_role()
            if role not in set(Role) or (needed and not permissions_of(role) & frozenset(needed)):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate


def signed_in_only(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Let anybody in who is signed in; others are sent to sign in and come back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        return view(*args, **kwargs) if current_user.is_authenticated else sign_in_first()

    return guarded


def sign_in_first() -> Response:
    """To the sign-in page; a page that was only read is come back to, a form that was sent isn't repeated."""
    back = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else None
    return redirect(url_for("accounts.sign_in", next=back), 303)


def _present_role() -> str | None:
    return current_user.account.role if current_user.is_authenticated else None

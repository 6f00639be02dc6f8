"""Roles and permissions of the staff console: one table, and the decorator that every console view carries.

The shop says who is staff and in which role (`Storefront.current_staff`); what a role may open is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import g, redirect, request
from werkzeug.exceptions import Forbidden

from ecrm.installation import installation
from ecrm.storefront import Staff

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """What a member of staff does."""

    OWNER = "owner"
    MARKETER = "marketer"
    ANALYST = "analyst"
    SUPPORT = "support"
    PACKER = "packer"
    CATALOGUE = "catalogue"


class Permission(StrEnum):
    """An area of the console. CUSTOMERS is also the right to see personal data in the other areas.

    Reports are read with OVERVIEW; CAMPAIGNS is the right to change campaigns, costs and experiments. CASES opens the
    inbox with what people wrote; DESK shows how the desk is set up (teams, routing, macros, policies), without
    persons, and DESK_RULES is the right to change that. VOICE: reviews and product questions.
    """

    OVERVIEW = "overview"
    CAMPAIGNS = "campaigns"
    CUSTOMERS = "customers"
    EVENTS = "events"
    EMAILS = "emails"
    DELIVERIES = "deliveries"
    CASES = "cases"
    DESK = "desk"
    DESK_RULES = "desk_rules"
    VOICE = "voice"
    RECOMMENDATIONS = "recommendations"
    SYSTEM = "system"
    AUDIT = "audit"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MARKETER: frozenset(
        {
            Permission.OVERVIEW,
            Permission.CAMPAIGNS,
            Permission.EMAILS,
            Permission.RECOMMENDATIONS,
            Permission.EVENTS,
            Permission.DESK,
            Permission.VOICE,
        }
    ),
    # An analyst works with figures and steps, never with persons.
    Role.ANALYST: frozenset({Permission.OVERVIEW, Permission.EVENTS, Permission.RECOMMENDATIONS}),
    # Support answers people; the shop's turnover is not needed for that.
    Role.SUPPORT: frozenset(
        {
            Permission.CUSTOMERS,
            Permission.EMAILS,
            Permission.DELIVERIES,
            Permission.CASES,
            Permission.DESK,
            Permission.VOICE,
        }
    ),
    Role.PACKER: frozenset({Permission.DELIVERIES}),
    Role.CATALOGUE: frozenset({Permission.RECOMMENDATIONS, Permission.VOICE}),
}


class NotPermitted(Forbidden):
    """A member of staff asked for an area that their role doesn't open."""

    def __init__(self, staff: Staff) -> None:
        super().__init__()
        self.staff = staff


def permissions_of(role: str) -> frozenset[Permission]:
    """What a role may open; nothing for a role that isn't known here."""
    return PERMISSIONS[Role(role)] if role in set(Role) else frozenset()


def may(staff: Staff, permission: Permission) -> bool:
    """Whether this member of staff may open an area."""
    return permission in permissions_of(staff.role)


def present_staff() -> Staff | None:
    """The member of staff of this request, asked of the shop once a request; None for everybody else."""
    if "ecrm_staff" not in g:
        g.ecrm_staff = installation().storefront.current_staff()
    staff: Staff | None = g.ecrm_staff
    return staff


def signed_in_staff() -> Staff:
    """The member of staff inside of a view that `needs` guards.

    Raises:
        RuntimeError: when called from an unguarded place.
    """
    staff = present_staff()
    if staff is None:
        raise RuntimeError("no member of staff is signed in; guard the view with `needs`")
    return staff


def needs(permission: Permission | None) -> Callable[[View], View]:
    """Guard a console view; None lets every known role in.

    A stranger is sent to the shop's sign-in and comes back afterwards; staff without the permission get
    `NotPermitted`. The permission stays readable as `view.needs`, so that a test can walk all routes.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            staff = present_staff()
            if staff is None:
                return redirect(installation().storefront.sign_in_url(next_path=_way_back()))
            allowed = permissions_of(staff.role)
            if not allowed or (permission is not None and permission not in allowed):
                raise NotPermitted(staff)
            return view(*args, **kwargs)

        guarded.needs = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def _way_back() -> str:
    # A form that was sent can't be repeated after the sign-in; its page can be opened again.
    if request.method not in {"GET", "HEAD"}:
        return f"{installation().app.config['ECRM_CONSOLE_PREFIX']}/"
    return request.script_root + request.full_path.rstrip("?")

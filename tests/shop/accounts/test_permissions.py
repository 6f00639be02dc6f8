"""The table of roles and permissions."""

from __future__ import annotations

import pytest

from shop.accounts.account import Role
from shop.accounts.permissions import PERMISSIONS, Permission, permissions_of


def test_every_role_has_its_line_and_every_permission_somebody_besides_the_owner() -> None:
    assert set(PERMISSIONS) == set(Role)
    others = [granted for role, granted in PERMISSIONS.items() if role is not Role.OWNER]
    assert frozenset(Permission) == frozenset().union(*others)


@pytest.mark.parametrize("role", [None, "", "admin", "OWNER", "customer"])
def test_whoever_is_no_staff_may_nothing(role: str | None) -> None:
    assert permissions_of(role) == frozenset()


def test_packers_ship_and_support_refunds() -> None:
    assert permissions_of("packer") == {Permission.ORDERS_VIEW, Permission.ORDERS_SHIP}
    assert permissions_of("support") == {Permission.ORDERS_VIEW, Permission.ORDERS_REFUND}
    assert permissions_of("catalogue") == {Permission.PRODUCTS}

"""Who may open what."""

from __future__ import annotations

import pytest

from ecrm.access.roles import PERMISSIONS, Permission, Role, may, permissions_of
from ecrm.storefront import Staff


def staff(role: str) -> Staff:
    return Staff(staff_id="1", name="Sam", role=role)


def test_every_role_has_its_line_in_the_table_and_the_owner_may_open_everything() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert permissions_of("owner") == frozenset(Permission)


@pytest.mark.parametrize("role", ["marketer", "analyst", "packer", "catalogue"])
def test_only_owner_and_support_may_open_persons(role: str) -> None:
    assert not may(staff(role), Permission.CUSTOMERS)
    assert may(staff("support"), Permission.CUSTOMERS)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_but_the_owner_sees_the_machinery_or_the_audit(role: Role) -> None:
    assert not permissions_of(role) & {Permission.SYSTEM, Permission.AUDIT}


def test_a_role_that_is_not_known_opens_nothing() -> None:
    assert permissions_of("janitor") == frozenset()
    assert not may(staff(""), Permission.OVERVIEW)

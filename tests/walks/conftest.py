"""What most walks begin with: the CRM inside the shop, and the owner at the staff's pages."""

from __future__ import annotations

import pytest
from flask import Flask

from ecrm.installation import Installation, installation
from tests.walks.person import Person


@pytest.fixture
def crm(app: Flask) -> Installation:
    """The CRM of the app under test."""
    return installation(app)


@pytest.fixture
def olga(app: Flask, shop_data: dict[str, int]) -> Person:
    """The owner, signed in."""
    person = Person(app)
    assert person.sign_in_as(shop_data["olga"]).status == 200
    return person

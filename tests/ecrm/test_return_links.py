"""The link to an order's returns: signed, and good while the host remembers the secret that signed it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm.returns.links import order_of_token, return_token
from tests.ecrm.kites import Kites, open_kites


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def test_a_link_outlives_its_secret_while_the_fallbacks_name_it(kites: Kites) -> None:
    with kites.app.app_context():
        token, old = return_token("A1"), kites.app.config["SECRET_KEY"]
        kites.app.config.update(SECRET_KEY="new" * 12, SECRET_KEY_FALLBACKS=[old])
        assert order_of_token(token) == "A1"
        kites.app.config["SECRET_KEY_FALLBACKS"] = []
        assert order_of_token(token) == ""


@pytest.mark.parametrize("number", ["A1", "2026|11|7", "Nr. 5 / Größe", "x" * 64])
def test_every_number_that_a_host_gives_its_orders_can_be_signed(kites: Kites, number: str) -> None:
    with kites.app.app_context():
        assert order_of_token(return_token(number)) == number


@pytest.mark.parametrize("token", ["", "\0", "A1", "QTE.x", "é", "=" * 500])
def test_made_up_tokens_open_nothing(kites: Kites, token: str) -> None:
    with kites.app.app_context():
        assert order_of_token(token) == ""

"""Reconciliation: green while the books agree, red with the row's name as soon as one of them doesn't."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, update

from ecrm.marketing.attribution.chain import Why
from ecrm.marketing.attribution.credits import Credit, CreditDay
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.reconcile import reconcile, whole_history
from ecrm.marketing.period import Period
from tests.ecrm.kites import AT, Kites, open_kites, order, refunded
from tracking.clickstream.rollups import DayFigures
from tracking.orders import SeenOrder

from .town import Town

DAY = date(2026, 11, 20)


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.tell(order("A1", at=AT - timedelta(days=1), codes=("TEA",)))
    kites.tell(order("A2"))
    kites.tell(refunded("R1", "A1"))
    kites.tell(refunded("R2", None, amount=90))
    return kites


def run(kites: Kites, *args: str) -> Result:
    return kites.app.test_cli_runner().invoke(args=["ecrm", *args])


def test_every_model_adds_up_to_the_booked_net_revenue(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral", "email", "display")
    town.book(town.order(ada, 10_000), town.order(ada, 333, joined=False))
    period = Period(DAY - timedelta(days=9), DAY)
    for result in reconcile(town.session, period, models=list(Model), zone="Europe/Berlin"):
        assert result.holds, result.differences
        assert (result.attributed_minor, result.unattributed) == (10_000, {Why.UNKNOWN: 333})


def test_the_command_proves_it_for_everything_a_day_and_all_models(kites: Kites) -> None:
    whole = run(kites, "reconcile", "--model", "all")
    assert whole.exit_code == 0, whole.output
    assert "2026-11-19 to 2026-11-20" in whole.output
    assert whole.output.count("every book agrees to the cent") == 7
    words = " ".join(whole.output.split())
    assert "attributed €25.00 unattributed: no visit known €34.10 together €59.10 booked net revenue €59.10" in words
    assert run(kites, "reconcile", "2026-11-19").output.count("€35.00") == 3


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (update(Credit).where(Credit.kind == "refund", Credit.order_id.is_not(None)).values(amount_minor=-999),
         "postings: refund R1 of 2026-11-20 should be -1000 and is -999"),
        (update(Credit).where(Credit.order_id == 1, Credit.kind == "order").values(share_ppm=1),
         "shares in millionths: order A1 of 2026-11-19 should be 1000000 and is 1"),
        (update(CreditDay).where(CreditDay.source_id == -1).values(revenue_minor=3400),
         "day's credits: revenue of 2026-11-20 should be 3500 and is 3400"),
        (update(DayFigures).values(refunds_minor=1), "day's figures: refunds of 2026-11-20 should be 1090 and is 1"),
        (update(SeenOrder).where(SeenOrder.reference == "A2").values(total_minor=3600),
         "postings: order A2 of 2026-11-20 should be 3600 and is 3500"),
        (update(Credit).where(Credit.order_id == 1, Credit.kind == "order").values(day=date(2026, 11, 20)),
         "postings: order A1 of 2026-11-19 should be 3500 and is 0"),
    ],
)  # fmt: skip
def test_one_wrong_row_turns_it_red_and_is_named(kites: Kites, damage: object, words: str) -> None:
    with kites.crm.sessions.begin() as session:
        session.execute(damage)  # type: ignore[call-overload]
    result = run(kites, "reconcile")
    assert result.exit_code == 1
    assert words in result.output


def test_what_is_wrong_with_postings_and_days_can_be_put_right(kites: Kites) -> None:
    with kites.crm.sessions.begin() as session:
        session.execute(update(Credit).values(amount_minor=7))
        session.execute(update(CreditDay).values(revenue_minor=8, refunds_minor=9))
    assert run(kites, "reconcile").exit_code == 1
    assert run(kites, "attribute", "2026-11-19", "2026-11-20").exit_code == 0
    result = run(kites, "reconcile", "--model", "all")
    assert result.exit_code == 0, result.output


def test_an_order_that_was_never_credited_is_named(town: Town) -> None:
    town.order(town.customer(), 500)
    (result,) = reconcile(town.session, Period(DAY, DAY), models=[Model.LINEAR], zone="Europe/Berlin")
    assert not result.holds
    assert "order O" in str(result.differences[0])
    assert "should be 500 and is 0" in str(result.differences[0])


def test_bad_days_are_refused_in_words(kites: Kites) -> None:
    assert "does not match the format" in run(kites, "reconcile", "20.11.2026").output
    assert "LAST lies before FIRST" in run(kites, "reconcile", "2026-11-20", "2026-11-19").output
    assert run(kites, "reconcile", "--model", "magic").exit_code == 2


def test_without_any_booking_there_is_nothing_to_prove(engine: Engine, tmp_path: Path, town: Town) -> None:
    assert whole_history(town.session, "Europe/Berlin") is None
    assert "no orders and no refunds yet" in run(open_kites(engine, tmp_path), "reconcile").output

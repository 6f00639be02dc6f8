"""A shop with the first tables and a past is upgraded: all figures are as if the new tables had always been there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session, sessionmaker

import ecrm.migrating as migrating
from ecrm import events, ledger
from ecrm.catching_up import catch_up
from ecrm.marketing.attribution.credits import Credit
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.reconcile import reconcile, whole_history
from shop.database import engine_options
from tests.conftest import DATABASE, end_writers
from tests.ecrm.kites import Kites, open_kites, order, person
from tests.tracking.clicks import audiences, pages, products, terms
from tracking.clickstream.log import Log
from tracking.clickstream.recompute import recompute
from tracking.clickstream.rollups import CohortMonth, DayFigures
from tracking.clickstream.sessions import Session as Visit
from tracking.delivery.shipment import Shipment
from tracking.notes import Note
from tracking.orders import SeenOrder, SeenRefund, SeenRefundLine

ZONE = "Europe/Berlin"
AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = date(2026, 11, 3)
ADA, BOB = "a" * 32, "b" * 32


@pytest.fixture
def old(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A database with the first tables only, and what a small shop had in them."""
    url = database_url if DATABASE == "postgresql" else f"sqlite:///{tmp_path / 'old.db'}"
    engine = create_engine(url, **engine_options(url))
    with engine.begin() as connection:
        if DATABASE == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        command.upgrade(migrating._config(connection), "0001")
    with sessionmaker(engine).begin() as session:
        fill(session)
    yield engine
    end_writers()
    engine.dispose()


def put(session: Session, table: str, **values: Any) -> None:
    as_text = {name: json.dumps(one) if isinstance(one, dict) else one for name, one in values.items()}
    marks = ", ".join(
        f"CAST(:{name} AS json)" if isinstance(one, dict) and DATABASE == "postgresql" else f":{name}"
        for name, one in values.items()
    )
    bound = {
        name: one.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(one, datetime) and DATABASE != "postgresql" else one
        for name, one in as_text.items()
    }
    session.execute(text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"), bound)  # noqa: S608 (names of this file)


def fill(session: Session) -> None:
    put(session, "ecrm_customer", id=1, reference="7", email="ada@example.com", email_folded="ada@example.com",
        first_name="", last_name="", phone="", country="DE", traits={}, created_at=AT)  # fmt: skip
    for id_, token in ((1, ADA), (2, BOB)):
        put(session, "ecrm_visitor", id=id_, token=token, first_seen_at=AT, simulated=False)
    put(session, "ecrm_consent_choice", visitor_id=1, grade=2, wording="1", chosen_at=AT)
    put(session, "ecrm_visitor_claim", visitor_id=1, customer_id=1, claimed_at=AT, how="ordered")
    visit = {"referrer": "", "searches": 0, "orders": 0, "product_views": 0, "cart_adds": 0, "simulated": False}
    put(session, "ecrm_session", **visit | {"searches": 1, "product_views": 1, "cart_adds": 1, "orders": 1}, id=1,
        visitor_id=1, started_at=AT, last_at=AT + timedelta(minutes=9), entry_path="/tea", page_views=1)  # fmt: skip
    put(session, "ecrm_session", **visit, id=2, visitor_id=2, started_at=AT, last_at=AT, entry_path="/", page_views=1)
    later = AT + timedelta(days=1)
    put(session, "ecrm_session", **visit, id=3, visitor_id=1, started_at=later, last_at=later, entry_path="/",
        page_views=1)  # fmt: skip
    steps = [
        (1, 1, "Page Viewed", "/tea", AT, {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "autumn"}),
        (1, 1, "Products Searched", "Kite", AT + timedelta(minutes=1), {"results": 1, "product_ids": ["2"]}),
        (1, 1, "Product Viewed", "2", AT + timedelta(minutes=2), {}),
        (1, 1, "Product Added", "2", AT + timedelta(minutes=3), {}),
        (1, 1, "Checkout Started", "", AT + timedelta(minutes=4), {}),
        (2, 2, "Page Viewed", "/", AT, {"referrer": "https://www.bing.com/"}),
        (1, 3, "Page Viewed", "/", later, {}),
    ]
    for number, (visitor, visit_id, name, subject, at, properties) in enumerate(steps, start=1):
        put(session, "ecrm_event", id=number, message_id=f"{number:032x}", name=name, happened_at=at,
            visitor_id=visitor, session_id=visit_id, subject=subject, properties=properties, simulated=False,
            customer_id=1 if name == "Checkout Started" else None)  # fmt: skip
    bought = order("A1", person("ada@example.com", "7"), at=AT + timedelta(minutes=8))
    put(session, "ecrm_order", id=1, reference="A1", customer_id=1, visitor_id=1, session_id=1, placed_at=bought.at,
        currency="EUR", goods_minor=3300, shipping_minor=300, discount_minor=100, total_minor=3500,
        refunded_minor=1700)  # fmt: skip
    for position, line in enumerate(bought.lines, start=1):
        put(session, "ecrm_order_line", order_id=1, position=position, product=line.product_id, name=line.name,
            quantity=line.quantity, net_minor=line.net_minor)  # fmt: skip
    goods = events.OrderLine(product_id="2", name="Blue", quantity=1, net_minor=1500)
    given = events.OrderRefunded(
        at=later, refund_id="R1", order_id="A1", person=None, currency="EUR", amount_minor=1500, lines=(goods,)
    )
    put(session, "ecrm_event", id=20, message_id=given.key, name=given.name, happened_at=later, order_reference="A1",
        subject="A1", properties=ledger.to_properties(given), customer_id=1, simulated=False)  # fmt: skip
    for id_, reference, amount in ((1, "R1", 1500), (2, "R2", 200)):
        put(session, "ecrm_refund", id=id_, reference=reference, order_id=1, customer_id=1, refunded_at=later,
            amount_minor=amount, reason="")  # fmt: skip
    nothing = {"simulated_sessions": 0, "registrations": 0, "bot_views": 0}
    put(session, "ecrm_day_figures", **nothing, day=DAY.isoformat(), page_views=2, sessions=2, product_views=1,
        searches=1, cart_adds=1, checkouts=1, orders=1, visit_orders=1, revenue_minor=3500,
        refunds_minor=0)  # fmt: skip
    put(session, "ecrm_day_figures", **nothing, day=(DAY + timedelta(days=1)).isoformat(), page_views=1, sessions=1,
        product_views=0, searches=0, cart_adds=0, checkouts=0, orders=0, visit_orders=0, revenue_minor=0,
        refunds_minor=1700)  # fmt: skip
    put(session, "ecrm_search_day", day=DAY.isoformat(), term="kite", searches=1, zero_results=0)
    put(session, "ecrm_shipment", id=1, reference="P1", order_reference="A1", customer_id=1, carrier="UPS",
        tracking_number="1z 999 aa1\u00a0012", status="in_transit", expected_at=AT)  # fmt: skip
    if DATABASE == "postgresql":
        for table in ("customer", "visitor", "session", "event", "order", "refund"):
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('ecrm_{table}', 'id'), 100)"))


def upgraded(old: Engine, folder: Path) -> tuple[Kites, list[str]]:
    migrating.upgrade(old)
    kites = open_kites(old, folder)
    said: list[str] = []
    catch_up(kites.crm, say=said.append)
    return kites, said


def test_after_an_upgrade_every_book_agrees_with_a_recount(old: Engine, tmp_path: Path) -> None:
    kites, said = upgraded(old, tmp_path)
    assert [words.split(":")[0] for words in said] == [
        "Past visits", "Past refunds", "Past days", "First orders and cohorts …", "Past orders",
        "Parcels' tracking numbers …",
    ]  # fmt: skip
    with kites.session() as session:
        log = Log(session, kites.crm.archive)
        assert recompute(session, log, DAY, DAY + timedelta(days=1), zone=ZONE) == []
        period = whole_history(session, ZONE)
        assert period is not None
        assert all(one.holds for one in reconcile(session, period, models=list(Model), zone=ZONE))
        found = audiences(session, "sessions", "orders", "revenue_minor", "bounces", "stage_4", day=DAY)
        assert found == {"google": (1, 1, 3500, 0, 1), "bing": (1, 0, 0, 1, 0)}
        assert pages(session, "entries", "views", day=DAY) == {"/tea": (1, 1), "/": (1, 1)}
        assert products(session, "views", "units", "revenue_minor", day=DAY) == {"2": (1, 2, 3000), "3": (0, 1, 300)}
        assert terms(session, "searches", "clicks", day=DAY) == {"kite": (1, 1)}
        back = session.execute(select(SeenRefundLine.refund_id, SeenRefundLine.product, SeenRefundLine.quantity)).all()
        assert (1, "2", 1) in [tuple(row) for row in back]
        for refund in session.scalars(select(SeenRefund)):
            lines = select(SeenRefundLine.amount_minor).where(SeenRefundLine.refund_id == refund.id)
            assert sum(session.scalars(lines)) <= refund.amount_minor
        first = session.get_one(Visit, 1)
        assert (first.day, first.checkouts, first.stage, first.customer_id) == (DAY, 1, 4, 1)
        assert (first.revenue_minor, first.refunds_minor) == (3500, 1700)
        assert session.scalars(select(Shipment.tracking_number)).one() == "1Z999AA1012"
        bought = session.scalars(select(SeenOrder)).one()
        assert (bought.is_first, bought.joined) == (True, True)
        assert session.scalars(select(CohortMonth.customers)).one() == 1
        figures = session.get_one(DayFigures, DAY)
        assert (figures.visitors, figures.new_customers, figures.page_views) == (2, 1, 2)
        assert {row.why for row in session.scalars(select(Credit)) if row.models & Model.LAST_NON_DIRECT.bit} == {""}
        assert session.scalars(select(Note.name)).all() == ["database"]


def test_what_was_interrupted_goes_on_and_what_is_done_is_not_done_again(old: Engine, tmp_path: Path) -> None:
    migrating.upgrade(old)
    kites = open_kites(old, tmp_path)

    class Died(BaseException):
        pass

    for part in ("Past refunds", "Past days", "First orders", "Past orders", "Parcels'"):

        def say(words: str, part: str = part) -> None:
            if words.startswith(part):
                raise Died

        with pytest.raises(Died):
            catch_up(kites.crm, say=say)
    said: list[str] = []
    catch_up(kites.crm, say=said.append)
    assert len(said) == 1
    catch_up(kites.crm, say=said.append)
    assert len(said) == 1
    with kites.session() as session:
        assert recompute(session, Log(session, kites.crm.archive), DAY, DAY, zone=ZONE) == []


def test_a_new_shop_owes_nothing(engine: Engine, tmp_path: Path) -> None:
    said: list[str] = []
    catch_up(open_kites(engine, tmp_path).crm, say=said.append)
    assert said == []

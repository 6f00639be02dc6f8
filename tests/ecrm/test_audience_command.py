"""`flask ecrm audience`: who should hear of a product that nobody bought yet."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from ecrm.access.audit import AuditEntry
from ecrm.installation import Installation
from ecrm.recommending.choices import Choice, RecommendationChoice
from tests.ecrm.slots_host import GardenShop, customer, order
from tests.ecrm.test_recommending_commands import run


def test_who_bought_what_is_described_alike_hears_first_and_the_list_says_why(
    plugin: Installation, shop: GardenShop
) -> None:
    with plugin.sessions.begin() as session:
        for number in range(12):
            one = customer(session, f"c{number}")
            order(session, one, ["rake"] if number % 2 else ["boot"], days_ago=3)
    shop.list_new("long rake")

    lines = run(plugin, "audience", "long rake", "-n", "6").output.splitlines()

    assert len(lines) == 6
    assert all(line.endswith("bought Rake") for line in lines)
    assert all("@example.com>" in line for line in lines)
    with plugin.sessions() as session:
        kept = session.scalars(select(AuditEntry)).one()
    assert (kept.staff_id, kept.action, kept.subject) == (
        "command line", "recommendations_read", "product:long rake",
    )  # fmt: skip


def test_who_has_it_or_does_not_want_to_see_it_does_not_hear_of_it(plugin: Installation, shop: GardenShop) -> None:
    with plugin.sessions.begin() as session:
        one, other, third = (customer(session, name) for name in ("ada", "bob", "eve"))
        order(session, one, ["rake", "pot"], days_ago=3)
        order(session, other, ["rake"], days_ago=3)
        order(session, third, ["rake"], days_ago=3)
        session.add(
            RecommendationChoice(
                customer_id=other, product="pot", choice=Choice.NOT_INTERESTED, chosen_at=datetime.now(UTC)
            )
        )

    lines = run(plugin, "audience", "pot").output.splitlines()

    assert [line.split("\t")[0] for line in lines] == [str(third)]


def test_an_unknown_product_and_a_shop_without_orders_are_told_apart(plugin: Installation, shop: GardenShop) -> None:
    nothing = run(plugin, "audience", "rake")
    assert nothing.exit_code == 0
    assert "Nobody has bought anything yet" in nothing.output

    unknown = run(plugin, "audience", "submarine")
    assert unknown.exit_code == 1
    assert 'The shop has no product "submarine".' in unknown.output

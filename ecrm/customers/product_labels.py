"""Product labels: brand and category of what the shop sells or sold, so that segments can ask for them in SQL.

The shop's own catalogue is the truth; this copy is brought up to date every night. A product that is no longer listed
keeps its last labels: people did buy it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sqlalchemy import String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.storefront import ProductFacts
from tracking.record import Record

BATCH = 500
MOST = 100


class ProductLabel(Record):
    """What a product is called under: the shop's own words, whole."""

    __tablename__ = "ecrm_product_label"

    product: Mapped[str] = mapped_column(String(64), primary_key=True)
    brand: Mapped[str] = mapped_column(String(MOST), index=True)
    category: Mapped[str] = mapped_column(String(MOST), index=True)


def bring_up_to_date(session: Session, catalogue: Iterable[ProductFacts]) -> int:
    """Take over the labels of all listed products; returns how many there are."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    count = 0
    facts = iter(catalogue)
    while some := list(islice(facts, BATCH)):
        rows = {
            one.product_id: {"product": one.product_id[:64], "brand": one.brand[:MOST], "category": one.category[:MOST]}
            for one in some
        }
        statement = insert(ProductLabel).values(list(rows.values()))
        new = {name: statement.excluded[name] for name in ("brand", "category")}
        session.execute(statement.on_conflict_do_update(index_elements=["product"], set_=new))
        count += len(rows)
    return count


def known_labels(session: Session, *, limit: int = 500) -> dict[str, list[str]]:
    """The brands and categories to choose from, in alphabetical order."""
    return {
        name: [word for word in session.scalars(select(column).distinct().order_by(column).limit(limit)) if word]
        for name, column in (("brand", ProductLabel.brand), ("category", ProductLabel.category))
    }

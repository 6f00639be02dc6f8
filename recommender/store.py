"""Stored recommendations: a trained model's ranked lists, one row a customer, product or country-wide list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class Model(Record):
    """A training run. Only `published` models are served; the newest published one wins."""

    __tablename__ = "ecrm_model"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    trained_at: Mapped[datetime]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    customers: Mapped[int]
    products: Mapped[int]
    interactions: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RankedList(Record):
    """A ranked list of product ids (best first), with a reason for each (`recommender.reasons`, same length).

    kind: `customer` (what this customer buys next) | `discovery` (what they never bought) | `product` (bought with
    it) | `popular` (key is empty); key: the customer's id or the product's id in the shop, as text.
    """

    __tablename__ = "ecrm_ranked_list"

    model_id: Mapped[int] = mapped_column(ForeignKey("ecrm_model.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    products: Mapped[list[str]]
    reasons: Mapped[list[str]]
